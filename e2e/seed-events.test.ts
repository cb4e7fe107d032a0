import { execFileSync } from 'node:child_process';
import { EVENTS, type EventType } from '@callgate/contract';
import {
  type Received,
  type Receiver,
  startReceiver,
} from '@callgate/server/features/webhooks/test-receiver.ts';
import { validatorOf } from '@callgate/server/http/validate.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, serverEngines } from './harness/index.ts';
import { runSeedCommand, SEED_TEXT, seedCommands } from './seed-commands.ts';
import { type Message, openSocket, type SocketClient } from './sockets/socket-client.ts';

const CALL = '/api/v2/video/call/default/standup';
/** john made the call and mo watches it; all five have an event socket. */
const PEOPLE = ['john', 'sara', 'alice', 'bob', 'mo'] as const;
type Person = (typeof PEOPLE)[number];
const SHARED_ADDRESS = '203.0.113.7';
/** Everybody else comes from an address of their own. */
const addressOf = (person: Person): string => `198.51.100.${PEOPLE.indexOf(person) + 1}`;
/** `openssl dgst` takes the key as it is; the header's time in seconds. */
const TIMED = /^t=(\d+),v1=([0-9a-f]{64})$/;

/** An event that a command tells: its name, whose sockets hear it, and what it says. */
type Told = readonly [type: EventType, hearers: readonly Person[], says: object];

/** What is done before a command, and what it then tells. */
interface Step {
  before?: (world: World) => Promise<void>;
  tells: readonly Told[];
  /** Whose socket it closes, right after the act's event. */
  closes?: Person;
}

const about = (id: Person) => ({ user: expect.objectContaining({ id }) });
const participant = (id: Person) => ({ participant: expect.objectContaining(about(id)) });
const left = (id: Person, reason = 'banned'): Told => [
  'call.session_participant_left',
  ['mo', id],
  { ...participant(id), reason },
];
const block = (world: World) => world.ask('POST', `${CALL}/block`, { user_id: 'sara' });
const unban = (world: World) => world.ask('DELETE', '/api/v2/moderation/ban', { target_user_id: 'sara' });
const unblocked: Step = {
  before: block,
  tells: [['call.unblocked_user', ['mo', 'sara'], about('sara')]],
};
const silent: Step = { tells: [] };
const permissions: Told = ['call.permissions_updated', ['mo', 'sara'], about('sara')];

/** The commands in order (api.md 6: who hears what). */
const STEPS: readonly Step[] = [
  unblocked,
  unblocked,
  { tells: [['call.updated', ['mo'], { call: expect.objectContaining({ cid: 'default:standup' }) }]] },
  {
    before: async (world) => {
      for (const person of ['john', 'sara', 'alice'] as const) await world.join(person);
    },
    tells: [['call.user_muted', ['mo', 'sara', 'alice'], { muted_by_id: 'john', audio: true }]],
  },
  { tells: [['call.user_muted', ['mo', 'sara'], { user_ids: ['sara'], video: true, screenshare: true }]] },
  {
    before: (world) =>
      world.ask('POST', `${CALL}/user_permissions`, {
        user_id: 'sara',
        revoke_permissions: ['send-audio'],
      }),
    tells: [permissions],
  },
  { tells: [permissions] },
  {
    tells: [['user.banned', ['sara'], { ...about('sara'), shadow: false, ip_ban: false }], left('sara')],
  },
  { tells: [['user.unbanned', ['sara'], { ...about('sara'), expired: false }]] },
  { tells: [['user.banned', ['sara'], { ...about('sara'), expires: expect.any(String) }]] },
  {
    before: async (world) => {
      await unban(world);
      for (const person of ['sara', 'bob'] as const) await world.join(person, SHARED_ADDRESS);
    },
    tells: [
      ['user.banned', ['sara'], { ...about('sara'), ip_ban: true }],
      left('sara'),
      left('bob', 'address_banned'),
    ],
  },
  {
    before: async (world) => {
      await unban(world);
      await world.join('sara');
    },
    tells: [
      ['user.deactivated', [], about('sara')],
      ['call.session_participant_left', ['mo'], { ...participant('sara'), reason: 'deactivated' }],
    ],
    closes: 'sara',
  },
  { tells: [['user.reactivated', [], about('sara')]] },
  {
    before: async ({ server, sockets }) => void sockets.set('sara', await connect(server, 'sara')),
    tells: [],
  },
  { tells: [['user.blocked', ['alice'], { user_id: 'alice', blocked_user_id: 'bob' }]] },
  silent,
  { tells: [['user.unblocked', ['alice'], { user_id: 'alice', blocked_user_id: 'bob' }]] },
];

