import { useTrackToggle } from '@livekit/components-react';
import { Button } from '@mantine/core';
import type { Track } from 'livekit-client';
import type { ComponentType } from 'react';
import type { Right } from '../api/call-api.ts';
import { useCall, useStore } from '../call/use-call.ts';
import { thingOf } from '../call/wording.ts';
import { AskButton } from './ask-button.tsx';

interface Props {
  name: string;
  right: Right;
  source: Track.Source.Microphone | Track.Source.Camera | Track.Source.ScreenShare;
  icons: readonly [on: ComponentType, off: ComponentType];
}

/** Switches one device on and off; without the right to it, asks for it where it can be asked for. */
export function DeviceButton(props: Props) {
  const { rights, call } = useCall();
  const { pass } = useStore();
  if (!pass.hasMedia) return <Off {...props} why="no media server is configured" />;
  if (rights.has(props.right)) return <Toggle {...props} />;
  const setting = { 'send-audio': 'audio', 'send-video': 'video', screenshare: 'screensharing' } as const;
  const { enabled, access_request_enabled: isOnRequest } = call?.settings[setting[props.right]] ?? {};
  if (enabled && isOnRequest) return <AskButton right={props.right} />;
  return <Off {...props} why={`your ${thingOf(props.right)} is not allowed here`} />;
}

function Toggle({ name, source, icons: [On, IsOff] }: Props) {
  const { enabled, pending, toggle } = useTrackToggle({ source });
  return (
    <Button
      variant={enabled ? 'light' : 'default'}
      className="control"
      aria-pressed={enabled}
      aria-label={name}
      loading={pending}
      onClick={() => void toggle().catch(() => undefined)}
    >
      {enabled ? <On /> : <IsOff />}
      <span className="control-name">{name}</span>
    </Button>
  );
}

function Off({ name, icons: [, IsOff], why }: Props & { why: string }) {
  return (
    <Button variant="default" className="control" disabled aria-label={`${name}: ${why}`} title={why}>
      <IsOff />
      <span className="control-name">{name}</span>
    </Button>
  );
}
