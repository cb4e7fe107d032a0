import { timingSafeEqual } from 'node:crypto';
import type { UserId } from '@callgate/contract';
import type { Caller, PolicySources, TokenClaims } from '../features/policy/index.ts';
import { isTokenRevoked, personRefusal, refusal } from '../features/policy/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import type { Database } from '../storage/database.ts';
import { tokenVerifier } from './token.ts';

/** What of a request says who sent it. */
export interface Credentials {
  apiKey: unknown;
  authorization: string | undefined;
  /** The `stream-auth-type` header, or the query parameter of that name; undefined: `jwt`. */
  authType: unknown;
}

export type UserCaller = Extract<Caller, { kind: 'user' }>;

/** Says who sent a request, or throws the documented 401 or 403. */
export interface Authenticator {
  /** Demands the application's key. 401/2. */
  demandKey(credentials: Credentials): void;
  /** Whether the request carries a valid server token. */
  isServerToken(credentials: Credentials): boolean;
  /** `create` makes the row of a valid token's user who is not there yet, or refuses. */
  caller(credentials: Credentials, create: (caller: UserCaller) => Promise<void>): Promise<Caller>;
}

/**
 * Compares with a text in a time that depends on the lengths alone, which need not be secret. Hashing both first would
 * hide the length too, and takes ten times as long: 1.4 µs.
 */
function sameText(expected: string): (given: string) => boolean {
  const bytes = Buffer.from(expected);
  return (given) => {
    const other = Buffer.from(given);
    return other.length === bytes.length && timingSafeEqual(other, bytes);
  };
}

const unauthenticated = (message: string): ApiError => new ApiError('authentication', message);

export function createAuthenticator(deps: {
  apiKey: string;
  apiSecret: string;
  skewSeconds: number;
  clock: Clock;
  database: Database;
  sources: Pick<PolicySources, 'app' | 'user'>;
}): Authenticator {
  const { clock, database, sources } = deps;
  const verify = tokenVerifier({ secret: deps.apiSecret, skewSeconds: deps.skewSeconds });
  const isKey = sameText(deps.apiKey);

  /** Facts of the person and of the application in one snapshot. */
  const readFacts = (userId: UserId) =>
    database.read((snapshot) => Promise.all([sources.app(snapshot), sources.user(snapshot, userId)]));

  const admitUser = async (
    caller: UserCaller,
    create: (caller: UserCaller) => Promise<void>,
  ): Promise<UserCaller> => {
    let [app, user] = await readFacts(caller.userId);
    if (!user) {
      demandNotRevoked(caller.token, app.tokensRevokedBefore);
      await create(caller);
      [app, user] = await readFacts(caller.userId);
    }
    if (!user) throw refusal('deleted');
    demandNotRevoked(caller.token, latest(app.tokensRevokedBefore, user.tokensRevokedBefore));
    const refused = personRefusal(user, null, { app, now: clock.now() });
    if (refused) throw refusal(refused);
    return caller;
  };

  return {
    demandKey({ apiKey }) {
      const given = typeof apiKey === 'string' ? apiKey : '';
      if (isKey(given)) return;
      const message =
        given === '' ? 'query parameter api_key is missing' : 'api_key is not the key of this application';
      throw new ApiError('access_key_invalid', message);
    },
    isServerToken({ authorization }) {
      const bare = bareToken(authorization);
      try {
        return bare !== undefined && verify(bare, clock.now()).kind === 'server';
      } catch {
        return false;
      }
    },
    async caller({ authorization, authType = 'jwt' }, create) {
      if (authType !== 'jwt' && authType !== 'anonymous') {
        throw unauthenticated('stream-auth-type must be jwt or anonymous');
      }
      const bare = bareToken(authorization);
      if (authType === 'anonymous') return anonymousCaller(bare);
      if (bare === undefined) throw unauthenticated('header Authorization with a token is missing');
      const token = verify(bare, clock.now());
      if (token.kind === 'server') return { kind: 'server' };
      if (token.userId === null) throw unauthenticated('token carries neither server nor user_id');
      return admitUser({ kind: 'user', userId: token.userId, token: token.claims }, create);
    },
  };

  async function anonymousCaller(bare: string | undefined): Promise<Caller> {
    const app = await database.read((snapshot) => sources.app(snapshot));
    if (!app.anonymous) throw refusal('anonymous_off');
    if (bare === undefined) return { kind: 'anonymous', token: NO_CLAIMS };
    const token = verify(bare, clock.now());
    if (token.kind === 'server' || token.userId !== null) {
      throw unauthenticated('an anonymous caller sends no token or a call token without user_id');
    }
    demandNotRevoked(token.claims, app.tokensRevokedBefore);
    return { kind: 'anonymous', token: token.claims };
  }
}

const NO_CLAIMS: TokenClaims = { issuedAt: null, expiresAt: null, callCids: null, role: null };

/** The token without a `Bearer` before it. */
const bareToken = (authorization: string | undefined): string | undefined => {
  const bare = authorization?.replace(/^Bearer +/i, '').trim();
  return bare === '' ? undefined : bare;
};

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

/** 401, although policy says 403: who sends a request with such a token is nobody yet. */
function demandNotRevoked(token: TokenClaims, before: number | null): void {
  if (isTokenRevoked(token, before)) throw unauthenticated('token was revoked; make a new one');
}
