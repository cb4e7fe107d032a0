import type { CallParticipantResponse, TrackKind } from '@callgate/contract';
import { type TrackReference, useParticipants, useTracks } from '@livekit/components-react';
import { type Participant, Track } from 'livekit-client';
import { useCall, useStore } from '../call/use-call.ts';

/** Somebody in the call: what the server says of them, and their media. */
export interface Person {
  userId: string;
  sessionId: string;
  name: string;
  role: string;
  isMe: boolean;
  /** By a moderator, until they unmute themselves. */
  muted: readonly TrackKind[];
  /** Undefined while their media is not there. */
  participant: Participant | undefined;
  /** Those that show something now. */
  camera: TrackReference | undefined;
  screen: TrackReference | undefined;
  isMicrophoneOn: boolean;
}

const SOURCES = [Track.Source.Camera, Track.Source.ScreenShare, Track.Source.Microphone];

/** Everybody in the call, oneself first. Who is in is the server's word; media is matched by the session's id. */
export function usePeople(): readonly Person[] {
  const { call } = useCall();
  const { media, pass } = useStore();
  const { room } = media;
  const tracks = useTracks(SOURCES, { room, onlySubscribed: false });
  const participants = useParticipants({ room });
  const listed = call?.session?.participants ?? [];
  const people = listed.map((one) => personOf(one, pass.userId, participants, tracks));
  return [...people].sort((a, b) => Number(b.isMe) - Number(a.isMe));
}

function personOf(
  { user, user_session_id: sessionId, role, muted }: CallParticipantResponse,
  ownId: string,
  participants: readonly Participant[],
  tracks: readonly TrackReference[],
): Person {
  const participant = participants.find(({ identity }) => identity.endsWith(`#${sessionId}`));
  const lit = (source: Track.Source) =>
    tracks.find(
      (track) =>
        track.participant.identity === participant?.identity &&
        track.source === source &&
        !track.publication.isMuted,
    );
  return {
    ...{ userId: user.id, sessionId, name: user.name ?? user.id, role, muted, participant },
    isMe: user.id === ownId,
    camera: lit(Track.Source.Camera),
    screen: lit(Track.Source.ScreenShare),
    isMicrophoneOn: lit(Track.Source.Microphone) !== undefined,
  };
}
