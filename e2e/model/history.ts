import { type Command, PEOPLE, type Person, PLACES } from './commands.ts';
import { type Expected, elapse, sweep } from './expected.ts';
import { QUIET, rule } from './expected-rest.ts';
import { type Asked, eventTypesSince, observe, type Seen, tokenOf } from './observe.ts';
import { type Names, requestOf } from './requests.ts';
import { CREATOR, FIRST_ROLES, firstModel, type Model } from './state.ts';
import { differences, predicted, sorted } from './view.ts';
import type { ModelWorld } from './world.ts';

/** Where the server and the model part. */
export interface Disagreement {
  /** The step, from 0. */
  at: number;
  lines: string[];
}

/** No such permission request. */
const NO_REQUEST = '00000000-0000-7000-8000-000000000000';

/** Between two histories: sessions of the one before end meanwhile, and are told of. */
const REST_MS = 60_000;

/** A history under way: the server as it was seen last, and the model. */
export interface Run {
  asked: Asked;
  model: Model;
  seen: Seen;
}

/**
 * Runs a history with people, calls and a call type of its own; undefined: the server did what the model says.
 * Afterwards nothing of it bears on the next one. After a disagreement the world is to be thrown away.
 */
export async function runHistory(
  world: ModelWorld,
  history: readonly Command[],
): Promise<Disagreement | undefined> {
  const run = await begin(world);
  for (const [at, command] of history.entries()) {
    const lines = await takeStep(run, command);
    if (lines.length > 0) return { at, lines };
  }
  await cleanUp(run);
  return undefined;
}

/** Makes the people, the calls and the call type of a history. */
export async function begin(world: ModelWorld): Promise<Run> {
  const number = world.nextHistory();
  const names: Names = { person: (id) => `${id}-${number}`, type: `type${number}` };
  await world.pass(REST_MS);
  const users = Object.fromEntries(
    PEOPLE.map((id) => [names.person(id), { id: names.person(id), role: FIRST_ROLES[id] }]),
  );
  const data = {
    created_by_id: names.person(CREATOR),
    members: [{ user_id: names.person('bela'), role: 'call_member' }],
  };
  await done(world, 'POST', '/api/v2/users', { users });
  await done(world, 'POST', '/api/v2/video/calltypes', { name: names.type });
  for (const place of PLACES)
    await done(world, 'POST', `/api/v2/video/call/${names.type}/${place}`, { data });
  const model = firstModel(world.clock.now());
  const asked = { world, names, people: model.people };
  return { asked, model, seen: await observe(asked, { place: 'a', readers: [] }) };
}

async function done(world: ModelWorld, method: string, path: string, body: object): Promise<void> {
  const { status, body: told } = await world.client.api(method, path, { body });
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(told)}`);
}

/** Does one step on both sides; the lines say where they differ. */
export async function takeStep(run: Run, command: Command): Promise<string[]> {
  const { asked, model } = run;
  const { world } = asked;
  const last = model.now;
  await world.pass(1000);
  model.now = world.clock.now();
  const before = run.seen.view;
  const due = elapse(model);
  const expected = rule(model, command);
  // What is due after an `advance`.
  const later = elapse(model);
  const events = sorted([...due.events, ...expected.events, ...later.events, ...sweep(model)]);
  const audits = due.audits + expected.audits + later.audits;
  const actual = QUIET.has(command.name) ? await doQuietly(world, command) : await send(run, command);

  const looking = { place: command.in, readers: readersOf(command) };
  run.seen = await observe(asked, looking);
  const counts = { audits: before.audits + audits, events: before.events + events.length };
  return [
    ...differences(answerOf(expected), actual, 'the answer'),
    ...differences(events, await eventTypesSince(asked, last), 'the events'),
    ...differences(predicted(model, looking, counts), run.seen.view),
  ];
}

/** Whom a step names; everybody after time has passed or the server was away. */
const readersOf = ({ name, by, whom }: Command): readonly Person[] => {
  if (name === 'restart' || name === 'advance') return PEOPLE;
  return by === 'server' || by === whom ? [whom] : [by, whom];
};

export const answerOf = ({ status, code }: Expected): string =>
  code === undefined ? `${status}` : `${status}/${code}`;

async function doQuietly(world: ModelWorld, { name, value }: Command): Promise<string> {
  if (name === 'restart') await world.restart();
  if (name === 'advance') await world.pass(Number(value) * 1000);
  return '200';
}

/** Sends a command's request; the status and the error's code as text. */
export async function send({ asked, model, seen }: Run, command: Command): Promise<string> {
  const requestId = seen.requestIds.get(`${command.in} ${command.whom} ${command.value}`) ?? NO_REQUEST;
  const { method, path, body, query } = requestOf(command, { names: asked.names, now: model.now, requestId });
  const reply = await asked.world.client.api(method, path, {
    ...(command.by !== 'server' && tokenOf(asked, command.by)),
    ...(body !== undefined && { body }),
    ...(query && { query }),
  });
  return reply.status < 300 ? `${reply.status}` : `${reply.status}/${reply.body.code}`;
}

/** Lifts what reaches beyond the history: bans with addresses, the application's date, people in calls. */
export async function cleanUp({ asked: { world, names } }: Run): Promise<void> {
  await world.pass(1000);
  await done(world, 'PATCH', '/api/v2/app', { revoke_tokens_issued_before: null });
  for (const id of PEOPLE) {
    const target_user_id = names.person(id);
    // Not by ending the call: whoever joined after its end would stay.
    for (const place of PLACES)
      await done(world, 'POST', `/api/v2/video/call/${names.type}/${place}/leave`, {
        user_id: target_user_id,
      });
    for (const scope of [{}, ...PLACES.map((place) => ({ channel_cid: `${names.type}:${place}` }))]) {
      await done(world, 'DELETE', '/api/v2/moderation/ban', { target_user_id, ...scope });
    }
  }
}
