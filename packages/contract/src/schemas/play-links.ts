import { type Static, Type } from 'typebox';
import { actFields } from './enforcement.ts';
import {
  callCid,
  duration,
  flag,
  LIMITS,
  nullable,
  request,
  response,
  roleName,
  text,
  time,
  userId,
  whole,
} from './fields.ts';
import { UserResponse } from './users.ts';

export const CreatePlayLinkRequest = request(
  'CreatePlayLinkRequest',
  'A link for one person; the body may be left out.',
  {
    role: Type.Optional(
      roleName(
        'The role that the person gets as a member of the call; default `call_member`. With a user token of lower rank than one’s own.',
      ),
    ),
    name: Type.Optional(text(LIMITS.nameLength, 'The name that the person begins with.', 1)),
    expires_in_minutes: Type.Optional(
      whole(
        1,
        LIMITS.playLinkMinutes,
        `For how long the link is good; default ${LIMITS.playLinkMinutesDefault}, at most ${LIMITS.playLinkMinutes}.`,
      ),
    ),
  },
);
export type CreatePlayLinkRequest = Static<typeof CreatePlayLinkRequest>;

export const CreatePlayLinkResponse = response(
  'CreatePlayLinkResponse',
  'The link. It is told this once: the server keeps a digest of its secret.',
  {
    url: Type.String({
      description:
        'The address of the call page; key and secret stand in its fragment, which no server sees.',
    }),
    call_cid: callCid('The call that it leads into.'),
    role: roleName('The role that the person gets in the call.'),
    expires_at: time('Until when it can be used, once.'),
    duration,
  },
);
export type CreatePlayLinkResponse = Static<typeof CreatePlayLinkResponse>;

export const ExchangePlayLinkRequest = request('ExchangePlayLinkRequest', 'The secret of a link.', {
  secret: text(64, 'What stands behind `link=` in the fragment of the link.', 16),
});
export type ExchangePlayLinkRequest = Static<typeof ExchangePlayLinkRequest>;

export const ExchangePlayLinkResponse = response(
  'ExchangePlayLinkResponse',
  'Who the link makes of whoever holds it, and their token.',
  {
    user: UserResponse,
    user_id: userId('The same as `user.id`.'),
    call_cid: callCid('The call that the token is for, and no other.'),
    role: roleName('The role of the person in the call.'),
    access_token: Type.String({ description: 'A user token that is good for this call alone.' }),
    expires_at: time('Until when the token is good.'),
    media: response('PlayMedia', 'The media server.', {
      configured: flag('Whether there is one; without it a join answers no credentials.'),
      url: nullable(
        Type.String({ description: 'The `ws://` or `wss://` base of the door that a join will name.' }),
      ),
    }),
    ...actFields,
  },
);
export type ExchangePlayLinkResponse = Static<typeof ExchangePlayLinkResponse>;
