import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../crash/random.ts';
import { demand } from '../crash/state.ts';
import type { Stage } from './stage.ts';

export const CALLS = ['default:cut-1', 'default:cut-2', 'default:cut-3'] as const;
export const MEMBERS = ['sara', 'mary'];
/** Who listens. None of the acts takes from them the right to read a call. */
export const LISTENERS: readonly { name: string; userId: string; calls: readonly string[] }[] = [
  { name: 'mo, who watches all', userId: 'mo', calls: CALLS },
  { name: 'mo, who watches one', userId: 'mo', calls: CALLS.slice(0, 1) },
  { name: 'walt, who watches two', userId: 'walt', calls: CALLS.slice(0, 2) },
  { name: 'walt, who watches the third', userId: 'walt', calls: CALLS.slice(2) },
  { name: 'sara, a member', userId: 'sara', calls: [] },
  { name: 'sara, a member who watches', userId: 'sara', calls: CALLS.slice(0, 1) },
  { name: 'nina, whom it is about', userId: 'nina', calls: [] },
  { name: 'mary, who made the calls', userId: 'mary', calls: CALLS.slice(1) },
];
const STRANGERS = ['john', 'jane', 'jack'];
const NAMED = [...new Set(LISTENERS.map(({ userId }) => userId))];

const pathOf = (cid: string): string => `/api/v2/video/call/${cid.replace(':', '/')}`;

interface Asked {
  method: string;
  path: string;
  body?: object;
  query?: Record<string, string>;
}
const post = (path: string, body: object): Asked => ({ method: 'POST', path, body });

/** People and calls, made once. */
export async function prepare({ server }: Stage): Promise<void> {
  const ids = [...NAMED, ...STRANGERS];
  const users = Object.fromEntries(ids.map((id) => [id, { id, role: id === 'mo' ? 'moderator' : 'user' }]));
  await demand(server, 'POST', '/api/v2/users', { users });
  for (const cid of CALLS) {
    const data = { created_by_id: 'mary', members: MEMBERS.map((user_id) => ({ user_id })) };
    await demand(server, 'POST', pathOf(cid), { data });
  }
}

/** Each call has versions that only one lane of acts writes: they grow. */
export const newVersion = (cid: string, version: number): Asked => ({
  method: 'PATCH',
  path: pathOf(cid),
  body: { custom: { version } },
});

/** An act of another kind. Some change nothing, and are not told. */
function otherAct(cid: string, random: () => number): Asked {
  const path = pathOf(cid);
  const stranger = pick(random, STRANGERS);
  const named = pick(random, NAMED);
  const ban = '/api/v2/moderation/ban';
  return pick<() => Asked>(random, [
    () => post(`${path}/block`, { user_id: stranger }),
    () => post(`${path}/unblock`, { user_id: stranger }),
    () => post(`${path}/members`, { update_members: [{ user_id: stranger, custom: { n: random() } }] }),
    () => post(`${path}/members`, { remove_members: [stranger] }),
    () => post(`${path}/join`, { user_id: stranger }),
    () => post(`${path}/leave`, { user_id: stranger }),
    () => post(`${path}/kick`, { user_id: stranger }),
    () => post(`${path}/mute_users`, { user_ids: [named, stranger], audio: true }),
    () => grant(cid, named, true),
    () => grant(cid, named, false),
    () => post(ban, { target_user_id: named, reason: String(random()) }),
    () => ({ method: 'DELETE', path: ban, query: { target_user_id: named } }),
  ])();
}

/** Told to everybody who watches, and to whom it is about. */
export const grant = (cid: string, user_id: string, isGranted: boolean): Asked =>
  post(`${pathOf(cid)}/user_permissions`, {
    user_id,
    [isGranted ? 'grant_permissions' : 'revoke_permissions']: ['screenshare'],
  });

/** Acts one after another until it is over, also across deaths of the server. */
export async function runLane(
  stage: Stage,
  lane: { cid: string; nextVersion?: () => number; random: () => number },
  isOver: () => boolean,
): Promise<void> {
  const { cid, nextVersion, random } = lane;
  while (!isOver()) {
    const isVersion = nextVersion !== undefined && random() < 0.6;
    await send(stage, isVersion ? newVersion(cid, nextVersion()) : otherAct(cid, random));
  }
}

/** What a person in that state may be refused, e.g. the join of a blocked one. */
const REFUSALS = [403, 404];

async function send(stage: Stage, { method, path, body, query }: Asked): Promise<void> {
  const sent = { ...(body && { body }), ...(query && { query }) };
  const reply = await stage.server.api(method, path, sent).catch(() => undefined);
  if (reply === undefined) {
    await pause(5);
    return stage.whenUp();
  }
  stage.replied();
  stage.count('acts');
  if (reply.status >= 300 && !REFUSALS.includes(reply.status)) {
    stage.problem(`${method} ${path} was answered ${reply.status} ${JSON.stringify(reply.body)}`);
  }
}
