import { DisconnectReason, SimulateScenario, TrackSource } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { knock } from '../media/signal.ts';
import { VOICE } from '../raw-client/counters.ts';
import type { RawClient } from '../raw-client/raw-client.ts';
import { type BareLiveKit, claimsOf, joinOf, openBareLiveKit, seconds, sentAway } from './bare-livekit.ts';
import { LIVEKIT } from './server.ts';

const SOURCES = [
  TrackSource.CAMERA,
  TrackSource.MICROPHONE,
  TrackSource.SCREEN_SHARE,
  TrackSource.SCREEN_SHARE_AUDIO,
];
const OTHER_KEY = 'another-key';
const OTHER_SECRET = 'another-secret-that-is-long-enough-too';

/** Tokens that the client was handed so far. */
const handed = ({ signal }: RawClient): string[] =>
  signal.messages.flatMap(({ message }) => (message.case === 'refreshToken' ? [message.value] : []));
/** The first of them. */
const firstHanded = async (client: RawClient): Promise<string> => {
  await client.signal.until('refreshToken');
  return handed(client)[0] ?? '';
};

/** LiveKit's facts about tokens, without Callgate: a release that changes one must fail here. */
describe.skipIf(LIVEKIT === undefined).concurrent('tokens of LiveKit', () => {
  let bare: BareLiveKit;
  beforeAll(async () => {
    bare = await openBareLiveKit({ moreKeys: { [OTHER_KEY]: OTHER_SECRET } });
  });
  afterAll(() => bare.close());

  const statusOf = async (token: string): Promise<number> => {
    const knocked = await knock(bare.server.url, token);
    if ('socket' in knocked) knocked.socket.close();
    return knocked.status;
  };
  const declare = (client: RawClient, source: TrackSource): void =>
    client.publish({ ...VOICE, cid: `of-${source}`, source }).stop();

  test('[LKF1] what a token does not say about publishing, subscribing and data is allowed', async () => {
    const { participant } = await joinOf(await bare.enter(bare.room(), 'sara'));
    expect(participant?.permission).toMatchObject({
      ...{ canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: [] },
    });
    const no = { canPublish: false, canSubscribe: false, canPublishData: false };
    const refused = await joinOf(await bare.enter(bare.room(), 'bob', { grant: no }));
    expect(refused.participant?.permission).toMatchObject(no);
  });

  test('[LKF1] an empty list of sources means all; one that names some, no other', async () => {
    const room = bare.room();
    const sara = await bare.enter(room, 'sara', { grant: { canPublishSources: [] } });
    for (const source of SOURCES) declare(sara, source);
    for (const source of SOURCES) expect((await sara.taken(`of-${source}`)).source).toBe(source);
    const bob = await bare.enter(room, 'bob', { grant: { canPublishSources: ['camera'] } });
    for (const source of [TrackSource.MICROPHONE, TrackSource.CAMERA]) declare(bob, source);
    await bob.taken(`of-${TrackSource.CAMERA}`);
    expect(bob.signal.messages.filter(({ message }) => message.case === 'trackPublished')).toHaveLength(1);
  });

  test('[LKF1] a token is taken for a minute past its end', async () => {
    const ended = (ago: number) =>
      bare.token(bare.room(), 'sara', { claims: { nbf: seconds() - 600, exp: seconds() - ago } });
    expect(await statusOf(ended(70))).toBe(401);
    expect(await statusOf(ended(50))).toBe(101);
  });

  test('[LKF1] the server SDK’s tokens last six hours', async () => {
    const { apiKey, apiSecret } = bare.server;
    const { nbf, exp } = claimsOf(await new AccessToken(apiKey, apiSecret, { identity: 'sara' }).toJwt());
    expect(exp - nbf).toBe(6 * 3600);
  });

  test('[LKF1] an administrator’s token counts in its own room alone', async () => {
    const [own, other] = [bare.room(), bare.room()];
    for (const room of [own, other]) await bare.enter(room, 'sara');
    const ask = (room: string, roomAdmin: boolean): Promise<number> =>
      fetch(`${bare.server.httpUrl}/twirp/livekit.RoomService/ListParticipants`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${bare.token(own, 'admin', { grant: { roomAdmin } })}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ room }),
      }).then(({ status }) => status);
    expect(await ask(own, false)).toBe(401);
    expect(await ask(other, true)).toBe(401);
    expect(await ask(own, true)).toBe(200);
  });

  test('[LKF2] who was removed comes back with the token in hand and with the one handed out, revoked or not', async () => {
    const room = bare.room();
    const token = bare.token(room, 'sara');
    let sara = await bare.enterBy(token, 'sara');
    const fresh = await firstHanded(sara);
    const inAMinute = BigInt(seconds() + 60);
    for (const again of [token, fresh]) {
      for (const options of [undefined, { revokeTokenTs: inAMinute }]) {
        // Who is removed before is not always told why: the socket is cut.
        await bare.active(room, 'sara');
        const gone = sentAway(sara);
        await bare.server.rooms.removeParticipant(room, 'sara', options);
        expect(await gone).toBe(DisconnectReason.PARTICIPANT_REMOVED);
        sara = await bare.enterBy(again, 'sara');
      }
    }
    expect(await bare.held(room, 'sara')).toMatchObject({ sid: sara.sid });
  });

  test('[LKF3] a fresh token comes with the join: ten minutes or the rest, the grants, no claims of ours', async () => {
    const room = bare.room();
    const claims = { exp: seconds() + 30, jti: 'ours', callgate: { epoch: 1 }, metadata: 'm', name: 'Sara' };
    const grant = { canPublishSources: ['camera'] };
    const short = claimsOf(await firstHanded(await bare.enter(room, 'sara', { claims, grant })));
    expect(short.exp - seconds()).toBeGreaterThan(590);
    expect(short.exp - seconds()).toBeLessThanOrEqual(601);
    expect(short).toMatchObject({ sub: 'sara', metadata: 'm', name: 'Sara', video: { room, ...grant } });
    expect(short).not.toHaveProperty('jti');
    expect(short).not.toHaveProperty('callgate');
    const exp = seconds() + 7_200;
    const long = claimsOf(await firstHanded(await bare.enter(room, 'bob', { claims: { exp } })));
    expect(Math.abs(long.exp - exp)).toBeLessThanOrEqual(2);
  });

  test('[LKF3] another comes with each change of permission, with the rights that stand then', async () => {
    const room = bare.room();
    const sara = await bare.enter(room, 'sara');
    await firstHanded(sara);
    for (const canPublish of [false, true]) {
      const before = handed(sara).length;
      const permission = { canPublish, canSubscribe: true, canPublishData: true };
      await bare.server.rooms.updateParticipant(room, 'sara', { permission });
      await until('a token of the new rights', async () => handed(sara).length > before);
      expect(claimsOf(handed(sara).at(-1) ?? '').video).toMatchObject({ canPublish });
    }
  });

  test('[LKF3] it is signed with any of the keys', async () => {
    const room = bare.room();
    const signers = new Set<string>();
    // By chance: 60 tokens of one key out of two happen once in 10^18 runs.
    for (let joined = 0; joined < 60 && signers.size < 2; joined++) {
      signers.add(claimsOf(await firstHanded(await bare.enter(room, `guest-${joined}`))).iss);
    }
    expect([...signers].sort()).toEqual([OTHER_KEY, bare.server.apiKey].sort());
  });

  test('[LKF19] everybody is handed LiveKit’s tokens, and no other address', async () => {
    const room = bare.room();
    const sara = await bare.enter(room, 'sara', { grant: { canPublish: false, canSubscribe: false } });
    const { alternativeUrl } = await joinOf(sara);
    expect(alternativeUrl).toBe('');
    expect(await statusOf(await firstHanded(sara))).toBe(101);
  });

  test('[LKF19] anybody’s simulate reaches the server’s failure scenarios', async () => {
    const room = bare.room();
    const nobody = { grant: { canPublish: false, canSubscribe: false, canPublishData: false } };
    const sara = await bare.enter(room, 'sara', nobody);
    const scenario = { case: 'serverLeave', value: true } as const;
    sara.send({ case: 'simulate', value: new SimulateScenario({ scenario }) });
    expect(await sentAway(sara)).toBe(DisconnectReason.SERVER_SHUTDOWN);
    await until('she is gone', async () => (await bare.held(room, 'sara')) === undefined);
  });
});
