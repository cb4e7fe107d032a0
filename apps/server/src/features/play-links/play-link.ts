import { hash, randomBytes } from 'node:crypto';
import type { UserId } from '@callgate/contract';

/** Bytes of a secret: nobody guesses 256 bits. */
const SECRET_BYTES = 32;

/** The token that an exchange answers is good for 12 hours, in milliseconds: a day in a call, not a week. */
export const PLAY_TOKEN_MS = 12 * 60 * 60 * 1000;
/** Used and expired links are kept for 7 days, in milliseconds, so that who opens one late is told what it was. */
export const PLAY_LINK_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;

/** A fresh secret as it stands in a link: 43 characters that need no escaping. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What the database keeps of a secret. Not salted: there is no dictionary of 256 random bits. */
export const hashOfSecret = (secret: string): string => hash('sha256', secret, 'hex');

/** An id for somebody who comes by a link. */
export const newPlayUserId = (): UserId => `play-${randomBytes(6).toString('hex')}` as UserId;

/** Key and secret stand behind `#`, which browsers send to nobody: not into logs, not into `Referer`. */
export const playUrl = (origin: string, apiKey: string, secret: string): string =>
  `${origin.replace(/\/+$/, '')}/play#key=${encodeURIComponent(apiKey)}&link=${secret}`;
