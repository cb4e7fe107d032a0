import { SpeakerInfo, SpeakersChanged } from '@livekit/protocol';
import { isHidden, type Participant, type Room } from './state.ts';
import { tellAll } from './tell.ts';

/** Between two looks, in milliseconds: LiveKit's. */
export const SPEAKERS_EVERY_MS = 300;
/** As loud as this somebody speaks, in dBov below the loudest: LiveKit's `active_level`. */
const SPEAKING_DBOV = 35;
/** Levels are told in eighths, so that what hardly changes is not told again. */
const STEPS = 8;

/** Who spoke at the last look, and how loud, by sid. */
export type Speaking = Map<string, number>;

/** Tells the room who began to speak, stopped, or changed in loudness since the last look. */
export function tellSpeakers(room: Room, speaking: Speaking): void {
  const speakers: SpeakerInfo[] = [];
  const heard = new Map([...room.participants.values()].map((one) => [one.sid, levelOf(one)]));
  for (const [sid, level] of heard) {
    if (level === (speaking.get(sid) ?? 0)) continue;
    speakers.push(new SpeakerInfo({ sid, level, active: level > 0 }));
    if (level > 0) speaking.set(sid, level);
    else speaking.delete(sid);
  }
  // Who has left is told of by their departure.
  for (const sid of speaking.keys()) if (!heard.has(sid)) speaking.delete(sid);
  if (speakers.length > 0) {
    tellAll(room, { case: 'speakersChanged', value: new SpeakersChanged({ speakers }) });
  }
}

/** 0 (silent) to 1. */
function levelOf(participant: Participant): number {
  const dbov = participant.media.takeAudioLevel();
  if (dbov === undefined || dbov > SPEAKING_DBOV || isHidden(participant)) return 0;
  return Math.ceil(10 ** (-dbov / 20) * STEPS) / STEPS;
}
