import { type SignalTarget, TrickleRequest } from '@livekit/protocol';
import type { Participant } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import type { LocalParameters } from '../transport/transport.ts';

/** Tells a client where to send; the last one says that it is. */
export function tellCandidates(
  participant: Participant,
  { candidates }: LocalParameters,
  target: SignalTarget,
  sdpMid = '0',
): void {
  candidates.forEach((candidate, at) => {
    const candidateInit = JSON.stringify({ candidate, sdpMid, sdpMLineIndex: 0, usernameFragment: null });
    const final = at === candidates.length - 1;
    tell(participant, { case: 'trickle', value: new TrickleRequest({ candidateInit, target, final }) });
  });
}

/** Longer lines are no candidate's. */
const MOST_CHARACTERS = 1_024;

/** What a client says of where it can be reached: the candidate of its first m-line, which all others share, if it is one. */
export function readCandidate({ candidateInit }: TrickleRequest): string | undefined {
  if (candidateInit.length > MOST_CHARACTERS) return undefined;
  try {
    const { candidate, sdpMLineIndex } = JSON.parse(candidateInit) ?? {};
    return sdpMLineIndex === 0 && typeof candidate === 'string' ? candidate : undefined;
  } catch {
    return undefined;
  }
}
