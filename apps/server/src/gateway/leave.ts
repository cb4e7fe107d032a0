import { DisconnectReason, LeaveRequest, LeaveRequest_Action, SignalResponse } from '@livekit/protocol';

/** Why the door closes a connection that was open. Reasons of policy are told as the protocol can: removed. */
const TOLD: Record<string, { reason: DisconnectReason; action: LeaveRequest_Action }> = {
  ended: { reason: DisconnectReason.ROOM_DELETED, action: LeaveRequest_Action.DISCONNECT },
  left: { reason: DisconnectReason.CLIENT_INITIATED, action: LeaveRequest_Action.DISCONNECT },
  replaced: { reason: DisconnectReason.DUPLICATE_IDENTITY, action: LeaveRequest_Action.DISCONNECT },
  restart: { reason: DisconnectReason.SERVER_SHUTDOWN, action: LeaveRequest_Action.RESUME },
  // The client starts from nothing: its session goes on, and policy is asked again.
  rejoin: { reason: DisconnectReason.STATE_MISMATCH, action: LeaveRequest_Action.RECONNECT },
  media_lost: { reason: DisconnectReason.SIGNAL_CLOSE, action: LeaveRequest_Action.RECONNECT },
};
const REMOVED = { reason: DisconnectReason.PARTICIPANT_REMOVED, action: LeaveRequest_Action.DISCONNECT };

/** The door's own last message, so that a client knows whether coming back makes sense. */
export function leaveMessage(why: string): SignalResponse {
  const { reason, action } = (Object.hasOwn(TOLD, why) ? TOLD[why] : undefined) ?? REMOVED;
  const canReconnect = action !== LeaveRequest_Action.DISCONNECT;
  return new SignalResponse({
    message: { case: 'leave', value: new LeaveRequest({ reason, action, canReconnect }) },
  });
}
