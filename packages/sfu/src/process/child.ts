import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { accessTokenVerifier } from '../api/access-token.ts';
import { roomService } from '../api/room-service.ts';
import { createWebhookSender } from '../api/webhook-sender.ts';
import type { Clock } from '../clock.ts';
import type { RoomControl } from '../rooms/room-control.ts';
import { BEAT_LOST_MS, type FromChild, MAX_LINE, type SfuSettings } from './control.ts';
import { readLines } from './lines.ts';
import { type Answering, serve } from './serve.ts';
import { readSettings } from './settings.ts';

/** Rooms, signalling and media behind the process: what `createSfu` makes. */
export interface Inside {
  /** New for each start. */
  readonly bootId: string;
  readonly roomControl: RoomControl;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Clients are told, and in the same tick nothing is forwarded any more. */
  close(): void;
}

export interface ChildParts {
  readonly pipe: Duplex;
  readonly clock: Clock;
  compose(settings: SfuSettings, note: (what: string) => void): Inside | Promise<Inside>;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** Between the end of all media and that of the process, for what clients are told to leave it, in milliseconds. */
const FAREWELL_MS = 200;
/** Most bytes that wait for a parent which does not read; beyond, notes are lost. */
const MAX_UNREAD = 1024 * 1024;
/** How often the heartbeat is looked at, in milliseconds. */
const LOOK_EVERY_MS = 250;

/**
 * The life of the media server's process: it reads its settings from the control pipe, serves, says where, and ends
 * when it is told to, when the pipe closes, or when no beat came for 5 s: whoever cannot be told to stop must not go on.
 */
export function runChild({ pipe, clock, compose, exit }: ChildParts): void {
  const say = (message: FromChild): void => {
    if (pipe.writable && pipe.writableLength < MAX_UNREAD) pipe.write(`${JSON.stringify(message)}\n`);
  };
  let close = (): void => undefined;
  let isEnding = false;
  let lastBeat = clock.monotonic();

  const end = (code: number): void => {
    if (isEnding) return;
    isEnding = true;
    clearInterval(looking);
    // First: whatever closing does, the process ends.
    setTimeout(exit, FAREWELL_MS, code);
    close();
  };
  const isLost = (): boolean => clock.monotonic() - lastBeat >= BEAT_LOST_MS;
  const looking = setInterval(() => {
    // Beats may have come while this process was busy; they are read before the second look.
    if (isLost()) setImmediate(() => setImmediate(() => isLost() && end(1)));
  }, LOOK_EVERY_MS);

  const start = async (settings: unknown): Promise<void> => {
    try {
      const opened = await open(readSettings(settings), {
        clock,
        compose,
        note: (message) => say({ type: 'note', message }),
      });
      if (isEnding) return opened.close();
      close = opened.close;
      say({ type: 'listening', url: opened.url, bootId: opened.bootId });
    } catch (error) {
      say({ type: 'failed', message: error instanceof Error ? error.message : 'unknown' });
      end(1);
    }
  };

  let hasStarted = false;
  readLines(pipe, MAX_LINE, {
    onMessage(message) {
      const { type, settings } = (message ?? {}) as { type?: unknown; settings?: unknown };
      lastBeat = clock.monotonic();
      if (type === 'beat') say({ type: 'alive' });
      if (type === 'stop') end(0);
      if (type !== 'start' || hasStarted) return;
      hasStarted = true;
      void start(settings);
    },
    onEnd: () => end(1),
  });
}

async function open(
  settings: SfuSettings,
  { clock, compose, note }: Pick<ChildParts, 'clock' | 'compose'> & { note(what: string): void },
): Promise<{ url: string; bootId: string; close(): void }> {
  const keys = Object.entries(settings.keys);
  const [key] = keys;
  const inside = await compose(settings, note);
  const { roomControl: control } = inside;
  const hooks =
    settings.webhookUrl === undefined || key === undefined
      ? undefined
      : createWebhookSender({
          ...{ url: settings.webhookUrl, key, clock },
          onDropped: ({ event }, reason) => note(`report ${event} was given up: ${reason}`),
        });
  if (hooks) control.onEvent((event) => hooks.send(event));
  const onError = (error: unknown): void =>
    note(`RoomService: ${error instanceof Error ? error.stack : String(error)}`);
  const api = roomService({ control, verify: accessTokenVerifier(new Map(keys)), clock, onError });
  const answering: Answering = {
    requests: [api, (request, response) => inside.handleRequest(request, response)],
    upgrade: (request, socket, head) => inside.handleUpgrade(request, socket, head),
  };
  const server = await serve(answering, settings).catch((error: unknown) => {
    hooks?.close();
    inside.close();
    throw error;
  });
  return {
    url: server.url,
    bootId: inside.bootId,
    close() {
      inside.close();
      hooks?.close();
      server.close();
    },
  };
}
