import { type Static, Type } from 'typebox';
import type { SessionId } from '../ids.ts';
import { CallRequest, callStateFields } from './calls.ts';
import { actFields } from './enforcement.ts';
import { flag, madeId, membersLimit, request, response, text, time, userId } from './fields.ts';

export const JoinCallRequest = request('JoinCallRequest', 'Joins the call; the body may be left out.', {
  user_id: Type.Optional(
    userId('Who joins: required with a server token; with a user token absent or the token’s user.'),
  ),
  create: Type.Optional(flag('Create the call first if it does not exist; default false.')),
  data: Type.Optional(CallRequest),
  hidden: Type.Optional(flag('Receive without being seen or sending; needs `join-hidden`; default false.')),
  ring: Type.Optional(flag('Ring the members of the call, at most 100; default false.')),
  notify: Type.Optional(
    flag('Send the members of the call `call.notification`, at most 1,000; default false.'),
  ),
  watch: Type.Optional(
    flag('Send the events of the call to the socket that `connection_id` names; default false.'),
  ),
  video: Type.Optional(flag('Ring as a video call; default true.')),
  members_limit: Type.Optional(membersLimit),
  location: Type.Optional(text(64, 'Accepted for compatibility; there is one location.')),
});
export type JoinCallRequest = Static<typeof JoinCallRequest>;

const IceServer = response('IceServer', 'A STUN or TURN server, as `RTCIceServer` of browsers.', {
  urls: Type.Array(Type.String(), { description: 'The addresses of the server.' }),
  username: Type.Optional(Type.String({ description: 'The user name.' })),
  credential: Type.Optional(Type.String({ description: 'The password.' })),
});

export const JoinCredentials = response(
  'JoinCredentials',
  'What a media client needs: `room.connect(url, token)`.',
  {
    url: Type.String({ description: 'The `ws://` or `wss://` base of the gateway, without `/rtc`.' }),
    token: Type.String({ description: 'The join token: names the session, admits nobody else.' }),
    expires_at: time('Until when the token opens the door.'),
    ice_servers: Type.Array(IceServer, { description: 'Servers for the client to try; may be empty.' }),
  },
);
export type JoinCredentials = Static<typeof JoinCredentials>;

export const JoinCallResponse = response('JoinCallResponse', 'The call, and the way into its media.', {
  ...callStateFields,
  created: flag('Whether this request created the call.'),
  session_id: madeId<SessionId>('This device in this call: name it in `leave`, `pin` and `unpin`.'),
  credentials: Type.Union([JoinCredentials, Type.Null()], {
    description: 'How to connect to the media; null while no media server is configured.',
  }),
  ...actFields,
});
export type JoinCallResponse = Static<typeof JoinCallResponse>;

export const LeaveCallRequest = request('LeaveCallRequest', 'Leaves the call; the body may be left out.', {
  session_id: Type.Optional(
    madeId<SessionId>('The session that leaves; default: all sessions of the person in this call.'),
  ),
  user_id: Type.Optional(
    userId('Who leaves: required with a server token; with a user token absent or the token’s user.'),
  ),
});
export type LeaveCallRequest = Static<typeof LeaveCallRequest>;

export const PinRequest = request('PinRequest', 'The participant to pin or unpin for everyone.', {
  user_id: userId('The person.'),
  session_id: madeId<SessionId>('Which of the person’s sessions in this call.'),
});
export type PinRequest = Static<typeof PinRequest>;
