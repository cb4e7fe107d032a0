import { sql } from 'kysely';
import type { Database, Engine } from '../../storage/database.ts';
import { type FilterFields, type ScalarField, timeField } from '../../storage/filter.ts';
import { idKey, type ListShape, type Page, type PageKey, planPage } from '../../storage/page.ts';
import { builderOf } from '../../storage/prepared.ts';
import type { DeliveryRow } from './delivery.ts';

/** Matched whole and as the column compares, so that an index serves. */
const exactText = (column: string): ScalarField => ({
  type: 'text',
  value: () => sql.ref(column),
  operators: ['$eq'],
});
const FIELDS: FilterFields = {
  hook_id: exactText('hook_id'),
  state: exactText('state'),
  event_type: exactText('event_type'),
  created_at: timeField('created_at'),
};
/** Ids begin with the time at which they were made. */
const LIST: ListShape = {
  name: 'webhook_deliveries',
  fields: FIELDS,
  sorts: { id: idKey('id') },
  defaultSort: [{ field: 'id', direction: -1 }],
  tieBreaker: 'id',
};

/** Which deliveries are asked for; absent: all. `since` is RFC 3339, inclusive. */
export interface DeliveryFilter {
  hook_id?: string | undefined;
  state?: string | undefined;
  event_type?: string | undefined;
  since?: string | undefined;
}

export interface PageAsked {
  limit?: number;
  next?: string;
  prev?: string;
}

const all = (engine: Engine) => builderOf(engine).selectFrom('webhook_deliveries').selectAll();

/** Fields that are not asked for are left out, so that a cursor keeps fitting. */
function conditionsOf({ since, ...exact }: DeliveryFilter): Record<string, unknown> {
  const named = Object.entries(exact).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(named), ...(since !== undefined && { created_at: { $gte: since } }) };
}

/**
 * A page of deliveries, the newest first. Read as a long read, off the main thread: a filter that few match may have
 * to look at all of them. 400/4 for a cursor of another query.
 */
export async function pageOfDeliveries(
  database: Database,
  filter: DeliveryFilter,
  asked: PageAsked,
): Promise<Page<DeliveryRow>> {
  const plan = planPage(LIST, database.engine, { ...asked, filter_conditions: conditionsOf(filter) });
  const statement = plan.apply(all(database.engine)).compile();
  for await (const rows of database.scan<DeliveryRow & PageKey>(() => statement)) return plan.finish(rows);
  return plan.finish<DeliveryRow & PageKey>([]);
}
