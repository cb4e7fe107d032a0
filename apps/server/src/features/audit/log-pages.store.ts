import type { AuditId } from '@callgate/contract';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database, Engine } from '../../storage/database.ts';
import { type FilterFields, filterExpression, type ScalarField, timeField } from '../../storage/filter.ts';
import { type ListShape, numberKey, type Page, type PageKey, planPage } from '../../storage/page.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { SealedRecord } from './audit-record.ts';
import { conditionsOf, type LogFilter } from './log-filter.ts';

/** Matched whole and as the column compares, so that its index serves. */
const exactText = (column: string): ScalarField => ({
  type: 'text',
  value: () => sql.ref(column),
  operators: ['$eq'],
});
const FIELDS: FilterFields = {
  action: exactText('action'),
  actor_id: exactText('actor_id'),
  as_id: exactText('as_id'),
  target_id: exactText('target_id'),
  call_cid: exactText('cid'),
  request_id: exactText('request_id'),
  created_at: timeField('at'),
};
const LIST: ListShape = {
  name: 'moderation_logs',
  fields: FIELDS,
  sorts: { seq: numberKey('seq') },
  defaultSort: [{ field: 'seq', direction: -1 }],
  tieBreaker: 'seq',
};
/** Records per batch of an export: 0.5 MB at 1 KB each. */
const EXPORT_BATCH = 500;

export interface PageAsked {
  limit?: number;
  next?: string;
  prev?: string;
}

const sealed = (engine: Engine) =>
  builderOf(engine)
    .selectFrom('audit_records')
    .selectAll()
    .where('seq', 'is not', null)
    .$narrowType<{ seq: number; hash: string }>();

/**
 * A page of sealed records, the newest first. Read as a long read, off the main thread: a filter that few records
 * match may have to look at all of them. 400/4 for a cursor of another query.
 */
export async function pageOfRecords(
  database: Database,
  filter: LogFilter,
  asked: PageAsked,
): Promise<Page<SealedRecord>> {
  const plan = planPage(LIST, database.engine, { ...asked, filter_conditions: conditionsOf(filter) });
  const statement = plan.apply(sealed(database.engine)).compile();
  for await (const rows of database.scan<SealedRecord & PageKey>(() => statement)) return plan.finish(rows);
  return plan.finish<SealedRecord & PageKey>([]);
}

/** Batches of the sealed records up to a number, the oldest first, read as the consumer asks for them. */
export function matchingRecords(
  database: Database,
  filter: LogFilter,
  until: number,
): AsyncIterable<SealedRecord[]> {
  const { engine } = database;
  const condition = filterExpression(engine, FIELDS, conditionsOf(filter));
  return database.scan<SealedRecord>((last) =>
    sealed(engine)
      .where(condition)
      .where('seq', '>', last?.seq ?? 0)
      .where('seq', '<=', until)
      .orderBy('seq')
      .limit(EXPORT_BATCH)
      .compile(),
  );
}

export type Mention = Pick<SealedRecord, 'action' | 'before' | 'after'> & { id: AuditId };

/** Ids that the database looks for; with more it is quicker to look at every record here. */
const MOST_SEARCHED = 100;

/** Records, sealed or not, whose before or after may hold one of the ids as a JSON text; the caller looks closer. */
export function recordsThatMayMention(database: Database, ids: readonly string[]): AsyncIterable<Mention[]> {
  const { engine } = database;
  const condition =
    ids.length > MOST_SEARCHED
      ? sql<SqlBool>`(before is not null or after is not null)`
      : sql<SqlBool>`(${sql.join(
          ids.flatMap((id) => [holds(engine, 'before', id), holds(engine, 'after', id)]),
          sql` or `,
        )})`;
  return database.scan<Mention>((last) =>
    builderOf(engine)
      .selectFrom('audit_records')
      .select(['id', 'action', 'before', 'after'])
      .where('id', '>', last?.id ?? ('' as AuditId))
      .where(condition)
      .orderBy('id')
      .limit(EXPORT_BATCH)
      .compile(),
  );
}

function holds(engine: Engine, column: 'before' | 'after', id: string): RawBuilder<SqlBool> {
  const found = sql.raw(engine === 'sqlite' ? 'instr' : 'strpos');
  return sql`${found}(${sql.ref(column)}, ${JSON.stringify(id)}) > 0`;
}
