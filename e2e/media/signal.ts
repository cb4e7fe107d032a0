import { SignalResponse } from '@livekit/protocol';
import { WebSocket } from 'ws';

/** What came of knocking at a door of LiveKit's protocol. */
export type Knocked =
  | { status: 101; socket: SignalSocket }
  /** Refused: the status and what the body says. */
  | { status: number; body: { code?: number; message?: string; details?: { reason?: string }[] } };

/** A signalling socket without any media behind it. */
export interface SignalSocket {
  readonly messages: SignalResponse[];
  /** Resolves when a message of this kind has come; rejects after the bound. */
  until(name: SignalResponse['message']['case'], withinMs?: number): Promise<SignalResponse>;
  /** As `until`, of the first message that the test is true of, of those that came and those that come. */
  untilOne(
    test: (message: SignalResponse) => boolean,
    what: string,
    withinMs?: number,
  ): Promise<SignalResponse>;
  /** Hands over every message, those that came before first; answers how to end it. */
  listen(listener: (message: SignalResponse) => void): () => void;
  /** The first message that comes; undefined when none has after the bound, or the socket closed before. */
  first(withinMs: number): Promise<SignalResponse | undefined>;
  /** Resolves with the closing code once it is closed. */
  readonly closed: Promise<number>;
  send(bytes: Uint8Array | string): void;
  close(): void;
}

/** Opens `/rtc` or another path with a token; more query parameters and headers as given. Never rejects for a refusal. */
export function knock(
  url: string,
  token: string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
  path: '/rtc' | '/rtc/v1' | '/agent' = '/rtc',
): Promise<Knocked> {
  const parameters = new URLSearchParams({ access_token: token, protocol: '16', ...query });
  const socket = new WebSocket(`${url}${path}?${parameters}`, { headers, perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: bodyOf(text) }));
    });
    socket.once('close', () => reject(new Error('the door hung up')));
    const opened = signalSocket(socket);
    socket.once('open', () => resolve({ status: 101, socket: opened }));
  });
}

function bodyOf(text: string): Record<string, never> {
  try {
    return JSON.parse(text) as Record<string, never>;
  } catch {
    return {};
  }
}

function signalSocket(socket: WebSocket): SignalSocket {
  const messages: SignalResponse[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (bytes) => {
    messages.push(SignalResponse.fromBinary(bytes as Buffer));
    for (const look of [...waiting]) look();
  });
  const untilOne = (
    test: (message: SignalResponse) => boolean,
    what: string,
    withinMs = 10_000,
  ): Promise<SignalResponse> =>
    new Promise((resolve, reject) => {
      const fail = setTimeout(
        () => reject(new Error(`no ${what}; came: ${messages.map(({ message }) => message.case)}`)),
        withinMs,
      );
      const look = (): void => {
        const found = messages.find(test);
        if (!found) return;
        clearTimeout(fail);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    messages,
    closed,
    send: (bytes) => socket.send(bytes),
    close: () => socket.terminate(),
    first: (withinMs) =>
      new Promise((resolve) => {
        const told = (): void => {
          clearTimeout(timer);
          waiting.delete(told);
          resolve(messages[0]);
        };
        const timer = setTimeout(told, withinMs);
        if (messages.length > 0) return told();
        waiting.add(told);
        void closed.then(told);
      }),
    until: (name, withinMs) => untilOne(({ message }) => message.case === name, String(name), withinMs),
    untilOne,
    listen(listener) {
      let told = 0;
      const look = (): void => {
        for (; told < messages.length; told++) listener(messages[told] as SignalResponse);
      };
      waiting.add(look);
      look();
      return () => waiting.delete(look);
    },
  };
}
