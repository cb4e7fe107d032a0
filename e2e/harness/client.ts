import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';

/** A reply as a test reads one. */
export interface Reply<Body> {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed JSON; the text where it is none. Its type is the test's word for it, not checked here. */
  body: Body;
}

/** What a request carries beside method and path. */
export interface Sent {
  /** A token; absent: the server token. Null: no `Authorization` at all. */
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, string>;
}

export interface Client {
  api<Body = Record<string, unknown>>(method: string, path: string, sent?: Sent): Promise<Reply<Body>>;
  readonly serverToken: string;
  /** A user token; `issuedAt` in seconds (default: now). */
  userToken(userId: string, claims?: Record<string, unknown>): string;
  /** Claims of any kind, signed with the application's secret. */
  sign(claims: Record<string, unknown>): string;
  close(): Promise<void>;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token by hand: an implementation that shares nothing with the server's. */
export function signToken(
  secret: string,
  claims: Record<string, unknown>,
  header: object = { alg: 'HS256', typ: 'JWT' },
): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Talks to a server at `baseUrl` (no trailing slash) over kept-alive connections. */
export function createClient(options: {
  baseUrl: string;
  apiKey: string;
  apiSecret: string;
  connections?: number;
}): Client {
  const { baseUrl, apiKey, apiSecret, connections = 32 } = options;
  const agent = new Agent({ connections, pipelining: 1 });
  const serverToken = signToken(apiSecret, { server: true });
  const sign = (claims: Record<string, unknown>) => signToken(apiSecret, claims);
  return {
    serverToken,
    sign,
    userToken: (user_id, claims = {}) => sign({ user_id, iat: Math.floor(Date.now() / 1000), ...claims }),
    async api<Body>(
      method: string,
      path: string,
      { token = serverToken, body, headers = {}, query = {} }: Sent = {},
    ): Promise<Reply<Body>> {
      const search = new URLSearchParams({ api_key: apiKey, ...query });
      const reply = await request(`${baseUrl}${path}?${search}`, {
        method: method as 'GET',
        dispatcher: agent,
        headers: {
          ...(token !== null && { authorization: token, 'stream-auth-type': 'jwt' }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await reply.body.text();
      return { status: reply.statusCode, headers: reply.headers, body: parsed(text) as Body };
    },
    close: () => agent.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
