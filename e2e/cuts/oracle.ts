import type { Message } from '../sockets/socket-client.ts';
import { type Instant, isBefore, type Told } from './outbox.ts';

/** A call that a stretch watches. */
export interface Watch {
  /** When it was asked for, and when the answer was there: between them the watch began. */
  asked: Instant;
  answered: Instant | undefined;
  /** The version of the call that the answer showed: later ones must follow as events. */
  version: number;
}

/** What a client hears from one fresh start to the next, over any number of sockets. */
export interface Stretch {
  userId: string;
  /**
   * After the client was told that it is connected: what was committed since then is heard. It may begin with what was
   * committed earlier and is on its way to sockets: the stretch begins at the cursor of `connection.ok`.
   */
  answered: Instant | undefined;
  watches: Map<string, Watch>;
  heard: Message[];
  /** The client went on with a fresh start: what it did not hear before that, it will never hear. */
  isOver: boolean;
}

const isMine = ({ userId }: Stretch, row: Told): boolean => row.people.has(userId);

const watchOf = ({ watches }: Stretch, row: Told): Watch | undefined =>
  row.isForWatchers && row.cid !== null ? watches.get(row.cid) : undefined;

/**
 * The events that the stretch must have heard: all from the first that came surely after its beginning, or that it did
 * hear although it was on the border, to the end.
 */
export function expectedOf(stretch: Stretch, rows: readonly Told[]): Told[] {
  const ids = new Set(stretch.heard.map(({ event_id }) => String(event_id)));
  const own = firstOf(rows, stretch, (row) => isMine(stretch, row), ids);
  const starts = new Map(
    [...stretch.watches].map(([cid, watch]) => {
      const isOfWatch = (row: Told): boolean => row.cid === cid && row.isForWatchers && !isMine(stretch, row);
      const isNews = (row: Told): boolean =>
        row.cid === cid && watch.answered !== undefined && (row.version ?? 0) > watch.version;
      const news = rows.find(isNews)?.place ?? Number.POSITIVE_INFINITY;
      return [cid, Math.min(firstOf(rows, watch, isOfWatch, ids), news)];
    }),
  );
  const end = stretch.isOver
    ? (rows.findLast(({ id }) => ids.has(id))?.place ?? 0)
    : Number.POSITIVE_INFINITY;
  return rows.filter((row) => {
    if (row.place > end) return false;
    if (isMine(stretch, row)) return row.place >= own;
    return watchOf(stretch, row) !== undefined && row.place >= (starts.get(row.cid ?? '') ?? 0);
  });
}

/** The place of the first event that fits and is after the beginning, or on its border and was heard. */
const firstOf = (
  rows: readonly Told[],
  { asked, answered }: { asked?: Instant; answered: Instant | undefined },
  fits: (row: Told) => boolean,
  heard: ReadonlySet<string>,
): number =>
  rows.find(
    (row) =>
      fits(row) &&
      !(asked && isBefore(row, asked)) &&
      ((answered !== undefined && !isBefore(row, answered)) || heard.has(row.id)),
  )?.place ?? Number.POSITIVE_INFINITY;

/** Whether a stretch that goes on has heard everything by now. */
export function isComplete(stretch: Stretch, rows: readonly Told[]): boolean {
  const last = expectedOf(stretch, rows).at(-1);
  return last === undefined || stretch.heard.some(({ event_id }) => event_id === last.id);
}

/** What a client heard again after a fresh start. */
export function doublesOf(stretches: readonly Stretch[], name: string): string[] {
  const ids = stretches.flatMap(({ heard }) => heard.map(({ event_id }) => String(event_id)));
  const doubled = ids.filter((id, at) => ids.indexOf(id) !== at);
  return doubled.map((id) => `${name}: heard ${id} again`);
}

/** What is wrong with what a stretch heard: the first place where it differs from what it must have heard. */
export function problemsOf(stretch: Stretch, rows: readonly Told[], name: string): string[] {
  const expected = expectedOf(stretch, rows);
  const { heard } = stretch;
  const at = Array.from({ length: Math.max(expected.length, heard.length) }).findIndex((_, index) => {
    const [must, did] = [expected[index], heard[index]];
    return must === undefined || did === undefined || !isSame(must, did);
  });
  if (at === -1) return [];
  const placeOf = ({ event_id }: Message) => rows.find(({ id }) => id === event_id)?.place;
  const near = [at - 2, at - 1, at, at + 1, at + 2].filter((index) => index >= 0);
  const must = near.map((index) => expected[index]).flatMap((row) => (row ? [textOf(row)] : []));
  const did = near
    .map((index) => heard[index])
    .flatMap((message) =>
      message ? [`${placeOf(message)} ${message.type} ${message.call_cid} ${message.seq}`] : [],
    );
  return [
    `${name}${stretch.isOver ? ' (before a fresh start)' : ''}: event ${at} of ${expected.length}: must hear ${must.join(', ')}; heard ${did.join(', ')}`,
  ];
}

const textOf = ({ place, type, cid, seq }: Told): string => `${place} ${type} ${cid} ${seq}`;

const isSame = ({ id, type, cid, seq }: Told, message: Message): boolean =>
  message.event_id === id &&
  message.type === type &&
  (message.call_cid ?? null) === cid &&
  (message.seq ?? null) === seq;

/** The stretch as it goes on behind a place up to which it was found right. */
export function goOn(stretch: Stretch, place: number): void {
  const instant: Instant = { place, unplaced: new Set() };
  stretch.heard = [];
  stretch.answered = instant;
  for (const watch of stretch.watches.values()) {
    Object.assign(watch, { asked: instant, answered: instant, version: Number.POSITIVE_INFINITY });
  }
}
