import type { CallCid, SessionId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { banUser } from '../bans/index.ts';
import { blockUser, unblockUser } from '../call-blocks/index.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { kickUser } from '../kicks/index.ts';
import { addSession, findSession } from '../media/index.ts';
import { createWorld, HOME, missingFields, refusedWith, type World } from '../test/world.ts';
import {
  endCutOffJoins,
  getCall,
  getOrCreateCall,
  joinCall,
  leaveCall,
  pinParticipant,
  unpinParticipant,
  updateCall,
} from './index.ts';

const cid = 'default:standup' as CallCid;
const person = (id: string) => id as UserId;

for (const engine of testEngines) {
  describe(`sessions on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob']) await world.user(id);
      await world.user('root', { role: 'admin' as never });
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const make = (settings: object = {}) =>
      getOrCreateCall(world.services, world.as('john'), { cid, data: { settings_override: settings } });
    const join = (id: string, input: object = {}, options: object = {}) =>
      joinCall(world.services, world.as(id, options), { cid, ...input });
    const leave = (id: string, input: object = {}) => leaveCall(acts(), world.as(id), { cid, ...input });
    const types = async () => (await world.events(cid)).map(({ type }) => type);
    const people = async (id = 'john') => {
      const { call } = await getCall(acts(), world.as(id), { cid });
      return (call.session?.participants ?? []).map(({ user }) => user.id);
    };
    const anonymous = (...cids: CallCid[]): ActRequest => ({
      ...world.server(),
      address: HOME,
      caller: { kind: 'anonymous', token: { issuedAt: null, expiresAt: null, callCids: cids, role: null } },
    });
    const allowAnonymous = () => updateApp(acts(), world.server(), { anonymous_users: { enabled: true } });
    const unchanged = async (work: () => Promise<unknown>, refused: object) => {
      const before = [await world.traces(), await world.rows('media_sessions'), await world.rows('calls')];
      expect(await refusedWith(work())).toMatchObject(refused);
      expect([await world.traces(), await world.rows('media_sessions'), await world.rows('calls')]).toEqual(
        before,
      );
    };

    test('[SES1] who may not join is told why, and nothing changes', async () => {
      await make({ limits: { max_participants: 1 } });
      await world.user('stranger', { role: 'nobody' as never });
      await blockUser(acts(), world.as('john'), { cid, user_id: person('bob') });
      await unchanged(() => join('bob'), { status: 403, message: 'user is blocked on this call' });
      await unchanged(() => join('stranger'), { status: 403 });
      await join('john');
      await unchanged(() => join('sara'), {
        status: 403,
        message: 'call is full (`limits.max_participants`)',
      });
    });

    test('[SES2] an unknown call is 404, and with create it is made in the same act', async () => {
      await unchanged(() => join('sara'), { status: 404 });
      await world.user('visitor', { role: 'viewer' as never });
      await unchanged(() => join('visitor', { create: true }), { status: 403 });
      const { status, body } = await join('sara', { create: true, data: { custom: { a: 1 } } });
      expect([status, body.created, body.call.custom, body.call.created_by.id]).toEqual([
        201,
        true,
        { a: 1 },
        'sara',
      ]);
      expect(await world.audits()).toMatchObject([
        { action: 'call.create', after: { session_id: body.session_id } },
      ]);
      expect(await types()).toEqual([
        'call.created',
        'call.session_started',
        'call.session_participant_joined',
      ]);
      expect((await join('bob', { create: true })).body.created).toBe(false);
    });

    test('[SES2] of many joins that create the call at once, one creates it', async () => {
      const replies = await Promise.all(['john', 'sara', 'bob'].map((id) => join(id, { create: true })));
      expect(replies.filter(({ body }) => body.created)).toHaveLength(1);
      expect((await types()).filter((type) => type === 'call.session_started')).toHaveLength(1);
    });

    test('[SES3] a server token names who joins; its address does not count', async () => {
      await make();
      const server = (input: object) => joinCall(world.services, world.server(), { cid, ...input });
      await unchanged(() => server({}), { status: 400, fields: ['user_id'] });
      await unchanged(() => server({ user_id: person('nobody') }), { status: 404 });
      await unchanged(() => join('sara', { user_id: person('bob') }), { status: 403 });
      const { body } = await server({ user_id: person('sara') });
      expect((await world.rows('media_sessions'))[0]).toMatchObject({
        by_server: 1,
        address: null,
        user_id: 'sara',
      });
      expect(body.own_capabilities).not.toContain('mute-users');
      expect((await world.audits()).at(-1)).toMatchObject({ action: 'call.join', as_id: 'sara' });
      expect((await join('sara', { user_id: person('sara') })).status).toBe(201);
    });

    test('[SES4] a join answers the call, a session and no credentials; each device has a session', async () => {
      await make();
      const first = await join('sara');
      const second = await join('sara');
      expect(first).toMatchObject({
        status: 201,
        body: { credentials: null, created: false, call: { cid } },
      });
      expect(first.body.session_id).not.toBe(second.body.session_id);
      expect(second.body.call.session?.participants).toHaveLength(2);
      expect(second.body.call.session?.participants_count_by_role).toEqual({ user: 2 });
      expect(await people('sara')).toEqual(['sara', 'sara']);
    });

    test('[SES5] who may not join, or is no member, rings nobody by it', async () => {
      await make();
      await blockUser(acts(), world.as('john'), { cid, user_id: person('bob') });
      for (const flag of [{ ring: true }, { notify: true }]) {
        await unchanged(() => join('bob', flag), { status: 403, message: 'user is blocked on this call' });
        await unchanged(() => join('sara', flag), { status: 403, message: 'only members of a call ring' });
      }
    });

    test('[SES6] of twelve joins at once as many get in as there are seats', async () => {
      await make({ limits: { max_participants: 5 } });
      const ids = Array.from({ length: 12 }, (_, index) => `guest${index}`);
      for (const id of ids) await world.user(id);
      const results = await Promise.allSettled(ids.map((id) => join(id)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
      expect((await join('root', { hidden: true })).status).toBe(201);
      expect(await people()).toHaveLength(5);
    });

    test('[SES7] a join beside a block or a ban never leaves the person in', async () => {
      await make();
      for (let round = 0; round < 8; round++) {
        const id = `racer${round}`;
        await world.user(id);
        const act = () =>
          round % 2 === 0
            ? blockUser(acts(), world.as('john'), { cid, user_id: person(id) })
            : banUser(acts(), world.services.addressBans, world.server(), { target_user_id: person(id) });
        const [, acted] = await Promise.allSettled([join(id), act(), join(id)]);
        expect(acted.status).toBe('fulfilled');
        expect(await world.isIn(id, cid)).toBe(false);
      }
    });

    /** A join with something happening between its two steps. */
    const joinWhile = (id: string, meanwhile: () => Promise<unknown>) => {
      const perform: Acts['perform'] = async (request, verb) => {
        const reply = await acts().perform(request, verb);
        await meanwhile();
        return reply;
      };
      return joinCall({ ...world.services, acts: { ...acts(), perform } }, world.as(id), { cid });
    };

    test('[SES7] an act between the two steps of a join refuses it', async () => {
      await make();
      const between: [string, () => Promise<unknown>, string][] = [
        [
          'sara',
          () => kickUser(acts(), world.as('john'), { cid, user_id: person('sara') }),
          'user was removed',
        ],
        [
          'sara',
          () => blockUser(acts(), world.as('john'), { cid, user_id: person('sara') }),
          'user is blocked',
        ],
        ['bob', () => leave('bob'), 'this session is over; join again'],
        [
          'bob',
          () =>
            banUser(acts(), world.services.addressBans, world.server(), { target_user_id: person('bob') }),
          'user is banned',
        ],
      ];
      for (const [id, meanwhile, message] of between) {
        const refused = await refusedWith(joinWhile(id, meanwhile));
        expect(refused).toMatchObject({ status: 403, message: expect.stringContaining(message) });
        expect(await world.isIn(id, cid)).toBe(false);
      }
      expect(await types()).not.toContain('call.session_started');
    });

    test('[SES7] the second step asks policy itself, and its refusal stands in the audit log', async () => {
      await make();
      const blocked = { cid, user_id: person('sara'), blocked_by_id: null, created_at: 0 };
      const refused = await refusedWith(joinWhile('sara', () => world.insert('call_blocks', blocked)));
      expect(refused).toMatchObject({ status: 403, message: 'user is blocked on this call' });
      expect(await world.isIn('sara', cid)).toBe(false);
      expect((await world.audits()).map(({ action }) => action)).toEqual(
        expect.arrayContaining(['call.create', 'call.join', 'call.join_refused']),
      );
      expect(await types()).toEqual(['call.created']);
    });

    test('[SES10] a join that was refused in its second step is refused again with the same key', async () => {
      await make();
      const request = { ...world.as('sara'), idempotency: { key: 'k', requestHash: 'h' } };
      const perform: Acts['perform'] = async (asked, verb) => {
        const reply = await acts().perform(asked, verb);
        await blockUser(acts(), world.as('john'), { cid, user_id: person('sara') });
        return reply;
      };
      const first = await refusedWith(
        joinCall({ ...world.services, acts: { ...acts(), perform } }, request, { cid }),
      );
      expect(await refusedWith(joinCall(world.services, request, { cid }))).toEqual(first);
    });

    test('[SES8] anonymous people join the calls of their token while they are switched on', async () => {
      await make();
      await unchanged(() => joinCall(world.services, anonymous(cid), { cid }), { status: 403 });
      await allowAnonymous();
      await unchanged(() => joinCall(world.services, anonymous('default:other' as CallCid), { cid }), {
        status: 403,
      });
      const { body } = await joinCall(world.services, anonymous(cid), { cid });
      const { session } = (await getCall(acts(), world.as('john'), { cid })).call;
      expect(session).toMatchObject({
        anonymous_participant_count: 1,
        participants_count_by_role: { anonymous: 1 },
      });
      const [participant] = session?.participants ?? [];
      expect(participant?.user_session_id).toBe(body.session_id);
      await kickUser(acts(), world.as('john'), { cid, user_id: participant?.user.id ?? person('') });
      expect(await people()).toEqual([]);
    });

    test('[SES9] hidden people need join-hidden, are seen by holders of it only and tell no event', async () => {
      await make();
      await unchanged(() => join('sara', { hidden: true }), { status: 403 });
      const before = await types();
      const { body } = await join('root', { hidden: true });
      expect(body.call.session?.participants).toMatchObject([{ user: { id: 'root' }, hidden: true }]);
      expect((await world.audits()).at(-1)).toMatchObject({ action: 'call.join', after: { hidden: true } });
      expect([await people('john'), await people('root')]).toEqual([[], ['root']]);
      await leave('root');
      expect(await types()).toEqual(before);
    });

    test('[SES10] a repeated Idempotency-Key answers the same session', async () => {
      await make();
      const request = { ...world.as('sara'), idempotency: { key: 'k', requestHash: 'h' } };
      const first = await joinCall(world.services, request, { cid });
      expect(await joinCall(world.services, request, { cid })).toEqual(first);
      expect(await people()).toEqual(['sara']);
    });

    test('[SES10] repeated by somebody who was blocked since, it tells nothing of the call', async () => {
      await make();
      const request = { ...world.as('sara'), idempotency: { key: 'k', requestHash: 'h' } };
      await joinCall(world.services, request, { cid });
      await blockUser(acts(), world.as('john'), { cid, user_id: person('sara') });
      expect(await refusedWith(joinCall(world.services, request, { cid }))).toMatchObject({
        status: 403,
        message: 'user is blocked on this call',
      });
      const asServer = { ...world.server(), idempotency: { key: 'k', requestHash: 'h' } };
      await unblockUser(acts(), world.as('john'), { cid, user_id: person('sara') });
      const first = await joinCall(world.services, asServer, { cid, user_id: person('sara') });
      await blockUser(acts(), world.as('john'), { cid, user_id: person('sara') });
      const again = await joinCall(world.services, asServer, { cid, user_id: person('sara') });
      expect(again.body.session_id).toBe(first.body.session_id);
      expect(await people()).toEqual([]);
    });

    test('[SES11] a join that a crash cut off holds no seat after the next start', async () => {
      await make({ limits: { max_participants: 1 } });
      await join('sara');
      const [row] = await world.rows('media_sessions');
      if (!row) throw new Error('no session');
      await leave('sara');
      const id = 'cut-off' as SessionId;
      await world.services.database.write((tx) =>
        addSession(tx, { ...row, id, state: 'pending', joined_at: null }),
      );
      expect(await refusedWith(join('sara'))).toMatchObject({ status: 403 });
      expect(await endCutOffJoins(world.services)).toBe(0);
      world.clock.advance(31_000);
      expect(await endCutOffJoins(world.services)).toBe(1);
      expect(await world.services.database.read((snapshot) => findSession(snapshot, id))).toMatchObject({
        state: 'ended',
      });
      expect((await join('sara')).status).toBe(201);
    });

    test('[SES12] the first to join starts the session, the next join it', async () => {
      await make();
      const first = await join('sara');
      await join('bob');
      expect((await types()).slice(1)).toEqual([
        'call.session_started',
        'call.session_participant_joined',
        'call.session_participant_joined',
      ]);
      for (const event of await world.events(cid)) expect(missingFields(event)).toEqual([]);
      const { call } = await getCall(acts(), world.as('bob'), { cid });
      expect(call.current_session_id).toBe(first.body.call.session?.id);
      expect(call.session).toMatchObject({
        started_at: '2026-01-01T00:00:00.000Z',
        id: call.current_session_id,
      });
    });

    test('[SES13] whoever goes is told once, with the reason', async () => {
      await make();
      const goings: [string, () => Promise<unknown>, string][] = [
        ['sara', () => leave('sara'), 'left'],
        ['sara', () => kickUser(acts(), world.as('john'), { cid, user_id: person('sara') }), 'kicked'],
        ['sara', () => blockUser(acts(), world.as('john'), { cid, user_id: person('sara') }), 'blocked'],
        [
          'bob',
          () =>
            banUser(acts(), world.services.addressBans, world.server(), { target_user_id: person('bob') }),
          'banned',
        ],
      ];
      for (const [id, go, reason] of goings) {
        await join(id);
        await go();
        const left = (await world.events(cid)).filter(({ type }) => type === 'call.session_participant_left');
        expect(left.at(-1)?.payload).toMatchObject({ reason, participant: { user: { id } } });
        expect(left.at(-1) && missingFields(left.at(-1) as never)).toEqual([]);
      }
      expect((await types()).filter((type) => type === 'call.session_participant_left')).toHaveLength(4);
    });

    test('[SES14] a join within 30 s belongs to the session, later it starts a new one', async () => {
      await make();
      const first = (await join('sara')).body.call.session;
      await leave('sara');
      expect((await getCall(acts(), world.as('sara'), { cid })).call).toMatchObject({
        current_session_id: '',
      });
      world.clock.advance(30_000);
      const again = (await join('sara')).body.call.session;
      expect(again?.id).toBe(first?.id);
      await leave('sara');
      world.clock.advance(30_001);
      const over = (await getCall(acts(), world.as('sara'), { cid })).call.session;
      expect(over).toMatchObject({ id: first?.id, ended_at: '2026-01-01T00:01:00.000Z', participants: [] });
      const later = (await join('sara')).body.call.session;
      expect(later?.id).not.toBe(first?.id);
      expect((await types()).slice(-3)).toEqual([
        'call.session_ended',
        'call.session_started',
        'call.session_participant_joined',
      ]);
    });

    test('[SES14] of two who leave at once, the last one leaves the call empty', async () => {
      await make();
      for (let round = 0; round < 5; round++) {
        await Promise.all([join('sara'), join('bob')]);
        await Promise.all([leave('sara'), leave('bob')]);
        expect((await world.rows('calls'))[0]?.session_emptied_at).not.toBeNull();
      }
    });

    test('[SES15] the list shows 250, the counts count all', async () => {
      await make();
      await join('sara');
      const [row] = await world.rows('media_sessions');
      if (!row) throw new Error('no session');
      const more = Array.from({ length: 260 }, (_, index) => ({ ...row, id: `more-${index}` as SessionId }));
      await world.insert('media_sessions', ...more);
      const { session } = (await getCall(acts(), world.as('john'), { cid })).call;
      expect(session?.participants).toHaveLength(250);
      expect(session?.participants_count_by_role).toEqual({ user: 261 });
    });

    test('[SES16] leaving ends one session or all of one’s own, and never another’s', async () => {
      await make();
      const mine = (await join('sara')).body.session_id;
      await join('sara');
      const his = (await join('bob')).body.session_id;
      await unchanged(() => leave('sara', { user_id: person('bob') }), { status: 403 });
      const before = await world.traces();
      expect((await leave('sara', { session_id: his })).status).toBe(200);
      expect((await leave('john')).status).toBe(200);
      expect(await world.traces()).toEqual(before);
      await leave('sara', { session_id: mine });
      expect(await people()).toEqual(['sara', 'bob']);
      const reply = await leave('sara');
      expect(reply.enforcement).toMatchObject({ state: 'no_media' });
      expect(await people()).toEqual(['bob']);
    });

    test('[SES17] a server names who leaves, an anonymous caller the session', async () => {
      await make();
      await allowAnonymous();
      const { body } = await joinCall(world.services, anonymous(cid), { cid });
      await join('sara');
      await unchanged(() => leaveCall(acts(), world.server(), { cid }), { status: 400, fields: ['user_id'] });
      await unchanged(() => leaveCall(acts(), anonymous(cid), { cid }), {
        status: 400,
        fields: ['session_id'],
      });
      await leaveCall(
        acts(),
        { ...anonymous(cid), address: '203.0.113.99' },
        { cid, session_id: body.session_id },
      );
      expect(await people()).toHaveLength(2);
      await leaveCall(acts(), anonymous(cid), { cid, session_id: body.session_id });
      await leaveCall(acts(), world.server(), { cid, user_id: person('sara') });
      expect(await people()).toEqual([]);
    });

    test('[SES18] [SES19] pinning needs pin-for-everyone and a session of that person in the call', async () => {
      await make();
      const session_id = (await join('sara')).body.session_id;
      const hidden = (await join('root', { hidden: true })).body.session_id;
      const pin = (id: string, user: string, session: SessionId) =>
        pinParticipant(acts(), world.as(id), { cid, user_id: person(user), session_id: session });
      await unchanged(() => pin('sara', 'sara', session_id), { status: 403 });
      const unpin = () =>
        unpinParticipant(acts(), world.as('sara'), { cid, user_id: person('sara'), session_id });
      await unchanged(unpin, { status: 403 });
      await unchanged(() => pin('john', 'bob', session_id), { status: 404 });
      await unchanged(() => pin('john', 'sara', 'nothing' as SessionId), { status: 404 });
      await unchanged(() => pin('john', 'root', hidden), { status: 404 });
    });

    test('[SES20] a pin is shown, told once, and ends with the session', async () => {
      await make();
      const session_id = (await join('sara')).body.session_id;
      const input = { cid, user_id: person('sara'), session_id };
      await pinParticipant(acts(), world.as('john'), input);
      const pins = async () => (await getCall(acts(), world.as('bob'), { cid })).call.session?.pins;
      expect(await pins()).toMatchObject([{ user_id: 'sara', session_id }]);
      const traces = await world.traces();
      await pinParticipant(acts(), world.as('john'), input);
      expect(await world.traces()).toEqual(traces);
      await unpinParticipant(acts(), world.as('john'), input);
      await unpinParticipant(acts(), world.as('john'), input);
      expect(await pins()).toEqual([]);
      expect((await types()).slice(-2)).toEqual(['call.pinned', 'call.unpinned']);
      for (const event of await world.events(cid)) expect(missingFields(event)).toEqual([]);
      await pinParticipant(acts(), world.as('john'), input);
      await leave('sara');
      expect(await world.rows('call_pins')).toEqual([]);
      await updateCall(acts(), world.as('john'), { cid, custom: {} });
    });
  });
}
