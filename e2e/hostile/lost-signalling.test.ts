import { MuteTrackRequest, SignalRequest } from '@livekit/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Counter, rising, silent, until } from '../clients/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { type Knocked, knock } from '../media/signal.ts';
import type { Joined } from '../media/world.ts';
import { FLYING, heardBy, paced, sent, untilHeard, VOICE } from '../raw-client/index.ts';
import { type HostileStage, type Intruder, openHostileStage } from './hostile-stage.ts';

describe.skipIf(LIVEKIT === undefined)('a client by hand that cuts its signalling', () => {
  let stage: HostileStage;
  let path = '';
  beforeAll(async () => {
    stage = await openHostileStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage.close());

  /** Sara is heard by Bob, and her signalling is gone: the media server forwards her sound all the same. */
  const saraIsHeardWithoutSignalling = async () => {
    const heard = await untilHeard(async () => {
      path = await stage.call();
      const [sara, bob] = [await stage.enter(path, 'sara'), await stage.enter(path, 'bob')];
      const voice = sara.publish(VOICE);
      const sid = await sara.published(VOICE.cid);
      return { stage: { sara, bob, voice, sid }, heard: [heardBy(bob)] };
    }, stage.clear);
    heard.sara.signal.close();
    await heard.sara.signal.closed;
    await rising(heardBy(heard.bob));
    return heard;
  };
  const resume = ({ joined, sid }: Intruder): Promise<Knocked> =>
    knock(joined.credentials.url, joined.credentials.token, { reconnect: '1', sid });

  test('[GWH14] a revoke silences it, and it says after its resume that it is not muted in vain', async () => {
    const { sara, bob, voice, sid } = await saraIsHeardWithoutSignalling();
    const revoked = await stage.act(path, '/user_permissions', {
      ...{ user_id: 'sara', revoke_permissions: ['send-audio'] },
    });
    expect(revoked).toMatchObject({ state: 'applied', sessions: 1 });
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    const resumed = await resume(sara);
    if (!('socket' in resumed)) throw new Error(`a revoke ends no session: ${JSON.stringify(resumed)}`);
    await resumed.socket.until('reconnect');
    const value = new MuteTrackRequest({ sid, muted: false });
    resumed.socket.send(new SignalRequest({ message: { case: 'mute', value } }).toBinary());
    await silent(heardBy(bob), sent(voice), { strays: 0 });
    resumed.socket.close();
  });

  test.each([
    ['block', '/block', '/unblock', 'blocked'],
    ['ban', undefined, undefined, 'banned'],
  ] as const)(
    '[GWH14] a %s silences it and lets it resume nothing; once it is lifted a new join is heard',
    async (_name, verb, back, reason) => {
      const { sara, bob } = await saraIsHeardWithoutSignalling();
      const { world } = stage;
      const ban = { target_user_id: 'sara' };
      const shut = verb
        ? await stage.act(path, verb, { user_id: 'sara' })
        : await world.act('POST', '/moderation/ban', ban);
      expect(shut.state).toBe('applied');
      await silent(heardBy(bob), paced(), { strays: FLYING });
      const refused = await resume(sara);
      if ('socket' in refused) throw new Error('it is in again');
      expect([refused.status, refused.body.code, refused.body.details?.[0]?.reason]).toEqual([
        403,
        17,
        reason,
      ]);
      if (back) await stage.act(path, back, { user_id: 'sara' });
      else await world.act('DELETE', '/moderation/ban', ban);
      const again = await stage.enter(path, 'sara');
      again.publish(VOICE);
      await rising(heardBy(bob, await again.published(VOICE.cid)));
    },
  );

  /** Two clients come with one session at the same moment; the one that stays, and is heard by Bob. */
  const comeTwice = async (bob: Intruder, joined: Joined): Promise<Intruder> => {
    const came = await Promise.allSettled([stage.comeIn('sara', joined), stage.comeIn('sara', joined)]);
    const inside = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of inside) one.publish(VOICE);
    const isTold = ({ signal }: Intruder) => signal.messages.some(({ message }) => message.case === 'leave');
    await until('at most one stays', async () => inside.filter((one) => !isTold(one)).length <= 1);
    const [stays] = inside.filter((one) => !isTold(one));
    if (!stays) throw new Error('both are outside');
    await rising(heardBy(bob, await stays.published(VOICE.cid)));
    return stays;
  };

  test('[GWH7] of two that come at once on one session exactly one stays and is heard, until one comes again', async () => {
    path = await stage.call();
    const bob = await stage.enter(path, 'bob');
    const cid = path.replace('/video/call/', '').replace('/', ':');
    let [joined, stays]: [Joined?, Intruder?] = [];
    // Which of the two comes last is chance.
    for (let times = 0; times < 6; times++) {
      stays?.close();
      ({ body: joined } = await stage.world.joinCall(path, 'sara'));
      stays = await comeTwice(bob, joined);
      const all = await stage.world.livekit.rooms.listParticipants(cid);
      const hers = all.filter(({ identity }) => identity === `sara#${joined?.session_id}`);
      expect(hers.map(({ sid }) => sid)).toEqual([stays?.sid]);
    }
    if (!joined) throw new Error('nobody came');
    const again = await stage.comeIn('sara', joined);
    again.publish({ ...VOICE, cid: 'again' });
    const sid = await again.published('again');
    await rising(heardBy(bob, sid));
    const others: Counter = async () => bob.ear.heard().packets - bob.ear.heard(sid).packets;
    await silent(others, heardBy(bob, sid), { strays: FLYING });
  });
});
