import { parentPort } from 'node:worker_threads';
import type { WorkerReply, WorkerRequest } from './worker-channel.ts';

/** The worker's half of a `WorkerChannel`: answers each question with `answer`, closes when told to. */
export function serveChannel<Q, A>(answer: (question: Q) => A, close: () => void): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread only');
  port.on('message', (message: WorkerRequest<Q> | 'close') => {
    if (message === 'close') {
      close();
      port.close();
      return;
    }
    port.postMessage(replyTo(message, answer));
  });
}

function replyTo<Q, A>({ id, question }: WorkerRequest<Q>, answer: (question: Q) => A): WorkerReply<A> {
  try {
    return { id, answer: answer(question) };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    return { id, error: { message, code } };
  }
}
