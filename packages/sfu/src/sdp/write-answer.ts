import { CODECS } from './codecs.ts';
import type { AnswerRequest, MediaSection, SectionUse } from './description.ts';
import {
  applicationLines,
  mediaLines,
  rejectedLines,
  sessionLines,
  textOf,
  type WrittenSection,
} from './write-section.ts';

/**
 * Our answer to a client's offer: its sections in their order, each with one payload type and with the client's ids of
 * header extensions, unused ones too (Chromium offers no extensions any more where an answer left them out).
 *
 * Throws a `RangeError` where a use does not fit its section: no such mid, a direction that the client did not offer, a
 * codec or a rid that it does not have.
 */
export function writeAnswer({ offer, local, uses }: AnswerRequest): string {
  const mids = new Set(offer.sections.map(({ mid }) => mid));
  for (const mid of uses.keys()) if (!mids.has(mid)) throw new RangeError(`no m-line has the mid ${mid}`);
  const bundled: string[] = [];
  const lines: string[] = [];
  for (const section of offer.sections) {
    const use = uses.get(section.mid);
    const written = section.kind === 'application' ? undefined : writtenSection(section, use);
    if (section.isRejected || (section.kind !== 'application' && !written)) {
      lines.push(...rejectedLines(local, section));
      continue;
    }
    bundled.push(section.mid);
    lines.push(...(written ? mediaLines(local, written) : applicationLines(local, section.mid)));
  }
  return textOf([...sessionLines(1, bundled), ...lines]);
}

/** Undefined where the section is not used and has no codec that we could name. */
function writtenSection(section: MediaSection, use: SectionUse | undefined): WrittenSection | undefined {
  if (use) demandFit(section, use);
  const [first] = section.payloadTypes.keys();
  const codec = use?.codec ?? first;
  const payloadType = codec && section.payloadTypes.get(codec);
  if (codec === undefined || payloadType === undefined) return undefined;
  const { mid, h264Format, extensions, sentExtensions: receivedExtensions } = section;
  return { mid, codec, payloadType, h264Format, extensions, receivedExtensions, use };
}

function demandFit(section: MediaSection, use: SectionUse): void {
  const { mid, direction, payloadTypes, kind } = section;
  const isOffered =
    direction === 'sendrecv' || direction === (use.use === 'receive' ? 'sendonly' : 'recvonly');
  if (!isOffered) throw new RangeError(`m-line ${mid} is ${direction}: we cannot ${use.use} in it`);
  if (CODECS[use.codec].kind !== kind || !payloadTypes.has(use.codec))
    throw new RangeError(`m-line ${mid} has no ${use.codec}`);
  if (use.use === 'receive' && !use.rids.every((rid) => section.rids.includes(rid)))
    throw new RangeError(`m-line ${mid} has other rids than ${use.rids.join(', ')}`);
}
