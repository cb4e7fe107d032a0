import { expect } from 'vitest';
import { type MediaKind, until } from '../clients/index.ts';
import type { Entry, Scene, Who } from './scene.ts';

/** Somebody's media of a kind. */
export type Heard = readonly [who: Who, kind: MediaKind];

/** A row of the table of acts that take media away. Dan is heard all the while, unless he is among those who fall silent. */
export interface Row {
  readonly name: string;
  /** What must fall silent. */
  readonly silent: readonly Heard[];
  /** What the same people send that must go on. */
  readonly goesOn?: readonly Heard[];
  /** Before anybody is in. */
  before?(scene: Scene): Promise<unknown>;
  /** How those come in of whom media falls silent. */
  readonly entry?: Entry;
  /** The act comes while what must fall silent is not published yet. */
  readonly pending?: true;
  act(scene: Scene): Promise<unknown>;
  /** By the clock or by a task: nothing is said of enforcement in the reply. */
  readonly later?: true;
  /** Everybody goes, those who listen too, and the call is over. */
  readonly ends?: true;
  /** Why those who are out may not come back; absent: they may at once. A number: the status alone. */
  readonly refused?: Partial<Record<Who, string | number>>;
  /** What is done while it is silent, and leaves it so. */
  meanwhile?(scene: Scene): Promise<unknown>;
  /** The act that takes it back. */
  back?(scene: Scene): Promise<unknown>;
  /** How they come back. */
  readonly entryBack?: Entry;
}

const KINDS = ['microphone', 'camera', 'screen', 'screen-audio'] as const;
const FIELDS = {
  ...{ microphone: 'audio', camera: 'video', screen: 'screenshare' },
  'screen-audio': 'screenshare_audio',
} as const;
const SARA: readonly Heard[] = [['sara', 'microphone']];
const SARA_AND_CARL: readonly Heard[] = [...SARA, ['carl', 'microphone']];

const mute =
  (kind: MediaKind, ...who: Who[]) =>
  ({ ask, path, id }: Scene) =>
    ask('POST', `${path}/mute_users`, { user_ids: who.map(id), [FIELDS[kind as keyof typeof FIELDS]]: true });
const permit = ({ ask, path, id }: Scene, what: 'grant' | 'revoke', ...permissions: string[]) =>
  ask('POST', `${path}/user_permissions`, { user_id: id('sara'), [`${what}_permissions`]: permissions });
const set = ({ ask, path }: Scene, settings_override: object) => ask('PATCH', path, { settings_override });

/** Who may, unmutes themselves: each row ends so. */
export const MUTES: readonly Row[] = [
  ...KINDS.map(
    (kind): Row => ({
      name: `a mute of a ${kind}`,
      silent: [['sara', kind]],
      goesOn: KINDS.filter((other) => other !== kind).map((other) => ['sara', other]),
      act: mute(kind, 'sara'),
    }),
  ),
  {
    ...{ name: 'a mute of several', silent: SARA_AND_CARL },
    act: mute('microphone', 'sara', 'carl'),
  },
  {
    ...{ name: 'a mute of all others' },
    silent: [...SARA_AND_CARL, ['dan', 'microphone']],
    goesOn: [['bob', 'microphone']],
    act: ({ ask, path }) => ask('POST', `${path}/mute_users`, { mute_all_users: true, audio: true }, 'bob'),
  },
  {
    ...{ name: 'a mute of a microphone that is not published yet', silent: SARA, pending: true },
    goesOn: [['sara', 'camera']],
    act: mute('microphone', 'sara'),
  },
  {
    ...{ name: 'a mute of a camera that is not published yet', silent: [['sara', 'camera']] },
    ...{ goesOn: SARA, pending: true },
    act: mute('camera', 'sara'),
  },
  {
    ...{ name: 'a mute, through reconnecting, publishing anew and coming back', silent: SARA },
    goesOn: [['sara', 'camera']],
    act: mute('microphone', 'sara'),
    async meanwhile(scene) {
      const { client } = scene.present('sara');
      await client.dropSignal();
      await until('it is back', async () =>
        (await client.events()).some(({ state }) => state === 'reconnected'),
      );
      await client.unpublish('microphone');
      await client.publish('microphone');
      await client.leave();
      await until('she has left', async () => !(await scene.there()).includes('sara'));
      await scene.enter('sara');
      await scene.publish('sara', 'microphone', 'camera');
    },
  },
  {
    ...{ name: 'a mute of somebody who may speak no more, until they may', silent: SARA },
    goesOn: [['sara', 'camera']],
    act: mute('microphone', 'sara'),
    async meanwhile(scene) {
      await permit(scene, 'revoke', 'send-audio');
      await scene.present('sara').client.unmute('microphone');
      await expect(scene.publish('sara', 'microphone')).rejects.toThrow();
    },
    async back(scene) {
      await permit(scene, 'grant', 'send-audio');
      await scene.publish('sara', 'microphone');
    },
  },
];

