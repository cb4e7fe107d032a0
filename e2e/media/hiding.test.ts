import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { noteFigure } from '../../scripts/test-notes.ts';
import { packetsReceived, packetsSent, rising, silent, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { mediaEngines } from './media-engines.ts';
import { type MediaWorld, openMediaWorld, type Present } from './world.ts';

/** Nothing at all may arrive. */
const NOTHING = { strays: 0 };

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let rooms = 0;
    let [cid, path] = ['', ''];
    beforeAll(async () => {
      world = await openMediaWorld(engine, rtcNodeClients());
    });
    const clear = async (): Promise<void> => {
      await world.clear();
      await world.ask('POST', '/users/unblock', BLOCK);
    };
    afterEach(clear);
    afterAll(() => world.close());

    const BLOCK = { user_id: 'sara', blocked_user_id: 'bob' };
    const hide = { user_blocks: { hide_media: true } };
    const room = async (settings?: object): Promise<void> => {
      cid = `default:hiding-${++rooms}`;
      path = await world.call(cid, ['sara', 'bob', 'carl', 'mod'], settings);
    };
    const hears = (who: Present, whom: string) => packetsReceived(who.client, `${whom}#`, 'microphone');
    const sends = (who: Present) => packetsSent(who.client, 'microphone');
    /** Whom a client sees, by person. */
    const sees = async ({ client }: Present): Promise<string[]> =>
      (await client.participants()).map((identity) => identity.split('#')[0] ?? '').toSorted();

    test('[ENF11] blocked people neither hear nor see each other where a call hides them; others both', async () => {
      await room(hide);
      await world.act('POST', '/users/block', BLOCK);
      const [sara, bob, carl] = await Promise.all(
        ['sara', 'bob', 'carl'].map((id) => world.enter(path, id)) as [
          Promise<Present>,
          Promise<Present>,
          Promise<Present>,
        ],
      );
      await Promise.all([sara, bob].map(({ client }) => client.publish('microphone')));
      await Promise.all([rising(hears(carl, 'sara')), rising(hears(carl, 'bob'))]);
      await silent(hears(bob, 'sara'), sends(sara), NOTHING);
      await silent(hears(sara, 'bob'), sends(bob), NOTHING);
      expect(await sees(carl)).toEqual(['bob', 'sara']);
      // LiveKit announces people who send nothing some seconds after they came.
      for (const one of [sara, bob]) await until('Carl is seen', async () => (await sees(one)).length > 0);
      for (const one of [sara, bob]) expect(await sees(one)).toEqual(['carl']);

      expect(await world.act('POST', '/users/unblock', BLOCK)).toMatchObject({
        state: 'applied',
        sessions: 2,
      });
      await Promise.all([rising(hears(bob, 'sara')), rising(hears(sara, 'bob'))]);
      expect(await world.act('POST', '/users/block', BLOCK)).toMatchObject({ state: 'applied', sessions: 2 });
      await silent(hears(bob, 'sara'), sends(sara));
      await silent(hears(sara, 'bob'), sends(bob));
      await rising(hears(carl, 'sara'));
      await until('they see each other no more', async () => (await sees(bob)).join() === 'carl');
    });

    /** Sara is heard in a call that hides nobody, and then it does. */
    const beginToHide = async () => {
      await room();
      await world.act('POST', '/users/block', BLOCK);
      const [sara, bob, carl] = [
        await world.enter(path, 'sara'),
        await world.enter(path, 'bob'),
        await world.enter(path, 'carl'),
      ];
      await sara.client.publish('microphone');
      await rising(hears(bob, 'sara'));
      await world.act('PATCH', path, { settings_override: hide });
      await until('Bob sees her no more', async () => (await sees(bob)).join() === 'carl', 30_000);
      return { sara, bob, carl };
    };
    /**
     * Whether she lost what she should have published anew: on a busy machine rtc-node 1.1.0 does so up to once in 10 times.
     * It declares the track, the media server answers, and the only offer that it sends from then on is one without it.
     */
    const lost = async (sara: Present): Promise<boolean> => {
      const all = await world.livekit.rooms.listParticipants(cid);
      return all.some((one) => one.identity === `sara#${sara.joined.session_id}` && one.tracks.length === 0);
    };

    test('[ENF11] a call that begins to hide people does so for those who are in', async () => {
      for (let attempt = 1; ; attempt++) {
        const { sara, bob, carl } = await beginToHide();
        const isHeard = await rising(hears(carl, 'sara')).catch((error: Error) => error);
        if (typeof isHeard === 'number') return silent(hears(bob, 'sara'), sends(sara));
        if (attempt === 3 || !(await lost(sara))) throw isHeard;
        noteFigure(`rtc-node on ${engine.name}: lost a microphone that it should have published anew`);
        await clear();
      }
    });

    test('[ENF12] a hidden moderator hears, is announced to nobody and sends nothing', async () => {
      await room();
      await world.ask('POST', '/users', { users: { mod: { id: 'mod', role: 'moderator' } } });
      const sara = await world.enter(path, 'sara');
      await sara.client.publish('microphone');
      const mod = await world.enter(path, 'mod', { hidden: true });
      await rising(hears(mod, 'sara'));
      expect(await sees(mod)).toEqual(['sara']);
      // LiveKit tells of people some seconds late: whoever came after the moderator is told of, the moderator is not.
      const carl = await world.enter(path, 'carl');
      await until('Sara sees Carl', async () => (await sees(sara)).includes('carl'));
      await carl.client.publish('microphone');
      await rising(hears(sara, 'carl'));
      expect(await sees(sara)).toEqual(['carl']);
      expect(await sees(carl)).toEqual(['sara']);
      await expect(mod.client.publish('microphone')).rejects.toThrow();

      const listed = async (as: string): Promise<string[]> => {
        const { body } = await world.ask('GET', path, undefined, as);
        const { session } = body.call as { session: { participants: { user: { id: string } }[] } };
        return session.participants.map(({ user }) => user.id).toSorted();
      };
      expect(await listed('sara')).toEqual(['carl', 'sara']);
      expect(await listed('mod')).toEqual(['carl', 'mod', 'sara']);
      const { body } = await world.ask('GET', '/moderation/logs');
      const joins = (
        body.logs as { action: string; after?: { user_id?: string; hidden?: boolean } }[]
      ).filter(({ action, after }) => action === 'call.join' && after?.user_id === 'mod');
      expect(joins[0]?.after).toMatchObject({ hidden: true });
      expect((await world.joinCall(path, 'bob', { hidden: true })).status).toBe(403);
    });
  });
}
