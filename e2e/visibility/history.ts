import { pick, randomFrom } from '../crash/random.ts';
import type { Message } from '../sockets/socket-client.ts';
import type { SocketWorld } from '../sockets/socket-world.ts';
import { type Act, drawAct, drawLanes } from './acts.ts';
import { Client, LEFT } from './client.ts';
import { judge, type Past, type Verdicts } from './judge.ts';
import { idsBehind, lastPlace, type Row, rowsBehind } from './rows.ts';
import { callPath, prepareHistory, type Scene } from './scene.ts';
import { after, firstState, mayRead } from './state.ts';

/** Steps of a history; each has one to twelve acts. */
const STEPS = 20;
/** Whose rights the server itself is asked about, in one of so many steps. */
const ASK_EVERY = 5;

/** What histories came to. */
export interface Tally extends Verdicts {
  acts: number;
  events: number;
  /** Acts that changed something or sent something, by name. */
  effective: Set<string>;
}

interface History {
  world: SocketWorld;
  scene: Scene;
  clients: Client[];
  past: Past;
  random: () => number;
  tally: Tally;
  /** The place of the last event before the step. */
  place: number;
  acts: number;
  log: string[];
}

/** Runs a history whose every choice the seed makes; answers what was wrong in its first wrong step. */
export async function runHistory(
  world: SocketWorld,
  { seed, number, tally }: { seed: number; number: number; tally: Tally },
): Promise<string[]> {
  const { scene, beginning } = await prepareHistory(world, number);
  const first = firstState(beginning);
  const past: Past = { rows: [], states: [first], begin: 0, passed: new Map() };
  const clients = scene.people.flatMap((person) => [
    new Client(world, person, person),
    ...(['sara', 'walt'].some((name) => person.startsWith(name))
      ? [new Client(world, person, `${person} again`)]
      : []),
  ]);
  await world.arrived();
  const place = await lastPlace(world);
  const random = randomFrom(seed);
  const history: History = { world, scene, clients, past, random, tally, place, acts: 0, log: [] };
  for (const client of clients) {
    await client.connect(true);
    for (const cid of scene.calls)
      if (mayRead(first, client.person, cid) && random() < 0.8) await client.watch(cid);
  }
  try {
    for (let step = 0; step < STEPS; step++) {
      const wrong = await takeStep(history, step);
      if (wrong.length > 0) return [`step ${step}: ${history.log.join('; ')}`, ...wrong];
    }
    return [];
  } finally {
    for (const client of clients) await client.leave();
  }
}

async function takeStep(history: History, step: number): Promise<string[]> {
  const { scene, clients, past, random, tally } = history;
  history.log = [];
  past.passed.clear();
  past.begin = past.rows.length;
  // The watches that the history begins with belong to its first step.
  for (const client of clients) {
    if (step > 0) client.asked = [];
    client.isSteady = client.isOpen;
    if (!client.isOpen) client.closed = LEFT;
    for (const cid of client.unsure) if (client.isOpen) await client.watch(cid);
  }
  const alone = new Map<string, boolean>();
  const lanes = drawLanes(random).map((count) =>
    Array.from({ length: count }, () => (random() < 0.2 ? drawMove(history) : drawn(history, alone))),
  );
  await Promise.all(
    lanes.map(async (lane) => {
      for (const run of lane) await run?.();
    }),
  );
  const { rows, told } = await settle(history);
  const isGranted = ({ payload, cid }: { payload: { user?: { id: string } }; cid: string | null }): boolean =>
    alone.get(`permissions ${payload.user?.id} ${cid}`) ?? false;
  // Sessions of histories before this one may end meanwhile.
  for (const row of rows.filter(({ cid }) => cid === null || scene.calls.includes(cid))) {
    past.rows.push(row);
    past.states.push(after(past.states.at(-1) ?? raise('no state'), row, isGranted));
  }
  history.place = rows.at(-1)?.place ?? history.place;
  tally.events += rows.length;
  const wrong = clients.flatMap((client) => judge(client, told.get(client) ?? [], past, tally));
  if (wrong.length > 0)
    return [...wrong, ...rows.map((row) => `${row.place} ${row.id} ${row.type} ${row.cid}`)];
  return step % ASK_EVERY === ASK_EVERY - 1 ? askServer(history) : [];
}

