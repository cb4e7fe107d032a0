import type { Tx } from '../../storage/database.ts';
import { saveApp, storedApp } from './app-settings.store.ts';
import { APP_DEFAULTS } from './app-settings.ts';

/** Writes the default settings on the first start; later starts find them and change nothing. */
export async function seedApp(tx: Tx, now: number): Promise<void> {
  await tx.lock('app');
  if ((await storedApp(tx)).updatedAt === null) await saveApp(tx, APP_DEFAULTS, now);
}
