import { type Static, type TObject, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox';
import { TRACK_KINDS } from '../capabilities.ts';
import {
  CALL_PART_PATTERN,
  type CallCid,
  type CallId,
  type CallTypeName,
  CID_PATTERN,
  ROLE_NAME_PATTERN,
  type RoleName,
  USER_ID_PATTERN,
  type UserId,
} from '../ids.ts';

/**
 * The bounds of everything that a client may send. Lengths count Unicode code points unless the name says
 * bytes. The server checks what a schema cannot say: `customBytes`, `settingsBytes`, and the numbers of call types
 * and roles.
 */
export const LIMITS = {
  nameLength: 255,
  imageLength: 2048,
  reasonLength: 1000,
  languageLength: 35,
  teamLength: 100,
  teams: 100,
  /** A `custom` object as compact JSON in UTF-8. */
  customBytes: 5 * 1024,
  customKeys: 1024,
  /** `settings` or `settings_override` as compact JSON in UTF-8. */
  settingsBytes: 16 * 1024,
  settingsKeys: 64,
  userBatch: 100,
  /** Users of one bulk request. */
  bulkUserIds: 100_000,
  /** Up to so many are done before the answer; more are done by a task in the background. */
  bulkUserIdsNow: 100,
  /** The largest body of a bulk request: 100,000 ids of 255 bytes, with room for quotes, commas and spaces. */
  bulkBodyBytes: 28 * 1024 * 1024,
  /** Users up to which a task tells its whole `result`. */
  taskResultsInline: 1000,
  taskResultsPage: 1000,
  membersPerRequest: 100,
  /** People whom one request rings. */
  ringedAtOnce: 100,
  /** People whom one request notifies. */
  notifiedAtOnce: 1000,
  membersLimitDefault: 25,
  pageMax: 100,
  pageDefault: 25,
  offsetMax: 10_000,
  cursorLength: 2048,
  filterKeys: 64,
  sortFields: 5,
  /** The `payload` query parameter, URL-decoded. */
  payloadLength: 8192,
  ipRanges: 100,
  /** The widest ranges that a ban may name: one ban must not close the service for everybody. */
  ipv4RangeMinBits: 8,
  ipv6RangeMinBits: 16,
  allowlist: 1000,
  /** 100 years of minutes. */
  banTimeoutMinutes: 52_560_000,
  /** One year of minutes. */
  guestExpiryMinutes: 525_600,
  roles: 200,
  /** A week of minutes. */
  playLinkMinutes: 10_080,
  playLinkMinutesDefault: 1440,
  /** Links into one call that nobody has used yet. */
  openPlayLinks: 100,
  callTypes: 200,
  hooks: 20,
  hookEventTypes: 100,
  grantsPerRole: 64,
} as const;

/** A closed object: what a client sends. A field that is not listed is refused with 400/4. */
export const request = <P extends TProperties>(
  title: string,
  description: string,
  properties: P,
): TObject<P> => Type.Object(properties, { title, description, additionalProperties: false });

/** An open object: what the server sends. Clients must accept fields that are not listed. */
export const response = <P extends TProperties>(
  title: string,
  description: string,
  properties: P,
): TObject<P> => Type.Object(properties, { title, description, additionalProperties: true });

/** The same schema, `null` accepted too. Only for schemas with a `type` and without `enum`. */
export const nullable = <S extends TSchema & { type: string }>(schema: S): TUnsafe<Static<S> | null> =>
  Type.Unsafe<Static<S> | null>({ ...schema, type: [schema.type, 'null'] });

/** An object used as a map: any key up to the bound, values of one kind. */
export const mapOf = <S extends TSchema>(
  value: S,
  options: { description: string; maxProperties?: number; minProperties?: number; propertyNames?: TSchema },
): TUnsafe<Record<string, Static<S>>> =>
  Type.Unsafe<Record<string, Static<S>>>({ type: 'object', additionalProperties: value, ...options });

/** A list with the longest length that is accepted or sent. */
export const listOf = <S extends TSchema>(item: S, maxItems: number, description: string, minItems = 0) =>
  Type.Array(item, { maxItems, description, ...(minItems > 0 ? { minItems } : {}) });

/** One of the listed texts. */
export const oneOf = <const V extends string[]>(values: readonly [...V], description: string) =>
  Type.Enum<V>(values, { type: 'string', description });

export const flag = (description: string) => Type.Boolean({ description });
export const text = (maxLength: number, description: string, minLength = 0) =>
  Type.String({ maxLength, description, ...(minLength > 0 ? { minLength } : {}) });
export const count = (description: string) => Type.Integer({ minimum: 0, description });
export const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description });

/** A time as RFC 3339 text, e.g. `2026-11-22T10:00:00.000Z`. The server answers in UTC with milliseconds. */
export const time = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 40, description: `${description} RFC 3339.` });

export const userId = (description: string) =>
  Type.Unsafe<UserId>({
    type: 'string',
    pattern: USER_ID_PATTERN,
    minLength: 1,
    maxLength: 255,
    description,
  });
export const callTypeName = (description: string) =>
  Type.Unsafe<CallTypeName>({
    type: 'string',
    pattern: CALL_PART_PATTERN,
    minLength: 1,
    maxLength: 64,
    description,
  });
