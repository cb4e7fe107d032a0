import type { Config } from './config.ts';
import type { Sequencer } from './features/audit/index.ts';
import type { Door, Rings } from './features/calls/index.ts';
import type { Acts, DueHooks, Enforcement, Judge, Sweep } from './features/enforcement/index.ts';
import type { EventOrder, EventOrderHooks } from './features/events/index.ts';
import type { AddressBans } from './features/ip-bans/index.ts';
import type { JoinTokens, MediaPlane, OpenDoors } from './features/media/index.ts';
import type { PolicyReader } from './features/policy/index.ts';
import type { TaskHooks, TaskWorker } from './features/tasks/index.ts';
import type { Timers } from './features/timers/index.ts';
import type { UserTokenClaims } from './features/users/index.ts';
import type { OpenSockets } from './features/watching/index.ts';
import type { WebhookHooks, Webhooks } from './features/webhooks/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';
import type { Database } from './storage/database.ts';

/** The features over one database. */
export interface CoreServices {
  readonly config: Config;
  /** The key of the application: what clients name, no secret; empty where none was handed in. */
  readonly apiKey: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly policy: PolicyReader;
  readonly media: MediaPlane;
  readonly enforcement: Enforcement;
  /** What sessions are judged with. */
  readonly judge: Judge;
  /** The door protocol, for whoever serves media clients. */
  readonly door: Door;
  /** The media clients that are through the door of this process. */
  readonly doors: OpenDoors;
  readonly joinTokens: JoinTokens;
  /** Compares live calls with the media server. */
  readonly sweep: Sweep;
  readonly acts: Acts;
  /** What ringing does for the features of calls. */
  readonly rings: Rings;
  readonly addressBans: AddressBans;
  /** Signs a user token with the secret of the application, for guests. */
  readonly userTokens: (claims: UserTokenClaims) => string;
  /** Chains audit records after their commit. */
  readonly sequencer: Sequencer;
  /** Gives events their places after their commit. */
  readonly eventOrder: EventOrder;
  /** Does what is due later, each at its time. */
  readonly timers: Timers;
  /** Does what was written down for later, piece by piece. */
  readonly tasks: TaskWorker;
  /** Sends events to the hooks of the application. */
  readonly webhooks: Webhooks;
}

/** What the features' routes are given: everything that `app.ts` composed. */
export interface Services extends CoreServices {
  /** The event sockets of this process. */
  readonly sockets: EventSockets;
}

export interface EventSockets extends OpenSockets {
  /** What runs every second: signs of life, tokens that run out, the lease of the process. */
  tick(): Promise<void>;
  /** Resolves when every event that has its place has been told. */
  settled(): Promise<void>;
  /** Open sockets, and messages of clients since the start. */
  stats(): { open: number; received: number };
}

type FeatureHooks = DueHooks | EventOrderHooks | TaskHooks | WebhookHooks;
type PointOf<Hooks extends FeatureHooks> = Hooks extends FeatureHooks ? Parameters<Hooks['at']>[0] : never;

/** What tests may hang onto, by name; absent in production. Awaited at each point. */
export interface AppHooks {
  /**
   * `before-reply`: an act is on disk and enforced, its reply is not sent yet. The others are told with the features
   * that they belong to.
   */
  at(point: 'before-reply' | PointOf<FeatureHooks>): void | Promise<void>;
}
