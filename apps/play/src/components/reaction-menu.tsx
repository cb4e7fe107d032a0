import { ActionIcon, Button, Group, Popover } from '@mantine/core';
import { useStore } from '../call/use-call.ts';
import { REACTIONS } from '../call/wording.ts';
import { Smile } from './icons.tsx';

/** Reactions, which everybody in the call sees for a moment. */
export function ReactionMenu() {
  const { api } = useStore();
  return (
    <Popover position="top" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default" className="control" aria-label="React">
          <Smile />
          <span className="control-name">React</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Reactions">
        <Group gap={4} wrap="nowrap">
          {REACTIONS.map(({ kind, sign, label }) => (
            <ActionIcon
              key={kind}
              variant="subtle"
              color="gray"
              size="xl"
              aria-label={label}
              onClick={() => void api.react(kind).catch(() => undefined)}
            >
              <span aria-hidden="true">{sign}</span>
            </ActionIcon>
          ))}
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
