export { listDeliveries } from './list-deliveries.ts';
export { purgeEvents } from './purge-events.ts';
export { replayDeliveries } from './replay-deliveries.ts';
export { replayDelivery } from './replay-delivery.ts';
export { resolveHost } from './resolver.ts';
export { countDeliveries, oldestOpen } from './retention.store.ts';
export { tryHook } from './try-hook.ts';
export type { WebhookHooks } from './webhook-parts.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';
