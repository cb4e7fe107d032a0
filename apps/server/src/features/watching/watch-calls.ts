import type { CallCid, ConnectionId, UserId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { Database } from '../../storage/database.ts';
import type { Caller } from '../policy/index.ts';
import { addWatch, countWatches, type WatchRow } from './watches.store.ts';

/** Calls that one socket may watch at a time. */
export const WATCHES_MAX = 500;

/** The event sockets of this process: implemented by `ws`, handed in by `app.ts`. */
export interface OpenSockets {
  /** Whose socket that is; undefined: none that is open. */
  ownerOf(id: ConnectionId): UserId | undefined;
  /**
   * The watches are on disk: from now on the events of their calls are sent. Each is asked of policy once more, in a
   * snapshot of after; throws the refusal of the first that is over already.
   */
  begin(watches: readonly WatchRow[]): Promise<void>;
  /** Whether one of the person's sockets watches the call. */
  isWatching(userId: UserId, cid: CallCid): boolean;
  /** Sends a text to everybody who watches the call now: in no order with events, and never again. */
  ephemeral(cid: CallCid, text: string): void;
}

/**
 * Makes a socket watch calls that its person was just allowed to read. Read the calls again afterwards: what happened
 * before that reading is in it, what happens after is sent. 400/4 naming `watch` or `connection_id`.
 */
export async function watchCalls(
  deps: { database: Database; sockets: OpenSockets },
  caller: Caller,
  connectionId: string | undefined,
  cids: readonly CallCid[],
): Promise<void> {
  const { database, sockets } = deps;
  const id = demandSocket(sockets, caller, connectionId);
  const watches = await database.write(async (tx) => {
    const begun = await Promise.all(cids.map((cid) => addWatch(tx, id, cid)));
    if ((await countWatches(tx, id)) > WATCHES_MAX) {
      throw inputError('watch', `a socket watches at most ${WATCHES_MAX} calls; open another one`);
    }
    return begun.filter((watch) => watch !== undefined);
  });
  await sockets.begin(watches);
}

/** The caller's own open socket. Asked before an act that watches as well, so that it does nothing when refused. */
export function demandSocket(
  sockets: OpenSockets,
  caller: Caller,
  connectionId: string | undefined,
): ConnectionId {
  if (caller.kind !== 'user') throw inputError('watch', 'needs a user token: events are sent to people');
  const id = connectionId as ConnectionId | undefined;
  if (id === undefined) throw inputError('connection_id', 'is required with watch: the socket that watches');
  if (sockets.ownerOf(id) !== caller.userId) {
    throw inputError('connection_id', 'names no open event socket of yours; connect first');
  }
  return id;
}
