import { type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { storedApp } from './app-settings.store.ts';
import { storedHooks } from './event-hooks.store.ts';
import { appWithHooks } from './update-app.ts';

/** The settings of the application. Server tokens only: the allowlist is nobody else's business (rules APP1..). */
export async function getApp(acts: Acts, request: Pick<ActRequest, 'caller'>) {
  demandServer(request.caller);
  return acts.database.read(async (snapshot) => {
    const [app, hooks] = await Promise.all([storedApp(snapshot), storedHooks(snapshot)]);
    return { app: appWithHooks(app, hooks) };
  });
}
