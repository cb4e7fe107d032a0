import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CONNECT_BYTES } from '@callgate/contract';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Acts } from '../features/enforcement/index.ts';
import type { EventOrder } from '../features/events/index.ts';
import type { Logger } from '../kernel/logger.ts';
import { refuseUpgrade } from '../kernel/refuse-upgrade.ts';
import type { EventSockets } from '../services.ts';
import { type Arrival, closingText, createAccept, type Door } from './accept.ts';
import { createBeginning } from './begin-watching.ts';
import { createCursors } from './cursor.ts';
import { createEndings, type EndSession } from './endings.ts';
import { createFanOut } from './fan-out.ts';
import { createHealth, NODE_PREFIX } from './health.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { connectionError } from './messages.ts';
import { openSession } from './open-session.ts';
import type { OpeningDeps } from './opening.ts';
import type { Judge } from './re-evaluate.ts';
import { Registry } from './registry.ts';
import { CLOSE, type SocketSession } from './session.ts';

/** The event sockets of this process. */
export interface Sockets extends EventSockets {
  start(): Promise<void>;
  /** Takes over an upgrade of `CONNECT_PATH`. */
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1012: clients connect again and resume. */
  close(): Promise<void>;
}

export interface SocketsDeps extends Judge {
  acts: Acts;
  order: EventOrder;
  logger: Logger;
  /** What cursors are sealed with. */
  secret: string;
  door: Door;
}

export function createSockets(deps: SocketsDeps): Sockets {
  const { database, clock, door } = deps;
  const node = `${NODE_PREFIX}${randomUUID()}`;
  const registry = new Registry();
  const cursors = createCursors(deps.secret);
  const ledger = createLedger({ ...deps, node });
  const forget = forgetting(registry, ledger);
  const end = ending(deps, forget);
  const onRefused = createEndings({ database, clock, registry, end });
  const fanOut = createFanOut({ ...deps, registry, cursors, onRefused });
  const opening: OpeningDeps = { ...deps, registry, fanOut, cursors, ledger, forget };
  const health = createHealth({ database, clock, registry, fanOut, cursors, ledger, node, end });
  let isStopping = false;
  let received = 0;

  const accept = createAccept({
    ...deps,
    isStopping: () => isStopping,
    open: (of) => openSession(opening, of),
    listen(session, socket) {
      socket.on('message', () => {
        received++;
        health.heard(session);
      });
      socket.on('close', () => forget(session, 'closed by the client'));
      if (socket.readyState !== socket.OPEN) forget(session, 'closed by the client');
    },
  });
  const upgrade = upgrading(door, accept);

  return {
    ownerOf: (id) => registry.find(id)?.userId,
    begin: createBeginning({ ...deps, registry, fanOut, onRefused }),
    isWatching: (userId, cid) => [...registry.ofUser(userId)].some(({ watches }) => watches.has(cid)),
    ephemeral: (cid, text) => fanOut.ephemeral(cid, text),
    upgrade,
    tick: () => health.tick(),
    settled: () => fanOut.settled(),
    stats: () => ({ open: registry.size, received }),
    async start() {
      await health.start();
      await fanOut.start();
    },
    async close() {
      isStopping = true;
      await fanOut.close();
      for (const session of registry.all()) {
        session.close(CLOSE.restart, 'the server stops; connect again');
        forget(session, 'the server stopped');
      }
      await ledger.close();
      await health.close();
    },
  };
}

/** Takes sessions out of memory at once, and notes their end on disk as soon as it can be. */
const forgetting =
  (registry: Registry, ledger: Ledger) =>
  (session: SocketSession, reason: string): void => {
    if (registry.find(session.id) !== session) return;
    registry.remove(session);
    ledger.end({ id: session.id, reason }, session.seen);
  };

/** Says why, closes, forgets. */
const ending =
  ({ clock, door }: SocketsDeps, forget: (session: SocketSession, reason: string) => void): EndSession =>
  (session, code, error) => {
    const told = door.envelope(error);
    session.sendNow(connectionError(clock.now(), { connection_id: session.id, error: told }));
    session.close(code, closingText(told.message));
    forget(session, told.message);
  };

function upgrading(door: Door, accept: ReturnType<typeof createAccept>): Sockets['upgrade'] {
  // Not compressed: the same frame goes to everybody who hears an event.
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: CONNECT_BYTES,
  });
  return (message, socket, head) => {
    let arrival: Arrival;
    try {
      arrival = door.arrive(message);
    } catch (error) {
      return refuseUpgrade(socket, door.envelope(error));
    }
    server.handleUpgrade(message, socket, head, (opened: WebSocket) => {
      // Errors of the protocol close the socket by themselves; without a listener they would end the process.
      opened.on('error', () => undefined);
      void accept(door, message, arrival, opened);
    });
  };
}