const MAY = ['join-call', 'read-call'];
const SPEAKS = [...MAY, 'send-audio'];
/** A type of its own in which Dan speaks by his call role. */
async function ownType(scene: Scene, more: Readonly<Record<string, readonly string[]>> = {}): Promise<void> {
  await scene.ownType({ host: MAY, user: MAY, call_member: MAY, speaker: SPEAKS, ...more });
  await member(scene, 'dan', 'speaker');
}
const member = ({ ask, path, id }: Scene, who: Who, role = 'call_member') =>
  ask('POST', `${path}/members`, { update_members: [{ user_id: id(who), role }] });
const setUser = ({ ask, id }: Scene, fields: object) =>
  ask('PATCH', '/users', { users: [{ id: id('sara'), set: fields }] });
/** Sara speaks by her application role, which has the scene's name. */
async function orator(scene: Scene): Promise<void> {
  await scene.ask('POST', '/roles', { name: scene.name });
  await ownType(scene, { [scene.name]: SPEAKS });
  await setUser(scene, { role: scene.name });
}
const grants = ({ ask, name }: Scene, held: readonly string[]) =>
  ask('PUT', `/video/calltypes/${name}`, {
    grants: { host: MAY, user: MAY, call_member: MAY, speaker: SPEAKS, [name]: held },
  });

/** What is taken away is unpublished, and publishing it anew refused until the act that gives it back. */
export const RIGHTS: readonly Row[] = [
  {
    name: 'a revoke of every kind',
    silent: KINDS.map((kind) => ['sara', kind]),
    act: (scene) => permit(scene, 'revoke', 'send-audio', 'send-video', 'screenshare'),
    back: (scene) => permit(scene, 'grant', 'send-audio', 'send-video', 'screenshare'),
  },
  {
    ...{ name: 'a setting to off', silent: [['sara', 'camera']], goesOn: SARA },
    act: (scene) => set(scene, { video: { enabled: false } }),
    back: (scene) => set(scene, { video: { enabled: true } }),
  },
  {
    ...{ name: 'a setting to on request, until a grant', silent: [['sara', 'camera']], goesOn: SARA },
    act: (scene) => set(scene, { video: { access_request_enabled: true } }),
    back: (scene) => permit(scene, 'grant', 'send-video'),
  },
  {
    ...{ name: 'a call role that goes', silent: SARA },
    before: async (scene) => {
      await ownType(scene);
      await member(scene, 'sara', 'speaker');
    },
    act: (scene) => member(scene, 'sara'),
    back: (scene) => member(scene, 'sara', 'speaker'),
  },
  {
    ...{ name: 'an application role that goes', silent: SARA, before: orator },
    act: (scene) => setUser(scene, { role: 'user' }),
    back: (scene) => setUser(scene, { role: scene.name }),
  },
  {
    ...{ name: 'a grant of the call type that goes', silent: SARA, before: orator },
    act: (scene) => grants(scene, MAY),
    back: (scene) => grants(scene, SPEAKS),
  },
];

const ban = ({ ask, id }: Scene, more: object = {}) =>
  ask('POST', '/moderation/ban', { target_user_id: id('sara'), ...more });
const unban = ({ ask, id }: Scene, more: object = {}) =>
  ask('DELETE', '/moderation/ban', { target_user_id: id('sara'), ...more });
