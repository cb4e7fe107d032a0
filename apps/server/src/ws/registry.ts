import type { CallCid, ConnectionId, UserId } from '@callgate/contract';
import type { WatchRow } from '../features/watching/index.ts';
import type { SocketSession } from './session.ts';

/** The open sockets of this process by id, person and watched call. */
export class Registry {
  readonly #byId = new Map<ConnectionId, SocketSession>();
  readonly #byUser = new Map<UserId, Set<SocketSession>>();
  readonly #byCall = new Map<CallCid, Set<SocketSession>>();
  #watchesBegun = 0;

  get size(): number {
    return this.#byId.size;
  }
  all(): SocketSession[] {
    return [...this.#byId.values()];
  }
  find(id: ConnectionId): SocketSession | undefined {
    return this.#byId.get(id);
  }
  ofUser(id: UserId): ReadonlySet<SocketSession> {
    return this.#byUser.get(id) ?? NOBODY;
  }
  /** Who watches the call. */
  ofCall(cid: CallCid): ReadonlySet<SocketSession> {
    return this.#byCall.get(cid) ?? NOBODY;
  }
  /** Watches that have begun so far; a later one has a higher number. */
  get watchesBegun(): number {
    return this.#watchesBegun;
  }
  watchedCalls(): CallCid[] {
    return [...this.#byCall.keys()];
  }
  users(): UserId[] {
    return [...this.#byUser.keys()];
  }

  add(session: SocketSession): void {
    this.#byId.set(session.id, session);
    into(this.#byUser, session.userId, session);
  }

  remove(session: SocketSession): void {
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id);
    outOf(this.#byUser, session.userId, session);
    for (const cid of session.watches.keys()) outOf(this.#byCall, cid, session);
    session.watches.clear();
    session.since.clear();
    session.unconfirmed.clear();
  }

  /** From now on the session hears of the call; policy has yet to confirm a watch that it did not have before. */
  watch(session: SocketSession, watch: WatchRow): void {
    if (!session.watches.has(watch.cid)) {
      session.unconfirmed.add(watch.cid);
      session.since.set(watch.cid, ++this.#watchesBegun);
    }
    session.watches.set(watch.cid, watch);
    into(this.#byCall, watch.cid, session);
  }

  unwatch(session: SocketSession, cid: CallCid): void {
    session.watches.delete(cid);
    session.since.delete(cid);
    session.unconfirmed.delete(cid);
    outOf(this.#byCall, cid, session);
  }
}

const NOBODY: ReadonlySet<SocketSession> = new Set();

function into<K>(map: Map<K, Set<SocketSession>>, key: K, session: SocketSession): void {
  const set = map.get(key);
  if (set) set.add(session);
  else map.set(key, new Set([session]));
}

function outOf<K>(map: Map<K, Set<SocketSession>>, key: K, session: SocketSession): void {
  const set = map.get(key);
  set?.delete(session);
  if (set?.size === 0) map.delete(key);
}
