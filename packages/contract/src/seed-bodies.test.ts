import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { OPERATIONS, type OperationId } from './operations.ts';

/*
 * The forms of body and query that clients of this family of APIs send, slips and older names included
 * (docs/spec/contract.md). Each must pass the schema of the operation that it is sent to.
 */
const ajv = new Ajv({
  strict: true,
  coerceTypes: false,
  removeAdditional: false,
  formats: { 'date-time': true },
});
const accepts = (id: OperationId, part: 'body' | 'query', value: unknown): boolean => {
  const operation = OPERATIONS[id];
  const schema = part === 'query' ? operation.query : 'body' in operation ? operation.body : undefined;
  if (schema === undefined) throw new Error(`${id} takes no ${part}`);
  return ajv.validate(JSON.parse(JSON.stringify(schema)), value);
};

const ask = { screensharing: { enabled: true, access_request_enabled: true } };
const kinds = { audio: true, video: true, screenshare: true, screenshare_audio: true };
const BODIES: readonly (readonly [OperationId, string, unknown])[] = [
  ['blockUser', 'a user', { user_id: 'ada' }],
  ['unblockUser', 'a user', { user_id: 'ada' }],
  [
    'updateCall',
    'nested under data with the creator',
    { data: { created_by_id: 'max', settings_override: ask } },
  ],
  ['updateCall', 'at the top level', { settings_override: ask }],
  [
    'updateCall',
    'in both places',
    { settings_override: ask, data: { settings_override: ask, custom: { a: 1 } } },
  ],
  ['muteUsers', 'everybody, with the moderator', { mute_all_users: true, audio: true, muted_by_id: 'max' }],
  ['muteUsers', 'everybody, without the moderator', { mute_all_users: true, audio: true }],
  ['muteUsers', 'one person, every kind', { user_ids: ['ada'], ...kinds, muted_by_id: 'max' }],
  ['updateUserPermissions', 'a grant', { user_id: 'ada', grant_permissions: ['send-audio'] }],
  ['updateUserPermissions', 'a revocation', { user_id: 'ada', revoke_permissions: ['send-audio'] }],
  ['banUser', 'with a reason', { target_user_id: 'ada', banned_by_id: 'max', reason: 'rude' }],
  ['banUser', 'for half an hour', { target_user_id: 'ada', banned_by_id: 'max', timeout: 30 }],
  ['banUser', 'with the address', { target_user_id: 'ada', banned_by_id: 'max', ip_ban: true }],
  ['banUser', 'with the older name of the moderator', { target_user_id: 'ada', user_id: 'max' }],
  ['unbanUser', 'a body', { target_user_id: 'ada' }],
  ['deactivateUsers', 'one id', { user_ids: ['ada'] }],
  ['reactivateUsers', 'one id', { user_ids: ['ada'] }],
  ['blockUsers', 'who and whom', { blocked_user_id: 'ben', user_id: 'eve' }],
  ['unblockUsers', 'who and whom', { blocked_user_id: 'ben', user_id: 'eve' }],
  ['getOrCreateCall', 'nothing', {}],
  ['getOrCreateCall', 'a hyphenated role', { data: { members: [{ user_id: 'ada', role: 'call-member' }] } }],
];
const QUERIES: readonly (readonly [OperationId, string, unknown])[] = [
  ['banUser', 'the key', { api_key: 'k' }],
  ['unbanUser', 'the target', { api_key: 'k', target_user_id: 'ada', channel_cid: 'default:one' }],
  ['unbanUser', 'the key alone', { api_key: 'k' }],
  ['getTask', 'the key', { api_key: 'k' }],
  ['getBlockedUsers', 'whose blocks', { api_key: 'k', user_id: 'eve' }],
];

describe('requests as clients send them', () => {
  it.each(BODIES)('[CON1] %s takes %s', (id, _what, body) => {
    expect(accepts(id, 'body', body)).toBe(true);
  });

  it.each(QUERIES)('[CON2] %s takes %s in the query', (id, _what, query) => {
    expect(accepts(id, 'query', query)).toBe(true);
  });
});
