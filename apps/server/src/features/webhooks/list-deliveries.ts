import type { ListWebhookDeliveriesQuery } from '@callgate/contract';
import { type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { deliveryResponse } from './delivery.ts';
import { pageOfDeliveries } from './delivery-list.store.ts';

/** A page of deliveries, the newest first. Server tokens only. */
export async function listDeliveries(
  acts: Acts,
  request: Pick<ActRequest, 'caller'>,
  query: ListWebhookDeliveriesQuery,
) {
  demandServer(request.caller);
  const { hook_id, state, event_type, since, limit, next, prev } = query;
  const page = await pageOfDeliveries(
    acts.database,
    { hook_id, state, event_type, since },
    {
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(next !== undefined && { next }),
      ...(prev !== undefined && { prev }),
    },
  );
  const { items, ...links } = page;
  return { deliveries: items.map(deliveryResponse), ...links };
}
