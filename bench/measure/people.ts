import type { RunningServer } from '../../e2e/harness/server.ts';

/** How many connections, and how many people and calls each of them works on. */
export const CONNECTIONS = 64;
const TARGETS = 8;
const AT_ONCE = 16;

const moderator = (lane: number): string => `moderator-${lane}`;
const person = (lane: number, index: number): string => `person-${lane}-${index}`;
const callId = (lane: number, index: number): string => `call-${lane}-${index}`;
const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => lane);
const targets = Array.from({ length: TARGETS }, (_, index) => index);

/** 64 administrators, each with 8 calls of 2 members; throws when a request is refused. */
export async function makePeopleAndCalls(server: RunningServer): Promise<void> {
  for (const lane of lanes) {
    const people = [
      { id: moderator(lane), role: 'admin', name: `Moderator ${lane}` },
      ...targets.map((index) => ({ id: person(lane, index), name: `Person ${lane} ${index}` })),
    ];
    const users = Object.fromEntries(people.map((user) => [user.id, user]));
    await demand(server, '/api/v2/users', { users });
  }
  const calls = lanes.flatMap((lane) => targets.map((index) => ({ lane, index })));
  for (let done = 0; done < calls.length; done += AT_ONCE) {
    await Promise.all(calls.slice(done, done + AT_ONCE).map((call) => makeCall(server, call)));
  }
}

function makeCall(server: RunningServer, { lane, index }: { lane: number; index: number }): Promise<void> {
  const members = [{ user_id: moderator(lane), role: 'host' }, { user_id: person(lane, index) }];
  return demand(server, `/api/v2/video/call/default/${callId(lane, index)}`, {
    data: { created_by_id: moderator(lane), members, custom: { topic: 'weekly' } },
  });
}

async function demand(server: RunningServer, path: string, body: object): Promise<void> {
  const reply = await server.api('POST', path, { body });
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** `GET` call: each lane reads its 8 calls in turn, as their ordinary member or as their moderator. */
export const readRequests = (server: RunningServer, as: 'member' | 'moderator' = 'member'): string[][] =>
  lanes.map((lane) =>
    targets.map((index) =>
      requestText(server, {
        method: 'GET',
        path: `/api/v2/video/call/default/${callId(lane, index)}`,
        token: server.userToken(as === 'member' ? person(lane, index) : moderator(lane)),
      }),
    ),
  );

/**
 * Acts that each change something: a grant, a block and a ban of each person of the lane, then all of them taken
 * back. A lane goes through its list over and over, so that every act meets the opposite state.
 */
export const actRequests = (server: RunningServer): string[][] =>
  lanes.map((lane) => {
    const token = server.userToken(moderator(lane));
    const post = (path: string, body: object): string =>
      requestText(server, { method: 'POST', path, token, body });
    const perPerson = (index: number) => {
      const call = `/api/v2/video/call/default/${callId(lane, index)}`;
      const user_id = person(lane, index);
      const target = { target_user_id: user_id };
      return {
        on: [
          post(`${call}/user_permissions`, { user_id, grant_permissions: ['screenshare'] }),
          post(`${call}/block`, { user_id }),
          post('/api/v2/moderation/ban', { ...target, reason: 'bench' }),
        ],
        off: [
          requestText(server, {
            method: 'DELETE',
            path: '/api/v2/moderation/ban',
            token,
            query: `&target_user_id=${user_id}`,
          }),
          post(`${call}/unblock`, { user_id }),
          post(`${call}/user_permissions`, { user_id, revoke_permissions: ['screenshare'] }),
        ],
      };
    };
    const people = targets.map(perPerson);
    return [...people.flatMap((one) => one.on), ...people.flatMap((one) => one.off)];
  });

/** A request to send as bytes. */
export interface Text {
  method: string;
  path: string;
  token: string;
  body?: object;
  query?: string;
}

/** A whole HTTP/1.1 request as text. */
export function requestText(server: RunningServer, { method, path, token, body, query = '' }: Text): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path}?api_key=${server.apiKey}${query} HTTP/1.1`,
    `Host: ${new URL(server.baseUrl).host}`,
    `Authorization: ${token}`,
    'stream-auth-type: jwt',
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
