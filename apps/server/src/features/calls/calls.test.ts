import { CAPABILITIES, type CallCid, type CallRequest, type UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { endCall, getCall, getOrCreateCall, goLive, joinCall, stopLive, updateCall } from './index.ts';

const cid = 'default:standup' as CallCid;
const person = (id: string) => id as UserId;

for (const engine of testEngines) {
  describe(`calls on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob']) await world.user(id);
      await world.user('root', { role: 'admin' as never });
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const get = (id: string, options: object = {}) => getCall(acts(), world.as(id), { cid, ...options });
    const upsert = (id: string, data: CallRequest = {}, rest: object = {}) =>
      getOrCreateCall(world.services, id === 'server' ? world.server() : world.as(id), {
        cid,
        data,
        ...rest,
      });
    const ban = (id: string, inCall: CallCid | '' = '') =>
      world.insert('bans', {
        ...{
          id: `ban-${id}` as never,
          target_user_id: person(id),
          cid: inCall,
          banned_by_id: null,
          reason: null,
        },
        ...{ ip_ban: 0, shadow: 0, delete_messages: null, created_at: 0, expires_at: null },
      });
    const block = (id: string) =>
      world.insert('call_blocks', { cid, user_id: person(id), blocked_by_id: null, created_at: 0 });
    const unchanged = async (work: () => Promise<unknown>, refused: object) => {
      const before = [await world.traces(), await world.rows('calls'), await world.rows('call_members')];
      expect(await refusedWith(work())).toMatchObject(refused);
      expect([await world.traces(), await world.rows('calls'), await world.rows('call_members')]).toEqual(
        before,
      );
    };

    test('[CAL1] an unknown call is 404 to read, change, end, open and close', async () => {
      for (const request of [world.as('sara'), world.server()]) {
        for (const verb of [getCall, updateCall, endCall, goLive, stopLive]) {
          expect(await refusedWith(verb(acts(), request, { cid }) as Promise<unknown>)).toMatchObject({
            status: 404,
          });
        }
      }
    });

    test('[CAL2] the blocked, the banned here and people without read-call may not read', async () => {
      await world.call(cid, { createdBy: 'john' });
      await block('sara');
      await ban('bob', cid);
      await world.user('outsider', { role: 'nobody' as never });
      for (const id of ['sara', 'bob', 'outsider']) {
        expect(await refusedWith(get(id))).toMatchObject({ status: 403, kind: 'not_allowed' });
        expect(await refusedWith(upsert(id))).toMatchObject({ status: 403 });
      }
    });

    test('[CAL3] the reply tells call, members, own membership and sorted capabilities', async () => {
      await world.call(cid, {
        createdBy: 'john',
        members: { john: 'host', sara: 'call_member', bob: 'viewer' },
      });
      await block('bob');
      const seen = await get('sara', { members_limit: 1 });
      expect(seen.call).toMatchObject({
        ...{ cid, type: 'default', id: 'standup', created_by: { id: 'john' }, custom: {}, backstage: false },
        ...{ recording: false, transcribing: false, blocked_user_ids: ['bob'], current_session_id: '' },
      });
      expect(seen.call.session).toBeUndefined();
      expect(seen.members.map(({ user_id }) => user_id)).toEqual(['bob']);
      expect(seen.membership).toMatchObject({ user_id: 'sara', role: 'call_member', user: { id: 'sara' } });
      expect(seen.blocked_users.map(({ id }) => id)).toEqual(['bob']);
      expect(seen.own_capabilities).toEqual([...seen.own_capabilities].sort());
      expect(seen.own_capabilities).toContain('send-audio');
      const server = await getCall(acts(), world.server(), { cid });
      expect(server.own_capabilities).toEqual([...CAPABILITIES].sort());
      expect(server.membership).toBeUndefined();
    });

    test('[CAL4] of a deleted creator or member only the id is told', async () => {
      await world.user('ghost', { name: 'Ghost', image: 'x', custom: '{"a":1}', deleted_at: 5 });
      await world.call(cid, { createdBy: 'ghost', members: { ghost: 'call_member' } });
      const seen = await get('sara');
      for (const user of [seen.call.created_by, seen.members[0]?.user]) {
        expect(user).toMatchObject({ id: 'ghost', custom: {}, teams: [] });
        expect(user).not.toHaveProperty('name');
      }
    });

    test('[CAL6] creating is refused without create-call and to the banned', async () => {
      await world.user('visitor', { role: 'viewer' as never });
      await ban('bob');
      await unchanged(() => upsert('visitor'), { status: 403 });
      await unchanged(() => upsert('bob'), { status: 403, message: 'user is banned' });
      await unchanged(() => upsert('server', { created_by_id: person('bob') }), { status: 403 });
      await ban('sara', cid);
      await unchanged(() => upsert('sara'), { status: 403 });
    });

    test('[CAL7] a server names an existing, active creator; a user token only itself', async () => {
      await world.user('away', { deactivated_at: 1 });
      await unchanged(() => upsert('server'), { status: 400, fields: ['data.created_by_id'] });
      await unchanged(() => upsert('server', { created_by_id: person('nobody') }), { status: 404 });
      await unchanged(() => upsert('server', { created_by_id: person('away') }), { status: 403 });
      await unchanged(() => upsert('sara', { created_by_id: person('john') }), { status: 403 });
      expect((await upsert('sara', { created_by_id: person('sara') })).status).toBe(201);
    });

    test('[CAL8] a new call is 201 with one record and one call.created', async () => {
      const made = await upsert('server', {
        ...{ created_by_id: person('john'), custom: { topic: 'x' }, starts_at: '2026-05-01T10:00:00+02:00' },
        members: [{ user_id: person('sara') }],
      });
      expect(made).toMatchObject({ status: 201, body: { created: true } });
      expect(made.body.call).toMatchObject({ custom: { topic: 'x' }, starts_at: '2026-05-01T08:00:00.000Z' });
      expect(await world.audits()).toMatchObject([{ action: 'call.create', as_id: 'john', cid }]);
      const [event, ...others] = await world.events(cid);
      expect(others).toEqual([]);
      expect(event).toMatchObject({ type: 'call.created', audience: { members: ['sara'], users: ['john'] } });
      expect(event && missingFields(event)).toEqual([]);
      expect(await upsert('john')).toMatchObject({ status: 200, body: { created: false } });
      expect(await world.traces()).toEqual({ audits: 1, events: 1 });
    });

    test('[CAL9] the creator is host unless listed otherwise; members exist, each once', async () => {
      const members = (...ids: string[]) => ({ members: ids.map((id) => ({ user_id: person(id) })) });
      await unchanged(() => upsert('john', members('nobody')), { status: 404 });
      await unchanged(() => upsert('john', members('sara', 'sara')), {
        status: 400,
        fields: ['data.members[1].user_id'],
      });
      const made = await upsert('john', members('john', 'sara'));
      expect(made.body.members.map(({ user_id, role }) => [user_id, role])).toEqual([
        ['john', 'host'],
        ['sara', 'call_member'],
      ]);
      const other = 'default:other' as CallCid;
      await getOrCreateCall(world.services, world.server(), {
        cid: other,
        data: {
          created_by_id: person('john'),
          members: [{ user_id: person('john'), role: 'viewer' as never }],
        },
      });
      expect((await world.policy('john', other)).roles).toEqual(['user', 'viewer']);
      await getOrCreateCall(world.services, world.as('sara'), { cid: 'default:third' as CallCid });
      expect((await world.policy('sara', 'default:third' as CallCid)).roles).toEqual(['user', 'host']);
    });

    test('[CAL10] nobody gives roles of their own rank or above, nor any to themselves', async () => {
      const giving = (id: string, role: string) => ({
        members: [{ user_id: person(id), role: role as never }],
      });
      for (const role of ['host', 'moderator', 'admin']) {
        await unchanged(() => upsert('john', giving('sara', role)), { status: 403 });
      }
      await unchanged(() => upsert('john', giving('john', 'admin')), { status: 403 });
      await unchanged(() => upsert('john', giving('john', 'speaker')), { status: 403 });
      expect((await upsert('john', giving('sara', 'speaker'))).status).toBe(201);
      await unchanged(() => upsert('john', giving('sara', 'host')), { status: 403 });
      await upsert('root', giving('sara', 'host'));
      await unchanged(() => upsert('john', giving('sara', 'viewer')), { status: 403 });
    });

    test('[CAL11] unknown types are 404; custom and settings are bounded', async () => {
      const nowhere = { cid: 'nowhere:x' as CallCid };
      expect(await refusedWith(getOrCreateCall(world.services, world.as('john'), nowhere))).toMatchObject({
        status: 404,
      });
      const custom = { a: 'x'.repeat(5200) };
      await unchanged(() => upsert('john', { custom }), { status: 400, fields: ['data.custom'] });
      const settings_override = { a: 'x'.repeat(17_000) } as never;
      await unchanged(() => upsert('john', { settings_override }), {
        status: 400,
        fields: ['data.settings_override'],
      });
      await upsert('john');
      await unchanged(() => upsert('john', { custom }), { status: 400, fields: ['data.custom'] });
      await unchanged(() => upsert('john', { starts_at: 'soon' }), {
        status: 400,
        fields: ['data.starts_at'],
      });
    });

    test('[CAL12] with multi-tenancy, creator and members belong to the team of the call', async () => {
      await updateApp(acts(), world.server(), { multi_tenant_enabled: true });
      await world.user('red', { teams: '["red"]' });
      await world.user('red2', { teams: '["red","blue"]' });
      await unchanged(() => upsert('red', {}), { status: 403 });
      await unchanged(() => upsert('red', { team: 'blue' }), { status: 403 });
      await unchanged(() => upsert('red', { team: 'red', members: [{ user_id: person('sara') }] }), {
        status: 403,
      });
      const made = await upsert('red', { team: 'red', members: [{ user_id: person('red2') }] });
      expect(made.body.call).toMatchObject({ team: 'red' });
      expect(await refusedWith(get('sara'))).toMatchObject({ status: 403 });
      await unchanged(() => upsert('red', { team: 'blue' }), { status: 400, fields: ['data.team'] });
    });

    test('[CAL13] ringing and notifying are 403 for the banned, and create nothing', async () => {
      await ban('bob');
      for (const flag of [{ ring: true }, { notify: true }]) {
        await unchanged(() => upsert('bob', {}, flag), { status: 403 });
        await unchanged(() => upsert('server', { created_by_id: person('bob') }, flag), { status: 403 });
      }
      await upsert('john');
      await unchanged(() => upsert('bob', {}, { ring: true }), { status: 403, message: 'user is banned' });
      await unchanged(() => upsert('server', { created_by_id: person('bob') }, { ring: true }), {
        status: 403,
      });
      await block('sara');
      await unchanged(() => upsert('server', { created_by_id: person('sara') }, { notify: true }), {
        status: 403,
        message: 'user is blocked on this call',
      });
    });

    test('[CAL14] each field asks for its own capability and nothing changes without one', async () => {
      await upsert('john');
      await world.user('mod', { role: 'moderator' as never });
      const fields: CallRequest[] = [
        { custom: { a: 1 } },
        { starts_at: '2026-05-01T10:00:00Z' },
        { settings_override: { audio: { enabled: false } } },
        { members: [{ user_id: person('bob') }] },
      ];
      for (const data of fields) {
        await unchanged(() => upsert('sara', data), { status: 403 });
        if (!data.members)
          await unchanged(() => updateCall(acts(), world.as('sara'), { cid, ...data }), { status: 403 });
      }
      const both = { custom: { a: 1 }, settings_override: { audio: { enabled: false } } };
      await unchanged(() => upsert('mod', both), {
        status: 403,
        message: 'this needs the capability update-call-settings',
      });
      expect((await upsert('mod', { custom: { a: 1 } })).body.call.custom).toEqual({ a: 1 });
      await unchanged(() => updateCall(acts(), world.as('sara'), { cid }), { status: 403 });
    });

    test('[CAL15] custom is replaced, settings merge key by key, starts_at null clears', async () => {
      await upsert('john', { custom: { a: 1, b: 2 }, starts_at: '2026-05-01T10:00:00Z' });
      await upsert('john', {
        settings_override: { screensharing: { enabled: true }, mood: { red: 1 } } as never,
      });
      const { body } = await upsert('john', {
        ...{ custom: { c: 3 }, starts_at: null },
        settings_override: { screensharing: { access_request_enabled: true }, mood: { blue: 2 } } as never,
      });
      expect(body.call.custom).toEqual({ c: 3 });
      expect(body.call).not.toHaveProperty('starts_at');
      expect(body.call.settings).toMatchObject({
        ...{ screensharing: { enabled: true, access_request_enabled: true }, mood: { red: 1, blue: 2 } },
        audio: { enabled: true },
      });
    });

    test('[CAL16] PATCH takes fields at the top level and in data; created_by_id is for the audit log', async () => {
      await upsert('john');
      await unchanged(
        () => updateCall(acts(), world.server(), { cid, data: { created_by_id: person('nobody') } }),
        { status: 404 },
      );
      const { body } = await updateCall(acts(), world.server(), {
        ...{ cid, custom: { top: 1 } },
        data: {
          custom: { nested: 1 },
          created_by_id: person('sara'),
          settings_override: { audio: { enabled: false } },
        },
      });
      expect(body.call).toMatchObject({ custom: { top: 1 }, created_by: { id: 'john' } });
      expect(body.call.settings.audio.enabled).toBe(false);
      expect((await world.audits()).at(-1)).toMatchObject({ action: 'call.update', as_id: 'sara' });
    });

    test('[CAL17] a change is one record and one call.updated; the same again is neither', async () => {
      await upsert('john', { custom: { a: 1 } });
      world.clock.advance(1000);
      await upsert('john', { custom: { a: 2 } });
      expect((await world.audits()).at(-1)).toMatchObject({
        ...{
          action: 'call.update',
          actor_id: 'john',
          before: { custom: { a: 1 } },
          after: { custom: { a: 2 } },
        },
      });
      const [, event] = await world.events(cid);
      expect(event).toMatchObject({ type: 'call.updated', payload: { actor: { id: 'john' } } });
      expect(event && missingFields(event)).toEqual([]);
      await upsert('john', { custom: { a: 2 } });
      await updateCall(acts(), world.as('john'), { cid, custom: { a: 2 }, settings_override: {} });
      expect(await world.traces()).toEqual({ audits: 2, events: 2 });
    });

    test('[CAL18] a change of settings holds for people in the call before the reply', async () => {
      await upsert('john');
      await joinCall(world.services, world.as('sara'), { cid });
      await joinCall(world.services, world.as('john'), { cid });
      const { enforcement } = await updateCall(acts(), world.as('john'), {
        ...{ cid, settings_override: { screensharing: { enabled: true, access_request_enabled: true } } },
      });
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 2 });
      expect((await get('sara')).own_capabilities).not.toContain('screenshare');
      expect((await get('john')).own_capabilities).toContain('screenshare');
      const other = await updateCall(acts(), world.as('john'), { cid, custom: { a: 1 } });
      expect(other).not.toHaveProperty('enforcement');
    });

    test('[CAL19] ending and backstage need their capabilities', async () => {
      await upsert('john');
      await world.user('mod', { role: 'moderator' as never });
      for (const verb of [endCall, goLive, stopLive])
        await unchanged(() => verb(acts(), world.as('sara'), { cid }), { status: 403 });
      await unchanged(() => endCall(acts(), world.as('mod'), { cid }), { status: 403 });
    });

    test('[CAL20] ending removes everybody and keeps out who lacks join-ended-call; twice is a no-op', async () => {
      await upsert('john');
      await joinCall(world.services, world.as('sara'), { cid });
      world.clock.advance(1000);
      const { enforcement } = await endCall(acts(), world.as('john'), { cid });
      expect(enforcement).toMatchObject({ sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
      const types = (await world.events(cid)).map(({ type }) => type);
      expect(types.slice(-3)).toEqual(['call.ended', 'call.session_ended', 'call.session_participant_left']);
      expect((await world.events(cid)).at(-1)?.payload).toMatchObject({ reason: 'ended' });
      const traces = await world.traces();
      expect((await endCall(acts(), world.as('john'), { cid })).status).toBe(200);
      expect(await world.traces()).toEqual(traces);
      expect(await refusedWith(joinCall(world.services, world.as('sara'), { cid }))).toMatchObject({
        message: 'call has ended',
      });
      const back = await joinCall(world.services, world.as('root'), { cid });
      expect(back.body.call).toMatchObject({ ended_at: '2026-01-01T00:00:01.000Z' });
      expect(back.body.call.session?.participants).toHaveLength(1);
      expect(await world.isIn('root', cid)).toBe(true);
    });

    test('[CAL21] a call with a backstage starts in it; join_ahead_time_seconds opens it', async () => {
      const live = 'livestream:show' as CallCid;
      const made = await getOrCreateCall(world.services, world.as('john'), {
        cid: live,
        data: {
          starts_at: '2026-01-01T00:10:00Z',
          settings_override: { backstage: { join_ahead_time_seconds: 60 } },
        },
      });
      expect(made.body.call.backstage).toBe(true);
      const join = (id: string) => joinCall(world.services, world.as(id), { cid: live });
      expect(await refusedWith(join('sara'))).toMatchObject({ message: 'call is in backstage' });
      await join('john');
      world.clock.advance(9 * 60_000);
      expect((await join('sara')).status).toBe(201);
    });

    test('[CAL22] going live opens the call; twice is a no-op, recording is not supported', async () => {
      const live = 'livestream:show' as CallCid;
      await getOrCreateCall(world.services, world.as('john'), { cid: live });
      for (const option of [{ start_hls: true }, { start_recording: true }]) {
        const refused = goLive(acts(), world.as('john'), { cid: live, ...option });
        expect(await refusedWith(refused)).toMatchObject({ kind: 'feature_not_supported' });
      }
      const { body } = await goLive(acts(), world.as('john'), { cid: live });
      expect(body.call.backstage).toBe(false);
      expect((await world.events(live)).map(({ type }) => type)).toContain('call.live_started');
      const traces = await world.traces();
      await goLive(acts(), world.as('john'), { cid: live });
      expect(await world.traces()).toEqual(traces);
      expect((await joinCall(world.services, world.as('sara'), { cid: live })).status).toBe(201);
    });

    test('[CAL23] stopping removes who lacks join-backstage; without a backstage it is 400', async () => {
      await upsert('john');
      await unchanged(() => stopLive(acts(), world.as('john'), { cid }), {
        ...{ status: 400, fields: ['settings.backstage.enabled'] },
      });
      const live = 'livestream:show' as CallCid;
      await getOrCreateCall(world.services, world.as('john'), { cid: live });
      await goLive(acts(), world.as('john'), { cid: live });
      for (const id of ['sara', 'john']) await joinCall(world.services, world.as(id), { cid: live });
      const { body, enforcement } = await stopLive(acts(), world.as('john'), { cid: live });
      expect([body.call.backstage, enforcement?.sessions]).toEqual([true, 2]);
      expect([await world.isIn('sara', live), await world.isIn('john', live)]).toEqual([false, true]);
      const traces = await world.traces();
      await stopLive(acts(), world.as('john'), { cid: live });
      expect(await world.traces()).toEqual(traces);
      await updateCall(acts(), world.as('john'), {
        cid: live,
        settings_override: { backstage: { enabled: false } },
      });
      expect((await getCall(acts(), world.as('sara'), { cid: live })).call.backstage).toBe(false);
    });
  });
}
