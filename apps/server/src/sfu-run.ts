import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import {
  BEAT_EVERY_MS,
  CONTROL_FD,
  type FromChild,
  MAX_LINE,
  readLines,
  type SfuSettings,
  type ToChild,
} from '@callgate/sfu/process';
import { monotonicMs } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';

export interface SfuRunOptions {
  readonly entry: string;
  readonly settings: SfuSettings;
  readonly logger: Logger;
  /** A process that answers no beat for so long, in milliseconds, is killed. */
  readonly silenceMs: number;
}

/** One process of the media server, from its start to its end. */
export interface SfuRun {
  readonly url: string;
  readonly bootId: string;
  readonly pid: number | undefined;
  /** Resolves, with why, once the process is gone. */
  readonly ended: Promise<string>;
  /** Asks it to end, kills it after 2 s; resolves once it is gone. */
  stop(): Promise<void>;
}

/** How long a start and an end may take, in milliseconds. */
const START_MS = 20_000;
const STOP_MS = 2_000;
/** Most characters of one line of output that are logged. */
const LOGGED = 2_000;
/** Most bytes that wait for a process which does not read. */
const MAX_UNREAD = 64 * 1024;

/**
 * Starts the process, with nothing in its arguments or its environment, and hands it its settings over the control
 * pipe. Rejects with what it says where it cannot serve; then it is gone, too.
 */
export async function launchSfu({ entry, settings, logger, silenceMs }: SfuRunOptions): Promise<SfuRun> {
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: {} });
  const pipe = child.stdio[CONTROL_FD] as Duplex;
  const ended = endOf(child);
  logOutput(child, logger);
  const say = (message: ToChild): void => {
    if (pipe.writable && pipe.writableLength < MAX_UNREAD) pipe.write(`${JSON.stringify(message)}\n`);
  };
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const beating = keepAlive(() => say({ type: 'beat' }), { silenceMs, onSilence: kill });
  void ended.then(() => {
    beating.stop();
    process.off('exit', kill);
  });
  say({ type: 'start', settings });
  const { url, bootId } = await listening(pipe, { logger, ended, onAlive: beating.heard }).catch(
    async (error: unknown) => {
      kill();
      await ended;
      throw error;
    },
  );
  beating.watch();
  return {
    ...{ url, bootId, pid: child.pid, ended },
    async stop() {
      say({ type: 'stop' });
      const late = setTimeout(kill, STOP_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    // Of the program that cannot be started there is no exit.
    child.once('error', (error) => child.pid === undefined && resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

/** Resolves when the child serves; afterwards its messages are taken on. */
function listening(
  pipe: Duplex,
  { logger, ended, onAlive }: { logger: Logger; ended: Promise<string>; onAlive(): void },
): Promise<{ url: string; bootId: string }> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`the embedded media server cannot start: ${what}`));
    const late = setTimeout(fail, START_MS, `it was not ready after ${START_MS} ms`);
    void ended.then((why) => fail(`it ended (${why})`)).then(() => clearTimeout(late));
    readLines(pipe, MAX_LINE, {
      onMessage(read) {
        const message = read as FromChild;
        if (message.type === 'alive') onAlive();
        if (message.type === 'failed') fail(message.message);
        if (message.type === 'note') logger.warn({ from: 'sfu' }, message.message.slice(0, LOGGED));
        if (message.type !== 'listening') return;
        clearTimeout(late);
        resolve({ url: message.url, bootId: message.bootId });
      },
      onEnd: () => undefined,
    });
  });
}

/** Beats, and once it is to watch listens for their answers: a start has a bound of its own. */
function keepAlive(
  beat: () => void,
  { silenceMs, onSilence }: { silenceMs: number; onSilence(): void },
): { watch(): void; heard(): void; stop(): void } {
  let heardAt = Number.POSITIVE_INFINITY;
  const timer = setInterval(() => {
    // Answers may have come while this process was busy; they are read before the second look.
    const isSilent = (): boolean => monotonicMs() - heardAt > silenceMs;
    if (isSilent()) setImmediate(() => setImmediate(() => isSilent() && onSilence()));
    beat();
  }, BEAT_EVERY_MS);
  return {
    watch() {
      heardAt = monotonicMs();
    },
    heard() {
      if (heardAt < Number.POSITIVE_INFINITY) heardAt = monotonicMs();
    },
    stop: () => clearInterval(timer),
  };
}

/** What its libraries print. */
function logOutput({ stdout, stderr }: ChildProcess, logger: Logger): void {
  const log = (text: unknown): void => logger.warn({ from: 'sfu' }, String(text).trim().slice(0, LOGGED));
  for (const stream of [stdout, stderr] as (Readable | null)[]) stream?.on('data', log);
}
