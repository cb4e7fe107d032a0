import type { HookId, ReplayWebhooksRequest } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import type { Tx } from '../../storage/database.ts';
import { askReplay, hookPosition, storedHooks } from '../app-settings/index.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { countReplayed } from './replays.store.ts';

/** More deliveries than this are told as this: counting millions would hold everybody up. */
const COUNTED = 10_000;

/**
 * Asks for everything that is dead or slow since a time to be sent again, to one hook or to all. The hooks' workers do
 * it step by step; asked twice, it reaches as far back as the longer of both. Server tokens only. 404/16 for no such hook.
 */
export function replayDeliveries(
  acts: Acts,
  request: ActRequest,
  input: ReplayWebhooksRequest,
): Promise<ActReply<{ hook_ids: HookId[]; deliveries: number }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const since = Date.parse(input.since);
    const hooks = await storedHooks(act.tx);
    const ids = hooks.map(({ id }) => id).filter((id) => input.hook_id === undefined || id === input.hook_id);
    if (input.hook_id !== undefined && ids.length === 0) throw notFound('hook', input.hook_id);

    let deliveries = 0;
    const concerned: HookId[] = [];
    for (const id of ids) {
      const count = await countReplayed(act.tx, { hook_id: id, since, limit: COUNTED });
      if (count === 0) continue;
      await extendReplay(act.tx, id, { since, at: act.now });
      concerned.push(id);
      deliveries += count;
    }
    if (concerned.length > 0) {
      act.audit({
        action: 'webhook.replay',
        target: { type: 'webhook', id: input.hook_id ?? 'all' },
        after: { since: input.since, hook_ids: concerned },
      });
    }
    return { hook_ids: concerned, deliveries: Math.min(deliveries, COUNTED) };
  });
}

async function extendReplay(tx: Tx, id: HookId, { since, at }: { since: number; at: number }): Promise<void> {
  const earlier = (await hookPosition(tx, id))?.replay_since;
  await askReplay(tx, id, { replay_since: Math.min(since, earlier ?? since), replay_at: at });
}
