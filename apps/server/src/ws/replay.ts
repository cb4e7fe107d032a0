import type { CallCid } from '@callgate/contract';
import { areKept, eventMessage, eventsAfter, membersNow, type OrderedRow } from '../features/events/index.ts';
import type { WatchRow } from '../features/watching/index.ts';
import type { Database, Handle } from '../storage/database.ts';
import { audienceOf, hears } from './audience.ts';
import type { Cursors } from './cursor.ts';
import { withCursor } from './messages.ts';
import { type Judge, readRefusal } from './re-evaluate.ts';
import type { SocketSession } from './session.ts';

const BATCH = 200;
/** Events of the whole application that a client may have missed; reading them takes about a second. */
const MOST_MISSED = 50_000;

/** What a client missed: the events behind `from` up to `upTo`. */
export interface Missed {
  from: number;
  upTo: number;
}

/** Whether all that was missed is still there, and not too much to be told. */
export async function isComplete(database: Database, { from, upTo }: Missed): Promise<boolean> {
  if (from > upTo || upTo - from > MOST_MISSED) return false;
  return from === upTo || database.read((snapshot) => areKept(snapshot, from, upTo));
}

/**
 * Sends what a person missed: what its audience and their watches covered, less what they may not read now. The
 * session holds back what came later.
 */
export async function replay(
  judge: Judge & { cursors: Cursors },
  session: SocketSession,
  { from, upTo }: Missed,
  watches: readonly WatchRow[],
): Promise<void> {
  const watched = new Map(watches.map((watch) => [watch.cid, watch]));
  for (let place = from; place < upTo && !session.isOver; ) {
    const rows = await judge.database.read((snapshot) => eventsAfter(snapshot, place, BATCH));
    if (rows.length === 0 || rows.at(-1)?.app_seq !== place + rows.length)
      throw new Error(`an event behind place ${place} is not there any more`);
    const due = rows.filter((row) => row.app_seq <= upTo);
    await judge.database.read((snapshot) => send(judge, snapshot, session, due, watched));
    place += rows.length;
  }
}

async function send(
  judge: Judge & { cursors: Cursors },
  snapshot: Handle,
  session: SocketSession,
  rows: readonly OrderedRow[],
  watches: ReadonlyMap<CallCid, WatchRow>,
): Promise<void> {
  const answers = new Map<CallCid, Promise<boolean>>();
  const mayRead = (cid: CallCid): Promise<boolean> => {
    const known = answers.get(cid);
    if (known !== undefined) return known;
    const answer = readRefusal(judge, snapshot, session, cid).then((reason) => reason === null);
    answers.set(cid, answer);
    return answer;
  };
  for (const row of rows) {
    const { cid } = row;
    const audience = audienceOf(row);
    const isForMany = audience.members === 'many' && cid !== null;
    const heard = hears(row, audience, {
      userId: session.userId,
      watch: cid === null ? undefined : watches.get(cid),
      membersNow: isForMany ? await membersNow(snapshot, cid) : undefined,
    });
    if (heard === 'not' || (heard === 'reads' && cid !== null && !(await mayRead(cid)))) continue;
    session.sendNow(withCursor(eventMessage(row), judge.cursors.of(row.app_seq)));
  }
}
