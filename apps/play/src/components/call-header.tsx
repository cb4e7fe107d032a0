import { Badge, Button, Group, Text } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import { InviteButton } from './invite-button.tsx';
import { titleOf } from './lobby.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

/** Which call this is, how the connection stands, and what concerns the call as a whole. */
export function CallHeader() {
  const { call, rights, socket } = useCall();
  const { pass, api, ...store } = useStore();
  const isBackstage = call?.backstage === true;
  return (
    <header className="call-header">
      <Group gap="xs" wrap="nowrap" miw={0}>
        <Text fw={650} truncate>
          {titleOf(call?.custom, pass.cid)}
        </Text>
        <Badge variant="light" visibleFrom="xs" flex="none">
          {pass.cid.split(':')[0]}
        </Badge>
        {isBackstage && (
          <Badge color="grape" variant="light" flex="none">
            Backstage
          </Badge>
        )}
        {!pass.hasMedia && (
          <Badge color="gray" variant="light" flex="none" title="Acts are recorded and bind nothing">
            No media server
          </Badge>
        )}
        {socket !== 'open' && (
          <Badge color="red" variant="light" role="status" flex="none">
            {socket === 'closed' ? 'No events' : 'Reconnecting'}
          </Badge>
        )}
      </Group>
      <Group gap="xs" wrap="nowrap">
        {rights.has('update-call') && isBackstage && (
          <Button size="compact-md" onClick={() => void store.act('Go live', api.goLive)}>
            Go live
          </Button>
        )}
        {rights.has('update-call-member') && <InviteButton />}
        <ThemeToggle />
      </Group>
    </header>
  );
}
