import type { AuditId, UserId } from '@callgate/contract';
import type { Database } from '../../storage/database.ts';
import { erasePersonal, eraseRecords } from './audit-records.store.ts';
import { recordsThatMayMention } from './log-pages.store.ts';
import { mentionsAny } from './mentions.ts';

/** Records emptied in one transaction at most. */
const BATCH = 500;

/**
 * Empties the personal columns of every committed record that names one of the people: as actor, as the one acted
 * for, as target, or within before and after (then for everybody whom that record names). The chain holds. Reads
 * the whole log, off the main thread; doing it twice is harmless, so a crash in between is repaired by repeating.
 */
export async function erasePeople(database: Database, userIds: readonly UserId[]): Promise<void> {
  const ids: ReadonlySet<string> = new Set(userIds);
  for (const userId of ids) await database.write((tx) => erasePersonal(tx, userId as UserId));
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
