import type { Duplex } from 'node:stream';
import type { ConnectRequest } from '@callgate/contract';
import type { WebSocket } from 'ws';
import type { Acts } from '../features/enforcement/index.ts';
import type { Caller } from '../features/policy/index.ts';
import type { Cursors } from './cursor.ts';
import type { FanOut } from './fan-out.ts';
import type { Ledger } from './ledger.ts';
import type { Judge } from './re-evaluate.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/** A socket whose first message was accepted. */
export interface Opening {
  socket: WebSocket;
  /** What it runs over. */
  wire: Duplex;
  caller: Extract<Caller, { kind: 'user' }>;
  first: ConnectRequest;
  /** What policy is told of where it comes from. */
  address: string | null;
}

export interface OpeningDeps extends Judge {
  acts: Acts;
  registry: Registry;
  fanOut: FanOut;
  cursors: Cursors;
  ledger: Ledger;
  /** Takes a session out of memory, and notes its end on disk. */
  forget(session: SocketSession, reason: string): void;
}