/** A server with a receiver and sockets that listen. */
interface World {
  server: RunningServer;
  receiver: Receiver;
  sockets: Map<Person, SocketClient>;
  ask(method: string, path: string, body: object): Promise<void>;
  join(person: Person, address?: string): Promise<void>;
  /** Resolves when everything that was told before has arrived everywhere; answers what came since the last time. */
  heard(): Promise<{ hooks: Received[]; sockets: Map<Person, Message[]> }>;
  discard(): Promise<void>;
}

type ServerEngine = (typeof serverEngines)[number];

async function openWorld(engine: ServerEngine): Promise<World> {
  const server = await engine.start({
    env: { CALLGATE_TRUSTED_PROXIES: '127.0.0.1', CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true' },
  });
  const receiver = await startReceiver();
  const sockets = new Map<Person, SocketClient>();
  const ask = async (method: string, path: string, body: object): Promise<void> => {
    const reply = await server.api(method, path, { body });
    expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).toBeLessThan(300);
  };
  const join = async (person: Person, address = addressOf(person)): Promise<void> => {
    const sent = { token: server.userToken(person), headers: { 'x-forwarded-for': address }, body: {} };
    expect((await server.api('POST', `${CALL}/join`, sent)).status).toBe(201);
  };
  const ids = [...PEOPLE, 'marker'];
  await ask('POST', '/api/v2/users', { users: Object.fromEntries(ids.map((id) => [id, { id }])) });
  await ask('POST', CALL, { data: { created_by_id: 'john' } });
  const hook = { enabled: true, hook_type: 'webhook', webhook_url: receiver.url };
  await ask('PATCH', '/api/v2/app', { event_hooks: [hook] });
  for (const person of PEOPLE) sockets.set(person, await connect(server, person));
  const query = { watch: 'true', connection_id: sockets.get('mo')?.connectionId ?? '' };
  const watch = await server.api('GET', CALL, { token: server.userToken('mo'), query });
  expect(watch.status).toBe(200);
  const world = { server, receiver, sockets, ask, join };
  return {
    ...world,
    heard: hearing(world),
    async discard() {
      await Promise.all([...sockets.values()].map((socket) => socket.close()));
      await server.discard();
      await receiver.goDown();
    },
  };
}

function connect(server: RunningServer, person: Person): Promise<SocketClient> {
  const base = server.baseUrl.replace('http', 'ws');
  const url = `${base}/api/v2/video/connect?api_key=${server.apiKey}`;
  return openSocket(url, { token: server.userToken(person) });
}

/** No command of the seed tells these: what is behind everything that was before, on each socket and in each lane. */
const MARKS = new Set(['call.member_added', 'call.member_removed', 'user.updated']);
const OWN = /^(connection|health)\./;

function hearing({ receiver, sockets, ask }: Pick<World, 'receiver' | 'sockets' | 'ask'>): World['heard'] {
  let marks = 0;
  let from = 0;
  const taken = new Map<SocketClient, number>();
  const since = (socket: SocketClient): Message[] => {
    const fresh = socket.messages.slice(taken.get(socket) ?? 0);
    taken.set(socket, socket.messages.length);
    return fresh.filter(({ type }) => !MARKS.has(type) && !OWN.test(type));
  };
  return async () => {
    const mark = ++marks;
    const change =
      mark % 2 === 1 ? { update_members: [{ user_id: 'marker' }] } : { remove_members: ['marker'] };
    await ask('POST', `${CALL}/members`, change);
    await ask('PATCH', '/api/v2/users', {
      users: PEOPLE.map((id) => ({ id, set: { custom: { mark } } })),
    });
    const isMark = ({ event }: Received): boolean => MARKS.has(event.type);
    await receiver.until((requests) => requests.filter(isMark).length >= mark * (PEOPLE.length + 1));
    for (const socket of sockets.values())
      await socket.until(({ type, user }) => type === 'user.updated' && isOfMark(user, mark));
    const hooks = receiver.requests.slice(from).filter((request) => !isMark(request));
    from = receiver.requests.length;
    return { hooks, sockets: new Map([...sockets].map(([person, socket]) => [person, since(socket)])) };
  };
}

