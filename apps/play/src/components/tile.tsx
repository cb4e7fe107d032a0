import { VideoTrack } from '@livekit/components-react';
import { Avatar } from '@mantine/core';
import { useCall } from '../call/use-call.ts';
import { signOf } from '../call/wording.ts';
import type { Person } from '../media/use-people.ts';
import { useSpeaks } from '../media/use-speaks.ts';
import { MicrophoneOff } from './icons.tsx';

/** One person: their picture, or their initials. */
export function Tile({ person }: { person: Person }) {
  const { name, isMe, camera, isMicrophoneOn, muted } = person;
  const speaks = useSpeaks(person.participant);
  const { reactions } = useCall();
  const reaction = reactions.findLast(({ userId }) => userId === person.userId);
  return (
    <li className="tile" data-speaks={speaks && isMicrophoneOn} data-person={person.userId}>
      {camera ? (
        <VideoTrack trackRef={camera} data-mirrored={isMe} aria-label={`Camera of ${name}`} />
      ) : (
        <Avatar name={name} color="initials" size="xl" radius="xl" variant="filled" aria-hidden="true" />
      )}
      <span className="tile-name">
        {!isMicrophoneOn && <MicrophoneOff size={16} />}
        <span className="tile-text">
          {name}
          {isMe && ' (you)'}
        </span>
        {muted.length > 0 && <span className="tile-muted">muted by a host</span>}
        <span className="for-readers">{isMicrophoneOn ? ', microphone on' : ', microphone off'}</span>
      </span>
      {reaction && (
        <span key={reaction.id} className="tile-reaction" role="img" aria-label={`${name}: ${reaction.kind}`}>
          {signOf(reaction.kind)}
        </span>
      )}
    </li>
  );
}
