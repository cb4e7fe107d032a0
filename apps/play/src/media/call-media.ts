import type { JoinCredentials } from '@callgate/contract';
import { type LocalTrack, Room, RoomEvent } from 'livekit-client';

/** By then the event has come that says why the media ended, on a busy machine too, in milliseconds. */
const NEWS_LATE_MS = 5_000;

/** The media of this page in the call. */
export interface CallMedia {
  /** The room of LiveKit's client that the page is in, or joins next. Each join has its own: one that ends slowly holds up none. */
  readonly room: Room;
  join(
    credentials: Pick<JoinCredentials, 'url' | 'token' | 'ice_servers'>,
    devices: { microphone: boolean; camera: boolean },
  ): Promise<void>;
  /** Ends this join. How long LiveKit's client takes over it, which may be for ever, is waited for by nobody. */
  leave(): void;
}

/** `lost`: the connection ended a while ago, and nobody has said why. */
export function createMedia({ lost }: { lost(): void }): CallMedia {
  const create = (): Room => {
    const own = new Room({ adaptiveStream: true, dynacast: true, stopLocalTrackOnUnpublish: true });
    const unlessLeft = () => own === room && lost();
    return own.on(RoomEvent.Disconnected, () => setTimeout(unlessLeft, NEWS_LATE_MS));
  };
  let room = create();
  return {
    get room() {
      return room;
    },
    async join({ url, token, ice_servers: iceServers }, { microphone, camera }) {
      const own = room;
      const rtcConfig = { iceServers: [...iceServers] };
      await own.connect(url, token, iceServers.length > 0 ? { rtcConfig } : {});
      // A device that is missing or refused is no reason to stay out: the call goes on without it.
      await own.localParticipant.setMicrophoneEnabled(microphone).catch(() => undefined);
      await own.localParticipant.setCameraEnabled(camera).catch(() => undefined);
      if (own !== room) stopDevices(own);
    },
    leave() {
      const left = room;
      room = create();
      stopDevices(left);
      void left.disconnect();
    },
  };
}

function stopDevices({ localParticipant }: Room): void {
  for (const { track } of localParticipant.trackPublications.values())
    (track as LocalTrack | undefined)?.stop();
}
