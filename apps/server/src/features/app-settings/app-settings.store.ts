import type { AppSettings } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { AppSettingsTable } from '../../storage/tables.ts';
import { bumpVersion, versioned } from '../../storage/versions.ts';
import { APP_DEFAULTS, completeSettings, type StoredApp } from './app-settings.ts';

const selectApp = prepared<Record<never, never>, AppSettingsTable>((db) =>
  db.selectFrom('app_settings').selectAll().where('id', '=', 1),
);
const writeApp = prepared<Omit<AppSettingsTable, 'id'>, never>((db, p) =>
  db
    .insertInto('app_settings')
    .values({
      id: 1,
      settings: p('settings'),
      revoke_tokens_issued_before: p('revoke_tokens_issued_before'),
      updated_at: p('updated_at'),
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        settings: eb.ref('excluded.settings'),
        revoke_tokens_issued_before: eb.ref('excluded.revoke_tokens_issued_before'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);

/** The application's settings, kept in memory and checked against their version: never stale. */
export const storedApp: (handle: Handle) => Promise<StoredApp> = versioned('app', async (handle) => {
  const row = await selectApp.first(handle, {});
  if (!row) return APP_DEFAULTS;
  return {
    settings: completeSettings(JSON.parse(row.settings) as Partial<AppSettings>),
    tokensRevokedBefore: row.revoke_tokens_issued_before,
    updatedAt: row.updated_at,
  };
});

/** Writes the settings; readers see them from the commit on. */
export async function saveApp(tx: Tx, app: StoredApp, now: number): Promise<void> {
  await writeApp.all(tx, {
    settings: JSON.stringify(app.settings),
    revoke_tokens_issued_before: app.tokensRevokedBefore,
    updated_at: app.updatedAt ?? now,
  });
  await bumpVersion(tx, 'app');
}
