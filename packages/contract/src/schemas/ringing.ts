import { type Static, Type } from 'typebox';
import { customObject, flag, LIMITS, listOf, request, text, userId } from './fields.ts';

export const RingCallRequest = request(
  'RingCallRequest',
  'Rings members of an existing call; the body may be left out.',
  {
    members_ids: Type.Optional(
      listOf(
        userId('A member.'),
        LIMITS.membersPerRequest,
        'Whom to ring; default all members but the caller, at most 100.',
      ),
    ),
    user_id: Type.Optional(
      userId(
        'Who rings: with a server token, default the creator of the call; with a user token absent or the token’s user.',
      ),
    ),
    video: Type.Optional(flag('Ring as a video call; default as the call says.')),
  },
);
export type RingCallRequest = Static<typeof RingCallRequest>;

const answering = Type.Optional(
  userId('Who answers: required with a server token; with a user token absent or the token’s user.'),
);

export const AcceptCallRequest = request('AcceptCallRequest', 'Accepts a ring; the body may be left out.', {
  user_id: answering,
});
export type AcceptCallRequest = Static<typeof AcceptCallRequest>;

export const RejectCallRequest = request('RejectCallRequest', 'Rejects a ring; the body may be left out.', {
  user_id: answering,
  reason: Type.Optional(
    text(255, 'Why: `decline`, `cancel`, `timeout`, `busy` or a text of the application.'),
  ),
});
export type RejectCallRequest = Static<typeof RejectCallRequest>;

export const SendCallEventRequest = request(
  'SendCallEventRequest',
  'A custom event for everybody who watches.',
  {
    custom: customObject('What the event says.'),
    user_id: Type.Optional(
      userId('Who sends: required with a server token; with a user token absent or the token’s user.'),
    ),
  },
);
export type SendCallEventRequest = Static<typeof SendCallEventRequest>;

export const SendReactionRequest = request('SendReactionRequest', 'A reaction for everybody who watches.', {
  type: text(64, 'The kind of reaction, e.g. `like`.', 1),
  emoji_code: Type.Optional(text(64, 'An emoji, e.g. `:thumbsup:`.')),
  custom: Type.Optional(customObject('Whatever the application sends along.')),
  user_id: Type.Optional(
    userId('Who reacts: required with a server token; with a user token absent or the token’s user.'),
  ),
});
export type SendReactionRequest = Static<typeof SendReactionRequest>;
