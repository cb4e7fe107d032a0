import { type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { storedApp } from './app-settings.store.ts';
import { appResponse } from './app-settings.ts';

/** The settings of the application. Server tokens only: the allowlist is nobody else's business (rules APP1..). */
export async function getApp(acts: Acts, request: Pick<ActRequest, 'caller'>) {
  demandServer(request.caller);
  return { app: appResponse(await acts.database.read(storedApp)) };
}
