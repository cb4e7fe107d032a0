import type { TSchema } from 'typebox';
import type { Capability } from '../capabilities.ts';
import type { ErrorName } from '../errors.ts';

export const TAGS = [
  'app',
  'guests',
  'users',
  'roles',
  'call types',
  'calls',
  'members',
  'media',
  'call moderation',
  'permission requests',
  'bans',
  'user blocks',
  'tasks',
  'audit',
  'ringing',
  'webhooks',
  'play links',
] as const;
export type Tag = (typeof TAGS)[number];

/**
 * Who may call: `server`: server tokens. `server or user`: those, and tokens of users and guests. `any`:
 * those, and anonymous callers. `none`: no token is looked at.
 */
export type OperationAuth = 'server' | 'server or user' | 'any' | 'none';

/** What a user token may need; `ban-user` is held by the application roles admin and moderator. */
export type RequiredCapability = Capability | 'ban-user';

/** The bucket that a request counts in (api.md 0.14). */
export type OperationLimit = 'default' | 'moderation' | 'unauthenticated';

/** One operation of the REST API: what routes, OpenAPI, reference and SDKs are made from. */
export interface Operation {
  /** Unique; the name of the SDK method. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** The whole path, parameters written `:name`. */
  readonly path: string;
  /** One line, imperative, without a full stop. */
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly params?: TSchema;
  /** Closed; every value is text. */
  readonly query: TSchema;
  readonly body?: TSchema;
  /** The body may be left out altogether; it then counts as `{}`. */
  readonly bodyOptional?: true;
  /** The largest body in bytes, where it is larger than the server's limit for every other operation. */
  readonly bodyLimitBytes?: number;
  readonly success: {
    readonly status: 200 | 201;
    readonly schema: TSchema;
    /** Another status of success with the same body, and when it is sent. */
    readonly otherwise?: { readonly status: 200 | 201; readonly when: string };
  };
  /** Every error that the operation can answer, those of every request included. */
  readonly errors: readonly ErrorName[];
  readonly auth: OperationAuth;
  /** Refused with 403, code 17 when `Origin` names a page that is neither this server’s nor of a listed origin. */
  readonly ownPagesOnly?: true;
  /**
   * What the command demands of a user token, for the documentation. Absent where nothing is demanded, or
   * where each field asks for its own: the description then says which.
   */
  readonly capability?: RequiredCapability;
  readonly limit: OperationLimit;
  /** Changes something: takes `Idempotency-Key`, is refused when the store cannot promise durability. */
  readonly write: boolean;
}

const EVERYWHERE = [
  'input',
  'access_key_invalid',
  'misdirected',
  'rate_limited',
  'header_too_large',
  'request_timeout',
  'overloaded',
  'internal',
] as const satisfies readonly ErrorName[];
const WITH_TOKEN = [
  'authentication',
  'token_expired',
  'token_not_yet_valid',
  'token_iat_wrong',
  'token_signature_invalid',
  'not_allowed',
] as const satisfies readonly ErrorName[];
const WITH_BODY = ['payload_too_big', 'unsupported_media_type'] as const satisfies readonly ErrorName[];

/** The errors of a request without a token, and those named. */
export const openErrors = (...more: ErrorName[]): ErrorName[] => [...EVERYWHERE, ...WITH_BODY, ...more];
/** The errors of a request with a token and without a body, and those named. */
export const tokenErrors = (...more: ErrorName[]): ErrorName[] => [...EVERYWHERE, ...WITH_TOKEN, ...more];
/** The errors of a request with a token and a body, and those named. */
export const bodyErrors = (...more: ErrorName[]): ErrorName[] => [
  ...EVERYWHERE,
  ...WITH_TOKEN,
  ...WITH_BODY,
  ...more,
];

/** Keeps the precise type of each operation of a table, and checks its shape and that ids equal keys. */
export const operations = <const T extends { readonly [Id in keyof T]: Operation & { readonly id: Id } }>(
  table: T,
): T => table;
