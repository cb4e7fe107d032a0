import { Button, Group, Text } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import { farewellOf } from '../call/wording.ts';
import { CardPage } from './card-page.tsx';

/** Why this person is out of the call, and what they can do now. */
export function Farewell() {
  const { gone } = useCall();
  const store = useStore();
  if (!gone) return null;
  const { title, text, mayReturn } = farewellOf(gone.reason);
  return (
    <CardPage title={title}>
      <Text role="status">
        {text}
        {gone.by !== undefined && ` It was done by ${gone.by}.`}
      </Text>
      {mayReturn && (
        <Group>
          <Button onClick={() => store.backToLobby()}>Join again</Button>
        </Group>
      )}
    </CardPage>
  );
}
