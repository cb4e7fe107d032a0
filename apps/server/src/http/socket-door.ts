import type { IncomingMessage } from 'node:http';
import { CONNECT_BYTES, ConnectRequest, type ErrorEnvelope } from '@callgate/contract';
import { registerUser } from '../features/users/index.ts';
import { ApiError, inputError, notAllowed } from '../kernel/errors.ts';
import { newId } from '../kernel/id.ts';
import type { CoreServices } from '../services.ts';
import { addressReader } from './address.ts';
import type { Gate } from './admit.ts';
import type { UserCaller } from './authenticate.ts';
import { errorEnvelope } from './error-reply.ts';
import { hostChecker } from './host-check.ts';
import { parseJsonBytes } from './json-body.ts';
import { knownError } from './known-error.ts';
import { ownPages } from './own-pages.ts';
import { validatorOf } from './validate.ts';

/** Where a socket comes from. */
export interface Arrival {
  /** For limits and logs. */
  address: string;
  /** What policy is told; null where the address must not count (api.md 0.8). */
  counted: string | null;
}

/** What HTTP knows about who may open a socket; the sockets themselves are `ws`'s. */
export interface SocketDoor {
  /** Throws 421 or 403 for a page that must not reach this server. */
  arrive(message: IncomingMessage): Arrival;
  /** Who the first message says it is: 400/4, 401, 403 as of a request. */
  identify(
    message: IncomingMessage,
    arrival: Arrival,
    first: Buffer,
  ): Promise<{ caller: UserCaller; first: ConnectRequest }>;
  /** Counts a dial of a media client; throws 429 above the limit of the address. */
  takeDial(address: string): void;
  /** Counts a refused token of an address. */
  noteRefused(address: string): void;
  /** What is told before a socket is closed. */
  envelope(error: unknown): ErrorEnvelope;
}

export function createSocketDoor(services: CoreServices, gate: Gate): SocketDoor {
  const { config, acts, clock } = services;
  const addressOf = addressReader(config.trustedProxies);
  const isOurs = hostChecker(config);
  const isOwnPage = ownPages(config);
  const check = validatorOf(ConnectRequest, 'message');

  const identify: SocketDoor['identify'] = async (message, { counted }, bytes) => {
    if (bytes.length > CONNECT_BYTES) throw inputError('message', `is longer than ${CONNECT_BYTES} bytes`);
    const first = parseJsonBytes(bytes) as ConnectRequest;
    check(first);
    const query = new URL(message.url ?? '', 'http://callgate').searchParams;
    const given = {
      apiKey: query.get('api_key') ?? undefined,
      authorization: first.token,
      authType: query.get('stream-auth-type') ?? undefined,
    };
    gate.authenticator.demandKey(given);
    const caller = await gate.authenticator.caller(given, (asking) =>
      registerUser(acts, { requestId: newId(clock.now()), address: counted }, asking.userId),
    );
    if (caller.kind !== 'user') throw notAllowed('an event socket needs a user token');
    if (first.user && first.user.id !== caller.userId) {
      throw notAllowed('user.id must be the user of the token');
    }
    return { caller, first };
  };

  return {
    arrive(message) {
      const { address, untrustedProxy } = addressOf(message);
      if (!isOurs(message.headers.host))
        throw new ApiError('misdirected', 'the header Host names another server');
      if (!isOwnPage(message)) {
        throw notAllowed('the header Origin names a page that may not open sockets here');
      }
      const quota = gate.limits.peekRefused(address);
      if (quota.remaining === 0) throw tooMany('refused tokens');
      return { address, counted: untrustedProxy ? null : address };
    },
    takeDial(address) {
      if (!gate.limits.takeDial(address).allowed) throw tooMany('media connections');
    },
    noteRefused: (address) => void gate.limits.takeRefused(address),
    async identify(message, arrival, bytes) {
      try {
        return await identify(message, arrival, bytes);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) gate.limits.takeRefused(arrival.address);
        throw error;
      }
    },
    envelope: (error) => errorEnvelope(knownError(error, config.bodyLimitBytes), '0.00ms'),
  };
}

const tooMany = (what: string): ApiError =>
  new ApiError('rate_limited', `too many ${what} from this address; wait a minute`, {
    retryAfterSeconds: 60,
  });
