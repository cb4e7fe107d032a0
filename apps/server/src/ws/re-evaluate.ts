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
  /** Absent: the person may have no socket, so it closes. */
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
  if (concerns.some((concern) => 'addresses' in concern)) {
    questions.push(...(await fromBannedAddresses(judge, registry)));
  }
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

/**
 * Sockets whose address is banned now. Addresses are asked first, because of thousands of sockets hardly any is from
 * a banned one; who is exempt, policy says.
 */
async function fromBannedAddresses(
  { database, policy, clock }: Judge,
  registry: Registry,
): Promise<Question[]> {
  const byAddress = Map.groupBy(registry.all(), ({ asked }) => asked.address);
  const addresses = [...byAddress.keys()].filter((address) => address !== null);
  const banned: string[] = [];
  for (let at = 0; at < addresses.length; at += IN_ONE_SNAPSHOT) {
    if (at > 0) await nextTurn();
    const some = addresses.slice(at, at + IN_ONE_SNAPSHOT);
    const now = clock.now();
    const answers = await database.read((snapshot) =>
      Promise.all(some.map((address) => policy.sources.isAddressBanned(snapshot, address, now))),
    );
    banned.push(...some.filter((_, index) => answers[index]));
  }
  return banned.flatMap((address) => (byAddress.get(address) ?? []).map((session) => ({ session })));
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

/** Why the person may have no socket from there: they may make no request at all, or the address is banned. */
export async function socketRefusal(
  { policy, clock }: Judge,
  snapshot: Handle,
  { asked }: SocketSession,
): Promise<RefusalReason | null> {
  try {
    const [person, app] = await Promise.all([policy.person(snapshot, asked), policy.sources.app(snapshot)]);
    const refused = personRefusal(person, asked.token, { app, now: clock.now() });
    return refused ?? (person.addressBanned ? 'address_banned' : null);
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return 'deleted';
    throw error;
  }
}
