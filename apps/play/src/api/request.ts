/** A refusal in the server's words, or `status` 0: nothing was answered. */
export class RequestFailure extends Error {
  override name = 'RequestFailure';
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Credentials {
  apiKey: string;
  /** Undefined: an operation that needs none. */
  token: string | undefined;
}

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH';
  /** Below `/api/v2`. */
  path: string;
  body?: object;
  query?: Record<string, string>;
}

/** One request to the public API; the body of the answer, or `RequestFailure`. */
export async function request<Body>(
  { apiKey, token }: Credentials,
  { method, path, body, query = {} }: Asked,
): Promise<Body> {
  const search = new URLSearchParams({ api_key: apiKey, ...query });
  const reply = await fetch(`/api/v2${path}?${search}`, {
    method,
    cache: 'no-store',
    credentials: 'omit',
    headers: {
      ...(token !== undefined && { authorization: token, 'stream-auth-type': 'jwt' }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => undefined);
  if (!reply) throw new RequestFailure(0, 0, 'The server does not answer.');
  const told: unknown = await reply.json().catch(() => undefined);
  if (reply.ok) return told as Body;
  const { code, message } = (told ?? {}) as { code?: number; message?: string };
  throw new RequestFailure(reply.status, code ?? 0, message ?? `The server answered ${reply.status}.`);
}
