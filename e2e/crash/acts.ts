import type { State } from './state.ts';
import { subjectsOf } from './subjects.ts';

/** One act of the load: what is asked, and how another route shows that it was done. */
export interface Act {
  kind: string;
  method: string;
  path: string;
  query?: Record<string, string>;
  body?: object;
  isShown(state: State): boolean;
  /** A join shows only after its second step; its audit record comes with the first. */
  isTwoSteps?: true;
}

/**
 * A row of acts on subjects that nobody else acts on, so that each act changes something and the state after it is
 * known. Calls are shared: acts of different lanes meet on their rows.
 */
export interface Lane {
  name: string;
  /** The n-th act, from 0. `id` is new for each request. */
  act(n: number, id: string): Act;
}

const pathOf = (cid: string): string => `/api/v2/video/call/${cid.replace(':', '/')}`;
const post = (path: string, body: object) => ({ method: 'POST', path, body });

/** Two acts in turn, of which the second undoes the first. */
const toggle = (name: string, on: Lane['act'], off: Lane['act']): Lane => ({
  name,
  act: (n, id) => (n % 2 === 0 ? on(n, id) : off(n, id)),
});

/** The lanes of one client. */
export function lanesOf(client: number): Lane[] {
  return [
    banLane(client),
    blockLane(client),
    grantLane(client),
    activeLane(client),
    updateLane(client),
  ].concat(personLane(client));
}

function banLane(client: number): Lane {
  const { banned } = subjectsOf(client);
  const path = '/api/v2/moderation/ban';
  return toggle(
    'ban',
    (_n, id) => ({
      kind: 'ban',
      ...post(path, { target_user_id: banned, reason: id }),
      isShown: (state) => state.banned.has(banned),
    }),
    () => ({
      kind: 'unban',
      method: 'DELETE',
      path,
      query: { target_user_id: banned },
      isShown: (state) => !state.banned.has(banned),
    }),
  );
}

function blockLane(client: number): Lane {
  const { blocked, call } = subjectsOf(client);
  const isBlocked = (state: State) => state.blocked.has(`${call}/${blocked}`);
  return toggle(
    'block',
    () => ({ kind: 'block', ...post(`${pathOf(call)}/block`, { user_id: blocked }), isShown: isBlocked }),
    () => ({
      kind: 'unblock',
      ...post(`${pathOf(call)}/unblock`, { user_id: blocked }),
      isShown: (state) => !isBlocked(state),
    }),
  );
}

function grantLane(client: number): Lane {
  const { granted, call } = subjectsOf(client);
  const path = `${pathOf(call)}/user_permissions`;
  return toggle(
    'grant',
    () => ({
      kind: 'revoke',
      ...post(path, { user_id: granted, revoke_permissions: ['screenshare'] }),
      isShown: (state) => !state.mayShare.has(granted),
    }),
    () => ({
      kind: 'grant',
      ...post(path, { user_id: granted, grant_permissions: ['screenshare'] }),
      isShown: (state) => state.mayShare.has(granted),
    }),
  );
}

function activeLane(client: number): Lane {
  const { deactivated } = subjectsOf(client);
  return toggle(
    'deactivate',
    () => ({
      kind: 'deactivate',
      ...post(`/api/v2/users/${deactivated}/deactivate`, {}),
      isShown: (state) => state.deactivated.has(deactivated),
    }),
    () => ({
      kind: 'reactivate',
      ...post(`/api/v2/users/${deactivated}/reactivate`, {}),
      isShown: (state) => !state.deactivated.has(deactivated),
    }),
  );
}

function updateLane(client: number): Lane {
  const { ownCall } = subjectsOf(client);
  return {
    name: 'update',
    act: (n) => ({
      kind: 'update',
      method: 'PATCH',
      path: pathOf(ownCall),
      body: { custom: { version: n } },
      isShown: (state) => state.versions.get(ownCall) === n,
    }),
  };
}

/** Somebody new is made, joins, is muted and leaves, again and again. */
function personLane(client: number): Lane {
  const { call, guest } = subjectsOf(client);
  const path = pathOf(call);
  return {
    name: 'person',
    act(n) {
      const id = guest(Math.floor(n / 4));
      const steps: Act[] = [
        {
          kind: 'upsert',
          ...post('/api/v2/users', { users: { [id]: { id } } }),
          isShown: (state) => state.users.has(id),
        },
        {
          kind: 'join',
          ...post(`${path}/join`, { user_id: id }),
          isShown: (state) => state.inCall.has(id),
          isTwoSteps: true,
        },
        {
          kind: 'mute',
          ...post(`${path}/mute_users`, { user_ids: [id], audio: true }),
          isShown: (state) => state.inCall.get(id) === true,
        },
        {
          kind: 'leave',
          ...post(`${path}/leave`, { user_id: id }),
          isShown: (state) => !state.inCall.has(id),
        },
      ];
      const step = steps[n % 4];
      if (!step) throw new Error('a person has four steps');
      return step;
    },
  };
}
