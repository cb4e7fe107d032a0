import { Text } from '@mantine/core';
import { useCall } from '../call/use-call.ts';
import { Outcome } from './outcome.tsx';

/** What happened since this page joined, the newest first, each act with what its reply said. */
export function ActivityList() {
  const { activity } = useCall();
  if (activity.length === 0) {
    return (
      <Text size="sm" c="dimmed" py="md">
        Nothing happened yet.
      </Text>
    );
  }
  return (
    <ol className="rows" aria-label="Activity">
      {activity.map((line) => (
        <li key={line.id} className="row">
          <Text size="sm">{line.text}</Text>
          <Outcome line={line} />
        </li>
      ))}
    </ol>
  );
}
