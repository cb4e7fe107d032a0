import { type AddTrackRequest, TrackSource, TrackType } from '@livekit/protocol';
import { declare, type TestClient } from './test-client.ts';
import type { TestSection } from './test-sdp.ts';
import type { TestEntrance, TestSfu } from './test-sfu.ts';

export const MICROPHONE = {
  cid: 'voice',
  kind: 'audio',
  source: TrackSource.MICROPHONE,
  type: TrackType.AUDIO,
} as const;

/** Sections of a client of one connection in which it receives. */
export const SLOTS = [
  { mid: '0', kind: 'application' },
  { mid: '1', kind: 'audio', direction: 'recvonly' },
  { mid: '2', kind: 'video', direction: 'recvonly' },
] as const;

/** What is declared and offered. */
type Publication = ConstructorParameters<typeof AddTrackRequest>[0] & { cid: string } & Pick<
    TestSection,
    'kind' | 'codecs' | 'rids'
  >;

/** A client of one connection that is connected. */
export interface ReadyClient extends TestClient {
  /** Declares and offers a track in a section of its own, named after it; answers its sid. */
  publish(publication: Publication): Promise<string>;
  /** Offers until the track is sent. */
  receives(sid: string): Promise<void>;
}

/** Enters by `/rtc/v1`, offers sections to receive in, and is connected. */
export async function ready(world: TestSfu, identity: string, entrance?: TestEntrance): Promise<ReadyClient> {
  const client = await world.enter(identity, entrance);
  await client.until('join');
  let ids = 100;
  const own: TestSection[] = [];
  const offer = () => client.offer([...SLOTS, ...own], ++ids);
  await offer();
  client.transport().handlers.onOpen();
  const more: Pick<ReadyClient, 'publish' | 'receives'> = {
    async publish({ kind, codecs, rids, ...publication }) {
      const sid = await declare(client, publication.cid, { name: publication.cid, ...publication });
      const described = { ...(codecs && { codecs }), ...(rids && { rids }) };
      own.push({ mid: publication.cid, kind, trackId: publication.cid, ...described });
      await offer();
      return sid;
    },
    async receives(sid) {
      for (let tries = 0; !client.media.sending.has(sid) && tries < 5; tries++) await offer();
      if (!client.media.sending.has(sid)) throw new Error(`${identity} is not sent ${sid}`);
    },
  };
  // `media` is looked up when it is asked for.
  return Object.defineProperties(more as ReadyClient, Object.getOwnPropertyDescriptors(client));
}
