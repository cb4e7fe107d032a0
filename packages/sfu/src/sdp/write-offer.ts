import type { Codec } from '../media/media-peer.ts';
import { CODECS } from './codecs.ts';
import type { OfferedSection, OfferRequest } from './description.ts';
import { applicationLines, mediaLines, sessionLines, textOf } from './write-section.ts';

/** The mid of the data channels' section in our offers. */
export const APPLICATION_MID = '0';

/**
 * Our offer to a client with two connections: the application section first, then ours in the order given, each with
 * one payload type of our choice and without header extensions, for sources are named. Throws a `RangeError` where a
 * codec is not of its section's kind, or where two sections have the same mid.
 */
export function writeOffer({ local, version, sections }: OfferRequest): string {
  const mids = [APPLICATION_MID, ...sections.map(({ mid }) => mid)];
  if (new Set(mids).size !== mids.length) throw new RangeError('two m-lines with the same mid');
  return textOf([
    ...sessionLines(version, mids),
    ...applicationLines(local, APPLICATION_MID),
    ...sections.flatMap((section) => {
      const codec = codecIn(section);
      const use = section.use === 'unused' ? undefined : section.use;
      const { payloadType } = CODECS[codec];
      return mediaLines(local, { mid: section.mid, codec, payloadType, extensions: {}, use });
    }),
  ]);
}

function codecIn({ mid, kind, use }: OfferedSection): Codec {
  if (use === 'unused') return kind === 'audio' ? 'opus' : 'vp8';
  if (CODECS[use.codec].kind !== kind) throw new RangeError(`m-line ${mid} is for ${kind}, not ${use.codec}`);
  return use.codec;
}
