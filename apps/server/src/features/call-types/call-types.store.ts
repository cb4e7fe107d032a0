import type { CallSettings, CallTypeName, Capability, NotificationSettings } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { CallTypesTable } from '../../storage/tables.ts';
import { bumpVersion, versioned } from '../../storage/versions.ts';
import type { CallType } from './call-type.ts';

const selectAll = prepared<Record<never, never>, CallTypesTable>((db) =>
  db.selectFrom('call_types').selectAll().orderBy('name'),
);
const upsert = prepared<CallTypesTable, never>((db, p) =>
  db
    .insertInto('call_types')
    .values({
      name: p('name'),
      built_in: p('built_in'),
      settings: p('settings'),
      grants: p('grants'),
      notification_settings: p('notification_settings'),
      created_at: p('created_at'),
      updated_at: p('updated_at'),
    })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({
        settings: eb.ref('excluded.settings'),
        grants: eb.ref('excluded.grants'),
        notification_settings: eb.ref('excluded.notification_settings'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);
const remove = prepared<{ name: CallTypeName }, never>((db, p) =>
  db.deleteFrom('call_types').where('name', '=', p('name')),
);
const selectCall = prepared<{ type: CallTypeName }, { cid: string }>((db, p) =>
  db.selectFrom('calls').select('cid').where('type', '=', p('type')).limit(1),
);
// The lock keeps a deletion of the type waiting until the call that is being created is there to be seen.
const holdName = prepared<{ name: CallTypeName }, { name: CallTypeName }>((db, p, engine) => {
  const query = db.selectFrom('call_types').select('name').where('name', '=', p('name'));
  return engine === 'postgres' ? query.forKeyShare() : query;
});

// As it is now, whatever this transaction has read before; a change of the type waits until its end.
const holdSettings = prepared<{ name: CallTypeName }, { settings: string }>((db, p, engine) => {
  const query = db.selectFrom('call_types').select('settings').where('name', '=', p('name'));
  return engine === 'postgres' ? query.forShare() : query;
});

const parsed = (row: CallTypesTable): CallType => ({
  name: row.name,
  builtIn: row.built_in === 1,
  settings: JSON.parse(row.settings) as CallSettings,
  grants: JSON.parse(row.grants) as Record<string, Capability[]>,
  notificationSettings: JSON.parse(row.notification_settings) as NotificationSettings,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** Every call type by name; kept in memory and never stale. */
export const callTypes = versioned<ReadonlyMap<CallTypeName, CallType>>(
  'call_types',
  async (handle) => new Map((await selectAll.all(handle, {})).map((row) => [row.name, parsed(row)])),
);

/** Writes a call type, new or changed. Hold `call-type:<name>`. */
export async function saveCallType(tx: Tx, type: CallType): Promise<void> {
  await bumpVersion(tx, 'call_types');
  await upsert.all(tx, {
    name: type.name,
    built_in: type.builtIn ? 1 : 0,
    settings: JSON.stringify(type.settings),
    grants: JSON.stringify(type.grants),
    notification_settings: JSON.stringify(type.notificationSettings),
    created_at: type.createdAt,
    updated_at: type.updatedAt,
  });
}

export async function removeCallType(tx: Tx, name: CallTypeName): Promise<void> {
  await bumpVersion(tx, 'call_types');
  await remove.all(tx, { name });
}

/** A call of this type, or undefined. */
export const anyCallOf = async (handle: Handle, type: CallTypeName): Promise<string | undefined> =>
  (await selectCall.first(handle, { type }))?.cid;

/** False when the type does not exist; when it does, it cannot be deleted before the commit. */
export const holdCallType = async (tx: Tx, name: CallTypeName): Promise<boolean> =>
  (await holdName.first(tx, { name })) !== undefined;

/** The settings of a call type, which nobody changes before the transaction ends. Throws without the type. */
export async function settingsHeld(tx: Tx, name: CallTypeName): Promise<CallSettings> {
  const row = await holdSettings.first(tx, { name });
  if (!row) throw new Error(`the call type ${name} of a call has no row`);
  return JSON.parse(row.settings) as CallSettings;
}
