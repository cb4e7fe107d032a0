import { isDeepStrictEqual } from 'node:util';
import type { UpdateAppRequest } from '@callgate/contract';
import { notSupported } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { appFacts } from './app-facts.ts';
import { saveApp, storedApp } from './app-settings.store.ts';
import { appResponse, changedApp } from './app-settings.ts';

/**
 * Changes settings of the application; what is left out stays. Server tokens only. A change that policy reads
 * (tenancy, guests, anonymous users, the date of revocation, address bans) is applied to everybody in a call
 * before the reply. Throws 400/4 naming a bad field, 400/19 for `event_hooks`, which come with webhooks.
 */
export function updateApp(
  acts: Acts,
  request: ActRequest,
  input: UpdateAppRequest,
): Promise<ActReply<{ app: ReturnType<typeof appResponse> }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    if ('event_hooks' in input) throw notSupported('event_hooks');
    await act.tx.lock('app');
    const [before, factsBefore] = await Promise.all([storedApp(act.tx), appFacts(act.tx)]);

    const after = changedApp(before, input, act.now);
    if (after === before) return { app: appResponse(before) };
    await saveApp(act.tx, after, act.now);
    act.audit({
      action: 'app.update',
      target: { type: 'app', id: 'app' },
      before: appResponse(before),
      after: appResponse(after),
    });
    act.event({ type: 'app.updated', audience: {}, payload: { app: appResponse(after) } });
    const factsChanged = !isDeepStrictEqual(factsBefore, await appFacts(act.tx));
    if (factsChanged) act.enforce({ everybody: true });
    else if (!isDeepStrictEqual(before.settings.ip_bans, after.settings.ip_bans)) {
      act.enforce({ addresses: true });
    }
    return { app: appResponse(after) };
  });
}
