import { ConnectionQuality, ConnectionQualityInfo, ConnectionQualityUpdate } from '@livekit/protocol';
import { isActive, isHidden, type Participant, type Room } from './state.ts';
import { tellAll } from './tell.ts';

/** Between two looks, in milliseconds: LiveKit's. */
export const QUALITY_EVERY_MS = 5_000;
/** Loss from which a connection is called so; LiveKit's scores of voice without other faults. */
const GOOD_FROM = 0.02;
const POOR_FROM = 0.1;

const SCORES: Partial<Record<ConnectionQuality, number>> = {
  [ConnectionQuality.EXCELLENT]: 4.5,
  [ConnectionQuality.GOOD]: 3.5,
  [ConnectionQuality.POOR]: 2,
};

/** What was told last, by sid. */
export type Qualities = Map<string, ConnectionQuality>;

/** Tells the room how everybody's connection is, where it changed or where somebody is new. */
export function tellQuality(room: Room, told: Qualities): void {
  const seen = [...room.participants.values()].filter((one) => isActive(one) && !isHidden(one));
  const isSame = seen.length === told.size && seen.every((one) => told.get(one.sid) === qualityOf(one));
  if (isSame) return;
  told.clear();
  for (const one of seen) told.set(one.sid, qualityOf(one));
  const updates = [...told].map(
    ([participantSid, quality]) =>
      new ConnectionQualityInfo({ participantSid, quality, score: SCORES[quality] ?? 0 }),
  );
  if (updates.length === 0) return;
  tellAll(room, { case: 'connectionQuality', value: new ConnectionQualityUpdate({ updates }) });
}

function qualityOf({ media }: Participant): ConnectionQuality {
  const loss = media.lossSeen();
  if (loss >= POOR_FROM) return ConnectionQuality.POOR;
  return loss >= GOOD_FROM ? ConnectionQuality.GOOD : ConnectionQuality.EXCELLENT;
}
