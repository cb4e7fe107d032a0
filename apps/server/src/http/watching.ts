import type { CallCid } from '@callgate/contract';
import type { ActRequest } from '../features/enforcement/index.ts';
import { demandSocket, watchCalls } from '../features/watching/index.ts';
import type { Services } from '../services.ts';

/**
 * Does something with calls, makes the caller's socket watch them, and reads them again: what happened before that
 * reading is in the answer, what happens after it is sent. A socket that is not there is refused before anything is
 * done.
 */
export async function watchAfter<T, A>(
  { database, sockets }: Pick<Services, 'database' | 'sockets'>,
  { caller }: Pick<ActRequest, 'caller'>,
  connectionId: string | undefined,
  steps: { first(): Promise<T>; cids(done: T): readonly CallCid[]; again(done: T): Promise<A> },
): Promise<A> {
  demandSocket(sockets, caller, connectionId);
  const done = await steps.first();
  await watchCalls({ database, sockets }, caller, connectionId, steps.cids(done));
  return steps.again(done);
}
