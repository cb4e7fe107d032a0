import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { NotFound, type RoomControl, RoomRefusal } from '../rooms/room-control.ts';
import { TokenRefused, type VerifyAccessToken } from './access-token.ts';
import { readBody } from './body.ts';
import type { Format } from './method.ts';
import { MAX } from './request-limits.ts';
import { LIVEKIT_METHODS, ROOM_METHODS } from './rooms-methods.ts';
import { needsLiveKit, TWIRP_STATUS, TwirpError } from './twirp-error.ts';

/** What the API needs. */
export interface RoomServiceOptions {
  readonly control: RoomControl;
  readonly verify: VerifyAccessToken;
  readonly clock: Clock;
  /** What nobody expected; the caller is answered `internal` without it. */
  onError(error: unknown): void;
}

const PREFIX = '/twirp/livekit.';
/** Services of LiveKit that we have none of. */
const LIVEKIT_SERVICES = new Set(['Egress', 'Ingress', 'SIP', 'AgentDispatchService', 'Connector', 'Phone']);

/**
 * Answers RoomService's requests (twirp, protobuf or JSON) as LiveKit does. The handler is to be given every request:
 * false, and nothing done, for one of another path.
 */
export function roomService(
  options: RoomServiceOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (!path.startsWith('/twirp/')) return false;
    answer(options, path, request).then(
      ({ type, body }) => send(response, 200, type, body),
      (error: unknown) => {
        // Nobody is there any more to be told.
        if (request.errored) return;
        const told = twirpErrorOf(error);
        if (told.code === 'internal') options.onError(error);
        const body = Buffer.from(JSON.stringify({ code: told.code, msg: told.message }));
        send(response, TWIRP_STATUS[told.code], 'application/json', body);
      },
    );
    return true;
  };
}

async function answer(
  { control, verify, clock }: RoomServiceOptions,
  path: string,
  request: IncomingMessage,
): Promise<{ type: string; body: Buffer }> {
  if (request.method !== 'POST') throw new TwirpError('bad_route', 'RoomService takes POST alone');
  // Before anything is read of somebody who may do nothing here.
  const claims = verify(tokenOf(request) ?? '', clock.now());
  const method = methodOf(path);
  const format = formatOf(request.headers['content-type'] ?? '');
  const body = await readBody(request, MAX.body);
  if (body === undefined) throw new TwirpError('resource_exhausted', `body: at most ${MAX.body} bytes`);
  const type = format === 'json' ? 'application/json' : 'application/protobuf';
  return { type, body: method({ control, claims, format, body }) };
}

function methodOf(path: string) {
  const [service = '', name = '', ...more] = path.startsWith(PREFIX)
    ? path.slice(PREFIX.length).split('/')
    : [];
  const method = service === 'RoomService' && more.length === 0 ? ROOM_METHODS.get(name) : undefined;
  if (method) return method;
  if (LIVEKIT_SERVICES.has(service) || (service === 'RoomService' && LIVEKIT_METHODS.has(name)))
    throw needsLiveKit(name === '' ? service : name);
  throw new TwirpError('bad_route', 'no such method of RoomService');
}

function formatOf(contentType: string): Format {
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  if (type.trim() === 'application/json') return 'json';
  if (type.trim() === 'application/protobuf') return 'protobuf';
  throw new TwirpError('bad_route', 'content-type: send application/json or application/protobuf');
}

function twirpErrorOf(error: unknown): TwirpError {
  if (error instanceof TwirpError) return error;
  if (error instanceof TokenRefused) return new TwirpError('unauthenticated', error.message);
  if (error instanceof RoomRefusal) return new TwirpError(error.code, error.message);
  if (error instanceof NotFound) return new TwirpError('not_found', error.message);
  return new TwirpError('internal', 'the media server could not do this; its log says why');
}

function send(response: ServerResponse, status: number, type: string, body: Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body);
}

/** The access token of a request: in `Authorization: Bearer`, or in the query as `access_token`. */
export function tokenOf({ headers, url = '' }: IncomingMessage): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const at = url.indexOf('?');
  return (at < 0 ? null : new URLSearchParams(url.slice(at + 1)).get('access_token')) ?? undefined;
}
