import type { RoomControl } from '../rooms/room-control.ts';
import type { AccessClaims } from './access-token.ts';
import { TwirpError } from './twirp-error.ts';

/** How bodies are written: protobuf, or its JSON. */
export type Format = 'protobuf' | 'json';

/** One method of RoomService: from a body to the answer's. Throws `TwirpError`, and what `RoomControl` throws. */
export type Method = (call: {
  control: RoomControl;
  claims: AccessClaims;
  format: Format;
  body: Buffer;
}) => Buffer;

interface RequestClass<T> {
  fromBinary(bytes: Uint8Array): T;
  fromJsonString(json: string, options: { ignoreUnknownFields: boolean }): T;
}

interface Answer {
  toBinary(): Uint8Array;
  toJsonString(options: { useProtoFieldName: boolean; emitDefaultValues: boolean }): string;
}

/** The token administers exactly the room that the request is about. */
export const adminOf = ({ roomAdmin, room }: AccessClaims, request: { readonly room: string }): boolean =>
  roomAdmin && room !== undefined && room === request.room;

/** A method over its request's class: reads the body, asks whether the token is good for it, runs. */
export const method =
  <T>(
    request: RequestClass<T>,
    isAllowed: (claims: AccessClaims, request: T) => boolean,
    run: (control: RoomControl, request: T) => Answer,
  ): Method =>
  ({ control, claims, format, body }) => {
    const read = readBody(request, format, body);
    // LiveKit answers 401 for this, too.
    if (!isAllowed(claims, read)) throw new TwirpError('unauthenticated', 'permissions denied');
    const answer = run(control, read);
    return format === 'json'
      ? Buffer.from(answer.toJsonString({ useProtoFieldName: true, emitDefaultValues: true }))
      : Buffer.from(answer.toBinary());
  };

function readBody<T>(request: RequestClass<T>, format: Format, body: Buffer): T {
  try {
    if (format === 'protobuf') return request.fromBinary(body);
    return request.fromJsonString(body.toString('utf8'), { ignoreUnknownFields: true });
  } catch {
    throw new TwirpError('malformed', `body: not a ${format} message of this method`);
  }
}
