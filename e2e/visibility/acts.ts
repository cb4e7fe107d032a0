import { between, pick } from '../crash/random.ts';
import { callPath, GRANTED_ROLES, GRANTS, OUTSIDER, type Scene, TEAMS } from './scene.ts';

/** A request of a server. */
export interface Act {
  name: string;
  method: string;
  path: string;
  body?: object;
  /** At most one act of a step has this key: of others the order of events would not say which came last. */
  alone?: string;
  /** Of a change of permissions: whether it grants. */
  isGrant?: boolean;
  /** An event that passes, by the number in its `custom`. */
  passing?: { cid: string; n: number };
}

type Make = (at: {
  person: string;
  cid: string;
  type: string;
  random: () => number;
  n: number;
}) => Omit<Act, 'name'>;

const onCall =
  (verb: string, body: (id: string) => object = (user_id) => ({ user_id })): Make =>
  ({ person, cid }) => ({ method: 'POST', path: `${callPath(cid)}/${verb}`, body: body(person) });

const update =
  (set: (random: () => number) => object): Make =>
  ({ person, random }) => ({
    method: 'PATCH',
    path: '/api/v2/users',
    body: { users: [{ id: person, set: set(random) }] },
    alone: `user ${person}`,
  });

const grant =
  (isGrant: boolean): Make =>
  ({ person, cid }) => ({
    method: 'POST',
    path: `${callPath(cid)}/user_permissions`,
    body: { user_id: person, [isGrant ? 'grant_permissions' : 'revoke_permissions']: ['read-call'] },
    alone: `permissions ${person} ${cid}`,
    isGrant,
  });

const typeGrants =
  (list: readonly string[]): Make =>
  ({ type, random }) => ({
    method: 'PUT',
    path: `/api/v2/video/calltypes/${type}`,
    body: { grants: { [pick(random, GRANTED_ROLES)]: list } },
    alone: `type ${type}`,
  });

const ban =
  (isHere: boolean): Make =>
  ({ person, cid }) => ({
    method: 'POST',
    path: '/api/v2/moderation/ban',
    body: { target_user_id: person, ...(isHere && { channel_cid: cid }) },
  });

const unban =
  (isHere: boolean): Make =>
  ({ person, cid }) => ({
    method: 'DELETE',
    path: `/api/v2/moderation/ban?target_user_id=${person}${isHere ? `&channel_cid=${cid}` : ''}`,
  });

const onPerson =
  (verb: string): Make =>
  ({ person }) => ({ method: 'POST', path: `/api/v2/users/${person}/${verb}`, body: {} });

const passing =
  (verb: 'event' | 'reaction'): Make =>
  ({ person, cid, n }) => ({
    method: 'POST',
    path: `${callPath(cid)}/${verb}`,
    body: { user_id: person, custom: { n }, ...(verb === 'reaction' && { type: 'like' }) },
    passing: { cid, n },
  });

/** What may take the right to read from somebody. */
const TAKING: Record<string, Make> = {
  block: onCall('block'),
  ban_here: ban(true),
  role_down: update(() => ({ role: OUTSIDER })),
  remove_member: onCall('members', (id) => ({ remove_members: [id] })),
  teams: update((random) => ({ teams: pick(random, TEAMS) })),
  deactivate: onPerson('deactivate'),
  revoke: grant(false),
  type_without: typeGrants(GRANTS.without),
};
/** What may give it. */
const GIVING: Record<string, Make> = {
  unblock: onCall('unblock'),
  unban_here: unban(true),
  role_up: update((random) => ({ role: pick(random, ['user', 'user', 'moderator']) })),
  add_member: onCall('members', (user_id) => ({ update_members: [{ user_id }] })),
  teams_back: ({ person, ...at }) => update(() => ({ teams: firstTeams(person) }))({ person, ...at }),
  reactivate: onPerson('reactivate'),
  grant: grant(true),
  type_with: typeGrants(GRANTS.with),
};
/** What changes nobody's right to read, and is told. */
const OTHER: Record<string, Make> = {
  update: ({ cid, n }) => ({ method: 'PATCH', path: callPath(cid), body: { custom: { n } } }),
  member_custom: ({ person, cid, n }) => ({
    method: 'POST',
    path: `${callPath(cid)}/members`,
    body: { update_members: [{ user_id: person, custom: { n } }] },
  }),
  go_live: ({ cid }) => ({ method: 'POST', path: `${callPath(cid)}/go_live`, body: {} }),
  stop_live: ({ cid }) => ({ method: 'POST', path: `${callPath(cid)}/stop_live`, body: {} }),
  ban: ban(false),
  unban: unban(false),
  kick: onCall('kick'),
  join: onCall('join'),
  leave: onCall('leave'),
  mute: ({ person, cid, random }) => ({
    method: 'POST',
    path: `${callPath(cid)}/mute_users`,
    body: { user_ids: [person], [pick(random, ['audio', 'video'])]: true },
  }),
  event: passing('event'),
  event_again: passing('event'),
  reaction: passing('reaction'),
  user_block: ({ person, n }) => ({
    method: 'POST',
    path: '/api/v2/users/block',
    body: { user_id: person, blocked_user_id: other(person, n) },
  }),
};

export const ACT_NAMES = [TAKING, GIVING, OTHER].flatMap((acts) => Object.keys(acts));

/** An act of a history, drawn by what it is for. */
export function drawAct(scene: Scene, random: () => number, n: number): Act {
  const chance = random();
  const acts = chance < 0.3 ? TAKING : chance < 0.5 ? GIVING : OTHER;
  const [name, make] = pick(random, Object.entries(acts));
  const at = {
    person: pick(random, scene.people),
    cid: pick(random, scene.calls),
    type: pick(random, scene.types),
  };
  return { name, ...make({ ...at, random, n }) };
}

const firstTeams = (person: string): string[] =>
  person.startsWith('nina') ? ['red'] : person.startsWith('walt') ? ['red', 'blue'] : [];

const other = (person: string, n: number): string => {
  const number = person.split('-')[1] ?? '';
  const name = n % 2 === 0 ? 'mary' : 'sara';
  return `${person.startsWith(name) ? 'john' : name}-${number}`;
};

/** How many acts run after another in how many lanes: mostly some at once, often one alone. */
export const drawLanes = (random: () => number): number[] =>
  Array.from({ length: pick(random, [1, 1, 2, 3]) }, () => between(random, 1, 4));
