import type { Capability, TrackKind } from '@callgate/contract';
import type { GoneReason } from './state.ts';

/** What a capability lets somebody use. */
export const thingOf = (right: Capability | string): string =>
  ({ 'send-audio': 'microphone', 'send-video': 'camera', screenshare: 'screen sharing' })[right] ?? right;

/** What a mute takes. */
export const kindName = (kind: TrackKind): string =>
  ({ audio: 'microphone', video: 'camera', screenshare: 'screen', screenshare_audio: 'screen sound' })[kind];

export const REACTIONS = [
  { kind: 'like', sign: '👍', label: 'Thumbs up' },
  { kind: 'applause', sign: '👏', label: 'Applause' },
  { kind: 'heart', sign: '❤️', label: 'Heart' },
  { kind: 'laugh', sign: '😄', label: 'Laugh' },
] as const;

/** The picture of a reaction; a star for those of other clients. */
export const signOf = (kind: string): string => REACTIONS.find((known) => known.kind === kind)?.sign ?? '⭐';

/** Titles and explanations of the end of a stay. */
interface Farewell {
  title: string;
  text: string;
  /** Whether trying to join again may work. */
  mayReturn: boolean;
}

const FAREWELLS: Partial<Record<GoneReason, Farewell>> = {
  left: { title: 'You left the call', text: 'You can come back as long as it goes on.', mayReturn: true },
  kicked: {
    title: 'You were removed from the call',
    text: 'Your connection was closed and your old way in is void. You may join again.',
    mayReturn: true,
  },
  blocked: {
    title: 'You were blocked from this call',
    text: 'You cannot come back until somebody who may do so lets you in again.',
    mayReturn: false,
  },
  banned: {
    title: 'You are banned',
    text: 'You cannot take part in any call here until the ban ends or is lifted.',
    mayReturn: false,
  },
  banned_here: {
    title: 'You are banned from this call',
    text: 'You cannot come back until the ban ends or is lifted.',
    mayReturn: false,
  },
  address_banned: {
    title: 'Your address is banned',
    text: 'Nobody comes in from this address until the ban ends or is lifted.',
    mayReturn: false,
  },
  ended: { title: 'The call has ended', text: 'It was ended for everybody.', mayReturn: false },
  backstage: {
    title: 'The call went backstage',
    text: 'You can join again when it goes live.',
    mayReturn: true,
  },
  replaced: {
    title: 'You joined from elsewhere',
    text: 'This place in the call was taken over by another window.',
    mayReturn: true,
  },
  deactivated: {
    title: 'Your access was switched off',
    text: 'Ask whoever runs this server.',
    mayReturn: false,
  },
  deleted: { title: 'You were deleted', text: 'Ask whoever runs this server.', mayReturn: false },
  token: { title: 'Your access ran out', text: 'Ask for a new link.', mayReturn: false },
  revoked: { title: 'Your access was taken back', text: 'Ask for a new link.', mayReturn: false },
};

const FALLBACK: Farewell = {
  title: 'The connection was lost',
  text: 'You are no longer in the call. You may try to join again.',
  mayReturn: true,
};

export const farewellOf = (reason: GoneReason): Farewell => FAREWELLS[reason] ?? FALLBACK;
