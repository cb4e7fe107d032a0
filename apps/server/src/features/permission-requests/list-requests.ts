import type { CallCid, PermissionRequestState, UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import type { ListRequest } from '../../storage/page.ts';
import { requireCall } from '../calls/index.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { askedBy, callerUserId, refusal } from '../policy/index.ts';
import { requestResponses } from './permission-request.ts';
import { pageOfRequests } from './permission-requests.store.ts';

interface Input extends Pick<ListRequest, 'limit' | 'next' | 'prev'> {
  cid: CallCid;
  state?: PermissionRequestState;
  user_id?: UserId;
}

/**
 * The requests of a call, oldest first: all of them for holders of `update-call-permissions` and server tokens,
 * everybody else sees their own.
 */
export function listRequests(acts: Acts, request: Pick<ActRequest, 'caller' | 'address'>, input: Input) {
  const { database, policy, clock } = acts;
  const { cid, state, user_id, ...page } = input;
  const { caller, address } = request;
  return database.read(async (snapshot) => {
    const [, mine] = await Promise.all([
      requireCall(snapshot, cid),
      caller.kind === 'server' ? undefined : policy.inCall(snapshot, askedBy(caller, address), cid),
    ]);
    const shutOut = mine?.readRefusal;
    if (shutOut && shutOut !== 'no_capability') throw refusal(shutOut);
    if (caller.kind === 'anonymous') throw notAllowed('anonymous users have no permission requests');
    const own = callerUserId(caller);
    const isLimited = mine !== undefined && !mine.capabilities.has('update-call-permissions');
    const filters = [
      { cid },
      ...(state === undefined ? [] : [{ state }]),
      ...(user_id === undefined ? [] : [{ user_id }]),
      ...(isLimited && own !== undefined ? [{ user_id: own }] : []),
    ];
    const { items, ...links } = await pageOfRequests(snapshot, {
      ...page,
      filter_conditions: { $and: filters },
    });
    return { permission_requests: await requestResponses(snapshot, items, clock.now()), ...links };
  });
}
