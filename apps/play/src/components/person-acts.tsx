import { ActionIcon, Group, Menu } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import type { Person } from '../media/use-people.ts';
import { Dots, MicrophoneOff, Remove } from './icons.tsx';
import { MuteItems, RemoveItems, RightItems } from './person-menu.tsx';

/** The acts that this person may do to another: the two frequent ones at hand, all of them in the menu. */
export function PersonActs({ person }: { person: Person }) {
  const { rights } = useCall();
  const { api, ...store } = useStore();
  const { name, userId } = person;
  const mayMute = rights.has('mute-users');
  const mayRemove = rights.has('kick-user');
  const mayBlock = rights.has('block-users');
  const mayGrant = rights.has('update-call-permissions');
  if (!mayMute && !mayRemove && !mayBlock && !mayGrant) return null;
  return (
    <Group gap={4} wrap="nowrap" role="group" aria-label={`Acts on ${name}`}>
      {mayMute && (
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={`Mute ${name}`}
          title="Mute the microphone"
          onClick={() => void store.act(`Mute ${name}`, () => api.mute(userId, 'audio'), userId)}
        >
          <MicrophoneOff />
        </ActionIcon>
      )}
      {mayRemove && (
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={`Remove ${name}`}
          title="Remove from the call"
          onClick={() => void store.act(`Remove ${name}`, () => api.kick(userId), userId)}
        >
          <Remove />
        </ActionIcon>
      )}
      <Menu position="bottom-end" withinPortal middlewares={{ flip: true, shift: true, size: true }}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={`More acts on ${name}`}>
            <Dots />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown className="long-menu">
          {mayMute && <MuteItems person={person} />}
          {mayGrant && <RightItems person={person} />}
          {(mayRemove || mayBlock) && (
            <RemoveItems person={person} mayBlock={mayBlock} mayRemove={mayRemove} />
          )}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
