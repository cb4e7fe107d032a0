import type { CallCid } from '@callgate/contract';
import { getCall } from '../features/calls/index.ts';
import type { ActReply, ActRequest } from '../features/enforcement/index.ts';
import { demandSocket, watchCalls } from '../features/watching/index.ts';
import type { Services } from '../services.ts';

/** Who watches: the caller, with the socket of that connection. */
export interface Watcher {
  request: Pick<ActRequest, 'caller' | 'address'>;
  connectionId: string | undefined;
}

/**
 * Does something with calls, makes the caller's socket watch them, and reads them again: what happened before that
 * reading is in the answer, what happens after it is sent. A socket that is not there is refused before anything is
 * done.
 */
export async function watchAfter<T, A>(
  { database, sockets }: Pick<Services, 'database' | 'sockets'>,
  { request, connectionId }: Watcher,
  steps: { first(): Promise<T>; cids(done: T): readonly CallCid[]; again(done: T): Promise<A> },
): Promise<A> {
  demandSocket(sockets, request.caller, connectionId);
  const done = await steps.first();
  await watchCalls({ database, sockets }, request.caller, connectionId, steps.cids(done));
  return steps.again(done);
}

/** As `watchAfter`, for an act on one call: its reply with the call as it is when the watch has begun. */
export function watchAfterAct<Body extends object>(
  services: Pick<Services, 'acts' | 'database' | 'sockets'>,
  watcher: Watcher,
  call: { cid: CallCid; members_limit?: number | undefined },
  act: () => Promise<ActReply<Body>>,
): Promise<ActReply<Body>> {
  return watchAfter(services, watcher, {
    first: act,
    cids: () => [call.cid],
    async again(reply) {
      const state = await getCall(services.acts, watcher.request, call);
      return { ...reply, body: { ...reply.body, ...state } };
    },
  });
}
