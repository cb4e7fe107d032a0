import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CallCid, partsOf } from '@callgate/contract';
import type { SessionSelector } from '../features/media/index.ts';
import { type PolicyReader, personRefusal, type RefusalReason } from '../features/policy/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import type { Database, Handle } from '../storage/database.ts';
import type { Registry } from './registry.ts';
import type { SocketSession } from './session.ts';

/** Questions to policy in one snapshot; between them the loop does other things. A question takes about 0.05 ms. */
const IN_ONE_SNAPSHOT = 100;

export interface Judge {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
}

/** What policy refuses now. */
export interface Refused {
  session: SocketSession;
  /** Absent: the person may make no request at all, so the socket closes. */
  cid?: CallCid;
  reason: RefusalReason;
}

/** The sockets and watches among the concerned that policy refuses now. */
export async function refusedNow(
  judge: Judge,
  registry: Registry,
  concerns: readonly SessionSelector[],
): Promise<Refused[]> {
  const questions = concerns.flatMap((concern) => questionsOf(registry, concern));
  const refused: Refused[] = [];
  for (let at = 0; at < questions.length; at += IN_ONE_SNAPSHOT) {
    if (at > 0) await nextTurn();
    const some = questions.slice(at, at + IN_ONE_SNAPSHOT);
    await judge.database.read(async (snapshot) => {
      for (const { session, cid } of some) {
        const reason = cid
          ? await readRefusal(judge, snapshot, session, cid)
          : await socketRefusal(judge, snapshot, session);
        if (reason !== null) refused.push({ session, reason, ...(cid && { cid }) });
      }
    });
  }
  return refused;
}

type Question = Pick<Refused, 'session' | 'cid'>;

function questionsOf(registry: Registry, concern: SessionSelector): Question[] {
  if ('userId' in concern) {
    const own = [...registry.ofUser(concern.userId)];
    const { cid } = concern;
    return cid
      ? own.filter((one) => one.watches.has(cid)).map((session) => ({ session, cid }))
      : own.flatMap(all);
  }
  if ('userIds' in concern) return concern.userIds.flatMap((id) => [...registry.ofUser(id)].flatMap(all));
  if ('cid' in concern) return watching(registry, [concern.cid]);
  if ('callType' in concern) {
    const ofType = registry.watchedCalls().filter((cid) => partsOf(cid).type === concern.callType);
    return watching(registry, ofType);
  }
  return 'everybody' in concern ? registry.all().flatMap(all) : [];
}

/** The socket itself and everything that it watches. */
const all = (session: SocketSession): Question[] => [
  { session },
  ...[...session.watches.keys()].map((cid) => ({ session, cid })),
];

const watching = (registry: Registry, cids: readonly CallCid[]): Question[] =>
  cids.flatMap((cid) => [...registry.ofCall(cid)].map((session) => ({ session, cid })));

/** Why the person may not read the call now; null: they may. */
export async function readRefusal(
  { policy }: Judge,
  snapshot: Handle,
  { asked }: SocketSession,
  cid: CallCid,
): Promise<RefusalReason | null> {
  try {
    return (await policy.inCall(snapshot, asked, cid)).readRefusal;
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return 'deleted';
    throw error;
  }
}

/** Why the person may make no request at all. */
async function socketRefusal(
  { policy, clock }: Judge,
  snapshot: Handle,
  { asked }: SocketSession,
): Promise<RefusalReason | null> {
  try {
    const [person, app] = await Promise.all([policy.person(snapshot, asked), policy.sources.app(snapshot)]);
    return personRefusal(person, asked.token, { app, now: clock.now() });
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return 'deleted';
    throw error;
  }
}
