import { createHash } from 'node:crypto';
import { OPERATION_LIST, OPERATIONS, type Operation, type OperationId } from '@callgate/contract';
import { EXAMPLES } from '@callgate/contract/examples';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { rawStatement } from '../storage/prepared.ts';
import { testEngines } from '../storage/test-databases.ts';
import { createHttpWorld, type HttpWorld, type Reply } from './test/http-world.ts';

/** Values that break careless code, one of each kind. */
const nasty = fc.oneof(
  fc.constantFrom<unknown[]>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    '',
    ' ',
    '\0',
    '\ud800',
    'x'.repeat(5000),
    '__proto__',
    'constructor',
    '../../etc',
    "'; drop table users; --",
    '%',
    '_',
    'default:standup',
    'noor',
    'server',
    '2026-01-01T00:00:00Z',
    '0000-00-00T00:00:00Z',
    '9999-12-31T23:59:59Z',
    [],
    {},
    [[]],
    ['noor'],
    [null],
    { $eq: 1 },
    { $in: [] },
    { a: { b: { c: {} } } },
    { id: 'noor' },
    -2147483649,
    52_560_001,
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.double(),
);

/** The place that a number stands for is replaced, removed or filled with a new field. */
interface Mutation {
  at: number;
  how: 'replace' | 'remove' | 'add';
  value: unknown;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(1000),
  how: fc.constantFrom('replace', 'remove', 'add'),
  value: nasty,
});

type Holder = Record<string, unknown>;

/** Every (object, key) of a value, the value itself under `root`. */
function placesOf(holder: Holder, found: [Holder, string][] = []): [Holder, string][] {
  for (const key of Object.keys(holder)) {
    found.push([holder, key]);
    const child = holder[key];
    if (typeof child === 'object' && child !== null) placesOf(child as Holder, found);
  }
  return found;
}

function mutated(value: unknown, mutations: readonly Mutation[]): unknown {
  const holder: Holder = { root: structuredClone(value) };
  for (const { at, how, value: other } of mutations) {
    const places = placesOf(holder);
    const [parent, key] = places[at % places.length] ?? [holder, 'root'];
    const child = parent[key];
    if (how === 'replace') parent[key] = structuredClone(other);
    else if (how === 'remove') delete parent[key];
    else if (typeof child === 'object' && child !== null)
      (child as Holder)[`extra${at % 3}`] = structuredClone(other);
  }
  return holder.root;
}

const IDS: Record<string, string[]> = {
  type: ['default', 'default', 'default', 'audio_room', 'nothing'],
  id: ['standup', 'standup', 'standup', 'other'],
  user_id: ['noor', 'maya', 'nobody'],
  name: ['default', 'extra', 'user', 'nothing'],
};
const part = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom(...(IDS[name] ?? ['x', '00000000-0000-7000-8000-000000000000'])),
    },
    { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 300, unit: 'binary' }) },
  );

/** Half of the requests are sent as documented, so that refusals are met in every state. */
const mutations = (maxLength: number): fc.Arbitrary<Mutation[]> =>
  fc.oneof(fc.constant<Mutation[]>([]), fc.array(mutation, { minLength: 1, maxLength }));

const asked = (operation: Operation) =>
  fc.record({
    id: fc.constant(operation.id as OperationId),
    parts: fc.record(
      Object.fromEntries(
        [...operation.path.matchAll(/:([a-z_]+)/g)].map(([, name = '']) => [name, part(name)]),
      ),
    ),
    who: fc.constantFrom('server', 'server', 'server', 'server', 'noor', 'maya', 'adam', 'anonymous'),
    body: mutations(3),
    query: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Mutation[]>([]) },
      { weight: 1, arbitrary: mutations(2) },
    ),
    key: fc.oneof(
      { weight: 8, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom('k1', 'k2', 'x'.repeat(256)) },
    ),
  });
type Asked = ReturnType<typeof asked> extends fc.Arbitrary<infer T> ? T : never;

const encodable = (text: string): string => encodeURIComponent(text.toWellFormed());

