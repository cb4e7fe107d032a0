import { fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A process of its own that answers one question at a time. */
export interface Task<Question, Answer> {
  ask(question: Question): Promise<Answer>;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a file in a process of its own; what is measured shares no thread with what measures. */
export function startTask<Question extends object, Answer>(url: URL): Task<Question, Answer> {
  const file = basename(url.pathname);
  const child = fork(fileURLToPath(url), { serialization: 'advanced', execArgv: ['--expose-gc'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  return {
    pid: child.pid ?? 0,
    ask: (question) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error(`${file} ended early`));
        child.once('exit', onExit);
        child.once('message', (answer: { value: Answer } | { error: string }) => {
          child.off('exit', onExit);
          if ('error' in answer) reject(new Error(`${file}: ${answer.error}`));
          else resolve(answer.value);
        });
        child.send(question);
      }),
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

/** The other end: answers the questions of the process that started this one, and ends with it. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', (question: Question) => {
    answer(question).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
}
