import type { HookId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { bumpVersion, versioned } from '../../storage/versions.ts';
import type { EventHooksTable } from '../../storage/webhook-tables.ts';
import { lastPlace } from '../events/index.ts';
import type { EventHook } from './event-hook.ts';

type Written = Omit<EventHooksTable, 'replay_since' | 'replay_at'>;

const selectHooks = prepared<Record<never, never>, EventHooksTable>((db) =>
  db.selectFrom('event_hooks').selectAll().orderBy('position'),
);
const upsertHook = prepared<Written, never>((db, p) =>
  db
    .insertInto('event_hooks')
    .values({
      id: p('id'),
      position: p('position'),
      enabled: p('enabled'),
      url: p('url'),
      event_types: p('event_types'),
      signing_secret: p('signing_secret'),
      gzip: p('gzip'),
      enabled_at: p('enabled_at'),
      app_seq: p('app_seq'),
      replay_since: null,
      replay_at: null,
      created_at: p('created_at'),
      updated_at: p('updated_at'),
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        position: eb.ref('excluded.position'),
        enabled: eb.ref('excluded.enabled'),
        url: eb.ref('excluded.url'),
        event_types: eb.ref('excluded.event_types'),
        signing_secret: eb.ref('excluded.signing_secret'),
        gzip: eb.ref('excluded.gzip'),
        enabled_at: eb.ref('excluded.enabled_at'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);
const deleteHook = prepared<{ id: HookId }, never>((db, p) =>
  db.deleteFrom('event_hooks').where('id', '=', p('id')),
);
const selectPosition = prepared<{ id: HookId }, HookPosition>((db, p) =>
  db.selectFrom('event_hooks').select(['app_seq', 'replay_since', 'replay_at']).where('id', '=', p('id')),
);
const updatePlace = prepared<{ id: HookId; app_seq: number }, never>((db, p) =>
  db
    .updateTable('event_hooks')
    .set({ app_seq: p('app_seq') })
    .where('id', '=', p('id'))
    .where('app_seq', '<', p('app_seq')),
);
const updateReplay = prepared<{ id: HookId; replay_since: number; replay_at: number }, never>((db, p) =>
  db
    .updateTable('event_hooks')
    .set({ replay_since: p('replay_since'), replay_at: p('replay_at') })
    .where('id', '=', p('id')),
);
const endReplay = prepared<{ id: HookId; replay_at: number }, never>((db, p) =>
  db
    .updateTable('event_hooks')
    .set({ replay_since: null, replay_at: null })
    .where('id', '=', p('id'))
    .where('replay_at', '=', p('replay_at')),
);

/** How far a hook has come; not among the settings, so it changes without their version. */
export type HookPosition = Pick<EventHooksTable, 'app_seq' | 'replay_since' | 'replay_at'>;

/** The hooks in the order in which they were set, kept in memory and checked against their version: never stale. */
export const storedHooks: (handle: Handle) => Promise<readonly EventHook[]> = versioned(
  'event_hooks',
  async (handle) => (await selectHooks.all(handle, {})).map(fromRow),
);

const fromRow = (row: EventHooksTable): EventHook => ({
  id: row.id,
  enabled: row.enabled === 1,
  url: row.url,
  eventTypes: JSON.parse(row.event_types) as string[],
  signingSecret: row.signing_secret,
  gzip: row.gzip === 1,
  enabledAt: row.enabled_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** Writes the hooks after a change. One that is switched on begins behind the last event: it is not sent the past. */
export async function saveHooks(
  tx: Tx,
  before: readonly EventHook[],
  after: readonly EventHook[],
): Promise<void> {
  const kept = new Set(after.map(({ id }) => id));
  const wasEnabled = new Set(before.filter(({ enabled }) => enabled).map(({ id }) => id));
  const last = await lastPlace(tx);
  for (const { id } of before) if (!kept.has(id)) await deleteHook.all(tx, { id });
  for (const [position, hook] of after.entries()) {
    await upsertHook.all(tx, rowOf(hook, position, last));
    if (hook.enabled && !wasEnabled.has(hook.id)) await updatePlace.all(tx, { id: hook.id, app_seq: last });
  }
  await bumpVersion(tx, 'event_hooks');
}

const rowOf = (hook: EventHook, position: number, last: number): Written => ({
  id: hook.id,
  position,
  enabled: hook.enabled ? 1 : 0,
  url: hook.url,
  event_types: JSON.stringify(hook.eventTypes),
  signing_secret: hook.signingSecret,
  gzip: hook.gzip ? 1 : 0,
  enabled_at: hook.enabledAt,
  app_seq: last,
  created_at: hook.createdAt,
  updated_at: hook.updatedAt,
});

export const hookPosition = (handle: Handle, id: HookId): Promise<HookPosition | undefined> =>
  selectPosition.first(handle, { id });

/** Notes that the hook has been sent everything up to this event; never moves back. */
export const moveHook = async (tx: Tx, id: HookId, app_seq: number): Promise<void> =>
  void (await updatePlace.all(tx, { id, app_seq }));

/** Asks for everything dead and slow since then to be sent again. */
export const askReplay = async (
  tx: Tx,
  id: HookId,
  asked: { replay_since: number; replay_at: number },
): Promise<void> => void (await updateReplay.all(tx, { id, ...asked }));

/** The replay that was asked for then is done; one that was asked for since goes on. */
export const finishReplay = async (tx: Tx, id: HookId, replay_at: number): Promise<void> =>
  void (await endReplay.all(tx, { id, replay_at }));
