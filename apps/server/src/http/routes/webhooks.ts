import { listDeliveries, replayDeliveries, replayDelivery, tryHook } from '../../features/webhooks/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** What became of webhooks, and sending them again. The hooks themselves stand in the settings of the application. */
export const webhookRoutes = (route: Route, { acts, webhooks }: Services): void => {
  route('listWebhookDeliveries', ({ request, query }) => listDeliveries(acts, request, query));
  route('replayWebhookDelivery', ({ request, params }) => replayDelivery(acts, request, params.id));
  route('replayWebhooks', ({ request, body }) => replayDeliveries(acts, request, body));
  route('testWebhook', ({ request, body }) => tryHook(webhooks.parts, request, body.hook_id));
};
