import type { CallCid, SendCallEventRequest } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import { checkCustomSize } from '../call-types/index.ts';
import type { ActReply, ActRequest } from '../enforcement/index.ts';
import { type EphemeralDeps, sendEphemeral } from './ephemeral.ts';

/**
 * Sends a custom event of at most 5 KB to everybody who watches the call. The sender watches it too (server tokens send
 * for anybody who may read it); a banned person sends nothing. 429/9 above 100 events of a call in a second.
 */
export function sendCallEvent(
  deps: EphemeralDeps,
  request: ActRequest,
  { cid, custom, user_id }: SendCallEventRequest & { cid: CallCid },
): Promise<ActReply<Record<string, never>>> {
  checkCustomSize('custom', custom);
  return sendEphemeral(deps, request, {
    cid,
    type: 'custom',
    user_id,
    async demand({ caller }) {
      if (caller.kind !== 'user' || deps.sockets.isWatching(caller.userId, cid)) return;
      throw notAllowed('watch the call before you send events to those who do');
    },
    fields: (user) => ({ custom, user }),
  });
}
