import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallCid,
  type Capability,
  cidOf,
  EVENTS,
  type RoleName,
  type SessionId,
  type UserId,
} from '@callgate/contract';
import { createServices, prepareDatabase } from '../../app.ts';
import { loadConfig } from '../../config.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ApiError } from '../../kernel/errors.ts';
import { createLogger } from '../../kernel/logger.ts';
import type { CoreServices } from '../../services.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { AuditRecordsTable, CallsTable, Tables, UsersTable } from '../../storage/tables.ts';
import type { TestEngine } from '../../storage/test-databases.ts';
import { loadAuditKeys } from '../audit/index.ts';
import { joinCall } from '../calls/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { eventsOfCall } from '../events/index.ts';
import { askedBy, type LoadedPolicy, SERVER, type TokenClaims } from '../policy/index.ts';

/** The time at which every world begins. */
export const WORLD_START = Date.parse('2026-01-01T00:00:00.000Z');
/** What tokens and webhooks of every world are signed with. */
export const WORLD_CREDENTIALS = { apiKey: 'world-key', apiSecret: 'a secret that only worlds have' };
/** Where people come from unless a test says otherwise; a documentation address, so that bans may take it. */
export const HOME = '203.0.113.1';

/** An event as a test reads it. */
export interface SeenEvent {
  type: string;
  cid: CallCid | null;
  audience: { members?: UserId[] | 'many'; watchers?: true; users?: UserId[] };
  payload: Record<string, unknown>;
}

/** An audit record with its JSON parsed. */
export type SeenAudit = Pick<
  AuditRecordsTable,
  'action' | 'actor_kind' | 'actor_id' | 'as_id' | 'cid' | 'target_type' | 'target_id' | 'reason' | 'job_id'
> & { before: unknown; after: unknown };

/** The real parts of the server over a fresh database, with a clock that the test turns. */
export interface World {
  services: CoreServices;
  clock: Clock & { advance(ms: number): void };
  /** Time passes, and what is due by then is done. */
  pass(ms: number): Promise<void>;
  /** Makes a user (role `user`); resolves with the id. */
  user(id: string, fields?: Partial<UsersTable>): Promise<UserId>;
  /** Makes a call; `members` maps ids to call roles. The creator is a host. */
  call(cid: string, options?: CallOptions): Promise<CallCid>;
  /** A request of that person's token, or of a server token. */
  as(id: string, options?: { address?: string | null; token?: Partial<TokenClaims> }): ActRequest;
  server(): ActRequest;
  /** Joins with a user token. What the join tells is left out of `audits`, `events` and `traces`. */
  join(id: string, cid: CallCid, options?: { address?: string | null }): Promise<SessionId>;
  /** What policy says of the person now, coming from `address` (none unless given). */
  policy(id: string, cid: CallCid, address?: string | null): Promise<LoadedPolicy>;
  /** Whether the person has a session that is pending or active. */
  isIn(id: string, cid: CallCid): Promise<boolean>;
  audits(): Promise<SeenAudit[]>;
  /** Events in the order of their commit; of one call when a cid is given. */
  events(cid?: CallCid): Promise<SeenEvent[]>;
  /** What both logs hold, to show that an act left nothing. */
  traces(): Promise<{ audits: number; events: number }>;
  rows<T extends keyof Tables>(table: T): Promise<Tables[T][]>;
  insert<T extends keyof Tables>(table: T, ...rows: Tables[T][]): Promise<void>;
  close(): Promise<void>;
}

export interface CallOptions {
  createdBy?: string;
  members?: Record<string, string>;
  /** Fields of the settings that override the call type's. */
  settings?: Record<string, unknown>;
  fields?: Partial<CallsTable>;
}

const NO_CLAIMS: TokenClaims = { issuedAt: WORLD_START, expiresAt: null, callCids: null, role: null };

