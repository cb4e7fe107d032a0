import { builderOf } from '@callgate/server/storage/prepared.ts';
import type { Command, CommandName } from '../model/commands.ts';
import { type Expected, sweep } from '../model/expected.ts';
import { rule } from '../model/expected-rest.ts';
import { answerOf, begin, type Run, send, takeStep } from '../model/history.ts';
import { observe } from '../model/observe.ts';
import type { Model } from '../model/state.ts';
import { differences, predicted, sorted, type View } from '../model/view.ts';
import type { ModelWorld } from '../model/world.ts';

/** Two requests that are sent at the same time, after what leads there. */
export interface Race {
  name: string;
  before: readonly Command[];
  at: readonly [Command, Command];
}

/** What a race came to, or would come to in one order. */
interface Outcome {
  answers: string[];
  view: View;
  /** What the acts did in the audit log, in its order. */
  actions: string[];
  /** Types of the events; those of people who leave may stand anywhere after their act. */
  events: string[];
}

/** What the audit log calls the commands that race. */
const ACTIONS: Partial<Record<CommandName, string>> = {
  ban_here: 'ban.create',
  unban: 'ban.remove',
  block: 'call.block',
  unblock: 'call.unblock',
  kick: 'call.kick',
  grant: 'call.permissions',
  revoke: 'call.permissions',
  mute_one: 'call.mute',
  ask: 'permission_request.create',
  deny: 'permission_request.deny',
  withdraw: 'permission_request.withdraw',
  deactivate: 'user.deactivate',
  delete: 'user.delete',
  restore: 'user.restore',
  upsert: 'user.upsert',
  kind_setting: 'call.update',
  limit_setting: 'call.update',
  end: 'call.end',
  go_live: 'call.go_live',
  stop_live: 'call.stop_live',
  member_role: 'call.update_members',
  remove_member: 'call.update_members',
  join: 'call.join',
  leave: 'call.leave',
};

/** Runs a race; the lines say how its outcome differs from every order of its requests. Empty: it equals one. */
export async function runRace(world: ModelWorld, race: Race): Promise<string[]> {
  const run = await begin(world);
  for (const command of race.before) {
    const lines = await takeStep(run, command);
    if (lines.length > 0) return [`before the race, at ${command.name}`, ...lines];
  }
  await world.pass(1000);
  run.model.now = world.clock.now();
  for (const { name, by, value } of race.at) {
    if (name === 'join' && by !== 'server') run.model.people[by].address = String(value);
  }
  const orders = [true, false].flatMap((isLate) => [
    inOrder(run, race, [0, 1], isLate),
    inOrder(run, race, [1, 0], isLate),
  ]);
  orders.push(...orders.flatMap((order) => cutOffJoin(race, order)));
  const actual = await atOnce(run, race);
  await freeAddresses(run, race);
  const tell = (outcome: Outcome) => (isOneSubject(race) ? outcome : withoutOrder(outcome));
  const isEased = race.at.some(({ name }) => name === 'join' || name === 'leave');
  const told = orders.map((order) =>
    differences(comparable(tell(order), isEased), comparable(tell(actual), isEased)),
  );
  if (told.some((lines) => lines.length === 0)) return [];
  return told.flatMap((lines, at) => [`against order ${at + 1}:`, ...lines]);
}

/** What acts are on: acts on one subject wait for each other, so that both logs tell one order of them. */
const SUBJECTS: readonly (readonly CommandName[])[] = [
  ['ban', 'ban_timed', 'ban_here', 'ban_ip', 'unban', 'unban_here'],
  ['deactivate', 'reactivate', 'delete', 'restore', 'upsert', 'role'],
  ['block', 'unblock', 'kick', 'kick_block', 'grant', 'revoke', 'ask', 'deny', 'withdraw'],
  [
    'mute_all',
    'mute_one',
    'kind_setting',
    'limit_setting',
    'backstage_setting',
    'end',
    'go_live',
    'stop_live',
  ],
  ['member_role', 'remove_member'],
];
const isOneSubject = ({ at: [first, second] }: Race): boolean =>
  SUBJECTS.some((names) => names.includes(first.name) && names.includes(second.name)) &&
  (first.whom === second.whom || SUBJECTS[3]?.includes(first.name) === true);
