import { randomUUID } from 'node:crypto';
import type { UserId } from '@callgate/contract';
import type { PolicySources, Standing } from '@callgate/server/features/policy/index.ts';
import type { Services } from '@callgate/server/services.ts';
import type { Handle } from '@callgate/server/storage/database.ts';
import { builderOf } from '@callgate/server/storage/prepared.ts';
import { type Command, step } from './commands.ts';
import { begins, meddled, swallowing } from './meddle.ts';
import type { Patch } from './world.ts';

/** Something wrong that is planted into the composition, and a short history that shows it. */
export interface Fault extends Patch {
  name: string;
  shownBy: readonly Command[];
}

/** Replaces sources of policy by others made from the real ones. */
const sources =
  (change: (real: PolicySources) => Partial<PolicySources>) =>
  ({ policy }: Services): void => {
    Object.assign(policy.sources, change({ ...policy.sources }));
  };
type CallSource = NonNullable<Awaited<ReturnType<PolicySources['call']>>>;
const callSource = (change: (call: CallSource) => Partial<CallSource>) =>
  sources(({ call }) => ({
    async call(handle, cid) {
      const found = await call(handle, cid);
      return found && { ...found, ...change(found) };
    },
  }));
type Asked = Parameters<PolicySources['standing']>;
const standingSource = (change: (standing: Standing, asked: Asked) => Standing | Promise<Standing>) =>
  sources(({ standing }) => ({
    async standing(...asked) {
      const found = await standing(...asked);
      return found && change(found, asked);
    },
  }));
const participationSource = (change: Partial<Standing['participation']>) =>
  standingSource((found) => ({ ...found, participation: { ...found.participation, ...change } }));
const userSource = (change: Partial<Standing['user']>) => (services: Services) => {
  sources(({ user }) => ({
    async user(handle, id) {
      const found = await user(handle, id);
      return found && { ...found, ...change };
    },
  }))(services);
  standingSource((found) => ({ ...found, user: { ...found.user, ...change } }))(services);
};

const as = (by: Command['by'], fields: Partial<Command> = {}): Partial<Command> => ({ by, ...fields });
const joins = (by: Command['by'], value = '203.0.113.1') => step('join', as(by, { value }));

