import type { RunningServer } from '../harness/index.ts';
import { wrongTokens } from './tokens.ts';

/**
 * Puts back what valid requests of the fuzz test may have changed: people, settings, calls. Otherwise a deleted
 * user or a revoked token would keep all later requests at the door.
 */
export async function restoreWorld(server: RunningServer): Promise<void> {
  const people = Object.fromEntries(
    ['maya', 'noor', 'zoe'].map((id) => [id, { id, role: id === 'maya' ? 'admin' : 'user' }]),
  );
  const ids = Object.keys(people);
  await put(server, 'PATCH', '/api/v2/app', {
    revoke_tokens_issued_before: null,
    multi_tenant_enabled: false,
    guests: { enabled: true },
    anonymous_users: { enabled: true },
  });
  await put(server, 'POST', '/api/v2/users', { users: people });
  await put(server, 'POST', '/api/v2/users/reactivate', { user_ids: ids });
  for (const id of ids) await put(server, 'DELETE', '/api/v2/moderation/ban', { target_user_id: id });
  await put(server, 'POST', '/api/v2/video/call/default/standup', { data: { created_by_id: 'maya' } });
  await put(server, 'POST', '/api/v2/video/calltypes', { name: 'webinar' });
}

/** A 4xx is fine (the webinar is there already); a 5xx is not. */
async function put(server: RunningServer, method: string, path: string, body: object): Promise<void> {
  const reply = await server.api(method, path, { body });
  if (reply.status >= 500)
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** Name -> token: two that are valid now, and every wrong one. */
export function tokensFor(server: RunningServer): Map<string, string> {
  // Whoever was deleted and made again refuses what was issued up to that second.
  const iat = Math.floor(Date.now() / 1000) + 3;
  const wrong = wrongTokens(server.apiSecret, 'maya');
  return new Map(
    Object.entries({ ...wrong, server: server.serverToken, user: server.userToken('maya', { iat }) }),
  );
}
