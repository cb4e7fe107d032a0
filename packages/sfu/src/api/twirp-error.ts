/** Codes of twirp's errors that we answer, with their HTTP status (twirp's protocol, version 7). */
export const TWIRP_STATUS = {
  invalid_argument: 400,
  malformed: 400,
  unauthenticated: 401,
  not_found: 404,
  bad_route: 404,
  failed_precondition: 412,
  resource_exhausted: 429,
  internal: 500,
  unimplemented: 501,
} as const;

export type TwirpCode = keyof typeof TWIRP_STATUS;

/** An answer of RoomService that is an error: livekit-server-sdk throws it with `code`, `status` and the message. */
export class TwirpError extends Error {
  override readonly name = 'TwirpError';
  readonly code: TwirpCode;

  constructor(code: TwirpCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What only LiveKit does; its own errors of this code end alike. */
export const needsLiveKit = (what: string): TwirpError =>
  new TwirpError('unimplemented', `${what} needs LiveKit (LIVEKIT_URL): embedded it is not_implemented`);
