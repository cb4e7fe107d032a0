/**
 * Branded ids: strings that cannot be swapped for one another.
 * A value becomes branded in one place only: where a request was validated against its schema
 * (`parse*` below), or where `kernel/id.ts` generated it. Stores get branded rows from the table types.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A user of the application: 1 to 255 of `A-Z a-z 0-9 _ @ . -` (`guest-` is reserved for guests). */
export type UserId = Branded<'UserId'>;
/** The name of a call type: 1 to 64 of `A-Z a-z 0-9 _ -`. */
export type CallTypeName = Branded<'CallTypeName'>;
/** A call's id within its type: 1 to 64 of `A-Z a-z 0-9 _ -`, case-sensitive. */
export type CallId = Branded<'CallId'>;
/** `type:id`, the name of a call everywhere outside a path. */
export type CallCid = Branded<'CallCid'>;
/** One device of one person in a call (a `media_sessions` row). */
export type SessionId = Branded<'SessionId'>;
/** One event socket. */
export type ConnectionId = Branded<'ConnectionId'>;
/** One webhook of the application. */
export type HookId = Branded<'HookId'>;
/** One event on its way to one webhook. */
export type DeliveryId = Branded<'DeliveryId'>;
export type BanId = Branded<'BanId'>;
export type TaskId = Branded<'TaskId'>;
export type JobId = Branded<'JobId'>;
export type EventId = Branded<'EventId'>;
export type AuditId = Branded<'AuditId'>;
export type PermissionRequestId = Branded<'PermissionRequestId'>;
export type RingId = Branded<'RingId'>;
export type RoleName = Branded<'RoleName'>;

export const USER_ID_PATTERN = '^[A-Za-z0-9_@.-]{1,255}$';
export const CALL_PART_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
export const ROLE_NAME_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
export const CID_PATTERN = '^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$';

const userId = new RegExp(USER_ID_PATTERN);
const cid = new RegExp(CID_PATTERN);

/** Whether the text is a well-formed user id. */
export const isUserId = (text: string): text is UserId => userId.test(text);
/** Whether the text is a well-formed `type:id`. */
export const isCallCid = (text: string): text is CallCid => cid.test(text);
/** `type` and `id` of a call as its cid. */
export const cidOf = (type: string, id: string): CallCid => `${type}:${id}` as CallCid;
/** The two halves of a cid. */
export function partsOf(cid: CallCid): { type: CallTypeName; id: CallId } {
  const at = cid.indexOf(':');
  return { type: cid.slice(0, at) as CallTypeName, id: cid.slice(at + 1) as CallId };
}

type AnyId =
  | UserId
  | CallTypeName
  | CallId
  | CallCid
  | SessionId
  | ConnectionId
  | HookId
  | DeliveryId
  | BanId
  | TaskId
  | JobId
  | EventId
  | AuditId
  | PermissionRequestId
  | RingId
  | RoleName;

/** The same shape with plain text where it holds branded ids: what clients and examples write. */
export type Unbranded<T> = T extends AnyId
  ? string
  : T extends (infer Item)[]
    ? Unbranded<Item>[]
    : T extends object
      ? { [Key in keyof T]: Unbranded<T[Key]> }
      : T;
