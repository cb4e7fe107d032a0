import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { Alert, Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import { useCall, useStore } from '../call/use-call.ts';
import { CallHeader } from './call-header.tsx';
import { ControlBar } from './control-bar.tsx';
import { LastAct } from './last-act.tsx';
import { SidePanel } from './side-panel.tsx';
import { Stage } from './stage.tsx';

/** From here on the panel stands beside the stage; on less it comes over it. */
const WIDE = '(min-width: 62em)';

/** The call: who is in, what one sends, and what can be done. */
export function CallRoom() {
  const { media } = useStore();
  const { notice } = useCall();
  const store = useStore();
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  const [isOpen, setIsOpen] = useState(isWide);
  return (
    <RoomContext.Provider value={media.room}>
      <RoomAudioRenderer />
      <div className="call">
        <CallHeader />
        <main className="call-main">
          <h1 className="for-readers">The call</h1>
          {notice !== undefined && (
            <Alert
              color="yellow"
              variant="light"
              role="alert"
              m="xs"
              withCloseButton
              closeButtonLabel="Dismiss"
              onClose={() => store.dismissNotice()}
            >
              {notice}
            </Alert>
          )}
          <Stage />
          <LastAct />
          <ControlBar isPanelOpen={isOpen} onPanel={() => setIsOpen(!isOpen)} />
        </main>
        {isWide && isOpen && (
          <aside className="call-side" aria-label="People, requests and activity">
            <SidePanel />
          </aside>
        )}
      </div>
      {!isWide && (
        <Drawer
          opened={isOpen}
          onClose={() => setIsOpen(false)}
          position="bottom"
          size="75%"
          title="In this call"
          closeButtonProps={{ 'aria-label': 'Close' }}
        >
          <SidePanel />
        </Drawer>
      )}
    </RoomContext.Provider>
  );
}
