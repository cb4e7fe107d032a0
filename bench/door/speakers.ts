import { setTimeout as pause } from 'node:timers/promises';
import { TrackSource } from '@livekit/protocol';
import { type RawClient, rawClient } from '../../e2e/raw-client/index.ts';
import { comeIn, type DoorStage, passOf } from './stage.ts';

/** Between two packets of a speaker, in milliseconds: how exact the last one's time is. */
const PACE_MS = 5;
/** Nothing came for this long: what came last was the last, in milliseconds. */
const QUIET_MS = 60;
const HEARD_PACKETS = 10;
const MOST_WAIT_MS = 10_000;

/** Somebody who is in the call and is heard. */
export interface Speaker {
  readonly userId: string;
  /** Waits until nothing of them has come for a while; when the last packet came, by `performance.now()`. */
  lastHeardAt(): Promise<number>;
  close(): void;
}

/** A client by hand in the call. */
export async function handIn(
  stage: DoorStage,
  call: string,
  userId: string,
  query: Record<string, string> = {},
): Promise<RawClient> {
  return rawClient(await comeIn(await passOf(stage, call, userId), query), userId);
}

/** Set-ups at most: a client by hand loses its transport now and then, once in some three hundred. */
export const ATTEMPTS = 3;

/** Comes in with a voice of 200 packets a second, and waits until the listener hears it. */
export async function speak(
  stage: DoorStage,
  who: { call: string; userId: string; listener: RawClient },
): Promise<Speaker> {
  for (let attempt = 1; ; attempt++) {
    const client = await handIn(stage, who.call, who.userId, { auto_subscribe: '0' });
    try {
      return await beHeard(client, who);
    } catch (error) {
      client.close();
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function beHeard(
  client: RawClient,
  { userId, listener }: { userId: string; listener: RawClient },
): Promise<Speaker> {
  client.publish({ cid: userId, kind: 'audio', source: TrackSource.MICROPHONE, paceMs: PACE_MS });
  const sid = await client.published(userId);
  await waitFor(`${userId} is heard`, () => listener.ear.heard(sid).packets >= HEARD_PACKETS);
  return {
    userId,
    async lastHeardAt() {
      await waitFor(
        `${userId} is silent`,
        () => performance.now() - listener.ear.heard(sid).lastAt > QUIET_MS,
      );
      return listener.ear.heard(sid).lastAt;
    },
    close: () => client.close(),
  };
}

async function waitFor(what: string, look: () => boolean): Promise<void> {
  const from = performance.now();
  while (!look()) {
    if (performance.now() - from > MOST_WAIT_MS) throw new Error(`not within ${MOST_WAIT_MS} ms: ${what}`);
    await pause(5);
  }
}
