import { Button, CopyButton, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { RequestFailure } from '../api/request.ts';
import { useStore } from '../call/use-call.ts';
import { Chain } from './icons.tsx';

/** Makes a link for one more person. */
export function InviteButton() {
  const { api } = useStore();
  const [link, setLink] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [isOpen, setIsOpen] = useState(false);
  const make = async (): Promise<void> => {
    setIsOpen(true);
    setLink(undefined);
    setProblem(undefined);
    try {
      setLink((await api.createLink()).url);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <>
      <Button size="compact-md" variant="light" leftSection={<Chain size={16} />} onClick={() => void make()}>
        Invite
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setIsOpen(false)}
        title="Invite one person"
        closeButtonProps={{ 'aria-label': 'Close' }}
        centered
      >
        <Stack>
          <Text size="sm">This link lets one person in, once, within a day.</Text>
          <TextInput label="Link" readOnly value={link ?? ''} error={problem} data-autofocus />
          <CopyButton value={link ?? ''}>
            {({ copied, copy }) => (
              <Button onClick={copy} disabled={link === undefined}>
                {copied ? 'Copied' : 'Copy the link'}
              </Button>
            )}
          </CopyButton>
        </Stack>
      </Modal>
    </>
  );
}
