import type { DeliveryId, WebhookDeliveryResponse } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import { storedHooks } from '../app-settings/index.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { eventsById, findDelivery } from './deliveries.store.ts';
import { deliveryResponse } from './delivery.ts';
import { replayOne } from './replays.store.ts';

/**
 * Sends one delivery again, now and for 24 hours from now, whatever became of it. One that waits for its turn keeps its
 * place, which is no change. Server tokens only. 404/16 when the delivery, its hook or its event is not there any more.
 */
export function replayDelivery(
  acts: Acts,
  request: ActRequest,
  id: DeliveryId,
): Promise<ActReply<{ delivery: WebhookDeliveryResponse }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const before = await findDelivery(act.tx, id);
    if (!before) throw notFound('delivery', id);
    const hooks = await storedHooks(act.tx);
    if (!hooks.some((hook) => hook.id === before.hook_id)) throw notFound('hook', before.hook_id);
    const events = await eventsById(act.tx, [before.event_id]);
    if (!events.has(before.event_id)) throw notFound('event', before.event_id);

    const after = await replayOne(act.tx, id, act.now);
    if (!after) return { delivery: deliveryResponse(before) };
    act.audit({
      action: 'webhook.replay',
      target: { type: 'delivery', id },
      before: { state: before.state },
      after: { state: after.state },
    });
    return { delivery: deliveryResponse(after) };
  });
}
