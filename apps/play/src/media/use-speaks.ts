import { type Participant, ParticipantEvent } from 'livekit-client';
import { useEffect, useState } from 'react';

/** Whether the person is heard speaking now. */
export function useSpeaks(participant: Participant | undefined): boolean {
  const [speaks, setSpeaks] = useState(false);
  useEffect(() => {
    setSpeaks(participant?.isSpeaking ?? false);
    if (!participant) return;
    participant.on(ParticipantEvent.IsSpeakingChanged, setSpeaks);
    return () => void participant.off(ParticipantEvent.IsSpeakingChanged, setSpeaks);
  }, [participant]);
  return speaks;
}
