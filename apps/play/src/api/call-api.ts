import type {
  ActResponse,
  CallActResponse,
  CreatePlayLinkResponse,
  GetCallResponse,
  JoinCallResponse,
  ListPermissionRequestsResponse,
  PermissionRequestActResponse,
  RequestPermissionResponse,
  TrackKind,
} from '@callgate/contract';
import type { Pass } from '../entry/pass.ts';
import { type Asked, request } from './request.ts';

/** What can be asked for and taken away. */
export type Right = 'send-audio' | 'send-video' | 'screenshare';
/** The settings that put a kind on request. */
export type Setting = 'audio' | 'video' | 'screensharing';

/** The operations of one call that this page uses, by the names of the contract. */
export type CallApi = ReturnType<typeof callApi>;

/** Members that a call is asked for: as many as one page of them has. */
const MEMBERS = 100;

/** Asks as the person of the pass. Every method rejects with `RequestFailure`. */
export function callApi(pass: Pass) {
  const [type = '', id = ''] = pass.cid.split(':');
  const base = `/video/call/${type}/${id}`;
  const ask = <Body>(asked: Asked) => request<Body>(pass, { ...asked, path: `${base}${asked.path}` });
  const act = (verb: string, body: object = {}) =>
    ask<ActResponse>({ method: 'POST', path: `/${verb}`, body });
  return {
    getCall: (connectionId?: string) =>
      ask<GetCallResponse>({
        method: 'GET',
        path: '',
        query: {
          members_limit: String(MEMBERS),
          ...(connectionId !== undefined && { watch: 'true', connection_id: connectionId }),
        },
      }),
    join: (connectionId: string) =>
      ask<JoinCallResponse>({
        method: 'POST',
        path: '/join',
        query: { connection_id: connectionId },
        body: { watch: true, members_limit: MEMBERS },
      }),
    leave: (sessionId: string) => act('leave', { session_id: sessionId }),
    end: () => ask<CallActResponse>({ method: 'POST', path: '/mark_ended' }),
    goLive: () => ask<CallActResponse>({ method: 'POST', path: '/go_live', body: {} }),
    stopLive: () => ask<CallActResponse>({ method: 'POST', path: '/stop_live' }),
    kick: (userId: string) => act('kick', { user_id: userId }),
    block: (userId: string) => act('block', { user_id: userId }),
    unblock: (userId: string) => act('unblock', { user_id: userId }),
    mute: (userId: string, kind: TrackKind) => act('mute_users', { user_ids: [userId], [kind]: true }),
    muteAll: () => act('mute_users', { mute_all_users: true, audio: true }),
    grant: (userId: string, right: Right) =>
      act('user_permissions', { user_id: userId, grant_permissions: [right] }),
    revoke: (userId: string, right: Right) =>
      act('user_permissions', { user_id: userId, revoke_permissions: [right] }),
    requests: () =>
      ask<ListPermissionRequestsResponse>({
        method: 'GET',
        path: '/permission_requests',
        query: { state: 'pending', limit: '100' },
      }),
    askFor: (right: Right) =>
      ask<RequestPermissionResponse>({
        method: 'POST',
        path: '/request_permission',
        body: { permissions: [right] },
      }),
    deny: (requestId: string) =>
      ask<PermissionRequestActResponse>({
        method: 'POST',
        path: `/permission_requests/${requestId}/deny`,
        body: {},
      }),
    react: (kind: string) => act('reaction', { type: kind }),
    ring: (userId: string) => act('ring', { members_ids: [userId] }),
    accept: () => act('accept'),
    reject: (reason: string) => act('reject', { reason }),
    putOnRequest: (setting: Setting, isOnRequest: boolean) =>
      ask<ActResponse>({
        method: 'PATCH',
        path: '',
        body: { settings_override: { [setting]: { enabled: true, access_request_enabled: isOnRequest } } },
      }),
    createLink: () => ask<CreatePlayLinkResponse>({ method: 'POST', path: '/play_links', body: {} }),
  };
}
