import type { Handle, Tx } from './database.ts';
import { prepared } from './prepared.ts';
import type { LeasesTable } from './tables.ts';

/** Who asks for a lease, and for how long. */
export interface LeaseClaim {
  /** What one worker among many does, e.g. `audit-chain`. */
  name: string;
  /** The worker: unique per process. */
  holder: string;
  now: number;
  /** How long the lease holds without being claimed again, in milliseconds. */
  ttlMs: number;
  /** Takes the lease from a holder whose time has not run out. Safe wherever work is done in the claim's transaction. */
  takeOver?: boolean;
}

const claim = prepared<
  { name: string; holder: string; now: number; expires_at: number; take_over: number },
  { fence: number }
>((db, p) =>
  db
    .insertInto('leases')
    .values({ name: p('name'), holder: p('holder'), fence: 1, expires_at: p('expires_at') })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          holder: eb.ref('excluded.holder'),
          fence: eb
            .case()
            .when('leases.holder', '=', eb.ref('excluded.holder'))
            .then(eb.ref('leases.fence'))
            .else(eb('leases.fence', '+', 1))
            .end(),
          expires_at: eb.ref('excluded.expires_at'),
        }))
        .where((eb) =>
          eb.or([
            eb('leases.holder', '=', eb.ref('excluded.holder')),
            eb('leases.expires_at', '<=', p('now')),
            eb(p('take_over'), '=', 1),
          ]),
        ),
    )
    .returning('fence'),
);
const select = prepared<{ name: string }, LeasesTable>((db, p) =>
  db.selectFrom('leases').selectAll().where('name', '=', p('name')),
);
const release = prepared<{ name: string; holder: string }, never>((db, p) =>
  db
    .updateTable('leases')
    .set({ expires_at: 0 })
    .where('name', '=', p('name'))
    .where('holder', '=', p('holder')),
);

/**
 * Claims or prolongs a lease; answers its fence, which grows with each change of hands, or undefined while somebody
 * else holds it. The lease's row stays locked until the transaction ends: what is written in the same transaction
 * is written by one worker at a time, whatever the clocks say.
 */
export async function claimLease(tx: Tx, lease: LeaseClaim): Promise<number | undefined> {
  const { name, holder, now, ttlMs, takeOver = false } = lease;
  const values = { name, holder, now, expires_at: now + ttlMs, take_over: takeOver ? 1 : 0 };
  return (await claim.first(tx, values))?.fence;
}

const dropOver = prepared<{ from: string; to: string; before: number }, never>((db, p) =>
  db
    .deleteFrom('leases')
    .where('name', '>=', p('from'))
    .where('name', '<', p('to'))
    .where('expires_at', '<', p('before')),
);

/** The lease as it is now. */
export const findLease = (handle: Handle, name: string): Promise<LeasesTable | undefined> =>
  select.first(handle, { name });

/** Gives the lease back, so that the next worker need not wait for it to run out. */
export const releaseLease = async (tx: Tx, name: string, holder: string): Promise<void> =>
  void (await release.all(tx, { name, holder }));

/** Drops leases whose names begin like this and that ran out before that: of processes that never come back. */
export const dropLeases = async (tx: Tx, prefix: string, before: number): Promise<void> =>
  void (await dropOver.all(tx, { from: prefix, to: `${prefix}\uffff`, before }));
