import type { ConnectionId } from '@callgate/contract';
import { askedBy, refusal } from '../features/policy/index.ts';
import { ownUser, updateUsersPartial } from '../features/users/index.ts';
import { ApiError } from '../kernel/errors.ts';
import { newId } from '../kernel/id.ts';
import { connectionOk } from './messages.ts';
import type { Opening, OpeningDeps } from './opening.ts';
import { socketRefusal } from './re-evaluate.ts';
import { replay } from './replay.ts';
import { endBefore, goOnWatching, resumeConnection, tellOfEnds } from './resume.ts';
import { SocketSession } from './session.ts';

/** Sockets that one person may have open at a time. */
const MOST_PER_PERSON = 20;

/**
 * Opens a person's socket: refuses banned addresses and too many sockets, writes the profile that came along, takes
 * over the connection that is to be resumed or makes a new one, goes on with its watches, refuses whom an act has
 * taken the socket from meanwhile, says `connection.ok`, and sends what was missed.
 */
export async function openSession(deps: OpeningDeps, opening: Opening): Promise<SocketSession> {
  const { registry, fanOut, clock, cursors } = deps;
  await demandOpen(deps, opening);
  await writeProfile(deps, opening);
  const resumed = await resumeConnection(deps, opening);
  const id = resumed?.id ?? (await newConnection(deps, opening));
  const me = await shownToThemselves(deps, opening, id);

  const session = sessionOf(deps, opening, id);
  // From here on what happens is held back for the session: what it missed goes first.
  session.place = fanOut.place;
  // Two sockets may go on with one connection at the same moment.
  endBefore(registry, id);
  registry.add(session);
  const missed = { from: resumed?.from ?? session.place, upTo: session.place };
  const cursor = cursors.of(missed.from);
  const told = { connection_id: id, me, cursor, resumed: resumed !== undefined };
  try {
    if (resumed) await goOnWatching(deps, session, resumed, missed);
    await demandStillAllowed(deps, session);
    session.sendNow(connectionOk(clock.now(), told));
    if (resumed) {
      await replay(deps, session, missed, resumed.watches);
      await tellOfEnds(deps, session, resumed);
    }
  } catch (error) {
    deps.forget(session, 'could not be opened');
    throw error;
  }
  session.release();
  return session;
}

async function shownToThemselves(deps: OpeningDeps, { caller, address }: Opening, id: ConnectionId) {
  try {
    return await ownUser(deps, caller);
  } catch (error) {
    // No session will end it.
    deps.ledger.end({ id, reason: 'could not be opened' }, { user_id: caller.userId, address });
    throw error;
  }
}

async function demandOpen({ database, policy, registry }: OpeningDeps, opening: Opening): Promise<void> {
  const { caller, address, first } = opening;
  const person = await database.read((snapshot) => policy.person(snapshot, askedBy(caller, address)));
  if (person.addressBanned) throw refusal('address_banned');
  const open = registry.ofUser(caller.userId).size;
  const replaces = first.connection_id !== undefined && registry.find(first.connection_id) !== undefined;
  if (open - (replaces ? 1 : 0) >= MOST_PER_PERSON) {
    throw new ApiError('rate_limited', `a person has at most ${MOST_PER_PERSON} event sockets`);
  }
}

/**
 * Asks once more, now that acts find the socket: one that was committed while it opened is seen here, one that is
 * committed later ends it. It costs one snapshot for each socket, about 0.1 ms.
 */
async function demandStillAllowed(deps: OpeningDeps, session: SocketSession): Promise<void> {
  const reason = await deps.database.read((snapshot) => socketRefusal(deps, snapshot, session));
  if (reason === null) return;
  const error = refusal(reason);
  // 401, as for a first message with such a token: who sends it is nobody yet.
  throw reason === 'token_revoked' ? new ApiError('authentication', error.message) : error;
}

/** What the client says of its own person is written as by a request of theirs. */
async function writeProfile(
  { acts, clock }: OpeningDeps,
  { caller, first, address }: Opening,
): Promise<void> {
  const { id, ...set } = first.user ?? { id: caller.userId };
  if (Object.keys(set).length === 0) return;
  const request = { caller, address, requestId: newId<string>(clock.now()) };
  await updateUsersPartial(acts, request, { users: [{ id, set }] });
}

async function newConnection(
  { clock, ledger }: OpeningDeps,
  { caller, address }: Opening,
): Promise<ConnectionId> {
  const id = newId<ConnectionId>(clock.now());
  await ledger.open(id, { user_id: caller.userId, address });
  return id;
}

const sessionOf = ({ clock }: OpeningDeps, opening: Opening, id: ConnectionId): SocketSession => {
  const { caller, address, socket, wire } = opening;
  return new SocketSession(
    { socket, wire },
    {
      id,
      userId: caller.userId,
      asked: askedBy(caller, address),
      expiresAt: caller.token.expiresAt,
      now: clock.now(),
    },
  );
};
