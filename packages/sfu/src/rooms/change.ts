import { mayPublish, unpublishTrack } from './publish.ts';
import type { ParticipantChange } from './room-control.ts';
import { isHidden, type Participant, type Room } from './state.ts';
import { decideAllFor, decideForAll } from './subscribe.ts';
import { tellOfArrival, tellOfChange, tellOfDeparture } from './tell.ts';

/** Why the change cannot be stored; undefined: it can. */
export function tooLong(
  { limits }: Room,
  { name, metadata, attributes }: ParticipantChange,
): string | undefined {
  if ((name?.length ?? 0) > limits.name) return `name has at most ${limits.name} characters`;
  if (bytesOf([metadata]) > limits.metadata) return `metadata has at most ${limits.metadata} bytes`;
  if (bytesOf(Object.entries(attributes ?? {}).flat()) > limits.metadata)
    return `attributes have at most ${limits.metadata} bytes`;
  return undefined;
}

const bytesOf = (texts: readonly (string | undefined)[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);

/**
 * Changes a participant. When it returns, no packet flows that the new permission forbids; then everybody is told, and
 * the participant gets a token of what holds now. An attribute that is set to '' is taken away.
 */
export function changeParticipant(participant: Participant, change: ParticipantChange): void {
  const wasHidden = isHidden(participant);
  participant.name = change.name ?? participant.name;
  participant.metadata = change.metadata ?? participant.metadata;
  if (change.attributes) {
    const merged = Object.entries({ ...participant.attributes, ...change.attributes });
    participant.attributes = Object.fromEntries(merged.filter(([, value]) => value !== ''));
  }
  if (change.permission) participant.permission = change.permission;
  if (change.permission) bindPermission(participant, wasHidden);
  tellOfChange(participant);
  participant.room.refreshToken(participant);
}

function bindPermission(participant: Participant, wasHidden: boolean): void {
  const { permission, tracks } = participant;
  for (const track of [...tracks.values()]) {
    if (!mayPublish(permission, track.info.source)) unpublishTrack(track, false);
  }
  decideAllFor(participant);
  if (isHidden(participant) === wasHidden) return;
  if (isHidden(participant)) tellOfDeparture(participant);
  else tellOfArrival(participant);
  for (const track of tracks.values()) decideForAll(track);
}
