import type { CallCid } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { askedBy, type LoadedPolicy, type PolicyReader, refusal } from '../policy/index.ts';
import { requireCall } from './call.ts';
import { callState } from './call-view.ts';

/** What a read needs: no transaction, one snapshot. */
export type Reads = Pick<Acts, 'database' | 'clock' | 'policy'>;
/** Who reads. */
export type Reader = Pick<ActRequest, 'caller' | 'address'>;

/** The reader's policy in a call; undefined for server tokens. 403/17 when they may not read it. */
export async function demandRead(
  policy: PolicyReader,
  snapshot: Handle,
  { caller, address }: Reader,
  cid: CallCid,
): Promise<LoadedPolicy | undefined> {
  if (caller.kind === 'server') return undefined;
  const mine = await policy.inCall(snapshot, askedBy(caller, address), cid);
  if (mine.readRefusal !== null) throw refusal(mine.readRefusal);
  return mine;
}

/**
 * The call as the reader sees it. Needs `read-call`; 404/16 for an unknown call.
 */
export function getCall(
  { database, clock, policy }: Reads,
  reader: Reader,
  input: { cid: CallCid; members_limit?: number | undefined },
) {
  return database.read(async (snapshot) => {
    const row = await requireCall(snapshot, input.cid);
    const mine = await demandRead(policy, snapshot, reader, input.cid);
    return callState(snapshot, row, { now: clock.now(), mine, membersLimit: input.members_limit });
  });
}