const withoutOrder = (outcome: Outcome): Outcome => ({
  ...outcome,
  actions: sorted(outcome.actions),
  events: sorted(outcome.events),
});

/** Addresses that a race banned are those of the next one. */
async function freeAddresses({ asked: { world, names } }: Run, { at }: Race): Promise<void> {
  for (const { name, whom } of at) {
    if (name !== 'ban_ip') continue;
    const query = { target_user_id: names.person(whom) };
    await world.client.api('DELETE', '/api/v2/moderation/ban', { query });
  }
}

/**
 * A join takes two commits, and an act between them is answered by the second: then the log holds the attempt and
 * its refusal, more than either order has. And whoever leaves between a kick and its enforcement has left. Answers
 * and what holds afterwards are as in an order all the same.
 */
function comparable({ answers, view, actions, events }: Outcome, isEased: boolean): object {
  const { audits, events: count, ...rest } = view;
  return isEased ? { answers, view: rest } : { answers, view: rest, audits, count, actions, events };
}

async function atOnce(run: Run, { at }: Race): Promise<Outcome> {
  const { asked, model } = run;
  const answers = await Promise.all(at.map((command) => send(run, command)));
  const { view } = await observe(asked, { place: at[0].in, readers: [at[0].whom] });
  const { database } = asked.world.services;
  const [actions, events] = await database.read(async (snapshot) => {
    const db = builderOf(snapshot.engine);
    const records = db.selectFrom('audit_records').select('action').where('at', '=', model.now).orderBy('id');
    const told = db.selectFrom('outbox').select('type').where('created_at', '=', model.now).orderBy('id');
    return Promise.all([snapshot.run(records.compile()), snapshot.run(told.compile())]);
  });
  return {
    answers,
    view,
    actions: actions.map(({ action }) => action),
    events: leaversLast(events.map(({ type }) => type)),
  };
}

/**
 * What the model says when the requests come one after another, in the same instant. Enforcement is a commit of its
 * own after an act's: `isLate` says that the other act came before it.
 */
function inOrder(run: Run, { at }: Race, order: readonly [0, 1] | readonly [1, 0], isLate: boolean): Outcome {
  const model: Model = structuredClone(run.model);
  const answers = ['', ''];
  const actions: string[] = [];
  const events: string[] = [];
  for (const index of order) {
    const command = at[index];
    const action = actionOf(command, model);
    const expected: Expected = rule(model, command);
    answers[index] = answerOf(expected);
    events.push(...expected.events, ...(isLate ? [] : sweep(model)));
    if (expected.audits === 1) actions.push(action);
  }
  events.push(...sweep(model));
  const { audits, events: before } = run.seen.view;
  const counts = { audits: audits + actions.length, events: before + events.length };
  const view = predicted(model, { place: at[0].in, readers: [at[0].whom] }, counts);
  return { answers, view, actions, events: leaversLast(events) };
}

/** What the log calls the command, told before it is done: a ban of somebody who is banned changes the ban. */
function actionOf({ name, whom }: Command, { people }: Model): string {
  if (name === 'role') return 'user.update';
  const isBan = name === 'ban' || name === 'ban_timed' || name === 'ban_ip';
  if (isBan) return people[whom].ban ? 'ban.update' : 'ban.create';
  return ACTIONS[name] ?? name;
}

/** Whoever is out again after the other act may be told so by the join itself (SES7). */
function cutOffJoin({ at }: Race, order: Outcome): Outcome[] {
  const index = at.findIndex(({ name }) => name === 'join');
  const join = at[index];
  if (!join || join.by === 'server') return [];
  if (order.view.calls[join.in].in.some((person) => person.startsWith(join.by))) return [];
  return [{ ...order, answers: order.answers.with(index, '403/17') }];
}

const LEFT = 'call.session_participant_left';
const leaversLast = (events: readonly string[]): string[] => [
  ...events.filter((type) => type !== LEFT),
  ...sorted(events.filter((type) => type === LEFT)),
];
