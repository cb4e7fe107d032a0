import { Button, Group } from '@mantine/core';
import { Track } from 'livekit-client';
import { useCall, useStore } from '../call/use-call.ts';
import { DeviceButton } from './device-button.tsx';
import { Camera, CameraOff, Leave, Microphone, MicrophoneOff, People, Screen } from './icons.tsx';
import { LeaveMenu } from './leave-menu.tsx';
import { ReactionMenu } from './reaction-menu.tsx';

interface Props {
  isPanelOpen: boolean;
  onPanel(): void;
}

/** What one sends, asks for and says; and the way out. */
export function ControlBar({ isPanelOpen, onPanel }: Props) {
  const { rights, requests } = useCall();
  const store = useStore();
  const waiting = rights.has('update-call-permissions') ? requests.length : 0;
  return (
    <nav className="control-bar" aria-label="Call controls">
      <Group className="controls" justify="center">
        <DeviceButton
          name="Mic"
          right="send-audio"
          source={Track.Source.Microphone}
          icons={[Microphone, MicrophoneOff]}
        />
        <DeviceButton
          name="Camera"
          right="send-video"
          source={Track.Source.Camera}
          icons={[Camera, CameraOff]}
        />
        <DeviceButton
          name="Screen"
          right="screenshare"
          source={Track.Source.ScreenShare}
          icons={[Screen, Screen]}
        />
        {rights.has('create-reaction') && <ReactionMenu />}
        <Button
          variant={isPanelOpen ? 'light' : 'default'}
          className="control"
          aria-pressed={isPanelOpen}
          aria-label={waiting > 0 ? `People, ${waiting} requests` : 'People'}
          onClick={onPanel}
        >
          <People />
          <span className="control-name">People{waiting > 0 && ` · ${waiting}`}</span>
        </Button>
        {rights.has('end-call') ? (
          <LeaveMenu />
        ) : (
          <Button color="red" className="control" aria-label="Leave" onClick={() => void store.leave()}>
            <Leave />
            <span className="control-name">Leave</span>
          </Button>
        )}
      </Group>
    </nav>
  );
}
