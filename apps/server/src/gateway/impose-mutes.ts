import { MuteTrackRequest, SignalRequest } from '@livekit/protocol';
import type { Connection } from './connection.ts';
import { kindOfSource, type MediaView } from './media-view.ts';
import { muteOrder, type ServerVerdict } from './verdict.ts';

/**
 * Silences the participant's tracks of muted kinds that were declared before the mute: those that the media server does not
 * list yet are in no answer of its API, so the door says it in the client's place, and tells the client.
 */
export function imposeMutes({ tracks, mutes }: Connection, { muted }: MediaView): ServerVerdict {
  if (muted.size === 0) return {};
  const loud = tracks.sids().filter((sid) => {
    const track = tracks.known(sid);
    const kind = track && kindOfSource(track.source);
    return kind !== undefined && muted.has(kind) && mutes.order(sid) === 'none';
  });
  for (const sid of loud) mutes.impose(sid);
  return {
    upstream: loud.map(
      (sid) =>
        new SignalRequest({
          message: { case: 'mute', value: new MuteTrackRequest({ sid, muted: true }) },
        }),
    ),
    also: loud.filter((sid) => mutes.remind(sid)).map(muteOrder),
  };
}
