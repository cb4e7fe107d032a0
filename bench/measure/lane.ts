import { connect, type Socket } from 'node:net';

/** One answer: its status, and its text when it is not 2xx. */
export interface Answered {
  status: number;
  text: string | undefined;
}

const CLOSED = (): Error => new Error('the server closed the connection');
const HEADER_END = Buffer.from('\r\n\r\n');

/**
 * One kept-alive connection with one request at a time. Why not a full client: it shares two cores with what it
 * measures, and must not be what is measured (the report shows its ceiling).
 */
export class Lane {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #waiting: { done: (answer: Answered) => void; failed: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#waiting?.failed(error));
    this.#socket.on('close', () => this.#waiting?.failed(CLOSED()));
  }

  /** Whether the other side has closed it, as servers do with connections that rest. */
  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  /** Sends a whole request and resolves when the whole answer is there. */
  send(request: Buffer): Promise<Answered> {
    return new Promise((done, failed) => {
      if (this.isClosed) throw CLOSED();
      this.#waiting = { done, failed };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const received = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    const end = received.indexOf(HEADER_END);
    if (end < 0 || received.length < end + 4 + bodyLength(received, end)) {
      this.#received = received;
      return;
    }
    this.#received = undefined;
    const status = Number(received.toString('latin1', 9, 12));
    const text = status >= 200 && status < 300 ? undefined : received.toString('utf8', 0, 2_000);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done({ status, text });
  }
}

function bodyLength(received: Buffer, end: number): number {
  const found = /content-length: (\d+)/i.exec(received.toString('latin1', 0, end));
  if (!found) throw new Error(`an answer without Content-Length: ${received.toString('latin1', 0, end)}`);
  return Number(found[1]);
}
