import { VideoTrack } from '@livekit/components-react';
import { Center, Text } from '@mantine/core';
import { usePeople } from '../media/use-people.ts';
import { Tile } from './tile.tsx';

/** Everybody's picture, in as few rows as fit; a shared screen first and large. */
export function Stage() {
  const people = usePeople();
  const sharing = people.find(({ screen, isMe }) => screen && !isMe) ?? people.find(({ screen }) => screen);
  if (people.length === 0) {
    return (
      <Center className="stage">
        <Text c="dimmed">Nobody is here yet</Text>
      </Center>
    );
  }
  return (
    <div className="stage" data-sharing={sharing !== undefined} data-people={Math.min(people.length, 9)}>
      {sharing?.screen && (
        <figure className="shared-screen">
          <VideoTrack trackRef={sharing.screen} aria-label={`Screen of ${sharing.name}`} />
          <figcaption className="tile-name">{sharing.name} shares a screen</figcaption>
        </figure>
      )}
      <ul className="tiles" aria-label="People in the call">
        {people.map((person) => (
          <Tile key={person.sessionId} person={person} />
        ))}
      </ul>
    </div>
  );
}