const isOfMark = (user: unknown, mark: number): boolean =>
  (user as { custom: { mark?: number } }).custom.mark === mark;

/** The HMAC as another program makes it. */
const opensslHmac = (secret: string, text: string): string =>
  execFileSync('openssl', ['dgst', '-sha256', '-hmac', secret], { input: text })
    .toString()
    .trim()
    .split(' ')
    .at(-1) ?? '';

function demandSigned({ headers, body }: Received, secret: string): void {
  expect(headers['x-signature']).toBe(opensslHmac(secret, body));
  const [, seconds, signature] = TIMED.exec(String(headers['x-callgate-signature'])) ?? [];
  expect(signature).toBe(opensslHmac(secret, `${seconds}.${body}`));
  expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(600);
}

const commands = SEED_TEXT ? await seedCommands(SEED_TEXT) : [];
let taskId = '';

async function runCommand({ server }: World, number: number): Promise<void> {
  const variables = {
    ...{ API_KEY: server.apiKey, TOKEN: server.serverToken, TASK_ID: taskId },
    ...{ CALL_TYPE: 'default', CALL_ID: 'standup' },
  };
  const where = { baseUrl: server.baseUrl, home: server.dataDir, variables };
  const { status, body } = await runSeedCommand(commands[number - 1] ?? '', where);
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  if (typeof body.task_id === 'string') taskId = body.task_id;
}

/** What arrived is what the step tells: each event once, as the contract says, in the same words at both. */
function demandTold({ hooks, sockets }: Awaited<ReturnType<World['heard']>>, { tells }: Step): void {
  const byType = (a: string, b: string): number => a.localeCompare(b);
  expect(hooks.map(({ event }) => event.type).sort(byType)).toEqual(tells.map(([type]) => type).sort(byType));
  for (const { event } of hooks) validatorOf(EVENTS[event.type as EventType], 'event')(event);
  for (const [type, , says] of tells)
    expect(hooks.map(({ event }) => event)).toContainEqual(expect.objectContaining({ type, ...says }));
  const sent = new Map(hooks.map(({ event }) => [event.event_id, event]));
  for (const [person, messages] of sockets) {
    const due = tells.filter(([, hearers]) => hearers.includes(person)).map(([type]) => type);
    expect(
      messages.map(({ type }) => type),
      `on the socket of ${person}`,
    ).toEqual(due);
    for (const { cursor, ...message } of messages) {
      expect(cursor).toEqual(expect.any(String));
      expect(message).toEqual(sent.get(String(message.event_id)));
    }
  }
}

/** The person hears that the socket closes, and nothing else since the last mark. */
async function demandClosed({ sockets }: World, person: Person): Promise<void> {
  const socket = sockets.get(person);
  sockets.delete(person);
  expect((await socket?.closed)?.code).toBe(4003);
  const types = socket?.messages.map(({ type }) => type) ?? [];
  expect(types.slice(types.lastIndexOf('user.updated') + 1)).toEqual(['connection.error']);
}

for (const engine of SEED_TEXT ? serverEngines : []) {
  describe(engine.name, () => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld(engine);
    });
    afterAll(() => world.discard());

    for (const [at, step] of STEPS.entries()) {
      const number = at + 1;
      const types = step.tells.map(([type]) => type).join(', ') || 'nothing';
      test(`[SEED11] [SEED12] command ${number} tells ${types}`, async () => {
        await step.before?.(world);
        await world.heard();
        await runCommand(world, number);
        if (step.closes) await demandClosed(world, step.closes);
        const told = await world.heard();
        demandTold(told, step);
        for (const request of told.hooks) demandSigned(request, world.server.apiSecret);
      });
    }
  });
}
