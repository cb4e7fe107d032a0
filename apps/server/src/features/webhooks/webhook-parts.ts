import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Database } from '../../storage/database.ts';
import type { HookRules } from '../app-settings/index.ts';
import type { Resolve } from './resolver.ts';

/** Where tests may hang on to; absent in production. Awaited. */
export interface WebhookHooks {
  /**
   * `webhook-claimed`: deliveries were planned and recorded. `webhook-before-delivery`: an attempt is about to begin.
   * `webhook-after-delivery`: its answer is there and not recorded yet.
   */
  at(point: 'webhook-claimed' | 'webhook-before-delivery' | 'webhook-after-delivery'): void | Promise<void>;
}

/** What webhooks are made of. */
export interface WebhookParts {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  /** What `X-API-KEY` says, and what signs where a hook has no secret of its own. */
  credentials: () => { apiKey: string; apiSecret: string };
  rules: HookRules;
  resolve: Resolve;
  /** 0 up to 1; spreads retries. */
  random: () => number;
  /** How long one attempt may take, in ms. */
  attemptMs: number;
  /** No other process works on this database: a lease that a killed one has left behind is taken at once. */
  isAlone: boolean;
  hooks?: WebhookHooks;
}

export type WebhookOptions = Pick<WebhookParts, 'database' | 'clock' | 'logger' | 'credentials' | 'rules'> &
  Partial<WebhookParts>;
