import { Button, Group, Text } from '@mantine/core';
import { useCall, useStore } from '../call/use-call.ts';
import { thingOf } from '../call/wording.ts';

/** Who asks for what, to be answered. */
export function RequestsList() {
  const { requests } = useCall();
  const { api, ...store } = useStore();
  if (requests.length === 0) {
    return (
      <Text size="sm" c="dimmed" py="md">
        Nobody asks for anything.
      </Text>
    );
  }
  return (
    <ul className="rows" aria-label="Requests">
      {requests.map(({ id, user, user_id: userId, permission }) => {
        const name = user.name ?? userId;
        const thing = thingOf(permission);
        return (
          <li key={id} className="row">
            <Text mb={6}>
              <b>{name}</b> asks for the {thing}
            </Text>
            <Group gap="xs">
              <Button
                size="compact-md"
                aria-label={`Allow ${thing} to ${name}`}
                onClick={() =>
                  void store.act(`Allow ${thing} to ${name}`, () => api.grant(userId, permission), userId)
                }
              >
                Allow
              </Button>
              <Button
                size="compact-md"
                variant="default"
                aria-label={`Deny ${thing} to ${name}`}
                onClick={() => void store.act(`Deny ${thing} to ${name}`, () => api.deny(id), userId)}
              >
                Deny
              </Button>
            </Group>
          </li>
        );
      })}
    </ul>
  );
}
