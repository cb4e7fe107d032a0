import { isDeepStrictEqual } from 'node:util';
import type { UpdateAppRequest } from '@callgate/contract';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { appFacts } from './app-facts.ts';
import { saveApp, storedApp } from './app-settings.store.ts';
import { appResponse, changedApp, type StoredApp } from './app-settings.ts';
import { changedHooks, type EventHook, hookRecord, hookResponse } from './event-hook.ts';
import { saveHooks, storedHooks } from './event-hooks.store.ts';
import type { HookRules } from './hook-url.ts';

/**
 * Changes settings of the application; what is left out stays. Server tokens only. A change that policy reads
 * (tenancy, guests, anonymous users, the date of revocation, address bans) is applied to everybody in a call
 * before the reply. `event_hooks` names all hooks: those left out are deleted. Throws 400/4 naming a bad field,
 * 400/19 for a kind of hook that is not offered.
 */
export function updateApp(
  acts: Acts,
  request: ActRequest,
  input: UpdateAppRequest,
  rules: HookRules = { allowPrivate: false },
): Promise<ActReply<{ app: ReturnType<typeof appWithHooks> }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    await act.tx.lock('app');
    const [before, hooksBefore, factsBefore] = await Promise.all([
      storedApp(act.tx),
      storedHooks(act.tx),
      appFacts(act.tx),
    ]);

    const hooks = input.event_hooks
      ? changedHooks(hooksBefore, input.event_hooks, act.now, rules)
      : hooksBefore;
    const changed = changedApp(before, input, act.now);
    if (changed === before && hooks === hooksBefore) return { app: appWithHooks(before, hooksBefore) };
    const after = { ...changed, updatedAt: act.now };
    await saveApp(act.tx, after, act.now);
    if (hooks !== hooksBefore) await saveHooks(act.tx, hooksBefore, hooks);
    act.audit({
      action: 'app.update',
      target: { type: 'app', id: 'app' },
      before: { ...appResponse(before), event_hooks: hooksBefore.map(hookRecord) },
      after: { ...appResponse(after), event_hooks: hooks.map(hookRecord) },
    });
    // Without the hooks: it is sent to all of them, and the address of one may be a secret to the others.
    act.event({ type: 'app.updated', audience: {}, payload: { app: appResponse(after) } });
    const factsChanged = !isDeepStrictEqual(factsBefore, await appFacts(act.tx));
    if (factsChanged) act.enforce({ everybody: true });
    else if (!isDeepStrictEqual(before.settings.ip_bans, after.settings.ip_bans)) {
      act.enforce({ addresses: true });
    }
    return { app: appWithHooks(after, hooks) };
  });
}

/** The settings as their readers see them, hooks included. */
export const appWithHooks = (app: StoredApp, hooks: readonly EventHook[]) => ({
  ...appResponse(app),
  event_hooks: hooks.map(hookResponse),
});
