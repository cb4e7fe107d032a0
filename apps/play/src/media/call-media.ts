import type { JoinCredentials } from '@callgate/contract';
import { type LocalTrack, Room, RoomEvent } from 'livekit-client';

/** The media of this page in the call: one room of LiveKit's client, used again for each join. */
export interface CallMedia {
  readonly room: Room;
  join(
    credentials: Pick<JoinCredentials, 'url' | 'token' | 'ice_servers'>,
    devices: { microphone: boolean; camera: boolean },
  ): Promise<void>;
  leave(): Promise<void>;
}

/** `lost`: the connection has ended although nobody here asked for it. */
export function createMedia({ lost }: { lost(): void }): CallMedia {
  const room = new Room({ adaptiveStream: true, dynacast: true, stopLocalTrackOnUnpublish: true });
  let isLeaving = false;
  room.on(RoomEvent.Disconnected, () => {
    if (!isLeaving) lost();
  });
  return {
    room,
    async join({ url, token, ice_servers: iceServers }, { microphone, camera }) {
      isLeaving = false;
      await room.connect(
        url,
        token,
        iceServers.length > 0 ? { rtcConfig: { iceServers: [...iceServers] } } : {},
      );
      const { localParticipant } = room;
      // A device that is missing or refused is no reason to stay out: the call goes on without it.
      await localParticipant.setMicrophoneEnabled(microphone).catch(() => undefined);
      await localParticipant.setCameraEnabled(camera).catch(() => undefined);
    },
    async leave() {
      isLeaving = true;
      const tracks = [...room.localParticipant.trackPublications.values()].map(({ track }) => track);
      await room.disconnect();
      for (const track of tracks) (track as LocalTrack | undefined)?.stop();
    },
  };
}
