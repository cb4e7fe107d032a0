import type { Builder } from '../../storage/prepared.ts';
import type { PersonInCall } from './call-members.store.ts';

/** The person's epoch in a call, as a column; null until they are kicked for the first time. */
export const epochOf = (db: Builder, { cid, userId }: PersonInCall) =>
  db.selectFrom('call_epochs').select('epoch').where('cid', '=', cid).where('user_id', '=', userId);
