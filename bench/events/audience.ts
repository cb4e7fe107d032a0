import type { RunningServer } from '../../e2e/harness/server.ts';

/** Users that one request makes. */
const AT_A_TIME = 100;

/** Makes people `<prefix>-0`...; throws when a request is refused. Resolves with their ids. */
export async function makePeople(server: RunningServer, prefix: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
  for (let from = 0; from < count; from += AT_A_TIME) {
    const users = Object.fromEntries(ids.slice(from, from + AT_A_TIME).map((id) => [id, { id, name: id }]));
    await demand(server, 'POST', '/api/v2/users', { users });
  }
  return ids;
}

/** Throws when the answer is not 2xx. */
export async function demand<Body = Record<string, unknown>>(
  server: RunningServer,
  method: string,
  path: string,
  body?: object,
): Promise<Body> {
  const reply = await server.api<Body>(method, path, body && { body });
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

export const socketUrl = ({ baseUrl, apiKey }: RunningServer): string =>
  `${baseUrl.replace('http', 'ws')}/api/v2/video/connect?api_key=${apiKey}`;
