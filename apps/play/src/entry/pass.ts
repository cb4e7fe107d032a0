import type { ExchangePlayLinkResponse } from '@callgate/contract';

/** Who this page is, in which call, until when. */
export interface Pass {
  apiKey: string;
  token: string;
  userId: string;
  name: string;
  cid: string;
  role: string;
  /** RFC 3339. */
  expiresAt: string;
  /** Whether the server has a media server. */
  hasMedia: boolean;
}

/** Of this tab alone: another link in another tab is another person. */
const KEY = 'callgate-pass';

/** What an exchange answered, as this page keeps it. */
export const passOf = (apiKey: string, reply: ExchangePlayLinkResponse): Pass => ({
  ...{ apiKey, token: reply.access_token, userId: reply.user_id, name: reply.user.name ?? '' },
  ...{ cid: reply.call_cid, role: reply.role, expiresAt: reply.expires_at },
  hasMedia: reply.media.configured,
});

/** Keeps the pass, so that a reload of the tab goes on with it: the link is good once. */
export const keepPass = (pass: Pass): void => sessionStorage.setItem(KEY, JSON.stringify(pass));

/** The pass of this tab; undefined: none, or one that this version cannot read. */
export function keptPass(): Pass | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return isPass(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets who this tab is. */
export const dropPass = (): void => sessionStorage.removeItem(KEY);

function isPass(value: unknown): value is Pass {
  if (typeof value !== 'object' || value === null) return false;
  const texts = ['apiKey', 'token', 'userId', 'name', 'cid', 'role', 'expiresAt'];
  return texts.every((name) => typeof Reflect.get(value, name) === 'string');
}
