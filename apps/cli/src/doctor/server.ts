import { ERRORS } from '@callgate/contract';
import { type Config, isLoopback } from '@callgate/server/config.ts';
import type { AppCredentials } from '@callgate/server/credentials.ts';
import { signServerToken } from '@callgate/server/features/users/token.ts';
import { type Answer, ask, plainReason } from './ask.ts';

/** Who answers at an address. */
export type Server =
  /** A Callgate that holds our secret. */
  | { readonly kind: 'ours'; readonly isReady: boolean }
  /** A Callgate; why it is not ours. */
  | { readonly kind: 'another'; readonly why: string }
  /** Something else, with this status. */
  | { readonly kind: 'stranger'; readonly status: number }
  | { readonly kind: 'silent'; readonly reason: string };

/** The address on which a server with these settings is asked from its own machine. */
export function localUrl({ host, port }: Config): string {
  const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  return `http://${everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
}

/** Milliseconds in which a server must answer each of the questions. */
export const ANSWER_MS = 3_000;

/** Finds out who answers at an address. Never rejects. */
export async function askWho(
  url: string,
  credentials: AppCredentials | undefined,
  signal: AbortSignal,
): Promise<Server> {
  const bounded = () => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  try {
    const health = await ask(`${url}/healthz`, { signal: bounded() });
    const misdirected =
      health.status === ERRORS.misdirected.status && jsonOf(health).code === ERRORS.misdirected.code;
    if (misdirected) return { kind: 'another', why: 'it does not accept this name in Host' };
    if (jsonOf(health).status !== 'ok') return { kind: 'stranger', status: health.status };
    const why = await whyNotOurs(url, credentials, bounded());
    if (why !== undefined) return { kind: 'another', why };
    const ready = await ask(`${url}/readyz`, { signal: bounded() });
    return { kind: 'ours', isReady: ready.status === 200 };
  } catch (error) {
    return { kind: 'silent', reason: plainReason(error) };
  }
}

/** A token that ran out in 1970: who holds our secret says so, to everybody else it is worth nothing. */
const worthless = (secret: string): string => signServerToken(secret, 0, 1_000);

async function whyNotOurs(
  url: string,
  credentials: AppCredentials | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!credentials) return 'these settings hold no secret yet, so it was started with others';
  const { apiKey, apiSecret } = credentials;
  const answer = await ask(`${url}/api/v2/app?api_key=${encodeURIComponent(apiKey)}`, {
    headers: { authorization: worthless(apiSecret), 'stream-auth-type': 'jwt' },
    signal,
  });
  const { code } = jsonOf(answer);
  if (code === ERRORS.token_expired.code) return undefined;
  if (code === ERRORS.access_key_invalid.code) return 'it has another API key';
  if (code === ERRORS.token_signature_invalid.code) return 'it has another API secret';
  return `it answers ${answer.status} to a token of ours`;
}

/** The body as an object; empty when it is none. */
export function jsonOf({ body }: Pick<Answer, 'body'>): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The sentences of `/readyz` on who sent headers that are not believed. */
export async function notesOf(url: string, signal: AbortSignal): Promise<string[]> {
  const { notes } = jsonOf(await ask(`${url}/readyz`, { signal }));
  return Array.isArray(notes) ? notes.map(String) : [];
}

/** Whether an address is of this machine alone. */
export const isOwn = (url: string): boolean => isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'));
