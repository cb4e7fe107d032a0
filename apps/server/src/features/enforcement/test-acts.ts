import {
  BUILT_IN_CALL_TYPES,
  type CallCid,
  type CallId,
  type CallTypeName,
  type Capability,
  type JobId,
  type RoleName,
  type SessionId,
  type UserId,
} from '@callgate/contract';
import type { Database, Handle, StorageHooks, Tx } from '../../storage/database.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { CallBlocksTable, CallsTable, MediaSessionsTable, Tables } from '../../storage/tables.ts';
import type { TestEngine } from '../../storage/test-databases.ts';
import {
  addSession,
  createOpenDoors,
  type MediaPlane,
  NO_SERVICE,
  noMediaPlane,
  serviceRules,
} from '../media/index.ts';
import {
  createPolicyReader,
  type PolicyReader,
  type PolicySources,
  SERVER,
  type UserFacts,
} from '../policy/index.ts';
import { type Act, createActs } from './act.ts';
import type { ActRequest } from './act-request.ts';
import { createEnforcement, type Enforcement } from './enforce.ts';
import type { FanOuts, Reached } from './fan-out.ts';
import type { EnforcementResult } from './jobs.store.ts';
import type { MediaSources } from './wanted-media.ts';

/* Test support: the act helper over a fresh database, with one verb (`block`) and as little else as it needs. */

export const CID = 'default:standup' as CallCid;
export const START = Date.UTC(2026, 0, 1);
export const id = (name: string): UserId => name as UserId;