const onUser = ({ ask, id }: Scene, what: string) => ask('POST', `/users/${id('sara')}/${what}`, {});
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** Who is out is told so, heard no more and let in again by what takes the act back, with a new session. */
export const REMOVALS: readonly Row[] = [
  {
    ...{ name: 'a block', silent: SARA, refused: { sara: 'blocked' } },
    act: ({ ask, path, id }) => ask('POST', `${path}/block`, { user_id: id('sara') }),
    back: ({ ask, path, id }) => ask('POST', `${path}/unblock`, { user_id: id('sara') }),
  },
  {
    ...{ name: 'a kick', silent: SARA },
    act: ({ ask, path, id }) => ask('POST', `${path}/kick`, { user_id: id('sara') }),
  },
  { ...{ name: 'a ban', silent: SARA, refused: { sara: 'banned' } }, act: ban, back: unban },
  {
    ...{ name: 'a ban from the call', silent: SARA, refused: { sara: 'banned_here' } },
    act: (scene) => ban(scene, { channel_cid: scene.cid }),
    back: (scene) => unban(scene, { channel_cid: scene.cid }),
  },
  {
    ...{ name: 'a ban of the address, of others there too', silent: SARA_AND_CARL },
    ...{ entry: { tokenAge: 0, fromThere: true }, refused: { sara: 'banned', carl: 'address_banned' } },
    ...{ act: (scene) => ban(scene, { ip_ban: true }), back: unban },
  },
  {
    ...{ name: 'a deactivation', silent: SARA, refused: { sara: 'deactivated' } },
    act: (scene) => onUser(scene, 'deactivate'),
    back: (scene) => onUser(scene, 'reactivate'),
  },
  {
    ...{ name: 'a deletion', silent: SARA, later: true, refused: { sara: 'deleted' } },
    act: ({ ask, id }) => ask('POST', '/users/delete', { user_ids: [id('sara')] }),
    back: ({ ask, id }) => ask('POST', '/users/restore', { user_ids: [id('sara')] }),
  },
  {
    ...{ name: 'a revocation of the person’s tokens', silent: SARA, refused: { sara: 401 } },
    ...{ entry: { tokenAge: 100 }, entryBack: { tokenAge: 0 } },
    act: (scene) => setUser(scene, { revoke_tokens_issued_before: ago(50) }),
  },
  {
    // Long ago: other rows are at work beside it.
    ...{ name: 'a revocation of all tokens', silent: SARA, later: true, refused: { sara: 401 } },
    ...{ entry: { tokenAge: 1_000 }, entryBack: { tokenAge: 0 } },
    act: ({ ask }) => ask('PATCH', '/app', { revoke_tokens_issued_before: ago(500) }),
  },
  {
    ...{
      name: 'a member removed from a members-only call',
      silent: SARA,
      refused: { sara: 'no_capability' },
    },
    before: async (scene) => {
      await ownType(scene, { user: ['read-call'], call_member: SPEAKS });
      await member(scene, 'sara');
    },
    act: ({ ask, path, id }) => ask('POST', `${path}/members`, { remove_members: [id('sara')] }),
    back: (scene) => member(scene, 'sara'),
  },
  {
    ...{ name: 'a change of teams', silent: SARA, refused: { sara: 'team' } },
    act: (scene) => setUser(scene, { teams: ['red'] }),
    back: (scene) => setUser(scene, { teams: [] }),
  },
  {
    ...{ name: 'a stop of the live', silent: SARA, refused: { sara: 'backstage' } },
    async before(scene) {
      await member(scene, 'dan', 'speaker');
      await set(scene, { backstage: { enabled: true } });
      await scene.ask('POST', `${scene.path}/go_live`, {});
    },
    act: ({ ask, path }) => ask('POST', `${path}/stop_live`, {}),
    back: ({ ask, path }) => ask('POST', `${path}/go_live`, {}),
  },
  {
    ...{ name: 'the right to join that is revoked', silent: SARA, refused: { sara: 'no_capability' } },
    act: (scene) => permit(scene, 'revoke', 'join-call'),
    back: (scene) => permit(scene, 'grant', 'join-call'),
  },
  {
    ...{ name: 'the end of a call', silent: SARA, ends: true, refused: { sara: 'ended' } },
    act: ({ ask, path }) => ask('POST', `${path}/mark_ended`, {}),
    back: ({ moveOn }) => moveOn(),
  },
  {
    ...{ name: 'the longest duration', silent: SARA, ends: true, later: true, refused: { sara: 'ended' } },
    async act(scene) {
      const { call } = await scene.ask('GET', scene.path);
      const { session } = call as { session: { started_at: string } };
      const seconds = Math.ceil((Date.now() - Date.parse(session.started_at)) / 1000) + 2;
      await set(scene, { limits: { max_duration_seconds: seconds } });
    },
    back: ({ moveOn }) => moveOn(),
  },
];

/** A call whose door is shut to Sara while Bob and Dan are in. */
export interface Shut {
  readonly name: string;
  before?(scene: Scene): Promise<unknown>;
  shut(scene: Scene): Promise<unknown>;
  readonly refused: string;
  open(scene: Scene): Promise<unknown>;
}

export const DOORS: readonly Shut[] = [
  {
    ...{ name: 'a call that is backstage', refused: 'backstage' },
    async before(scene) {
      await member(scene, 'dan', 'speaker');
      await set(scene, { backstage: { enabled: true } });
      await scene.ask('POST', `${scene.path}/go_live`, {});
    },
    shut: ({ ask, path }) => ask('POST', `${path}/stop_live`, {}),
    open: ({ ask, path }) => ask('POST', `${path}/go_live`, {}),
  },
  {
    ...{ name: 'a call that is full', refused: 'full' },
    shut: (scene) => set(scene, { limits: { max_participants: 2 } }),
    open: (scene) => set(scene, { limits: { max_participants: 3 } }),
  },
];
