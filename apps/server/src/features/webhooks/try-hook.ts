import type { DeliveryId, EventId, HookId, TestWebhookResponse } from '@callgate/contract';
import { monotonicMs, toTime } from '../../kernel/clock.ts';
import { ApiError, notFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import { storedHooks } from '../app-settings/index.ts';
import { type ActReply, type ActRequest, demandServer } from '../enforcement/index.ts';
import { createHookClient } from './hook-client.ts';
import type { Outcome } from './schedule.ts';
import { signedHeaders } from './signature.ts';
import type { WebhookParts } from './webhook-parts.ts';

/** Tests that may be under way at once in one process. */
const TESTS_MAX = 8;
const underWay = new WeakMap<WebhookParts, number>();

type Tried = Omit<TestWebhookResponse, 'duration'>;

/**
 * Sends `webhook.test` to a hook once, switched on or off, over a connection of its own, and tells what came back.
 * Server tokens only. 404/16 for no such hook, 429/9 while eight tests are under way.
 */
export async function tryHook(
  parts: WebhookParts,
  request: Pick<ActRequest, 'caller'>,
  id: HookId,
): Promise<ActReply<Tried>> {
  demandServer(request.caller);
  const hook = (await parts.database.read(storedHooks)).find((each) => each.id === id);
  if (!hook) throw notFound('hook', id);
  const others = underWay.get(parts) ?? 0;
  if (others >= TESTS_MAX) {
    throw new ApiError('rate_limited', `${TESTS_MAX} tests are under way`, { retryAfterSeconds: 1 });
  }
  underWay.set(parts, others + 1);
  const client = createHookClient({ url: hook.url, rules: parts.rules, resolve: parts.resolve });
  try {
    const now = parts.clock.now();
    const webhookId = newId<DeliveryId>(now);
    const body = testMessage(id, now);
    const { apiKey, apiSecret } = parts.credentials();
    const secret = hook.signingSecret ?? apiSecret;
    const headers = signedHeaders(body, { apiKey, secret, id: webhookId, attempt: 1, now });
    const began = monotonicMs();
    const outcome = await client.post({ body, headers, gzip: hook.gzip, timeoutMs: parts.attemptMs });
    const took_ms = Math.round((monotonicMs() - began) * 10) / 10;
    return { status: 200, body: { hook_id: id, webhook_id: webhookId, ...told(outcome), took_ms } };
  } finally {
    underWay.set(parts, (underWay.get(parts) ?? 1) - 1);
    await client.close();
  }
}

const testMessage = (hook_id: HookId, now: number): string =>
  JSON.stringify({
    type: 'webhook.test',
    created_at: toTime(now),
    event_id: newId<EventId>(now),
    hook_id,
  });

function told(outcome: Outcome): Pick<Tried, 'delivered' | 'status' | 'error' | 'body'> {
  if (outcome.kind !== 'answered') return { delivered: false, error: outcome.error };
  const { status, body } = outcome;
  return { delivered: status >= 200 && status < 300, status, body };
}
