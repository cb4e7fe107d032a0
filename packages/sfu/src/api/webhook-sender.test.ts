import { createHash } from 'node:crypto';
import {
  answerWith,
  ok,
  type Received,
  startReceiver,
} from '@callgate/server/features/webhooks/test-receiver.ts';
import { Room, WebhookEvent } from '@livekit/protocol';
import { WebhookReceiver } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clock, systemClock } from '../clock.ts';
import { createWebhookSender, type WebhookSender } from './webhook-sender.ts';

const KEY = ['key', 'secret-that-is-long-enough-for-hs256'] as const;
const about = (room: string, event = 'room_started'): WebhookEvent =>
  new WebhookEvent({ event, room: new Room({ name: room }) });

describe('reports', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let sender: WebhookSender;
  /** Milliseconds that the sender's clock is ahead. */
  let ahead = 0;
  const clock: Clock = { now: systemClock.now, monotonic: () => systemClock.monotonic() + ahead };
  const dropped: string[] = [];
  const hooks = new WebhookReceiver(...KEY);
  beforeEach(async () => {
    receiver = await startReceiver();
    const onDropped = (event: WebhookEvent, reason: string) =>
      void dropped.push(`${event.room?.name} ${event.event}: ${reason}`);
    sender = createWebhookSender({ url: receiver.url, key: KEY, clock, onDropped });
    dropped.length = 0;
    ahead = 0;
  });
  afterEach(async () => {
    sender.close();
    await receiver.goDown();
  });
  const read = ({ body, headers }: Received) => hooks.receive(body, headers.authorization);
  const taken = (count: number) =>
    receiver.until((all) => all.filter(({ answered }) => answered === 200).length >= count);

  test('[SFW21] one that a receiver answers 4xx is given up, and counted in the next', async () => {
    receiver.answer = (received, reply) =>
      answerWith(received.body.includes('"a"') ? 400 : 200)(received, reply);
    sender.send(about('a'));
    await receiver.until((all) => all.length === 1);
    await vi.waitFor(() => expect(dropped).toHaveLength(1), { interval: 5 });
    expect(dropped).toEqual(['a room_started: answered 400']);
    sender.send(about('b'));
    await taken(1);
    expect((await read(receiver.requests[1] as Received)).numDropped).toBe(1);
    sender.send(about('b', 'room_finished'));
    await taken(2);
    expect((await read(receiver.requests[2] as Received)).numDropped).toBe(0);
  });

  test('[SFW21] beyond 200 that wait in a room the newest are given up', async () => {
    receiver.answer = () => undefined;
    for (let n = 0; n < 203; n++) sender.send(about('a', `event-${n}`));
    expect(sender.waiting).toBe(200);
    expect(dropped).toEqual([200, 201, 202].map((n) => `a event-${n}: too many are waiting`));
    sender.send(about('b'));
    expect(sender.waiting).toBe(201);
  });

  test('[SFW21] one that nobody takes for 30 s is given up', async () => {
    receiver.answer = answerWith(503);
    sender.send(about('a'));
    await receiver.until((all) => all.length >= 2);
    expect(dropped).toEqual([]);
    ahead = 30_000;
    await vi.waitFor(() => expect(dropped).toHaveLength(1), { interval: 5 });
    expect(dropped).toEqual([
      expect.stringMatching(/^a room_started: (older than|not taken within) 30000 ms/),
    ]);
    receiver.answer = ok;
    ahead = 0;
    sender.send(about('b'));
    await taken(1);
    expect((await read(receiver.requests.at(-1) as Received)).numDropped).toBe(1);
  });

  test('[SFW22] it is signed with the key over its bytes for five minutes, as livekit-server-sdk checks it', async () => {
    sender.send(about('a'));
    await taken(1);
    const [report] = receiver.requests as [Received];
    expect(report.headers['content-type']).toBe('application/webhook+json');
    const claims = JSON.parse(
      Buffer.from(report.headers.authorization?.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(claims).toMatchObject({
      iss: 'key',
      sha256: createHash('sha256').update(report.raw).digest('base64'),
    });
    expect(claims.exp - claims.nbf).toBe(300);
    const event = await read(report);
    expect(event).toMatchObject({
      event: 'room_started',
      room: { name: 'a' },
      id: expect.stringMatching(/^EV_.{12}$/),
    });
    expect(Math.abs(Number(event.createdAt) - Date.now() / 1000)).toBeLessThan(60);
    await expect(read({ ...report, body: report.body.replace('"a"', '"b"') })).rejects.toThrow('sha256');
  });

  test('[SFW23] those of a room come one after the other, one that failed again under its id', async () => {
    let failures = 2;
    receiver.answer = (received, reply) => answerWith(failures-- > 0 ? 500 : 200)(received, reply);
    const event = about('a', 'first');
    sender.send(event);
    event.event = 'changed later';
    for (const name of ['second', 'third']) sender.send(about('a', name));
    await taken(3);
    const events = await Promise.all(receiver.requests.map(read));
    expect(events.map((one) => one.event)).toEqual(['first', 'first', 'first', 'second', 'third']);
    expect(new Set(receiver.requests.slice(0, 3).map(({ body }) => body)).size).toBe(1);
    expect(dropped).toEqual([]);
  });

  test('[SFW23] a room whose receiver does not answer holds up no other, and closing ends it', async () => {
    receiver.answer = (received, reply) => (received.body.includes('"a"') ? undefined : ok(received, reply));
    sender.send(about('a'));
    await receiver.until((all) => all.length === 1);
    sender.send(about('b'));
    await taken(1);
    expect(sender.waiting).toBeGreaterThan(0);
    sender.close();
    expect(sender.waiting).toBe(0);
    sender.send(about('c'));
    expect(sender.waiting).toBe(0);
  });
});
