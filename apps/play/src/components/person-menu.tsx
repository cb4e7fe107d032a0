import type { TrackKind } from '@callgate/contract';
import { Menu } from '@mantine/core';
import type { Right } from '../api/call-api.ts';
import { useStore } from '../call/use-call.ts';
import { kindName, thingOf } from '../call/wording.ts';
import type { Person } from '../media/use-people.ts';

const KINDS: readonly TrackKind[] = ['audio', 'video', 'screenshare'];
const RIGHTS: readonly Right[] = ['send-audio', 'send-video', 'screenshare'];

/** Mutes, by kind. */
export function MuteItems({ person: { name, userId } }: { person: Person }) {
  const { api, ...store } = useStore();
  return (
    <>
      <Menu.Label>Mute until they unmute</Menu.Label>
      {KINDS.map((kind) => (
        <Menu.Item
          key={kind}
          onClick={() =>
            void store.act(`Mute the ${kindName(kind)} of ${name}`, () => api.mute(userId, kind), userId)
          }
        >
          Mute the {kindName(kind)}
        </Menu.Item>
      ))}
    </>
  );
}

/** Grants and revocations, by right. */
export function RightItems({ person: { name, userId } }: { person: Person }) {
  const { api, ...store } = useStore();
  return (
    <>
      <Menu.Label>What they may send</Menu.Label>
      {RIGHTS.map((right) => (
        <Menu.Item
          key={`grant ${right}`}
          onClick={() =>
            void store.act(`Allow ${thingOf(right)} to ${name}`, () => api.grant(userId, right), userId)
          }
        >
          Allow {thingOf(right)}
        </Menu.Item>
      ))}
      {RIGHTS.map((right) => (
        <Menu.Item
          key={`revoke ${right}`}
          onClick={() =>
            void store.act(`Take ${thingOf(right)} from ${name}`, () => api.revoke(userId, right), userId)
          }
        >
          Take {thingOf(right)} away
        </Menu.Item>
      ))}
    </>
  );
}

interface Removing {
  person: Person;
  mayRemove: boolean;
  mayBlock: boolean;
}

/** Putting somebody out of the call. */
export function RemoveItems({ person: { name, userId }, mayRemove, mayBlock }: Removing) {
  const { api, ...store } = useStore();
  return (
    <>
      <Menu.Label>Put out of the call</Menu.Label>
      {mayRemove && (
        <Menu.Item onClick={() => void store.act(`Remove ${name}`, () => api.kick(userId), userId)}>
          Remove; they may come back
        </Menu.Item>
      )}
      {mayBlock && (
        <Menu.Item
          c="var(--mantine-color-error)"
          onClick={() => void store.act(`Block ${name}`, () => api.block(userId), userId)}
        >
          Block; they stay out
        </Menu.Item>
      )}
    </>
  );
}