/** An act that runs, or nothing where another one stands in its way. */
function drawn(history: History, alone: Map<string, boolean>): (() => Promise<void>) | undefined {
  const act = drawAct(history.scene, history.random, ++history.acts);
  if (act.alone !== undefined) {
    if (alone.has(act.alone)) return undefined;
    alone.set(act.alone, act.isGrant ?? false);
  }
  return () => perform(history, act);
}

async function perform({ world, past, tally, log, place }: History, act: Act): Promise<void> {
  const { name, method, path, body, passing } = act;
  // Each act has a time of its own, as far as acts at once let it: events of one time belong to one act.
  world.clock.advance(1);
  const before = passing && (await idsBehind(world, place));
  const { status, body: answer } = await world.as(null)(method, path, body);
  log.push(`${method} ${path} ${JSON.stringify(body ?? {})} ${status}`);
  tally.acts++;
  if (status < 300) tally.effective.add(name);
  if (status >= 500) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  if (passing && before) past.passed.set(passing.n, { cid: passing.cid, status, before });
}

/** Something that a client does. */
function drawMove({ scene, clients, random, log }: History): () => Promise<void> {
  const client = pick(random, clients);
  const cid = pick(random, scene.calls);
  const [chance, isAfresh, isSlow] = [random(), random() < 0.3, random() < 0.5];
  const move = async (): Promise<void> => {
    if (!client.isOpen) {
      log.push(`${client.name} comes back ${await client.connect(isAfresh)}`);
    } else if (chance < 0.7) {
      await client.watch(cid);
      log.push(`${client.name} watches ${cid} ${client.asked.at(-1)?.status}`);
    } else {
      await client.leave();
      log.push(`${client.name} leaves`);
      if (isSlow) await client.connect(false);
    }
  };
  return () => client.inTurn(move);
}

/** What a step came to: everything that is committed, and everything that was told; it has arrived. */
interface Settled {
  rows: Row[];
  told: Map<Client, Message[]>;
}

/** What the server does in its own time, e.g. end an empty session, may be committed meanwhile: then once more. */
async function settle({ world, clients, place }: History): Promise<Settled> {
  const told = new Map<Client, Message[]>();
  for (;;) {
    const before = await idsBehind(world, place);
    let passed: Promise<void> | undefined;
    const passTime = (): Promise<void> => {
      passed ??= world.arrived();
      return passed;
    };
    await Promise.all(clients.map((client) => client.caughtUp(passTime)));
    for (const client of clients) told.set(client, [...(told.get(client) ?? []), ...client.take()]);
    const rows = await rowsBehind(world, place);
    if (rows.every(({ id }) => before.has(id))) return { rows, told };
  }
}

/** Whether the server says what the oracle believes. */
async function askServer({ world, scene, past }: History): Promise<string[]> {
  const state = past.states.at(-1) ?? raise('no state');
  const asked = scene.people.flatMap((person) => scene.calls.map((cid) => ({ person, cid })));
  const wrong = await Promise.all(
    asked.map(async ({ person, cid }) => {
      const { status } = await world.as(person)('GET', callPath(cid));
      const may = mayRead(state, person, cid);
      return (status === 200) === may ? [] : [`${person} is answered ${status} for ${cid}; may read: ${may}`];
    }),
  );
  return wrong.flat();
}

function raise(text: string): never {
  throw new Error(text);
}

/** A seed of a history: the first one of a run has the run's own. */
export const seedOf = (seed: number, index: number): number => (seed + index) % 2 ** 31;
