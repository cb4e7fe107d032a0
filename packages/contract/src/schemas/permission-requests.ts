import { type Static, Type } from 'typebox';
import { REQUESTABLE } from '../capabilities.ts';
import type { PermissionRequestId } from '../ids.ts';
import { actFields } from './enforcement.ts';
import {
  CallPath,
  callCid,
  cursor,
  duration,
  LIMITS,
  listOf,
  madeId,
  oneOf,
  pageLinks,
  query,
  queryNumber,
  request,
  response,
  text,
  time,
  userId,
} from './fields.ts';
import { UserResponse } from './users.ts';

export const PERMISSION_REQUEST_STATES = ['pending', 'granted', 'denied', 'withdrawn', 'expired'] as const;
export type PermissionRequestState = (typeof PERMISSION_REQUEST_STATES)[number];

export const RequestPermissionRequest = request(
  'RequestPermissionRequest',
  'What the caller asks to be allowed in this call. Asking again answers the pending request.',
  {
    permissions: listOf(
      oneOf(REQUESTABLE, 'What can be asked for.'),
      REQUESTABLE.length,
      'One to three permissions; each must be on request in this call.',
      1,
    ),
    user_id: Type.Optional(
      userId('Who asks: required with a server token; with a user token absent or the token’s user.'),
    ),
  },
);
export type RequestPermissionRequest = Static<typeof RequestPermissionRequest>;

export const PermissionRequestResponse = response(
  'PermissionRequestResponse',
  'One permission that one person asked for.',
  {
    id: madeId<PermissionRequestId>('The request.'),
    call_cid: callCid('The call.'),
    user_id: userId('Who asks.'),
    user: UserResponse,
    permission: oneOf(REQUESTABLE, 'What is asked for.'),
    state: oneOf(PERMISSION_REQUEST_STATES, 'Where the request stands.'),
    reason: Type.Optional(Type.String({ description: 'Why it was denied.' })),
    answered_by_id: Type.Optional(userId('Who granted or denied it; absent for the server.')),
    created_at: time('When it was made.'),
    answered_at: Type.Optional(time('When it left the state `pending`.')),
  },
);
export type PermissionRequestResponse = Static<typeof PermissionRequestResponse>;

export const RequestPermissionResponse = response(
  'RequestPermissionResponse',
  'The requests, one per permission; permissions already held have none.',
  {
    permission_requests: Type.Array(PermissionRequestResponse, { description: 'The requests.' }),
    ...actFields,
  },
);
export type RequestPermissionResponse = Static<typeof RequestPermissionResponse>;

export const ListPermissionRequestsQuery = query('ListPermissionRequestsQuery', {
  state: Type.Optional(oneOf(PERMISSION_REQUEST_STATES, 'Only requests in this state; default all.')),
  user_id: Type.Optional(userId('Only requests of this person; default all that the caller may see.')),
  limit: Type.Optional(queryNumber('How many to answer: 1 to 100, default 25.')),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
});
export type ListPermissionRequestsQuery = Static<typeof ListPermissionRequestsQuery>;

export const ListPermissionRequestsResponse = response(
  'ListPermissionRequestsResponse',
  'A page of permission requests, the oldest first.',
  {
    permission_requests: Type.Array(PermissionRequestResponse, { description: 'The requests of this page.' }),
    ...pageLinks,
    duration,
  },
);
export type ListPermissionRequestsResponse = Static<typeof ListPermissionRequestsResponse>;

export const PermissionRequestPath = Type.Object(
  { ...CallPath.properties, request_id: madeId<PermissionRequestId>('The permission request.') },
  { title: 'PermissionRequestPath', additionalProperties: false },
);
export type PermissionRequestPath = Static<typeof PermissionRequestPath>;

export const DenyPermissionRequest = request('DenyPermissionRequest', 'Options; the body may be left out.', {
  reason: Type.Optional(text(LIMITS.reasonLength, 'Why; the person who asked sees it.')),
});
export type DenyPermissionRequest = Static<typeof DenyPermissionRequest>;

export const PermissionRequestActResponse = response(
  'PermissionRequestActResponse',
  'The request after the act.',
  {
    permission_request: PermissionRequestResponse,
    ...actFields,
  },
);
export type PermissionRequestActResponse = Static<typeof PermissionRequestActResponse>;