const POLICY_FAULTS: Fault[] = [
  {
    name: 'bans are forgotten',
    patch: standingSource((found) => ({
      ...found,
      banned: false,
      participation: { ...found.participation, bannedHere: false },
    })),
    shownBy: [step('ban'), joins('bela')],
  },
  {
    name: 'bans do not run out',
    patch: sources(({ standing }) => ({ standing: (handle, user, cid) => standing(handle, user, cid, 0) })),
    // Its timer would take it away all the same.
    wrap: swallowing('delete from bans'),
    shownBy: [step('ban_timed', { value: 1 }), step('advance', { value: 61 })],
  },
  {
    name: 'a ban from one call is one from all',
    patch: standingSource(async (found, [handle, user]) => ({
      ...found,
      banned: found.banned || (await isBannedAnywhere(handle, user)),
    })),
    shownBy: [step('ban_here'), joins('bela')],
  },
  {
    name: 'revocations are dropped',
    patch: participationSource({ revoked: new Set() }),
    shownBy: [step('revoke')],
  },
  {
    name: 'grants are dropped',
    patch: participationSource({ granted: new Set() }),
    shownBy: [step('grant', { value: 'mute-users' })],
  },
  {
    name: 'settings are cached and go stale',
    patch: (services) => {
      const cached = new Map<string, CallSource['settings']>();
      callSource((call) => {
        cached.set(call.cid, cached.get(call.cid) ?? call.settings);
        return { settings: cached.get(call.cid) ?? call.settings };
      })(services);
    },
    shownBy: [joins('bela'), step('kind_setting', { value: 'audio=off' })],
  },
  {
    name: 'grants of the call type are cached and go stale',
    patch: (services) => {
      const cached = new Map<string, CallSource['grants']>();
      callSource((call) => {
        cached.set(call.cid, cached.get(call.cid) ?? call.grants);
        return { grants: cached.get(call.cid) ?? call.grants };
      })(services);
    },
    shownBy: [joins('bela'), step('type_grants')],
  },
  {
    name: 'backstage is ignored',
    patch: callSource(() => ({ backstage: false })),
    shownBy: [step('backstage_setting'), step('stop_live'), joins('bela')],
  },
  {
    name: 'the end of a call is ignored',
    patch: callSource(() => ({ endedAt: null })),
    shownBy: [joins('bela'), step('end')],
  },
  {
    name: 'one seat too many',
    patch: sources(({ seatsTaken }) => ({ seatsTaken: async (...of) => (await seatsTaken(...of)) - 1 })),
    shownBy: [step('limit_setting', { value: 'max=1' }), joins('anna'), joins('bela')],
  },
  {
    name: 'blocks are forgotten',
    patch: participationSource({ blocked: false }),
    shownBy: [step('block'), joins('bela')],
  },
  {
    name: 'addresses are banned exactly only',
    patch: sources(({ isAddressBanned }) => ({
      isAddressBanned: async (handle, address, now) =>
        (await isAddressBanned(handle, address, now)) && (await isAddressOfBanned(handle, address)),
    })),
    shownBy: [joins('bela', '2001:db8:0:1::5'), step('ban_ip'), joins('dora', '2001:db8:0:1::9')],
  },
  {
    name: 'deactivation is ignored',
    patch: userSource({ deactivated: false }),
    shownBy: [step('deactivate'), joins('bela')],
  },
  {
    name: 'tokens of the deleted are accepted',
    patch: userSource({ deleted: false }),
    shownBy: [step('delete'), joins('bela')],
  },
  {
    name: 'the date of revocation of a user is ignored',
    patch: userSource({ tokensRevokedBefore: null }),
    shownBy: [step('revoke_user_tokens'), joins('bela')],
  },
  {
    name: 'the date of revocation of the application is ignored',
    patch: sources(({ app }) => ({
      app: async (handle) => ({ ...(await app(handle)), tokensRevokedBefore: null }),
    })),
    shownBy: [step('revoke_app_tokens'), joins('bela')],
  },
  {
    name: 'call roles are ignored',
    patch: participationSource({ memberRole: null }),
    shownBy: [step('member_role', { value: 'host' })],
  },
  {
    name: 'moderators have no rank',
    patch: sources(({ rankOf }) => ({
      rankOf: async (handle) => new Map([...(await rankOf(handle))].filter(([role]) => role !== 'moderator')),
    })),
    shownBy: [step('ban', as('cleo'))],
  },
];

async function isBannedAnywhere(handle: Handle, user: UserId): Promise<boolean> {
  const query = builderOf(handle.engine).selectFrom('bans').select('id').where('target_user_id', '=', user);
  return (await handle.run(query.compile())).length > 0;
}

async function isAddressOfBanned(handle: Handle, address: string): Promise<boolean> {
  const db = builderOf(handle.engine);
  const query = db
    .selectFrom('user_addresses')
    .innerJoin('bans', 'bans.target_user_id', 'user_addresses.user_id')
    .select('user_addresses.user_id')
    .where('user_addresses.address', '=', address);
  return (await handle.run(query.compile())).length > 0;
}

const deleteAll = (handle: Handle, table: 'bans' | 'call_mutes' | 'call_grants' | 'call_blocks') =>
  handle.run(builderOf(handle.engine).deleteFrom(table).compile());

