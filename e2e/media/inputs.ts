import type {
  CallFacts,
  ParticipationFacts,
  PersonFacts,
  PolicyFacts,
  PolicySettings,
  TokenFacts,
} from '@callgate/server/features/policy/index.ts';
import type { Held, Stage } from './stage.ts';

type Named<Facts, Prefix extends string> = `${Prefix}.${keyof Facts & string}`;

/** Everything that policy decides on, by name: a fact that is added to the types is missing below, which does not compile. */
export type Input =
  | Named<PersonFacts, 'person'>
  | Named<NonNullable<TokenFacts>, 'token'>
  | Named<Omit<CallFacts, 'settings'>, 'call'>
  | Named<PolicySettings, 'settings'>
  | Named<ParticipationFacts, 'participation'>
  | Named<PolicyFacts['app'], 'app'>
  | Named<Pick<PolicyFacts, 'now' | 'session' | 'hidden'>, 'facts'>;

/** How the input changes while Sara is in, and what must be so after the reply. */
export interface Change {
  /** Before she joins. */
  before?(stage: Stage): Promise<unknown>;
  /** More of her `join`. */
  join?: object;
  /** She joins by her own token. */
  byOwnToken?: true;
  change(stage: Stage): Promise<unknown>;
  /** By the clock or by a task, seconds after the reply. */
  later?: true;
  /** `gone`: out of the media; else what the media server must hold of her. */
  outcome: 'gone' | ((held: Held) => boolean);
  /** Puts back what concerns others too. */
  after?(stage: Stage): Promise<unknown>;
}

const [CAMERA, MICROPHONE] = [1, 2];
const lacks =
  (source: number) =>
  ({ sources }: Held) =>
    !sources.includes(source);

const setting = (override: object) => ({ settings_override: override });

/** A call type of its own whose ordinary users may join only as members. */
const membersOnly = ({ ask, cid }: Stage): Promise<unknown> => {
  const [name] = cid.split(':');
  return ask('PUT', `/video/calltypes/${name}`, { grants: { user: ['read-call'] } });
};

