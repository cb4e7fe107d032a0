import type { RunningServer } from '../harness/index.ts';
import { CLIENTS, SHARED_CALLS, subjectsOf } from './subjects.ts';

/** What the acts of the load are about, read through other routes than those that did them. */
export interface State {
  banned: Set<string>;
  /** `<cid>/<user id>`. */
  blocked: Set<string>;
  mayShare: Set<string>;
  deactivated: Set<string>;
  users: Set<string>;
  /** Who is in a call, and whether their microphone is muted. */
  inCall: Map<string, boolean>;
  /** Call -> the version in its custom data. */
  versions: Map<string, number>;
}

interface CallView {
  call: {
    cid: string;
    custom: { version?: number };
    blocked_user_ids: string[];
    session?: { participants: { user: { id: string }; muted: string[] }[] };
  };
  own_capabilities: string[];
}

const clients = Array.from({ length: CLIENTS }, (_, client) => subjectsOf(client));
const pathOf = (cid: string): string => `/api/v2/video/call/${cid.replace(':', '/')}`;

/** Everybody and everything that the load needs, made once. */
export async function prepareSubjects(server: RunningServer): Promise<void> {
  const ids = clients.flatMap(({ banned, blocked, granted, deactivated }) => [
    banned,
    blocked,
    granted,
    deactivated,
  ]);
  await demand(server, 'POST', '/api/v2/users', {
    users: Object.fromEntries(['crash-host', ...ids].map((id) => [id, { id }])),
  });
  for (const cid of [...SHARED_CALLS, ...clients.map(({ ownCall }) => ownCall)]) {
    await demand(server, 'POST', pathOf(cid), { data: { created_by_id: 'crash-host' } });
  }
}

/** Asks and demands a 2xx. */
export async function demand<Body>(
  server: RunningServer,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<Body> {
  const reply = await server.api<Body>(method, path, {
    ...(body && { body }),
    ...(token !== undefined && { token }),
  });
  if (reply.status >= 300)
    throw new Error(`${method} ${path} answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** The state now. `people` are the users of the person lanes that are asked about. */
export async function readState(server: RunningServer, people: readonly string[]): Promise<State> {
  const cids = [...SHARED_CALLS, ...clients.map(({ ownCall }) => ownCall)];
  const [calls, mayShare, banned, users, deactivated] = await Promise.all([
    Promise.all(cids.map((cid) => demand<CallView>(server, 'GET', pathOf(cid)))),
    whoMayShare(server),
    bannedOf(server),
    usersOf(server, people),
    usersOf(
      server,
      clients.map((client) => client.deactivated),
    ),
  ]);
  const participants = calls.flatMap(({ call }) => call.session?.participants ?? []);
  return {
    banned,
    mayShare,
    users: new Set(users.map(({ id }) => id)),
    deactivated: new Set(deactivated.filter((user) => user.deactivated_at).map(({ id }) => id)),
    blocked: new Set(calls.flatMap(({ call }) => call.blocked_user_ids.map((id) => `${call.cid}/${id}`))),
    inCall: new Map(participants.map(({ user, muted }) => [user.id, muted.includes('audio')])),
    versions: new Map(calls.map(({ call }) => [call.cid, call.custom.version ?? -1])),
  };
}

async function whoMayShare(server: RunningServer): Promise<Set<string>> {
  const found = new Set<string>();
  await Promise.all(
    clients.map(async ({ granted, call }) => {
      const view = await demand<CallView>(server, 'GET', pathOf(call), undefined, server.userToken(granted));
      if (view.own_capabilities.includes('screenshare')) found.add(granted);
    }),
  );
  return found;
}

async function bannedOf(server: RunningServer): Promise<Set<string>> {
  const ids = clients.map((client) => client.banned);
  const { bans } = await demand<{ bans: { user: { id: string } }[] }>(
    server,
    'POST',
    '/api/v2/moderation/bans/query',
    { filter_conditions: { user_id: { $in: ids } }, limit: 100 },
  );
  return new Set(bans.map(({ user }) => user.id));
}

async function usersOf(
  server: RunningServer,
  ids: readonly string[],
): Promise<{ id: string; deactivated_at?: string }[]> {
  if (ids.length === 0) return [];
  const { users } = await demand<{ users: { id: string; deactivated_at?: string }[] }>(
    server,
    'POST',
    '/api/v2/users/query',
    { filter_conditions: { id: { $in: ids } }, include_deactivated_users: true, limit: 100 },
  );
  return users;
}
