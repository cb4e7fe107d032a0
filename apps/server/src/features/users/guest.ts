import { randomUUID } from 'node:crypto';
import type { CreateGuestRequest, RoleName, UserId } from '@callgate/contract';
import { blankUser } from './user-change.ts';
import type { UserRow } from './users.store.ts';

const GUEST = 'guest' as RoleName;
const ANONYMOUS = 'anonymous' as RoleName;
/** The longest user id. */
const ID_LENGTH = 255;

/** How long an anonymous person's row is good for when their token says nothing: 24 hours in milliseconds. */
export const ANONYMOUS_TTL_MS = 24 * 60 * 60 * 1000;

/** An id of the server's making; the guest's wish stands at its end. */
const madeId = (prefix: string, wish: string): UserId =>
  `${prefix}-${randomUUID()}${wish && `-${wish}`}`.slice(0, ID_LENGTH) as UserId;

/** Whether the id was made for somebody who joined without a name. */
export const isAnonymousId = (id: UserId): boolean => id.startsWith('anonymous-');

/** A new guest, good until `expiresAt` (milliseconds). */
export const guestRow = (asked: CreateGuestRequest['user'], now: number, expiresAt: number): UserRow => ({
  ...blankUser(madeId('guest', asked.id ?? ''), now),
  role: GUEST,
  name: asked.name ?? null,
  image: asked.image ?? null,
  custom: JSON.stringify(asked.custom ?? {}),
  guest_expires_at: expiresAt,
});

/** A new anonymous person, good until `expiresAt` (milliseconds). */
export const anonymousRow = (now: number, expiresAt: number): UserRow => ({
  ...blankUser(madeId('anonymous', ''), now),
  role: ANONYMOUS,
  guest_expires_at: expiresAt,
});
