import { type Static, Type } from 'typebox';
import { customObject, duration, LIMITS, request, response, text, userId } from './fields.ts';
import { UserResponse } from './users.ts';

export const CreateGuestRequest = request('CreateGuestRequest', 'Somebody without an account.', {
  user: request('GuestRequest', 'The guest. The server makes the id and sets the role `guest`.', {
    id: Type.Optional(
      userId(
        'A wish: the server answers a longer id under the prefix `guest-`. The id of an existing user is refused.',
      ),
    ),
    name: Type.Optional(text(LIMITS.nameLength, 'The name that others see.')),
    image: Type.Optional(text(LIMITS.imageLength, 'The address of a picture.')),
    custom: Type.Optional(customObject('Whatever the application stores with the guest.')),
  }),
});
export type CreateGuestRequest = Static<typeof CreateGuestRequest>;

export const CreateGuestResponse = response('CreateGuestResponse', 'The guest and its token.', {
  user: UserResponse,
  access_token: Type.String({ description: 'A user token for the guest; ends when the guest expires.' }),
  duration,
});
export type CreateGuestResponse = Static<typeof CreateGuestResponse>;
