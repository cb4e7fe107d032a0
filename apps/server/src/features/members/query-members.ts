import { cidOf, type QueryMembersRequest } from '@callgate/contract';
import {
  demandRead,
  memberResponse,
  type Reader,
  type Reads,
  rememberCalls,
  requireCall,
} from '../calls/index.ts';
import { listMembers } from './members.store.ts';

/** A page of the members of one call. Needs `read-call` there; 400/4 for a wrong filter, sort or cursor. */
export function queryMembers({ database, clock, policy }: Reads, reader: Reader, input: QueryMembersRequest) {
  return database.read(async (snapshot) => {
    const { type, id, ...list } = input;
    const cid = cidOf(type, id);
    const row = await requireCall(snapshot, cid);
    rememberCalls(snapshot, [row]);
    await demandRead(policy, snapshot, reader, cid);
    const { items, ...links } = await listMembers(snapshot, cid, list);
    return { members: items.map((member) => memberResponse(member, clock.now())), ...links };
  });
}
