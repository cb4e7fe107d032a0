import { type SignalTarget, TrickleRequest } from '@livekit/protocol';
import type { Participant } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import type { LocalParameters } from '../transport/transport.ts';

/** Tells a client where to send; the last one says that it is. What clients send of theirs is not needed: we see it. */
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
