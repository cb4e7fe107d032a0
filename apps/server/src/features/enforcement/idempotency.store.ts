import type { JobId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { IdempotencyKeysTable } from '../../storage/tables.ts';

/** How long an answered write is remembered: 24 hours in milliseconds. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

const select = prepared<{ scope: string; key: string; now: number }, IdempotencyKeysTable>((db, p) =>
  db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('scope', '=', p('scope'))
    .where('key', '=', p('key'))
    .where('expires_at', '>', p('now')),
);
const deleteExpired = prepared<{ scope: string; key: string; now: number }, never>((db, p) =>
  db
    .deleteFrom('idempotency_keys')
    .where('scope', '=', p('scope'))
    .where('key', '=', p('key'))
    .where('expires_at', '<=', p('now')),
);
const deleteOldest = prepared<{ now: number; limit: number }, { key: string }>((db, p) =>
  db
    .deleteFrom('idempotency_keys')
    .where((eb) =>
      eb(
        eb.refTuple('scope', 'key'),
        'in',
        db
          .selectFrom('idempotency_keys as over')
          .select(['over.scope', 'over.key'])
          .where('over.expires_at', '<=', p('now'))
          .orderBy('over.expires_at')
          .limit(p('limit'))
          .$asTuple('scope', 'key'),
      ),
    )
    .returning('key'),
);
const insert = prepared<IdempotencyKeysTable, never>((db, p) =>
  db.insertInto('idempotency_keys').values({
    scope: p('scope'),
    key: p('key'),
    request_hash: p('request_hash'),
    status: p('status'),
    body: p('body'),
    job_id: p('job_id'),
    created_at: p('created_at'),
    expires_at: p('expires_at'),
  }),
);

/** The stored reply of a key that is not older than 24 hours. */
export const findReply = (
  handle: Handle,
  scope: string,
  key: string,
  now: number,
): Promise<IdempotencyKeysTable | undefined> => select.first(handle, { scope, key, now });

/** Remembers a reply in the act's transaction, in the place of one of this key that ran out. */
export async function rememberReply(
  tx: Tx,
  reply: {
    scope: string;
    key: string;
    requestHash: string;
    status: number;
    body: unknown;
    jobId: JobId | null;
  },
  now: number,
): Promise<void> {
  const { scope, key } = reply;
  await deleteExpired.all(tx, { scope, key, now });
  await insert.all(tx, {
    scope,
    key,
    request_hash: reply.requestHash,
    status: reply.status,
    body: JSON.stringify(reply.body),
    job_id: reply.jobId,
    created_at: now,
    expires_at: now + IDEMPOTENCY_TTL_MS,
  });
}

/** Forgets replies whose 24 hours are over; resolves with how many. */
export const purgeReplies = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await deleteOldest.all(tx, { now, limit })).length;