/** A world of its own for one test or block; whoever makes it closes it. */
export async function createWorld(engine: TestEngine): Promise<World> {
  const { database, discard } = await engine.create();
  const folder = mkdtempSync(join(tmpdir(), 'callgate-world-'));
  let time = WORLD_START;
  const clock = {
    now: () => time,
    advance: (ms: number) => {
      time += ms;
    },
  };
  const config = loadConfig({ CALLGATE_DATA_DIR: folder, CALLGATE_LOG_LEVEL: 'silent' }, folder);
  const logger = createLogger({ level: 'silent' });
  const services = createServices({
    config,
    clock,
    logger,
    database,
    auditKeys: loadAuditKeys(folder),
    credentials: WORLD_CREDENTIALS,
  });
  await prepareDatabase({ database, clock });
  let requests = 0;
  const db = builderOf(engine.name);

  const insert: World['insert'] = async (table, ...rows) => {
    await database.write(async (tx) => {
      for (const row of rows)
        await tx.run(
          db
            .insertInto(table)
            .values(row as never)
            .compile(),
        );
    });
  };
  const rows: World['rows'] = (table) =>
    database.read((snapshot) => snapshot.run(db.selectFrom(table).selectAll().compile() as never));
  /** Ids of what joins told: left out of `audits`, `events` and `traces`. */
  const ofJoins = new Set<string>();
  const logged = async () => {
    const [audits, events] = await Promise.all([rows('audit_records'), rows('outbox')]);
    return new Set<string>([...audits, ...events].map((row) => row.id));
  };
  const notOfJoins = <Row extends { id: string }>(found: Row[]) =>
    found.filter((row) => !ofJoins.has(row.id));
  const requestId = () => `req-${++requests}`;

  const world: World = {
    services,
    clock,
    async pass(ms) {
      clock.advance(ms);
      await services.timers.tick();
    },
    rows,
    insert,
    async user(id, fields = {}) {
      await insert('users', { ...userRow(id, time), ...fields });
      return id as UserId;
    },
    async call(text, options = {}) {
      const row = callRow(text, options, time);
      await insert('calls', row);
      const members = Object.entries(options.members ?? {}).map(([user_id, role]) => ({
        cid: row.cid,
        user_id: user_id as UserId,
        role: role as RoleName,
        custom: '{}',
        created_at: time,
        updated_at: time,
      }));
      await insert('call_members', ...members);
      return row.cid;
    },
    as: (id, { address = HOME, token = {} } = {}) => ({
      caller: { kind: 'user', userId: id as UserId, token: { ...NO_CLAIMS, ...token } },
      requestId: requestId(),
      address,
    }),
    server: () => ({ caller: SERVER, requestId: requestId(), address: null }),
    async join(id, cid, { address = HOME } = {}) {
      const before = await logged();
      const reply = await joinCall(services, world.as(id, { address }), { cid });
      for (const key of await logged()) if (!before.has(key)) ofJoins.add(key);
      return reply.body.session_id;
    },
    policy(id, cid, address = null) {
      const request = world.as(id, { address });
      if (request.caller.kind === 'server') throw new Error('not a person');
      const asked = askedBy(request.caller, address);
      return database.read((snapshot) => services.policy.inCall(snapshot, asked, cid));
    },
    async isIn(id, cid) {
      const sessions = await rows('media_sessions');
      return sessions.some(
        (row) => row.cid === cid && row.user_id === id && (row.state === 'active' || row.state === 'pending'),
      );
    },
    async audits() {
      const records = notOfJoins(await rows('audit_records'));
      return records
        .sort((a, b) => a.at - b.at || requestNumber(a) - requestNumber(b))
        .map((row) => ({ ...row, before: parsed(row.before), after: parsed(row.after) }));
    },
    async events(cid) {
      const found = cid
        ? await database.read((snapshot) => eventsOfCall(snapshot, cid))
        : (await rows('outbox')).sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
      return notOfJoins(found).map((row) => ({
        type: row.type,
        cid: row.cid,
        audience: parsed(row.audience) as SeenEvent['audience'],
        payload: parsed(row.payload) as Record<string, unknown>,
      }));
    },
    async traces() {
      const [audits, events] = await Promise.all([rows('audit_records'), rows('outbox')]);
      return { audits: notOfJoins(audits).length, events: notOfJoins(events).length };
    },
    async close() {
      await services.tasks.close();
      await services.timers.close();
      await services.enforcement.close();
      await services.eventOrder.close();
      await services.webhooks.close();
      await services.sequencer.close();
      await discard();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Timers have no request: they come first. */
const requestNumber = (row: AuditRecordsTable): number =>
  Number(/^req-(\d+)$/.exec(row.request_id)?.[1] ?? 0);
const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

const userRow = (id: string, now: number): UsersTable => ({
  id: id as UserId,
  role: 'user' as RoleName,
  name: null,
  image: null,
  custom: '{}',
  teams: '[]',
  language: '',
  invisible: 0,
  created_at: now,
  updated_at: now,
  last_active: null,
  deactivated_at: null,
  deactivated_by_id: null,
  deleted_at: null,
  deletion: null,
  revoke_tokens_issued_before: null,
  guest_expires_at: null,
});

function callRow(text: string, { createdBy, settings, fields }: CallOptions, now: number): CallsTable {
  const [type = '', id = ''] = text.split(':');
  return {
    cid: cidOf(type, id),
    type: type as CallsTable['type'],
    id: id as CallsTable['id'],
    created_by_id: (createdBy ?? null) as UserId | null,
    team: null,
    custom: '{}',
    settings_override: JSON.stringify(settings ?? {}),
    video: 1,
    backstage: 0,
    starts_at: null,
    ended_at: null,
    live_started_at: null,
    live_ended_at: null,
    session_id: null,
    session_started_at: null,
    session_emptied_at: null,
    rung_at: null,
    rings_since: 0,
    seq: 0,
    created_at: now,
    updated_at: now,
    ...fields,
  };
}

/** The error that `work` throws, as clients see it. Fails when it does not throw. */
export async function refusedWith(
  work: Promise<unknown>,
): Promise<{ status: number; kind: string; message: string; fields: string[] }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error('expected a refusal', { cause: error });
  return {
    status: error.status,
    kind: error.kind,
    message: error.message,
    fields: Object.keys(error.fields ?? {}),
  };
}

/** What a person holds, sorted, as `own_capabilities` shows it. */
export const held = (policy: LoadedPolicy): Capability[] => [...policy.capabilities].sort();

/** The documented fields of an event's payload that are required, to check that none is missing. */
export function missingFields(event: SeenEvent): string[] {
  const schema = Object.entries(EVENTS).find(([type]) => type === event.type)?.[1];
  if (!schema) return ['type'];
  const added = ['type', 'created_at', 'event_id', 'call_cid'];
  return schema.required.filter((field) => !added.includes(field) && !(field in event.payload));
}
