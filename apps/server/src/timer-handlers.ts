import { BAN_END, endBan, purgeBans } from './features/bans/index.ts';
import { CALL_TYPE_LIMITS } from './features/call-types/index.ts';
import {
  endCallInTime,
  endEmptySession,
  moveSessionLimits,
  SESSION_END,
  SESSION_LIMIT,
} from './features/calls/index.ts';
import { type Acts, type DueWork, purgeReplies } from './features/enforcement/index.ts';
import { purgeSessionAddresses } from './features/media/index.ts';
import { purgePlayLinks } from './features/play-links/index.ts';
import { cancelRing, missRing, purgeRings, RING_CANCEL, RING_MISSED } from './features/ringing/index.ts';
import { PURGE, type Purges, purgeHandler, type Timer, type TimerHandlers } from './features/timers/index.ts';
import {
  endGuest,
  GUEST_END,
  purgeAddresses,
  purgeExpired,
  purgeGuestStarts,
} from './features/users/index.ts';
import { purgeEvents } from './features/webhooks/index.ts';

/** What each kind of timer does. */
const WORK: Readonly<Record<string, DueWork>> = {
  [BAN_END]: endBan,
  [RING_CANCEL]: cancelRing,
  [RING_MISSED]: missRing,
  [CALL_TYPE_LIMITS]: moveSessionLimits,
  [GUEST_END]: endGuest,
  [SESSION_END]: endEmptySession,
  [SESSION_LIMIT]: endCallInTime,
};

/** What is dropped when it is past its time, which is the same for everybody. */
const PURGES: Purges = {
  addresses: purgeAddresses,
  bans: purgeBans,
  'guest-starts': purgeGuestStarts,
  guests: purgeExpired,
  'idempotency-keys': purgeReplies,
  'play-links': purgePlayLinks,
  rings: purgeRings,
  'session-addresses': purgeSessionAddresses,
};

const EVENTS = 'events';
/** Everything that is purged, by name. */
export const PURGE_NAMES: readonly string[] = [...Object.keys(PURGES), EVENTS];

/** What is done when timers are due, by the features that set them. Events are kept for `outboxDays`. */
export const timerHandlers = (acts: Acts, { outboxDays }: { outboxDays: number }): TimerHandlers => ({
  ...Object.fromEntries(
    Object.entries(WORK).map(([kind, work]) => [kind, (timer: Timer) => acts.performDue(timer, work)]),
  ),
  [PURGE]: purgeHandler(acts, { ...PURGES, [EVENTS]: purgeEvents(outboxDays) }),
});
