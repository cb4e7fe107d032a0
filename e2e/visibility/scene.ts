import type { SocketWorld } from '../sockets/socket-world.ts';

/** What a role is granted by a call type: with the right to read, or without. */
export const GRANTS = { with: ['read-call', 'create-reaction'], without: ['create-reaction'] } as const;
/** A role that no call type names: it grants nothing. */
export const OUTSIDER = 'outsider';
export const GRANTED_ROLES = ['user', 'call_member', 'moderator'] as const;

const PEOPLE: Record<string, { role: string; teams: string[] }> = {
  mary: { role: 'user', teams: [] },
  mo: { role: 'moderator', teams: [] },
  sara: { role: 'user', teams: [] },
  john: { role: 'user', teams: [] },
  nina: { role: 'user', teams: ['red'] },
  walt: { role: 'user', teams: ['red', 'blue'] },
  kate: { role: OUTSIDER, teams: [] },
};
const CALLS: readonly {
  name: string;
  type: 'open' | 'closed';
  team?: string;
  by: string;
  members: string[];
}[] = [
  { name: 'hall', type: 'open', by: 'mary', members: ['sara'] },
  { name: 'board', type: 'closed', by: 'mary', members: ['sara', 'kate'] },
  { name: 'team', type: 'open', team: 'red', by: 'nina', members: ['walt'] },
];
export const TEAMS: readonly string[][] = [[], ['red'], ['blue'], ['red', 'blue']];

/** The names of one history: it shares its server with others, and nothing else. */
export interface Scene {
  people: readonly string[];
  calls: readonly string[];
  types: readonly string[];
}

/** Who is who at the beginning, as the server was told. */
export interface Beginning {
  people: Record<string, { role: string; teams: string[] }>;
  calls: Record<string, { type: string; team: string | null; by: string; members: Record<string, string> }>;
  /** Call type -> the roles that may read. */
  readers: Record<string, string[]>;
}

const MAY_READ = ['admin', 'moderator', 'host', 'user', 'call_member', 'speaker'];

/** What all histories of a server share. */
export async function prepareServer(world: SocketWorld): Promise<void> {
  await demand(world, 'PATCH', '/api/v2/app', { multi_tenant_enabled: true });
  await demand(world, 'POST', '/api/v2/roles', { name: OUTSIDER });
}

/** Makes the people, the call types and the calls of a history. */
export async function prepareHistory(
  world: SocketWorld,
  number: number,
): Promise<{ scene: Scene; beginning: Beginning }> {
  const named = (name: string): string => `${name}-${number}`;
  const people = Object.fromEntries(Object.entries(PEOPLE).map(([id, is]) => [named(id), is]));
  await demand(world, 'POST', '/api/v2/users', {
    users: Object.fromEntries(Object.entries(people).map(([id, is]) => [id, { id, ...is }])),
  });
  const readers: Beginning['readers'] = {};
  for (const type of ['open', 'closed']) {
    await demand(world, 'POST', '/api/v2/video/calltypes', {
      name: named(type),
      // So that calls can go live and back.
      settings: { backstage: { enabled: true } },
      ...(type === 'closed' && { grants: { user: GRANTS.without } }),
    });
    readers[named(type)] = MAY_READ.filter((role) => type === 'open' || role !== 'user');
  }
  const calls: Beginning['calls'] = {};
  for (const { name, type, team, by, members } of CALLS) {
    const data = {
      created_by_id: named(by),
      members: members.map((id) => ({ user_id: named(id) })),
      ...(team !== undefined && { team }),
    };
    await demand(world, 'POST', `/api/v2/video/call/${named(type)}/${name}`, { data });
    calls[`${named(type)}:${name}`] = {
      ...{ type: named(type), team: team ?? null, by: named(by) },
      members: Object.fromEntries(members.map((id) => [named(id), 'call_member'])),
    };
  }
  const scene = { people: Object.keys(people), calls: Object.keys(calls), types: Object.keys(readers) };
  return { scene, beginning: { people, calls, readers } };
}

export const callPath = (cid: string): string => `/api/v2/video/call/${cid.replace(':', '/')}`;

async function demand(world: SocketWorld, method: string, path: string, body: object): Promise<void> {
  const reply = await world.as(null)(method, path, body);
  if (reply.status >= 300)
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}
