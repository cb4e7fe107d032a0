import { Text } from '@mantine/core';
import type { ActivityLine } from '../call/state.ts';

/** What the reply of an act said, e.g. `applied in 12 ms`, or why it was refused. */
export function Outcome({ line }: { line: ActivityLine }) {
  if (line.state === 'waiting') {
    return (
      <Text span size="sm" c="dimmed">
        waiting for the reply
      </Text>
    );
  }
  if (line.outcome === undefined) return null;
  const isFailed = line.state === 'failed';
  return (
    <Text
      span
      size="sm"
      fw={600}
      c={isFailed ? 'var(--mantine-color-error)' : 'var(--page-good)'}
      data-outcome={line.state}
    >
      {line.outcome}
    </Text>
  );
}
