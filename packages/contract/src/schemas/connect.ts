import { type Static, Type } from 'typebox';
import type { ConnectionId, UserId } from '../ids.ts';
import { customObject, LIMITS, request, text } from './fields.ts';

/** Where event sockets are opened. */
export const CONNECT_PATH = '/api/v2/video/connect';
/** The longest first message of a socket, in bytes. */
export const CONNECT_BYTES = 32 * 1024;

export const ConnectUser = request(
  'ConnectUser',
  'The person’s own profile; what is left out stays. The role cannot be set here.',
  {
    id: Type.Unsafe<UserId>(Type.String({ description: 'Must be the user of the token.', maxLength: 255 })),
    name: Type.Optional(text(LIMITS.nameLength, 'The name that others see.')),
    image: Type.Optional(text(LIMITS.imageLength, 'The address of a picture.')),
    custom: Type.Optional(customObject('Whatever the application keeps with the user; merged key by key.')),
  },
);

/** The first message of an event socket. */
export const ConnectRequest = request('ConnectRequest', 'Says who opens the event socket.', {
  token: Type.String({ description: 'A user token.', minLength: 1, maxLength: 16 * 1024 }),
  user: Type.Optional(ConnectUser),
  connection_id: Type.Optional(
    Type.Unsafe<ConnectionId>(
      Type.String({ description: 'The connection to resume, with `cursor`.', maxLength: 64 }),
    ),
  ),
  cursor: Type.Optional(
    Type.String({
      description: 'The `cursor` of the last message that was received on it.',
      maxLength: 64,
    }),
  ),
});
export type ConnectRequest = Static<typeof ConnectRequest>;
