import { createHash } from 'node:crypto';
import {
  answerWith,
  ok,
  type Received,
  startReceiver,
} from '@callgate/server/features/webhooks/test-receiver.ts';
import { DisconnectReason, ParticipantInfo, type WebhookEvent } from '@livekit/protocol';
import { WebhookReceiver } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bounded } from '../clients/bounded.ts';
import { knock } from '../media/signal.ts';
import { rawClient } from '../raw-client/raw-client.ts';
import { type BareLiveKit, claimsOf, openBareLiveKit, speaking } from './bare-livekit.ts';
import { LIVEKIT } from './server.ts';

/** An address that is nobody’s, as a proxy would name it. */
const CLAIMED = '203.0.113.77';

/** LiveKit's facts about what it reports, without Callgate: a release that changes one must fail here. */
describe.skipIf(LIVEKIT === undefined).concurrent('reports of LiveKit', () => {
  let bare: BareLiveKit;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let hooks: WebhookReceiver;
  /** A room of which LiveKit's first report is answered 500. */
  const refused = new Set<string>();
  beforeAll(async () => {
    receiver = await startReceiver((received, reply) => {
      const room = [...refused].find((one) => received.body.includes(`"${one}"`));
      const answer = room === undefined ? ok : answerWith(500);
      if (room !== undefined) refused.delete(room);
      answer(received, reply);
    });
    bare = await openBareLiveKit({ webhookUrl: receiver.url });
    hooks = new WebhookReceiver(bare.server.apiKey, bare.server.apiSecret);
  });
  afterAll(async () => {
    await bare.close();
    await receiver.goDown();
  });

  const verified = ({ body, headers }: Received): Promise<WebhookEvent> =>
    hooks.receive(body, headers.authorization);
  const of = (room: string): Received[] => receiver.requests.filter(({ body }) => body.includes(`"${room}"`));
  const told = (what: string, condition: () => boolean): Promise<void> =>
    bounded(receiver.until(condition), what, 15_000);
  /** Waits for a report of that name about the room; everything about it until then, verified, in its order. */
  const reports = async (room: string, name: string): Promise<WebhookEvent[]> => {
    await told(name, () => of(room).some(({ body }) => body.includes(`"event":"${name}"`)));
    return Promise.all(of(room).map(verified));
  };
  const namesOf = (events: WebhookEvent[]): string[] => events.map(({ event }) => event);

  test('[LKF11] a report is signed with the key, over its bytes, for five minutes', async () => {
    const room = bare.room();
    await bare.enter(room, 'sara');
    await reports(room, 'participant_joined');
    const [report] = of(room) as [Received];
    expect(report.headers['content-type']).toBe('application/webhook+json');
    const claims = claimsOf(report.headers.authorization ?? '');
    expect(claims).toMatchObject({
      iss: bare.server.apiKey,
      sha256: createHash('sha256').update(report.raw).digest('base64'),
    });
    expect(claims.exp - claims.nbf).toBe(300);
    const other = { ...report, body: report.body.replace('sara', 'carl').replace(room, 'other') };
    await expect(verified(other)).rejects.toThrow('sha256');
    const { id, createdAt } = await verified(report);
    expect([id !== '', createdAt > 0n]).toEqual([true, true]);
  });

  test('[LKF11] who joins is reported once their media is connected, and before that not at all', async () => {
    const room = bare.room();
    const knocked = await knock(bare.server.url, bare.token(room, 'ghost'));
    if (!('socket' in knocked)) throw new Error('LiveKit refuses its own token');
    await knocked.socket.until('join');
    knocked.socket.close();
    const aborted = await reports(room, 'participant_connection_aborted');
    expect(namesOf(aborted)).toEqual(['room_started', 'participant_connection_aborted']);
    await bare.enter(room, 'sara');
    const joined = (await reports(room, 'participant_joined')).at(-1);
    expect(joined?.participant?.identity).toBe('sara');
  });

  test('[LKF11] mutes and permissions are not reported; a removal by its reason alone', async () => {
    const { room, sid } = await speaking(bare);
    await bare.server.rooms.mutePublishedTrack(room, 'sara', sid, true);
    const permission = { canPublish: true, canSubscribe: false, canPublishData: false };
    await bare.server.rooms.updateParticipant(room, 'sara', { permission, metadata: 'other' });
    await bare.server.rooms.removeParticipant(room, 'sara');
    const all = await reports(room, 'participant_left');
    expect([...new Set(namesOf(all))].sort()).toEqual([
      ...['participant_joined', 'participant_left', 'room_started', 'track_published', 'track_unpublished'],
    ]);
    const left = all.find(({ event }) => event === 'participant_left');
    expect(left?.participant?.disconnectReason).toBe(DisconnectReason.PARTICIPANT_REMOVED);
  });

  test('[LKF11] what was answered 500 comes again under the same id', async () => {
    const room = bare.room();
    refused.add(room);
    await bare.enter(room, 'sara');
    await reports(room, 'participant_joined');
    const first = of(room).find(({ answered }) => answered === 500);
    const again = () => of(room).filter(({ answered, body }) => answered === 200 && body === first?.body);
    await told('the report again', () => again().length > 0);
    expect(again()).toHaveLength(1);
  });

  test('[LKF7] nobody’s address is told, neither the connection’s nor one that a header names', async () => {
    const room = bare.room();
    const headers = { 'x-forwarded-for': CLAIMED, 'cf-connecting-ip': CLAIMED, 'x-real-ip': CLAIMED };
    const knocked = await knock(bare.server.url, bare.token(room, 'sara'), {}, headers);
    if (!('socket' in knocked)) throw new Error('LiveKit refuses its own token');
    const sara = await rawClient(knocked.socket, 'sara');
    const listed = new ParticipantInfo(await bare.active(room, 'sara')).toJsonString();
    await bare.server.rooms.removeParticipant(room, 'sara');
    await reports(room, 'participant_left');
    sara.close();
    expect(listed).toContain('sara');
    for (const told of [listed, ...of(room).map(({ body }) => body)]) {
      expect(told).not.toMatch(/\b127\.0\.0\.1\b|203\.0\.113\.77/);
    }
  });
});
