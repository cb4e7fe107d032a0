import type { CallCid, EventId, UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { ApiError, inputError, notAllowed } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import { type Act, type ActReply, type ActRequest, type Acts, requireActor } from '../enforcement/index.ts';
import { callerUserId, refusal } from '../policy/index.ts';
import { requireUser, userResponse } from '../users/index.ts';
import type { OpenSockets } from './watch-calls.ts';

/** Ephemeral events of one call in one second. */
const MOST_PER_SECOND = 100;
/** Calls whose events are counted; in a second with more of them no further call gets any through. */
const MOST_CALLS = 10_000;

/** Counts the ephemeral events of each call, second by second. */
export interface EphemeralBudget {
  /** Throws 429/9 when the call has had its share of this second. */
  take(cid: CallCid, now: number): void;
}

export function createEphemeralBudget(): EphemeralBudget {
  let second = -1;
  let counts = new Map<CallCid, number>();
  return {
    take(cid, now) {
      const current = Math.floor(now / 1000);
      if (current !== second) counts = new Map();
      second = current;
      const count = (counts.get(cid) ?? 0) + 1;
      if (count > MOST_PER_SECOND || counts.size >= MOST_CALLS) {
        throw new ApiError('rate_limited', `more than ${MOST_PER_SECOND} events of this call in a second`, {
          retryAfterSeconds: 1,
        });
      }
      counts.set(cid, count);
    },
  };
}

/** What sending needs. */
export interface EphemeralDeps {
  acts: Acts;
  sockets: OpenSockets;
  budget: EphemeralBudget;
}

export interface Ephemeral {
  cid: CallCid;
  type: 'custom' | 'call.reaction_new';
  /** On whose behalf a server sends. */
  user_id?: UserId | undefined;
  /** Throws what refuses this kind, once the call is known to be readable. */
  demand(act: Act): Promise<void>;
  /** The documented fields, with the sender as others see them. */
  fields(user: ReturnType<typeof userResponse>): object;
}

/**
 * Sends an event to everybody who watches the call now, in no order with stored events, and never again: nothing is
 * written but the answer to an `Idempotency-Key`, with which it is sent once.
 */
export async function sendEphemeral(
  { acts, sockets, budget }: EphemeralDeps,
  request: ActRequest,
  event: Ephemeral,
): Promise<ActReply<Record<string, never>>> {
  const { cid, type } = event;
  let text: string | undefined;
  const reply = await acts.perform(request, async (act) => {
    const sender = senderOf(act, event.user_id);
    await demandSender(act, cid, sender);
    await event.demand(act);
    budget.take(cid, act.now);
    const user = userResponse(await requireUser(act.tx, sender), act.now);
    const head = { type, created_at: toTime(act.now), event_id: newId<EventId>(act.now), call_cid: cid };
    text = JSON.stringify({ ...head, ...event.fields(user) });
    return {};
  });
  if (text !== undefined) sockets.ephemeral(cid, text);
  return reply;
}

/** The user of the token, or whom a server token names. */
function senderOf(act: Act, named: UserId | undefined): UserId {
  const own = callerUserId(act.caller);
  if (act.caller.kind === 'anonymous') throw notAllowed('anonymous users send no events');
  if (own === undefined && named === undefined) {
    throw inputError('user_id', 'is required with a server token: who sends');
  }
  if (own !== undefined && named !== undefined && named !== own) {
    throw notAllowed('user_id must be absent or the user of the token');
  }
  return (own ?? named) as UserId;
}

/** 403/17 for who may not read the call or is banned, whoever sends it for them; 404/16 without call or person. */
async function demandSender(act: Act, cid: CallCid, sender: UserId): Promise<void> {
  if (act.caller.kind === 'server') await requireActor(act.tx, act.policy, sender);
  const asked = { userId: sender, token: null, address: null };
  const policy = (await act.callerPolicy(cid)) ?? (await act.policy.inCall(act.tx, asked, cid));
  const refused = policy.readRefusal ?? policy.createRefusal;
  if (refused !== null) throw refusal(refused);
}
