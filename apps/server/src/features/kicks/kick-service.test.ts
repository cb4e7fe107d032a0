import type { CallCid, SessionId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { servicesIn } from '../media/index.ts';
import { muteUsers } from '../mutes/index.ts';
import { createWorld, missingFields, refusedWith, type World } from '../test/world.ts';
import { kickService } from './index.ts';

for (const engine of testEngines) {
  describe(`kicks of services on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());

    const seen = (identity: string, sid = `PA_${identity}`) => ({
      ...({ identity, sid, service: 'egress', name: '', isHidden: true, holds: () => true } as const),
    });
    const listed = async () =>
      (await world.services.database.read((snapshot) => servicesIn(snapshot, cid))).map(({ id }) => id);
    const record = async (): Promise<SessionId> => {
      expect(await world.services.door.found(cid, seen('EG_1'))).toBe(true);
      return (await listed())[0] as SessionId;
    };
    const kick = (by: ReturnType<World['server']>, session_id: SessionId, of = cid) =>
      kickService(world.services.acts, by, { cid: of, session_id });

    test('[SVC10] without kick-user and block-users it is 403, code 17, and nothing changes', async () => {
      const session = await record();
      const before = await world.traces();
      expect(await refusedWith(kick(world.as('sara'), session))).toMatchObject({ status: 403 });
      expect(await listed()).toEqual([session]);
      expect(await world.traces()).toEqual(before);
    });

    test('[SVC10] an unknown call or session, one of another call, and a person is 404, code 16', async () => {
      const session = await record();
      await world.join('sara', cid);
      const [person] = (await world.rows('media_sessions')).filter(({ user_id }) => user_id === 'sara');
      const other = await world.call('default:other', { createdBy: 'john' });
      const before = await world.traces();
      for (const asked of [
        () => kick(world.server(), session, 'default:none' as CallCid),
        () => kick(world.server(), 'nobody' as SessionId),
        () => kick(world.server(), session, other),
        () => kick(world.server(), person?.id as SessionId),
      ])
        expect(await refusedWith(asked())).toMatchObject({ status: 404, kind: 'not_found' });
      expect(await world.traces()).toEqual(before);
    });

    test('[SVC11] one record, one event with who did it; again it is the same 200 with neither', async () => {
      const session = await record();
      expect(await kick(world.as('john'), session)).toMatchObject({ status: 200, body: {} });
      expect(await listed()).toEqual([]);
      expect(await world.audits()).toMatchObject([
        { action: 'call.kick_service', actor_id: 'john', target_id: session, cid },
      ]);
      const events = (await world.events(cid)).filter(({ type }) => type.startsWith('call.service'));
      expect(events).toMatchObject([
        { type: 'call.service_participant_joined', payload: { service_participant: { kind: 'egress' } } },
        {
          type: 'call.service_participant_left',
          payload: {
            service_participant: { session_id: session },
            reason: 'kicked',
            actor: { id: 'john' },
          },
        },
      ]);
      for (const event of events) expect(missingFields(event)).toEqual([]);
      const before = await world.traces();
      expect(await kick(world.as('john'), session)).toMatchObject({ status: 200, body: {} });
      expect(await world.traces()).toEqual(before);
    });

    test('[SVC9] the name of a removed one does not come into that call again, another does', async () => {
      await kick(world.server(), await record());
      expect(await world.services.door.found(cid, seen('EG_1'))).toBe(false);
      expect(await world.services.door.found(cid, seen('EG_1', 'PA_again'))).toBe(false);
      const other = await world.call('default:other', { createdBy: 'john' });
      expect(await world.services.door.found(other, seen('EG_1'))).toBe(true);
      expect(await world.services.door.found(cid, seen('EG_2'))).toBe(true);
    });

    test('[SVC14] [SVC15] reports that come twice, late or out of order leave one session of each service', async () => {
      const { door } = world.services;
      await Promise.all([1, 2, 3].map(() => door.found(cid, seen('EG_1'))));
      expect(await listed()).toHaveLength(1);
      await door.found(cid, seen('EG_1', 'PA_new'));
      await door.gone(cid, seen('EG_1'));
      expect(await listed()).toHaveLength(1);
      await door.gone(cid, seen('EG_1', 'PA_new'));
      await door.gone(cid, seen('EG_1', 'PA_new'));
      await door.found(cid, seen('EG_1', 'PA_new'));
      expect(await listed()).toEqual([]);
      const types = (await world.events(cid)).map(({ type }) => type);
      expect(types).toEqual(['call.service_participant_joined', 'call.service_participant_left']);
    });

    test('[SVC13] mute all mutes nobody who is a service', async () => {
      await record();
      await muteUsers(world.services.acts, world.server(), { cid, mute_all_users: true, audio: true });
      expect(await world.rows('call_mutes')).toEqual([]);
    });
  });
}
