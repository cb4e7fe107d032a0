import { Button, Stack, Text, Title } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import { usePeople } from '../media/use-people.ts';
import { AbsentRow } from './absent-row.tsx';
import { CallRules } from './call-rules.tsx';
import { PersonRow } from './person-row.tsx';

/** Everybody in the call with the acts beside them, and the members who are not there. */
export function PeopleList() {
  const { members, rights, call } = useCall();
  const { api, ...store } = useStore();
  const people = usePeople();
  const here = new Set(people.map(({ userId }) => userId));
  const absent = members.filter(({ user_id }) => !here.has(user_id));
  return (
    <Stack gap="md" py="md">
      <ul className="rows" aria-label="In the call">
        {people.map((person) => (
          <PersonRow key={person.sessionId} person={person} />
        ))}
      </ul>
      {rights.has('mute-users') && people.length > 1 && (
        <Button variant="default" onClick={() => void store.act('Mute everybody else', api.muteAll)}>
          Mute everybody else
        </Button>
      )}
      {absent.length > 0 && (
        <section>
          <Title order={2} size="h6" mb="xs">
            Not in the call
          </Title>
          <ul className="rows">
            {absent.map((member) => (
              <AbsentRow
                key={member.user_id}
                member={member}
                isBlocked={call?.blocked_user_ids.includes(member.user_id) ?? false}
              />
            ))}
          </ul>
        </section>
      )}
      {rights.has('update-call-settings') && <CallRules />}
      {people.length === 1 && absent.length === 0 && (
        <Text size="sm" c="dimmed">
          You are alone here. Open the other link, or invite somebody.
        </Text>
      )}
    </Stack>
  );
}
