import { type Static, Type } from 'typebox';
import { flag, LIMITS, listOf, request, userId } from './fields.ts';

const kind = (what: string) =>
  Type.Optional(flag(`Mute ${what}; default false. At least one kind must be true.`));

/** The kinds of track of a mute, as requests and events name them. */
export const muteKinds = {
  audio: kind('microphones'),
  video: kind('cameras'),
  screenshare: kind('shared screens'),
  screenshare_audio: kind('the sound of shared screens'),
} as const;

export const MuteUsersRequest = request(
  'MuteUsersRequest',
  'Whom to mute, and what. People can unmute themselves again.',
  {
    mute_all_users: Type.Optional(
      flag('Mute everybody in the call now except `muted_by_id`; wins over `user_ids`; default false.'),
    ),
    user_ids: Type.Optional(
      listOf(
        userId('A user.'),
        LIMITS.bulkUserIds,
        'Whom to mute; who is not in the call is ignored. More than 100 are answered with 400, code 19 by this version.',
      ),
    ),
    ...muteKinds,
    muted_by_id: Type.Optional(
      userId(
        'The moderator, an existing user: optional with a server token (absent: nobody is spared); with a user token absent or the token’s user.',
      ),
    ),
  },
);
export type MuteUsersRequest = Static<typeof MuteUsersRequest>;