const STORE_FAULTS: Fault[] = [
  {
    name: 'acts do not end sessions',
    patch: ({ enforcement }) => {
      enforcement.run = async () => ({ state: 'no_media', sessions: 0, tracks: 0, took_ms: 0 });
    },
    shownBy: [joins('bela'), step('ban')],
  },
  {
    name: 'unblocking lifts the ban',
    wrap: (database) =>
      meddled(database, async (statement, run, handle) => {
        if (begins(statement, 'delete from call_blocks')) await deleteAll(handle, 'bans');
        return run(statement);
      }),
    shownBy: [step('ban'), step('block'), step('unblock')],
  },
  {
    name: 'a kick does not raise the epoch',
    wrap: (database) =>
      meddled(database, (statement, run) =>
        begins(statement, 'insert into call_epochs') ? Promise.resolve([{ epoch: 1 }]) : run(statement),
      ),
    shownBy: [joins('bela'), step('kick')],
  },
  {
    name: 'leaving clears mutes',
    wrap: (database) =>
      meddled(database, async (statement, run, handle) => {
        if (begins(statement, 'update media_sessions') && statement.parameters.includes('left'))
          await deleteAll(handle, 'call_mutes');
        return run(statement);
      }),
    shownBy: [joins('bela'), step('mute_one'), step('leave', as('bela'))],
  },
  {
    name: 'audit records are written twice',
    wrap: (database) =>
      meddled(database, async (statement, run) => {
        if (begins(statement, 'insert into audit_records')) {
          const [, ...rest] = statement.parameters;
          await run({ ...statement, parameters: [randomUUID(), ...rest] });
        }
        return run(statement);
      }),
    shownBy: [step('block')],
  },
  {
    name: 'audit records are missing',
    wrap: swallowing('insert into audit_records'),
    shownBy: [step('grant')],
  },
  {
    name: 'the event of an unblock is missing',
    wrap: (database) =>
      meddled(database, (statement, run) =>
        // On PostgreSQL the call's number is taken in the same statement.
        statement.sql.includes('into "outbox"') && statement.parameters.includes('call.unblocked_user')
          ? Promise.resolve([{ seq: 1 }])
          : run(statement),
      ),
    shownBy: [step('block'), step('unblock')],
  },
  {
    name: 'grants are lost by a restart',
    beforeRestart: (database) => database.write(async (tx) => void (await deleteAll(tx, 'call_grants'))),
    shownBy: [step('grant', { value: 'mute-users' }), step('restart')],
  },
  {
    name: 'blocks are lost by a restart',
    beforeRestart: (database) => database.write(async (tx) => void (await deleteAll(tx, 'call_blocks'))),
    shownBy: [step('block'), step('restart')],
  },
  {
    name: 'answers to requests are forgotten',
    wrap: swallowing('update permission_requests'),
    shownBy: [
      step('kind_setting', { value: 'audio=on_request' }),
      step('ask', as('bela')),
      step('deny', as('anna')),
    ],
  },
  {
    name: 'a request is answered twice',
    wrap: (database) =>
      meddled(database, async (statement, run) => {
        const rows = await run(statement);
        if (!begins(statement, 'select * from') || !statement.sql.includes('permission_requests'))
          return rows;
        return rows.map((row) => ({ ...(row as object), state: 'pending' }));
      }),
    shownBy: [
      step('kind_setting', { value: 'audio=on_request' }),
      step('ask', as('bela')),
      step('deny', as('anna')),
      step('deny', as('anna')),
    ],
  },
  {
    name: 'unbanning leaves the ban',
    wrap: swallowing('delete from bans'),
    shownBy: [step('ban'), step('unban')],
  },
  {
    name: 'nothing is done later',
    patch: ({ timers }) => {
      timers.start = () => undefined;
      timers.tick = async () => undefined;
    },
    shownBy: [joins('bela'), step('leave', as('bela')), step('advance', { value: 31 })],
  },
  {
    name: 'the end of a ban is not told',
    wrap: (database) =>
      meddled(database, (statement, run) =>
        statement.sql.includes('into "outbox"') && statement.parameters.includes('user.unbanned')
          ? Promise.resolve([])
          : run(statement),
      ),
    shownBy: [step('ban_timed', { value: 1 }), step('advance', { value: 61 })],
  },
  {
    name: 'addresses of joins are not remembered',
    wrap: swallowing('insert into user_addresses'),
    shownBy: [joins('bela'), step('leave', as('bela')), step('ban_ip'), joins('dora')],
  },
];

/** Every fault: `faults.test.ts` shows that none of them goes unseen. */
export const FAULTS: readonly Fault[] = [...POLICY_FAULTS, ...STORE_FAULTS];
