import { Center, Loader, Stack, Text } from '@mantine/core';

/** Something takes its time. */
export function Waiting({ text }: { text: string }) {
  return (
    <Center component="main" mih="100dvh">
      <Stack align="center" gap="sm" role="status">
        <Loader type="dots" />
        <Text>{text}</Text>
      </Stack>
    </Center>
  );
}
