import type { CallCid, EventHookRequest, EventHookResponse } from '@callgate/contract';
import type { TestEngine } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import { createWorld, WORLD_CREDENTIALS, type World } from '../test/world.ts';
import type { DeliveryRow } from './delivery.ts';
import { type Answer, type Receiver, startReceiver } from './test-receiver.ts';
import type { WebhookOptions } from './webhook-parts.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** A world whose events go to real receivers on loopback when the test says so. */
export interface HookWorld {
  world: World;
  webhooks: Webhooks;
  receiver(answer?: Answer): Promise<Receiver>;
  /** Sets all hooks; what is left out of one is on, wants all events, and is not packed. */
  setHooks(...hooks: (Partial<EventHookRequest> & { webhook_url: string })[]): Promise<EventHookResponse[]>;
  /** Commits events of calls (`default:x`) or of people, as an act does. */
  tell(...subjects: string[]): Promise<void>;
  /** Puts events in order, plans, sends, and waits for everything that is due now. */
  settle(): Promise<void>;
  /** Advances the clock in steps and settles after each. */
  pass(ms: number, stepMs?: number): Promise<void>;
  deliveries(): Promise<DeliveryRow[]>;
  /** A second process on the same database. */
  another(options?: Partial<WebhookOptions>): Webhooks;
  close(): Promise<void>;
}

export async function createHookWorld(
  engine: TestEngine,
  options: Partial<WebhookOptions> = {},
): Promise<HookWorld> {
  const world = await createWorld(engine);
  const { acts, database, eventOrder } = world.services;
  const made: Webhooks[] = [];
  const receivers: Receiver[] = [];
  const another: HookWorld['another'] = (more = {}) => {
    const webhooks = createWebhooks({
      database,
      clock: world.clock,
      logger: world.services.logger,
      credentials: () => WORLD_CREDENTIALS,
      rules: { allowPrivate: true },
      random: () => 0.5,
      ...options,
      ...more,
    });
    made.push(webhooks);
    return webhooks;
  };
  const webhooks = another();
  const settle = async (): Promise<void> => {
    await eventOrder.flush();
    await webhooks.tick();
  };
  return {
    world,
    webhooks,
    another,
    settle,
    async receiver(answer) {
      const receiver = await startReceiver(answer);
      receivers.push(receiver);
      return receiver;
    },
    async setHooks(...hooks) {
      const event_hooks = hooks.map((hook) => ({
        enabled: true,
        hook_type: 'webhook' as const,
        ...hook,
      }));
      const { body } = await updateApp(acts, world.server(), { event_hooks }, { allowPrivate: true });
      return body.app.event_hooks;
    },
    async tell(...subjects) {
      const known = new Set<string>((await world.rows('calls')).map(({ cid }) => cid));
      for (const cid of new Set(subjects)) if (cid.includes(':') && !known.has(cid)) await world.call(cid);
      for (let from = 0; from < subjects.length; from += TOLD_TOGETHER) {
        const drafts = subjects.slice(from, from + TOLD_TOGETHER).map(draftOf);
        await database.write((tx) => appendEvents(tx, drafts, world.clock.now()));
      }
    },
    async pass(ms, stepMs = ms) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        world.clock.advance(Math.min(stepMs, ms - passed));
        await settle();
      }
    },
    deliveries: async () => (await world.rows('webhook_deliveries')).sort((a, b) => a.app_seq - b.app_seq),
    async close() {
      await Promise.all(made.map((each) => each.close()));
      await Promise.all(receivers.map((receiver) => receiver.goDown()));
      await world.close();
    },
  };
}

/** Events that one transaction of a test commits. */
const TOLD_TOGETHER = 100;

const draftOf = (subject: string): EventDraft =>
  subject.includes(':')
    ? { type: 'call.updated', cid: subject as CallCid, audience: {}, payload: { call: {} } }
    : { type: 'user.updated', audience: {}, payload: { user: { id: subject } } };
