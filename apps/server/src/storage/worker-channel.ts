import { Worker } from 'node:worker_threads';
import { StorageUnavailableError } from './storage-errors.ts';

/** What travels to a worker and back; `error` holds what of an error survives the way. */
export interface WorkerRequest<Q> {
  id: number;
  question: Q;
}
export interface WorkerReply<A> {
  id: number;
  answer?: A;
  error?: { message: string; code: string | undefined };
}

interface Pending<A> {
  resolve: (answer: A) => void;
  reject: (error: Error) => void;
}

/** How long a worker may take to close its connection before it is ended, in milliseconds. */
const CLOSE_PATIENCE_MS = 2_000;

/**
 * Questions and answers to one worker thread, which starts with the first question and is started anew if it
 * dies (its open questions are rejected). It never keeps the process alive.
 */
export class WorkerChannel<Q, A> {
  readonly #script: URL;
  readonly #data: unknown;
  readonly #pending = new Map<number, Pending<A>>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(script: URL, data: unknown) {
    this.#script = script;
    this.#data = data;
  }

  /** Rejects with the worker's error, its `code` kept. */
  ask(question: Q): Promise<A> {
    if (this.#closed) return Promise.reject(new StorageUnavailableError('the store is closed'));
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    const request: WorkerRequest<Q> = { id, question };
    this.#worker.postMessage(request);
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Lets the worker close its connection and end. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    const timer = setTimeout(() => void worker.terminate(), CLOSE_PATIENCE_MS);
    worker.postMessage('close');
    await ended;
    clearTimeout(timer);
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { workerData: this.#data, env: {}, execArgv: [] });
    worker.unref();
    worker.on('message', (reply: WorkerReply<A>) => this.#settle(reply));
    worker.on('error', (cause) => this.#lost(worker, cause));
    worker.on('exit', () => this.#lost(worker, undefined));
    return worker;
  }

  #settle(reply: WorkerReply<A>): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.error)
      pending?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
    else pending?.resolve(reply.answer as A);
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const error = new StorageUnavailableError('a storage worker ended unexpectedly', { cause });
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
