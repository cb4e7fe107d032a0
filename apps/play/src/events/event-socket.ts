import type { CallgateEvent } from '@callgate/contract';
import type { Pass } from '../entry/pass.ts';

/** How the socket stands. `closed`: it will not be opened again. */
export type SocketState = 'opening' | 'open' | 'lost' | 'closed';

export interface Heard {
  /** `isResumed`: nothing was missed. Otherwise what is shown must be read and watched again. */
  opened(connectionId: string, isResumed: boolean): void;
  event(event: CallgateEvent): void;
  state(state: SocketState): void;
}

export interface EventSocket {
  close(): void;
}

/** Pauses before the first and the longest before any further attempt, in milliseconds (docs/guides/sockets.md). */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 25_000;
/** Closed for good: the token is not accepted, runs out, or the person may not be here. */
const FINAL = new Set([4001, 4003, 4009]);

/**
 * Keeps an event socket open and goes on where it was lost. `name` is written to the person's profile when it opens.
 */
export function openEventSocket(pass: Pass, name: string | undefined, heard: Heard): EventSocket {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known: { connectionId: string; cursor: string } | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let isClosed = false;

  const open = (): void => {
    heard.state('opening');
    const url = new URL(`/api/v2/video/connect?api_key=${encodeURIComponent(pass.apiKey)}`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const own = new WebSocket(url);
    socket = own;
    own.onopen = () => own.send(JSON.stringify(firstMessage()));
    own.onmessage = ({ data }) => read(own, JSON.parse(String(data)) as CallgateEvent & { cursor?: string });
    own.onclose = ({ code }) => lost(code);
  };
  const firstMessage = () => ({
    token: pass.token,
    ...(known && { connection_id: known.connectionId, cursor: known.cursor }),
    ...(name !== undefined && { user: { id: pass.userId, name } }),
  });
  const read = (own: WebSocket, event: CallgateEvent & { cursor?: string }): void => {
    if (event.type === 'connection.ok') {
      known = { connectionId: event.connection_id, cursor: event.cursor };
      pauseMs = FIRST_PAUSE_MS;
      heard.state('open');
      heard.opened(event.connection_id, event.resumed);
      return;
    }
    if (known && event.cursor !== undefined) known = { ...known, cursor: event.cursor };
    if (event.type === 'health.check') own.send(JSON.stringify(event));
    else heard.event(event);
  };
  const lost = (code: number): void => {
    if (isClosed) return;
    if (FINAL.has(code)) {
      isClosed = true;
      heard.state('closed');
      return;
    }
    heard.state('lost');
    timer = setTimeout(open, pauseMs * (0.5 + Math.random() / 2));
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  };
  open();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      socket?.close(1000);
    },
  };
}