/** Every input with the change that shows it, or why it cannot change for a session that is in. */
export const INPUTS: Record<Input, Change | string> = {
  'person.id': 'a session is one person’s',
  'person.role': {
    before: ({ ask }) => ask('POST', '/roles', { name: 'outsider' }),
    change: ({ ask }) => ask('PATCH', '/users', { users: [{ id: 'sara', set: { role: 'outsider' } }] }),
    outcome: 'gone',
  },
  'person.rank': 'follows the role; decides for an address ban alone, which is asked with it',
  'person.teams': 'see app.multiTenant',
  'person.deactivated': {
    change: ({ ask }) => ask('POST', '/users/sara/deactivate', {}),
    outcome: 'gone',
  },
  'person.deleted': {
    later: true,
    change: ({ ask }) => ask('POST', '/users/delete', { user_ids: ['sara'] }),
    outcome: 'gone',
  },
  'person.expiresAt': 'guests end by a timer, which deletes them: person.deleted',
  'person.tokensRevokedBefore': {
    byOwnToken: true,
    change: ({ ask }) => {
      const revoke_tokens_issued_before = new Date(Date.now() + 60_000).toISOString();
      return ask('PATCH', '/users', { users: [{ id: 'sara', set: { revoke_tokens_issued_before } }] });
    },
    outcome: 'gone',
  },
  'person.banned': {
    change: ({ ask }) => ask('POST', '/moderation/ban', { target_user_id: 'sara' }),
    outcome: 'gone',
  },
  'person.addressBanned': {
    byOwnToken: true,
    before: ({ joinFrom }) => joinFrom('bob', '203.0.113.50'),
    change: ({ ask }) => ask('POST', '/moderation/ban', { target_user_id: 'bob', ip_ban: true }),
    outcome: 'gone',
    after: ({ ask }) => ask('DELETE', '/moderation/ban', { target_user_id: 'bob' }),
  },
  'token.issuedAt': 'never changes; person.tokensRevokedBefore is compared with it',
  'token.callCids': 'never changes',
  'token.role': 'never changes; call.grants may',
  'call.cid': 'never changes',
  'call.team': 'never changes',
  'call.grants': {
    before: ({ ownType }) => ownType(),
    change: membersOnly,
    outcome: 'gone',
  },
  'call.backstage': {
    before: async ({ ask, path }) => {
      await ask('PATCH', path, setting({ backstage: { enabled: true } }));
      await ask('POST', `${path}/go_live`, {});
    },
    change: ({ ask, path }) => ask('POST', `${path}/stop_live`, {}),
    outcome: 'gone',
  },
  'call.startsAt': {
    before: async ({ ask, path }) => {
      await ask('PATCH', path, { starts_at: new Date(Date.now() + 60_000).toISOString() });
      await ask('PATCH', path, setting({ backstage: { enabled: true, join_ahead_time_seconds: 3_600 } }));
      await ask('POST', `${path}/stop_live`, {});
    },
    change: ({ ask, path }) =>
      ask('PATCH', path, { starts_at: new Date(Date.now() + 86_400_000).toISOString() }),
    outcome: 'gone',
  },
  'call.endedAt': {
    change: ({ ask, path }) => ask('POST', `${path}/mark_ended`, {}),
    outcome: 'gone',
  },
  'call.sessionStartedAt': 'never changes while somebody is in; settings.limits is compared with it',
  'call.seatsTaken': 'asked of who comes in, not of who is in',
  'settings.audio': {
    change: ({ ask, path }) => ask('PATCH', path, setting({ audio: { enabled: false } })),
    outcome: lacks(MICROPHONE),
  },
  'settings.video': {
    change: ({ ask, path }) => ask('PATCH', path, setting({ video: { access_request_enabled: true } })),
    outcome: lacks(CAMERA),
  },
  'settings.screensharing': {
    change: ({ ask, path }) => ask('PATCH', path, setting({ screensharing: { enabled: false } })),
    outcome: (held) => lacks(3)(held) && lacks(4)(held),
  },
  'settings.backstage': {
    before: async ({ ask, path }) => {
      await ask('PATCH', path, { starts_at: new Date(Date.now() + 60_000).toISOString() });
      await ask('PATCH', path, setting({ backstage: { enabled: true, join_ahead_time_seconds: 3_600 } }));
      await ask('POST', `${path}/stop_live`, {});
    },
    change: ({ ask, path }) => ask('PATCH', path, setting({ backstage: { join_ahead_time_seconds: 0 } })),
    outcome: 'gone',
  },
  'settings.limits': {
    later: true,
    change: ({ ask, path }) => ask('PATCH', path, setting({ limits: { max_duration_seconds: 1 } })),
    outcome: 'gone',
  },
  'participation.memberRole': {
    before: async (stage) => {
      await stage.ownType();
      await membersOnly(stage);
      await stage.ask('POST', `${stage.path}/members`, { update_members: [{ user_id: 'sara' }] });
    },
    change: ({ ask, path }) => ask('POST', `${path}/members`, { remove_members: ['sara'] }),
    outcome: 'gone',
  },
  'participation.blocked': {
    change: ({ ask, path }) => ask('POST', `${path}/block`, { user_id: 'sara' }),
    outcome: 'gone',
  },
  'participation.bannedHere': {
    change: ({ ask, cid }) => ask('POST', '/moderation/ban', { target_user_id: 'sara', channel_cid: cid }),
    outcome: 'gone',
  },
  'participation.granted': {
    before: ({ ask, path }) => ask('PATCH', path, setting({ audio: { access_request_enabled: true } })),
    change: ({ ask, path }) =>
      ask('POST', `${path}/user_permissions`, { user_id: 'sara', grant_permissions: ['send-audio'] }),
    outcome: ({ sources }) => sources.includes(MICROPHONE),
  },
  'participation.revoked': {
    change: ({ ask, path }) =>
      ask('POST', `${path}/user_permissions`, { user_id: 'sara', revoke_permissions: ['send-data'] }),
    outcome: ({ data }) => !data,
  },
  'participation.epoch': {
    change: ({ ask, path }) => ask('POST', `${path}/kick`, { user_id: 'sara' }),
    outcome: 'gone',
  },
  'app.multiTenant': {
    change: ({ ask }) => ask('PATCH', '/app', { multi_tenant_enabled: true }),
    before: ({ ask }) => ask('PATCH', '/users', { users: [{ id: 'sara', set: { teams: ['red'] } }] }),
    outcome: 'gone',
    after: ({ ask }) => ask('PATCH', '/app', { multi_tenant_enabled: false }),
  },
  'app.guests': {
    before: async ({ ask }) => {
      await ask('PATCH', '/app', { guests: { enabled: true } });
      await ask('PATCH', '/users', { users: [{ id: 'sara', set: { role: 'guest' } }] });
    },
    change: ({ ask }) => ask('PATCH', '/app', { guests: { enabled: false } }),
    outcome: 'gone',
  },
  'app.anonymous': {
    before: async ({ ask }) => {
      await ask('PATCH', '/app', { anonymous_users: { enabled: true } });
      await ask('PATCH', '/users', { users: [{ id: 'sara', set: { role: 'anonymous' } }] });
    },
    change: ({ ask }) => ask('PATCH', '/app', { anonymous_users: { enabled: false } }),
    outcome: 'gone',
  },
  'facts.now': 'the clock; what it ends, timers end: settings.limits, bans',
  'facts.session': 'a session’s epoch and creation never change; participation.epoch and call.endedAt do',
  'facts.hidden': {
    join: { hidden: true },
    before: ({ ask }) => ask('PATCH', '/users', { users: [{ id: 'sara', set: { role: 'moderator' } }] }),
    change: ({ ask }) => ask('PATCH', '/users', { users: [{ id: 'sara', set: { role: 'user' } }] }),
    outcome: 'gone',
  },
};
