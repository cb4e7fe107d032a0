import type { AuditId, UserId } from '@callgate/contract';
import type { Database } from '../../storage/database.ts';
import { erasePersonal, eraseRecords } from './audit-records.store.ts';
import { recordsThatMayMention } from './log-pages.store.ts';
import { mentionsAny } from './mentions.ts';

/** Records emptied in one transaction at most. */
const BATCH = 500;
/** People whose own records are emptied in one transaction. */
const PEOPLE = 50;

/**
 * Empties the personal columns of every committed record that names one of the people: as actor, as the one acted
 * for, as target, or within before and after (then for everybody whom that record names). The chain holds. Reads
 * the whole log, off the main thread; doing it twice is harmless, so a crash in between is repaired by repeating.
 */
export async function erasePeople(database: Database, userIds: readonly UserId[]): Promise<void> {
  const ids: ReadonlySet<string> = new Set(userIds);
  const people = [...ids] as UserId[];
  for (let from = 0; from < people.length; from += PEOPLE) {
    const some = people.slice(from, from + PEOPLE);
    await database.write(async (tx) => {
      await Promise.all(some.map((userId) => erasePersonal(tx, userId)));
    });
  }
  let found: AuditId[] = [];
  const erase = async () => {
    const records = found;
    found = [];
    if (records.length > 0) await database.write((tx) => eraseRecords(tx, records));
  };
  for await (const records of recordsThatMayMention(database, [...ids])) {
    found.push(...records.filter((record) => mentionsAny(record, ids)).map(({ id }) => id));
    if (found.length >= BATCH) await erase();
  }
  await erase();
}
