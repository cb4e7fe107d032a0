import { LIMITS, type RingId, type UserId } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import { requireCallType } from '../call-types/index.ts';
import {
  type CallRow,
  callForEvent,
  effectiveSettings,
  memberResponse,
  noteRung,
  type Ring,
  type RingAsked,
  type Rings,
} from '../calls/index.ts';
import { type Act, requireActor } from '../enforcement/index.ts';
import { cameIn } from '../media/index.ts';
import { callerUserId, isEnded, refusal } from '../policy/index.ts';
import { reachedBy } from './reached.ts';
import { personShown } from './ring.ts';
import { armRing } from './ring-timers.ts';
import { addRing, type Callable, callablesOf, calleesOf, ringsBy } from './rings.store.ts';

/** Members that one event names; more are told by more events. */
const NAMED_PER_EVENT = 100;

/** `Rings` (features/calls): whom a request rings and notifies, once the one who rings may. */
export const ringMembers: Rings = async (act, asked) => {
  const caller = await callerOf(act, asked);
  await demandMayRing(act, asked, caller);
  const { cid } = asked.call;
  const people = await calleesAsked(act, asked, caller);
  const reached = await reachedBy(act, { cid, caller }, idsOf(people));
  const rung = asked.ring ? await newlyRung(act, asked.call, caller, people) : [];
  const told = rung.filter(({ id }) => reached.has(id));
  const notified = asked.notify ? people.filter(({ id }) => reached.has(id)) : [];
  const audit = {
    ...(rung.length > 0 && { rung: idsOf(told) }),
    ...(notified.length > 0 && { notified: notified.length }),
  };
  return {
    silent: idsOf(people.filter(({ id }) => !reached.has(id))),
    audit: Object.keys(audit).length > 0 ? audit : undefined,
    async start(sessionId) {
      if (rung.length > 0) await writeRing(act, asked, { caller, rung, reached });
      const said = { caller, sessionId, video: asked.video ?? asked.call.video === 1 };
      await stateRinging(act, 'call.ring', asked.call, { ...said, told });
      await stateRinging(act, 'call.notification', asked.call, { ...said, told: notified });
    },
  } satisfies Ring;
};

const idsOf = (people: readonly Callable[]): UserId[] => people.map(({ id }) => id);

/** What an error about the whole request names. */
const fieldOf = ({ field, ring }: RingAsked): string => field ?? (ring ? 'ring' : 'notify');

async function callerOf(act: Act, { call, named }: RingAsked): Promise<UserId> {
  const own = callerUserId(act.caller);
  if (own !== undefined) return own;
  if (act.caller.kind !== 'server') throw notAllowed('anonymous users ring nobody');
  const id = named ?? call.created_by_id;
  if (id === null) throw inputError('user_id', 'is required: the call has no creator who could ring');
  await requireActor(act.tx, act.policy, id);
  return id;
}

async function demandMayRing(act: Act, asked: RingAsked, caller: UserId): Promise<void> {
  const { cid } = asked.call;
  const asServer = { userId: caller, token: null, address: null };
  const policy = (await act.callerPolicy(cid)) ?? (await act.policy.inCall(act.tx, asServer, cid));
  const refused = policy.readRefusal ?? policy.createRefusal;
  if (refused !== null) throw refusal(refused);
  if (policy.facts.participation.memberRole === null) throw notAllowed('only members of a call ring');
  if (isEnded(policy.facts)) throw inputError(fieldOf(asked), 'the call has ended; ring in another one');
}

/** The members to ring, but the caller; 400/4 for who is none, and for more than can be rung at once. */
async function calleesAsked(act: Act, asked: RingAsked, caller: UserId): Promise<Callable[]> {
  const { call, only, ring } = asked;
  const most = ring ? LIMITS.ringedAtOnce : LIMITS.notifiedAtOnce;
  const people = await callablesOf(act.tx, call.cid, caller, { ids: only, limit: most + 1 });
  if (people.length > most) {
    const advice = `the call has more than ${most} members; name whom to ring in members_ids of POST .../ring`;
    throw inputError(fieldOf(asked), advice);
  }
  const known = new Set(idsOf(people)).add(caller);
  only?.forEach((id, at) => {
    if (!known.has(id)) throw inputError(`members_ids[${at}]`, 'is not a member of the call');
  });
  return people;
}

/** Who is in the call already, or is being rung by the caller, is not rung again. */
async function newlyRung(
  act: Act,
  call: CallRow,
  caller: UserId,
  people: readonly Callable[],
): Promise<Callable[]> {
  const open = (await ringsBy(act.tx, call.cid, caller)).filter(({ ended_at }) => ended_at === null);
  const ringing = (await Promise.all(open.map(({ id }) => calleesOf(act.tx, id)))).flat();
  const busy = new Set(
    ringing.filter(({ answered_at }) => answered_at === null).map(({ user_id }) => user_id),
  );
  const inside = await cameIn(act.tx, call.cid, idsOf(people), Number.MAX_SAFE_INTEGER);
  return people.filter(({ id }) => !busy.has(id) && !inside.has(id));
}

interface Ringing {
  caller: UserId;
  rung: readonly Callable[];
  reached: ReadonlySet<UserId>;
}

async function writeRing(
  act: Act,
  { call, video }: RingAsked,
  { caller, rung, reached }: Ringing,
): Promise<void> {
  const { ring: times } = effectiveSettings(await requireCallType(act.tx, call.type), call.settings_override);
  const ring = {
    id: newId<RingId>(act.now),
    cid: call.cid,
    caller_id: caller,
    video: (video ?? call.video === 1) ? 1 : 0,
    started_at: act.now,
    cancel_at: act.now + times.auto_cancel_timeout_ms,
    miss_at: act.now + times.missed_call_timeout_ms,
    ended_at: null,
    end_reason: null,
  } as const;
  const callees = rung.map(({ id: user_id }) => ({
    ring_id: ring.id,
    user_id,
    told: reached.has(user_id) ? (1 as const) : (0 as const),
    ...{ answer: null, answered_at: null, missed_at: null },
  }));
  await addRing(act.tx, ring, callees);
  await noteRung(act.tx, call.cid, act.now);
  await armRing(act.tx, ring);
}

interface Said {
  caller: UserId;
  sessionId: string;
  video: boolean;
  told: readonly Callable[];
}

async function stateRinging(act: Act, type: string, call: CallRow, { told, ...said }: Said): Promise<void> {
  if (told.length === 0) return;
  const [shown, user] = await Promise.all([
    callForEvent(act.tx, call, act.now),
    personShown(act, said.caller),
  ]);
  for (let from = 0; from < told.length; from += NAMED_PER_EVENT) {
    const some = told.slice(from, from + NAMED_PER_EVENT);
    act.event({
      type,
      cid: call.cid,
      audience: { users: idsOf(some) },
      payload: {
        call: shown,
        members: some.map((member) => memberResponse(member, act.now)),
        user,
        session_id: said.sessionId,
        video: said.video,
      },
    });
  }
}