export interface ActsWorld {
  database: Database;
  policy: PolicyReader;
  sources: MediaSources;
  clock: { time: number; now(): number };
  acts: ReturnType<typeof createActs>;
  enforcement: Enforcement;
  /** What the operator's log was told. */
  failures: unknown[];
  /** Set to make every question to the policy fail. */
  broken: { error: Error | undefined };
  /** People who are not known any more, and those who are deactivated. */
  gone: Set<string>;
  deactivated: Set<string>;
  /** What happens at each commit; may be set. */
  storage: { at: StorageHooks['at'] };
  /** What was shown of changes that fan out, in the order of its commits. */
  shown: Shown[];
  /** A further process on the same database. (Default: without a media server) */
  another(media?: MediaPlane): Enforcement;
  /** Acts whose process is killed between commit and enforcement. */
  killed: ReturnType<typeof createActs>;
  join(name: string, cid?: CallCid): Promise<SessionId>;
  rows<T extends keyof Tables>(table: T): Promise<Tables[T][]>;
  /** Everything an act can leave, counted. */
  traces(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export const KILLED = new Error('the process was killed');

export async function createActsWorld(engine: TestEngine): Promise<ActsWorld> {
  const storage: ActsWorld['storage'] = { at: () => undefined };
  const { database, discard } = await engine.create({ hooks: { at: (point) => storage.at(point) } });
  const clock = { time: START, now: () => clock.time };
  const [failures, shown]: [unknown[], Shown[]] = [[], []];
  const broken: ActsWorld['broken'] = { error: undefined };
  const gone = new Set<string>();
  const deactivated = new Set<string>();
  const policy = createPolicyReader(sourcesOf({ broken, gone, deactivated }), clock);
  const sources: MediaSources = {
    mutedKinds: async () => new Set(),
    hiddenPeople: async () => undefined,
    shown: async () => ({ name: '', image: null }),
  };
  let nodes = 0;
  const another = (media: MediaPlane = noMediaPlane): Enforcement =>
    createEnforcement({
      node: `node-${++nodes}`,
      ...{ database, clock, policy, media, doors: createOpenDoors() },
      ...{ sources, services: serviceRules([], []), fanOuts: inMemory(shown) },
      onFailure: (error) => void failures.push(error),
      endings: {
        onSessionEnded: async (_tx, { cid, user_id }, reason) => [
          { type: 'left', cid, audience: { watchers: true }, payload: { user_id, reason } },
        ],
      },
    });
  const enforcement = another();
  const run = async () => {
    throw KILLED;
  };
  const db = builderOf(engine.name);
  const rows: ActsWorld['rows'] = (table) =>
    database.read((snapshot) => snapshot.run(db.selectFrom(table).selectAll().compile() as never));
  await database.write(async (tx) => {
    for (const row of [CID, 'default:other' as CallCid].map(callRow))
      await tx.run(db.insertInto('calls').values(row).compile());
  });

  return {
    ...{
      database,
      policy,
      sources,
      clock,
      enforcement,
      failures,
      broken,
      gone,
      deactivated,
      storage,
      shown,
      another,
      rows,
    },
    acts: createActs({ database, clock, policy, enforcement }),
    killed: createActs({ database, clock, policy, enforcement: { ...enforcement, run } }),
    async join(name, cid = CID) {
      const row = sessionRow(name, cid, clock.time);
      await database.write((tx) => addSession(tx, row));
      return row.id;
    },
    async traces() {
      const tables = ['call_blocks', 'audit_records', 'outbox', 'jobs', 'idempotency_keys'] as const;
      const counts = await Promise.all(tables.map(async (table) => (await rows(table)).length));
      return Object.fromEntries(tables.map((table, at) => [table, counts[at] ?? -1]));
    },
    async close() {
      await enforcement.close();
      await discard();
    },
  };
}

/** What was shown of the task of a job. */
export type Shown = { job: JobId } & (Reached | { result: EnforcementResult } | { isNew: true });

/** Shows changes that fan out to the test alone. */
const inMemory = (shown: Shown[]): FanOuts => ({
  add: async (_tx, job) => shown.push({ job, isNew: true }),
  reached: async (_handle, job) =>
    shown.findLast((one): one is Reached & { job: JobId } => one.job === job && 'after' in one),
  advance: async (_tx, job, reached) => shown.push({ job, ...reached }),
  complete: async (_tx, job, result) => shown.push({ job, result }),
});

/** A session that a media server may hold, as `<name>#1`. */
export async function joinMedia(world: ActsWorld, name: string): Promise<SessionId> {
  const session = await world.join(name);
  await world.database.write((tx) =>
    tx.run(
      builderOf(tx.engine)
        .updateTable('media_sessions')
        .set({ identity: `${name}#1`, participant_sid: 'dialling:1' })
        .where('id', '=', session)
        .compile(),
    ),
  );
  return session;
}

/** A request; without a name of a server token. */
export function request(name?: string, more: Partial<ActRequest> = {}): ActRequest {
  const token = { issuedAt: START, expiresAt: null, callCids: null, role: null };
  const caller = name === undefined ? SERVER : ({ kind: 'user', userId: id(name), token } as const);
  const address = name === undefined ? null : '192.0.2.1';
  return { caller, requestId: 'req-1', address, ...more };
}

/** The verb: blocks a person on a call; a no-op when they are. */
export const block =
  (name: string, cid = CID) =>
  async (act: Act): Promise<{ blocked: string }> => {
    await act.tx.lock(`pair:${cid}/${name}`);
    if (await isBlocked(act.tx, cid, id(name))) return { blocked: name };
    await addBlock(act.tx, { cid, user_id: id(name), blocked_by_id: null, created_at: act.now });
    act.audit({
      action: 'call.block',
      cid,
      target: { type: 'user', id: name },
      reason: 'spam',
      asId: id('mary'),
    });
    act.event({ type: 'blocked', cid, audience: { watchers: true }, payload: { user_id: name } });
    act.putOut({ userId: id(name), cid });
    act.created();
    return { blocked: name };
  };

const addBlock = (tx: Tx, row: CallBlocksTable) =>
  tx.run(builderOf(tx.engine).insertInto('call_blocks').values(row).compile());
async function isBlocked(handle: Handle, cid: CallCid, userId: UserId): Promise<boolean> {
  const found = await handle.run(
    builderOf(handle.engine)
      .selectFrom('call_blocks')
      .selectAll()
      .where('cid', '=', cid)
      .where('user_id', '=', userId)
      .compile(),
  );
  return found.length > 0;
}

const { settings, grants } = BUILT_IN_CALL_TYPES.default;

/** `mod` is a moderator, everybody else a user. */
function userOf(world: World, userId: UserId): UserFacts | undefined {
  if (world.broken.error) throw world.broken.error;
  if (world.gone.has(userId)) return undefined;
  return {
    id: userId,
    role: (userId === 'mod' ? 'moderator' : 'user') as RoleName,
    deactivated: world.deactivated.has(userId),
    ...{ teams: [], deleted: false, expiresAt: null, tokensRevokedBefore: null },
  };
}
type World = Pick<ActsWorld, 'broken' | 'gone' | 'deactivated'>;

const sourcesOf = (world: World): PolicySources => ({
  app: async () => ({ multiTenant: false, guests: false, anonymous: true, tokensRevokedBefore: null }),
  rankOf: async () => new Map([['moderator' as RoleName, 300]]),
  user: async (_handle, userId) => userOf(world, userId),
  async standing(handle, userId, cid) {
    const user = userOf(world, userId);
    if (!user) return undefined;
    const blocked = cid !== undefined && (await isBlocked(handle, cid, userId));
    const said = { granted: new Set<Capability>(), revoked: new Set<Capability>() };
    const participation = { memberRole: null, blocked, bannedHere: false, ...said, epoch: 0 };
    return { user, banned: userId === 'banned', participation };
  },
  call: async (_handle, cid) => ({
    ...{ cid, team: null, settings, grants, backstage: false, startsAt: null, endedAt: null },
    ...{ sessionStartedAt: null, createdById: null },
  }),
  isAddressBanned: async () => false,
  seatsTaken: async () => 0,
});

const callRow = (cid: CallCid): CallsTable => ({
  cid,
  type: 'default' as CallTypeName,
  id: cid.slice('default:'.length) as CallId,
  ...{ created_by_id: null, team: null, custom: '{}', settings_override: '{}', video: 1, backstage: 0 },
  ...{ starts_at: null, ended_at: null, live_started_at: null, live_ended_at: null, session_id: null },
  ...{
    session_started_at: null,
    session_emptied_at: null,
    rung_at: null,
    rings_since: 0,
    seq: 0,
    created_at: START,
    updated_at: START,
  },
});

let sessions = 0;
const sessionRow = (name: string, cid: CallCid, now: number): MediaSessionsTable => ({
  id: `session-${String(++sessions).padStart(6, '0')}` as SessionId,
  ...{ cid, user_id: id(name), call_session_id: 'one', state: 'active', role_claim: null },
  ...{
    shown_role: 'user' as RoleName,
    anonymous: 0,
    hidden: 0,
    epoch: 0,
    token_issued_at: now,
    by_server: 0,
  },
  ...{ address: null, node: null, identity: null, boot_id: null, participant_sid: null },
  ...{ created_at: now, joined_at: now, ended_at: null, end_reason: null },
  ...NO_SERVICE,
});
