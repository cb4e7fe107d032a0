import { Button, Group, Modal, Text } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import { useJoining } from './use-joining.ts';

/** Somebody in the call rings this person, who is not in it. */
export function IncomingCall() {
  const { ring } = useCall();
  const store = useStore();
  const { join } = useJoining();
  const accept = async (): Promise<void> => {
    await store.answerRing(true);
    await join();
  };
  return (
    <Modal
      opened={ring !== undefined}
      onClose={() => void store.answerRing(false)}
      title="Incoming call"
      closeButtonProps={{ 'aria-label': 'Reject' }}
      centered
    >
      <Text mb="md">
        <b>{ring?.name}</b> rings you into this call.
      </Text>
      <Group grow>
        <Button onClick={() => void accept()} data-autofocus>
          Accept
        </Button>
        <Button variant="default" onClick={() => void store.answerRing(false)}>
          Reject
        </Button>
      </Group>
    </Modal>
  );
}
