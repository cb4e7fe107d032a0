import type { CallCid, SendReactionRequest } from '@callgate/contract';
import { checkCustomSize } from '../call-types/index.ts';
import { type ActReply, type ActRequest, demandCapability } from '../enforcement/index.ts';
import { type EphemeralDeps, sendEphemeral } from './ephemeral.ts';

/**
 * Sends a reaction to everybody who watches the call. Needs `create-reaction`; a server token names `user_id`. 429/9
 * above 100 events of a call in a second.
 */
export function sendReaction(
  deps: EphemeralDeps,
  request: ActRequest,
  { cid, user_id, type, emoji_code, custom = {} }: SendReactionRequest & { cid: CallCid },
): Promise<ActReply<Record<string, never>>> {
  checkCustomSize('custom', custom);
  return sendEphemeral(deps, request, {
    cid,
    type: 'call.reaction_new',
    user_id,
    demand: async (act) => demandCapability(await act.callerPolicy(cid), 'create-reaction'),
    fields: (user) => ({ reaction: { type, user, ...(emoji_code !== undefined && { emoji_code }), custom } }),
  });
}