function send(world: HttpWorld, { id, parts, who, body, query, key }: Asked): Promise<Reply> {
  const operation: Operation = OPERATIONS[id];
  const example: { query?: object; body?: unknown } = EXAMPLES[id];
  const path = operation.path.replaceAll(/:([a-z_]+)/g, (_all, name: string) => encodable(parts[name] ?? ''));
  const asked = mutated(example.query ?? {}, query);
  const pairs = typeof asked === 'object' && asked !== null ? Object.entries(asked) : [];
  const token = who === 'server' ? world.serverToken() : who === 'anonymous' ? null : world.userToken(who);
  const changed = operation.body && mutated(example.body ?? {}, body);
  return world.call(operation.method, path, {
    token,
    query: Object.fromEntries(pairs.map(([name, value]) => [name, String(value).toWellFormed()])),
    ...(changed !== undefined && { body: changed }),
    headers: {
      ...(who === 'anonymous' && { 'stream-auth-type': 'anonymous' }),
      ...(key !== null && { 'Idempotency-Key': key }),
    },
  });
}

/** Tables whose rows a refusal must leave as they are, and those that workers touch, of which it must add none. */
const CONTENT = [
  'app_settings',
  'roles',
  'users',
  'user_addresses',
  'user_blocks',
  'call_types',
  'calls',
  'call_members',
  'call_blocks',
  'call_grants',
  'call_mutes',
  'call_pins',
  'call_epochs',
  'permission_requests',
  'bans',
  'ip_bans',
  'media_sessions',
  'tasks',
];
/** What happened, without the places that events get afterwards. */
const EVENTS = 'select id, type, cid, call_seq, payload, audience, concerns, created_at from outbox';
const COUNTED = ['audit_records', 'jobs', 'idempotency_keys'];

async function fingerprint({ app }: HttpWorld): Promise<string> {
  // What an accepted request left to do changes more.
  await app.services.tasks.drain();
  const rows = await app.services.database.read((snapshot) =>
    Promise.all([
      ...CONTENT.map((table) => snapshot.run(rawStatement<Holder>(`select * from ${table}`))),
      snapshot.run(rawStatement<Holder>(EVENTS)),
      ...COUNTED.map((table) => snapshot.run(rawStatement<Holder>(`select count(*) as rows from ${table}`))),
    ]),
  );
  const told = rows.map((table) => table.map((row) => JSON.stringify(row)).sort());
  return createHash('sha256').update(JSON.stringify(told)).digest('hex');
}

/** Puts back, before each round, what the round before may have deleted or switched. */
async function populate(world: HttpWorld): Promise<void> {
  const settings = { multi_tenant_enabled: false, revoke_tokens_issued_before: null };
  await world.call('PATCH', '/api/v2/app', { body: settings });
  const users = {
    noor: { id: 'noor' },
    john: { id: 'john' },
    maya: { id: 'maya', role: 'moderator' },
    adam: { id: 'adam', role: 'admin' },
  };
  await world.call('POST', '/api/v2/users', { body: { users } });
  const members = [{ user_id: 'noor' }, { user_id: 'maya', role: 'host' }];
  const body = { data: { created_by_id: 'john', members } };
  await world.call('POST', '/api/v2/video/call/default/standup', { body });
  await world.call('POST', '/api/v2/video/call/default/standup/join', {
    token: world.userToken('noor'),
    body: {},
  });
}

/** Every fourth refusal is checked for what it left behind: reading all tables takes longer than most requests. */
const CHECKED_SHARE = 4;

for (const engine of testEngines) {
  describe(engine.name, () => {
    test('[HTP35] whatever is sent, the answer is documented, never a 5xx, and a refusal changes nothing', async () => {
      const env = {
        CALLGATE_RATE_LIMIT_USER: '0',
        CALLGATE_RATE_LIMIT_MODERATION: '0',
        CALLGATE_RATE_LIMIT_ADDRESS: '0',
      };
      const world = await createHttpWorld(engine, { env });
      let sent = 0;
      let done = 0;
      try {
        const runs = Math.max(1, Math.round(testCounts().fuzzRequests / OPERATION_LIST.length));
        const everything = fc.tuple(...OPERATION_LIST.map(asked));
        await fc.assert(
          fc.asyncProperty(everything, async (all) => {
            await populate(world);
            for (const one of all) {
              const isChecked = ++sent % CHECKED_SHARE === 0;
              const before = isChecked ? await fingerprint(world) : '';
              const { status, text } = await send(world, one);
              expect([one.id, status < 500 ? 'ok' : text]).toEqual([one.id, 'ok']);
              if (status < 400) done++;
              if (isChecked && status >= 400) {
                expect([one.id, text, await fingerprint(world)]).toEqual([one.id, text, before]);
              }
            }
          }),
          { numRuns: runs, seed: testSeed(), endOnFailure: true },
        );
      } finally {
        await world.close();
      }
      // Refusals alone would prove little: a fair share must have been carried out.
      expect(done / sent).toBeGreaterThan(0.1);
    }, 600_000);
  });
}
