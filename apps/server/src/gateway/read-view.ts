import type { SessionId, TrackKind } from '@callgate/contract';
import { TrackSource } from '@livekit/protocol';
import { type Judge, judgeSession } from '../features/enforcement/index.ts';
import { findSession, isOfPeople, type WantedMedia } from '../features/media/index.ts';
import type { Database } from '../storage/database.ts';
import { type MediaView, NOTHING_ALLOWED } from './media-view.ts';

const SOURCES: Record<TrackKind, TrackSource> = {
  audio: TrackSource.MICROPHONE,
  video: TrackSource.CAMERA,
  screenshare: TrackSource.SCREEN_SHARE,
  screenshare_audio: TrackSource.SCREEN_SHARE_AUDIO,
};

/** What the messages of a session are judged by: read for each that publishes, unmutes or subscribes. */
export const viewReader =
  ({ database, judge }: { database: Database; judge: Judge }) =>
  (id: SessionId): Promise<MediaView> =>
    database.read(async (snapshot) => {
      const row = await findSession(snapshot, id);
      if (!row || (row.state !== 'pending' && row.state !== 'active')) return NOTHING_ALLOWED;
      const judged = await judgeSession(snapshot, judge, row);
      return judged.refusal === null && judged.wanted ? viewOf(judged.wanted) : NOTHING_ALLOWED;
    });

const viewOf = ({ kinds, muted, hiddenPeople, hidesPeople }: WantedMedia): MediaView => ({
  sources: new Set([...kinds].map((kind) => SOURCES[kind])),
  muted,
  isHidden: isOfPeople(hiddenPeople),
  drivesSubscriptions: hidesPeople,
});
