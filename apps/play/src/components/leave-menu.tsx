import { Button, Menu } from '@mantine/core';
import { useStore } from '../call/use-call.ts';
import { Leave } from './icons.tsx';

/** Leaving, or ending the call for everybody. */
export function LeaveMenu() {
  const { api, ...store } = useStore();
  return (
    <Menu position="top" withinPortal>
      <Menu.Target>
        <Button color="red" className="control" aria-label="Leave or end">
          <Leave />
          <span className="control-name">Leave</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void store.leave()}>Leave the call</Menu.Item>
        <Menu.Item
          c="var(--mantine-color-error)"
          onClick={() => void store.act('End the call for everybody', api.end)}
        >
          End it for everybody
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
