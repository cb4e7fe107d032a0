/*
 * An event socket as an application would write one, over Node's own WebSocket, which shares nothing with the server's.
 */

export interface Message {
  type: string;
  cursor?: string;
  seq?: number;
  call_cid?: string;
  [field: string]: unknown;
}

export interface Closed {
  code: number;
  reason: string;
}

export interface SocketClient {
  readonly messages: Message[];
  readonly connectionId: string;
  /** The cursor of the last message that had one. */
  readonly cursor: string | undefined;
  readonly closed: Promise<Closed>;
  /** Resolves with the first message, from now or before, that fits. Fails when the socket closes first. */
  until(fits: (message: Message) => boolean): Promise<Message>;
  /** Types of the events of calls and people, without those of the connection. */
  types(): string[];
  send(text: string): void;
  close(): Promise<Closed>;
}

/** How long a test waits for a message, in milliseconds; what has a bound of its own says so. */
const PATIENCE_MS = 15_000;
const OWN = new Set(['connection.ok', 'connection.error', 'health.check']);

/** Opens a socket and sends the first message; resolves when the server answered or closed. */
export async function openSocket(
  url: string,
  first: object | string | undefined,
  options: { isEchoing?: boolean; headers?: Record<string, string> } = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url, { headers: options.headers ?? {} });
  const messages: Message[] = [];
  let waiting: (() => void)[] = [];
  let isClosed = false;
  const wake = (): void => {
    const due = waiting;
    waiting = [];
    for (const go of due) go();
  };
  const closed = new Promise<Closed>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      isClosed = true;
      resolve({ code, reason });
      wake();
    });
  });
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    messages.push(message);
    if (message.type === 'health.check' && options.isEchoing !== false) socket.send(String(data));
    wake();
  });
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const until: SocketClient['until'] = async (fits) => {
    const deadline = performance.now() + PATIENCE_MS;
    // A timer may fire a millisecond early by this clock; nothing would wake us again.
    const timer = setTimeout(wake, PATIENCE_MS + 5);
    try {
      for (;;) {
        const found = messages.find(fits);
        if (found) return found;
        const over = isClosed ? 'the socket closed first' : 'it did not come';
        if (isClosed || performance.now() >= deadline) {
          throw new Error(`${over}; what came: ${JSON.stringify(messages)}`);
        }
        await change();
      }
    } finally {
      clearTimeout(timer);
    }
  };
  await new Promise<void>((resolve) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('close', () => resolve());
  });
  if (first !== undefined && socket.readyState === WebSocket.OPEN) {
    socket.send(typeof first === 'string' ? first : JSON.stringify(first));
    while (messages.length === 0 && !isClosed) await change();
  }
  return {
    messages,
    closed,
    until,
    get connectionId() {
      return String(messages.find(({ type }) => type === 'connection.ok')?.connection_id);
    },
    get cursor() {
      return messages.findLast(({ cursor }) => cursor !== undefined)?.cursor;
    },
    types: () => messages.map(({ type }) => type).filter((type) => !OWN.has(type)),
    send: (text) => socket.send(text),
    close() {
      socket.close();
      return closed;
    },
  };
}
