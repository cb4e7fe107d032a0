import { useCall } from '../call/use-call.ts';
import { CallRoom } from './call-room.tsx';
import { Farewell } from './farewell.tsx';
import { IncomingCall } from './incoming-call.tsx';
import { Lobby } from './lobby.tsx';

/** What the page shows: before the call, the call, or why it is over. */
export function CallPage() {
  const { phase } = useCall();
  return (
    <>
      {phase === 'in' && <CallRoom />}
      {phase === 'gone' && <Farewell />}
      {(phase === 'lobby' || phase === 'joining') && <Lobby />}
      <IncomingCall />
    </>
  );
}
