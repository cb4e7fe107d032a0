import type { CallTypeName, CreateCallTypeRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { getOrCreateCall, joinCall } from '../calls/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import {
  createCallType,
  deleteCallType,
  getCallType,
  listCallTypes,
  seedCallTypes,
  updateCallType,
} from './index.ts';

const named = (name: string) => name as CallTypeName;

for (const engine of testEngines) {
  describe(`call types on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('root', { role: 'admin' as never });
    });
    afterEach(() => world.close());

    const create = (input: CreateCallTypeRequest) =>
      createCallType(world.services.acts, world.server(), input);
    const update = (name: string, input: object) =>
      updateCallType(world.services.acts, world.server(), { ...input, name: named(name) });
    const remove = (name: string) =>
      deleteCallType(world.services.acts, world.server(), { name: named(name) });
    const read = (name: string) =>
      getCallType(world.services.database, world.server().caller, { name: named(name) });

    test('[CTY1] without a server token each of these is 403 and nothing changes', async () => {
      const { acts, database } = world.services;
      const admin = () => world.as('root');
      const forbidden = { status: 403, kind: 'not_allowed' };
      const refusals = [
        refusedWith(createCallType(acts, admin(), { name: named('stage') })),
        refusedWith(updateCallType(acts, admin(), { name: named('default'), grants: { user: [] } })),
        refusedWith(deleteCallType(acts, admin(), { name: named('default') })),
        refusedWith(Promise.resolve().then(() => listCallTypes(database, admin().caller))),
        refusedWith(
          Promise.resolve().then(() => getCallType(database, admin().caller, { name: named('default') })),
        ),
      ];
      for (const refusal of await Promise.all(refusals)) expect(refusal).toMatchObject(forbidden);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[CTY2] an unknown call type is 404', async () => {
      for (const verb of [read, (name: string) => update(name, {}), remove]) {
        expect(await refusedWith(verb('nope'))).toMatchObject({ status: 404 });
      }
    });

    test('[CTY3] the four built-in types are there, stay, and keep their changes over a start', async () => {
      const { call_types } = await listCallTypes(world.services.database, world.server().caller);
      expect(Object.keys(call_types)).toEqual(['audio_room', 'default', 'development', 'livestream']);
      expect(await refusedWith(remove('default'))).toMatchObject({ status: 400, fields: ['name'] });
      await update('default', { settings: { audio: { enabled: false } } });
      await world.services.database.write((tx) => seedCallTypes(tx, world.clock.now()));
      expect((await read('default')).settings.audio.enabled).toBe(false);
    });

    test('[CTY4] a new type is as default in what is left out; a taken name is 400', async () => {
      expect(await refusedWith(create({ name: named('default') }))).toMatchObject({
        status: 400,
        fields: ['name'],
      });
      const made = await create({ name: named('stage'), settings: { video: { enabled: false } } });
      const base = await read('default');
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ name: 'stage', built_in: false, grants: base.grants });
      expect(made.body.settings).toEqual({
        ...base.settings,
        video: { ...base.settings.video, enabled: false },
      });
      expect(await read('stage')).toEqual(made.body);
    });

    test('[CTY5] grants of a named role are replaced, others stay; call-member is call_member', async () => {
      const before = await read('default');
      const twice = update('default', { grants: { 'call-member': [], call_member: ['join-call'] } });
      expect(await refusedWith(twice)).toMatchObject({ status: 400 });
      await update('default', { grants: { 'call-member': ['read-call', 'join-call', 'join-call'] } });
      expect((await read('default')).grants).toEqual({
        ...before.grants,
        call_member: ['join-call', 'read-call'],
      });
    });

    test('[CTY6] unknown roles and capabilities are 400 naming the role, and nothing changes', async () => {
      const before = await read('default');
      const role = update('default', { grants: { user: [], wizard: [] } });
      expect(await refusedWith(role)).toMatchObject({ status: 400, fields: ['grants.wizard'] });
      const capability = update('default', { grants: { user: ['fly'] } });
      expect(await refusedWith(capability)).toMatchObject({ status: 400, fields: ['grants.user'] });
      expect(await read('default')).toEqual(before);
    });

    test('[CTY7] settings change key by key, unknown keys are kept up to 16 KB', async () => {
      const before = (await read('livestream')).settings;
      const large = update('livestream', { settings: { x: 'y'.repeat(17_000) } });
      expect(await refusedWith(large)).toMatchObject({ status: 400, fields: ['settings'] });
      await update('livestream', { settings: { limits: { max_participants: 5 }, mood: { colour: 'red' } } });
      await update('livestream', { settings: { mood: { size: 2 } } });
      expect((await read('livestream')).settings).toEqual({
        ...before,
        limits: { ...before.limits, max_participants: 5 },
        mood: { colour: 'red', size: 2 },
      });
    });

    test('[CTY8] a change is one record and one event; the same again is neither', async () => {
      await update('default', { grants: { user: ['read-call'] } });
      expect(await world.audits()).toMatchObject([
        { action: 'call_type.update', target_id: 'default', after: { grants: { user: ['read-call'] } } },
      ]);
      expect((await world.events()).map(({ type }) => type)).toEqual(['call_type.updated']);
      const again = await update('default', {
        grants: { user: ['read-call'] },
        settings: { audio: { enabled: true } },
      });
      expect(again.status).toBe(200);
      expect(await world.traces()).toEqual({ audits: 1, events: 1 });
    });

    test('[CTY9] a change of grants removes who may not stay before the reply', async () => {
      const cid = await world.call('default:standup', { createdBy: 'john' });
      await world.user('sara');
      await joinCall(world.services, world.as('sara'), { cid });
      const { enforcement } = await update('default', { grants: { user: [] } });
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
    });

    test('[CTY10] a type that calls have cannot be deleted', async () => {
      await create({ name: named('stage') });
      const made = await getOrCreateCall(world.services, world.as('john'), {
        cid: 'stage:one' as never,
      });
      expect(made.status).toBe(201);
      expect(await refusedWith(remove('stage'))).toMatchObject({ status: 400, fields: ['name'] });
      await create({ name: named('other') });
      expect((await remove('other')).status).toBe(200);
      expect(await refusedWith(read('other'))).toMatchObject({ status: 404 });
    });

    test('[CTY10] of deleting a type and creating a call of it at once, one is refused', async () => {
      for (let round = 0; round < 10; round++) {
        const name = named(`stage${round}`);
        await create({ name });
        const [made, gone] = await Promise.allSettled([
          getOrCreateCall(world.services, world.as('john'), { cid: `${name}:one` as never }),
          remove(name),
        ]);
        expect([made.status, gone.status].sort()).toEqual(['fulfilled', 'rejected']);
      }
    });
  });
}
