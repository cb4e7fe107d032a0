import { Alert, Badge, Button, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { useCall, useStore } from '../call/use-call.ts';
import { CardPage } from './card-page.tsx';
import { DeviceSwitch } from './device-switch.tsx';
import { Camera, CameraOff, Microphone, MicrophoneOff } from './icons.tsx';
import { Preview } from './preview.tsx';
import { useJoining } from './use-joining.ts';

/** The longest name that the server takes. */
const NAME_LENGTH = 255;

/** Before the call: the name, and what camera and microphone give. */
export function Lobby() {
  const { pass } = useStore();
  const { call, phase, refusal, rights } = useCall();
  const { initial, choose, join } = useJoining();
  const [name, setName] = useState(initial.name);
  const [microphone, setMicrophone] = useState(initial.microphone);
  const [camera, setCamera] = useState(initial.camera);
  useEffect(() => choose({ name, microphone, camera }), [choose, name, microphone, camera]);
  const maySpeak = rights.has('send-audio');
  const mayShow = rights.has('send-video');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void join();
  };
  return (
    <CardPage title={titleOf(call?.custom, pass.cid)}>
      <Group gap="xs">
        <Badge variant="light">{pass.cid.split(':')[0]}</Badge>
        <Badge variant="light" color="gray">
          {pass.role === 'host' ? 'You are a host' : 'You are a participant'}
        </Badge>
      </Group>
      {!pass.hasMedia && <NoMedia />}
      {call?.backstage && !rights.has('join-backstage') && (
        <Alert variant="light">The host has not started yet. The page says when you can join.</Alert>
      )}
      {refusal !== undefined && (
        <Alert color="red" variant="light" role="alert" title="You cannot join">
          {refusal}
        </Alert>
      )}
      <form onSubmit={submit}>
        <Stack gap="md">
          <Preview camera={camera && mayShow} microphone={microphone && maySpeak} />
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
            <DeviceSwitch
              name="Microphone"
              isOn={microphone && maySpeak}
              isAllowed={maySpeak}
              icons={[Microphone, MicrophoneOff]}
              onChange={setMicrophone}
            />
            <DeviceSwitch
              name="Camera"
              isOn={camera && mayShow}
              isAllowed={mayShow}
              icons={[Camera, CameraOff]}
              onChange={setCamera}
            />
          </SimpleGrid>
          <TextInput
            label="Your name"
            value={name}
            maxLength={NAME_LENGTH}
            autoComplete="nickname"
            required
            withAsterisk={false}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Button type="submit" size="md" loading={phase === 'joining'} fullWidth>
            Join the call
          </Button>
        </Stack>
      </form>
    </CardPage>
  );
}

function NoMedia() {
  return (
    <Alert variant="light" title="No media server is configured">
      <Text size="sm">
        You join and every act works, but nobody is seen or heard: acts answer that there was no media to
        bind.
      </Text>
    </Alert>
  );
}

/** The call's title where the application gave one, else its id. */
export function titleOf(custom: Record<string, unknown> | undefined, cid: string): string {
  const title = custom?.title;
  return typeof title === 'string' && title !== '' ? title : (cid.split(':')[1] ?? cid);
}
