import { Box, Card, Center, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { ThemeToggle } from './theme-toggle.tsx';

/** A page of one card in the middle. */
export function CardPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box className="card-page">
      <Group component="header" justify="space-between" px="md" py="xs">
        <Text fw={700} c="var(--mantine-color-text)">
          Callgate
        </Text>
        <ThemeToggle />
      </Group>
      <Center component="main" px="md" pb="xl">
        <Card withBorder shadow="sm" padding="lg" radius="lg" w="100%" maw={480}>
          <Stack gap="md">
            <Title order={1} size="h3">
              {title}
            </Title>
            {children}
          </Stack>
        </Card>
      </Center>
    </Box>
  );
}
