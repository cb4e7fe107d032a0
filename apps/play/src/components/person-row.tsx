import { Badge, Group, Text } from '@mantine/core';
import { useCall } from '../call/use-call.ts';
import { kindName } from '../call/wording.ts';
import type { Person } from '../media/use-people.ts';
import { Outcome } from './outcome.tsx';
import { PersonActs } from './person-acts.tsx';

/** One person in the list: who they are, what holds for them, the acts, and what the last one did. */
export function PersonRow({ person }: { person: Person }) {
  const { activity } = useCall();
  const last = activity.find(({ userId, kind }) => userId === person.userId && kind !== 'others');
  const isSilent = !person.isMicrophoneOn;
  return (
    <li className="row" data-row={person.userId}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <div className="row-text">
          <Text fw={600} truncate>
            {person.name}
            {person.isMe && ' (you)'}
          </Text>
          <Group gap={6}>
            <Badge size="sm" variant="light" color={person.role === 'host' ? 'cyan' : 'gray'}>
              {person.role.replace('_', ' ')}
            </Badge>
            <Text size="sm" c="dimmed">
              {person.muted.length > 0
                ? `muted: ${person.muted.map(kindName).join(', ')}`
                : isSilent
                  ? 'microphone off'
                  : 'microphone on'}
            </Text>
          </Group>
        </div>
        {!person.isMe && <PersonActs person={person} />}
      </Group>
      {last && (
        <Text size="sm" className="row-outcome">
          {last.text}: <Outcome line={last} />
        </Text>
      )}
    </li>
  );
}
