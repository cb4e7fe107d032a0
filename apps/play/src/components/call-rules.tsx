import { Stack, Switch, Title } from '@mantine/core';
import type { Setting } from '../api/call-api.ts';
import { useCall, useStore } from '../call/use-call.ts';

const SETTINGS: readonly { setting: Setting; thing: string }[] = [
  { setting: 'audio', thing: 'microphone' },
  { setting: 'video', thing: 'camera' },
  { setting: 'screensharing', thing: 'screen' },
];

/** What ordinary people must ask for in this call. */
export function CallRules() {
  const { call } = useCall();
  const { api, ...store } = useStore();
  if (!call) return null;
  return (
    <section>
      <Title order={2} size="h6" mb="xs">
        People ask before they use
      </Title>
      <Stack gap="xs">
        {SETTINGS.map(({ setting, thing }) => {
          const isOnRequest = call.settings[setting].enabled && call.settings[setting].access_request_enabled;
          const text = isOnRequest ? `Open the ${thing} to everybody` : `Put the ${thing} on request`;
          return (
            <Switch
              key={setting}
              label={`the ${thing}`}
              checked={isOnRequest}
              onChange={() => void store.act(text, () => api.putOnRequest(setting, !isOnRequest))}
            />
          );
        })}
      </Stack>
    </section>
  );
}