export const callId = (description: string) =>
  Type.Unsafe<CallId>({
    type: 'string',
    pattern: CALL_PART_PATTERN,
    minLength: 1,
    maxLength: 64,
    description,
  });
export const callCid = (description: string) =>
  Type.Unsafe<CallCid>({ type: 'string', pattern: CID_PATTERN, minLength: 3, maxLength: 129, description });
export const roleName = (description: string) =>
  Type.Unsafe<RoleName>({
    type: 'string',
    pattern: ROLE_NAME_PATTERN,
    minLength: 1,
    maxLength: 64,
    description,
  });
/** An id that the server made, branded by the caller: `madeId<SessionId>('The session.')`. */
export const madeId = <Id extends string = string>(description: string) =>
  Type.Unsafe<Id>({
    type: 'string',
    pattern: '^[A-Za-z0-9_-]{1,64}$',
    minLength: 1,
    maxLength: 64,
    description,
  });

export const customObject = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    maxProperties: LIMITS.customKeys,
    description: `${description} At most 5 KB as JSON.`,
  });

export const teamName = (description: string) => text(LIMITS.teamLength, description, 1);
export const trackKind = (description: string) => oneOf(TRACK_KINDS, description);

export const duration = Type.String({
  maxLength: 32,
  description: 'How long the server worked on the request, e.g. `12.34ms`.',
  examples: ['12.34ms'],
});

/** The page size of a list that is asked for in a body. */
export const limit = whole(
  1,
  LIMITS.pageMax,
  `How many items to answer at most; default ${LIMITS.pageDefault}, at most ${LIMITS.pageMax}.`,
);
export const cursor = (which: 'next' | 'prev') =>
  text(LIMITS.cursorLength, `The opaque \`${which}\` of an earlier answer to the same query.`, 1);
export const offset = whole(
  0,
  LIMITS.offsetMax,
  `How many items to skip, at most ${LIMITS.offsetMax}; default 0. Prefer \`next\`: it does not repeat or skip items when the list changes.`,
);
export const membersLimit = whole(
  1,
  LIMITS.pageMax,
  `How many members to answer with each call; default ${LIMITS.membersLimitDefault}, at most ${LIMITS.pageMax}.`,
);

/** `filter_conditions`: the filter language of docs/reference/filters.md, checked field by field by the server. */
export const filterConditions = (fields: string) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    maxProperties: LIMITS.filterKeys,
    description:
      `Which items: \`{field: value}\` or \`{field: {$operator: value}}\`, combined with \`$and\`, \`$or\`, \`$nor\`. ` +
      `Operators: $eq $ne $in $nin $gt $gte $lt $lte $exists $contains $autocomplete $q. Fields: ${fields}. Default: all.`,
  });

const SortField = request('SortField', 'One field to sort by.', {
  field: text(128, 'The name of the field.', 1),
  direction: Type.Optional(
    Type.Enum([1, -1], { type: 'integer', description: '1 ascending (default), -1 descending.' }),
  ),
});
export const sort = (fields: string) =>
  listOf(SortField, LIMITS.sortFields, `The order, the most important field first. Fields: ${fields}.`);

/** `next` and `prev` of a page in an answer. */
export const pageLinks = {
  next: Type.Optional(
    Type.String({ description: 'Send it back as `next` for the following page; absent on the last.' }),
  ),
  prev: Type.Optional(
    Type.String({ description: 'Send it back as `prev` for the page before; absent on the first.' }),
  ),
} as const;

/** What every request may carry in its query, whatever the operation. */
const everyQuery = {
  api_key: Type.Optional(
    text(255, 'The key of the application, printed by the first start. Missing or wrong: 401, code 2.'),
  ),
  'stream-auth-type': Type.Optional(
    oneOf(
      ['jwt', 'anonymous'],
      'The kind of authentication, in place of the header of the same name; default `jwt`.',
    ),
  ),
} as const;

/**
 * A closed query string. Every value arrives as text (the server does not coerce), so numbers and flags are
 * texts with a pattern: `queryFlag`, `queryNumber`.
 */
export const query = <P extends TProperties>(title: string, properties: P) =>
  Type.Object({ ...everyQuery, ...properties }, { title, additionalProperties: false });

/** The query of an operation that takes nothing of its own. */
export const CommonQuery = query('CommonQuery', {});
export type CommonQuery = Static<typeof CommonQuery>;

/** `true` or `false` in a query string; read it with `=== 'true'`. */
export const queryFlag = (description: string) => oneOf(['true', 'false'], description);
/** 1 to 100 in a query string; read it with `Number`. */
export const queryNumber = (description: string) =>
  Type.String({ pattern: '^([1-9][0-9]?|100)$', maxLength: 3, description });
/** A request body in JSON, URL-encoded into the query; the server parses it and checks it against the body's schema. */
export const queryPayload = (of: string) =>
  text(LIMITS.payloadLength, `\`${of}\` as JSON, URL-encoded. Default \`{}\`.`, 2);

/** A body without fields: `{}` or no body at all. */
export const EmptyRequest = request('EmptyRequest', 'No fields; the body may be left out.', {});
export type EmptyRequest = Static<typeof EmptyRequest>;

/** The path of everything below one call. */
export const CallPath = Type.Object(
  { type: callTypeName('The name of the call type.'), id: callId('The id of the call within its type.') },
  { title: 'CallPath', additionalProperties: false },
);
export type CallPath = Static<typeof CallPath>;
