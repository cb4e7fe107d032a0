import { type Requestable, SETTING_OF_KIND } from '@callgate/contract';
import type { PolicySettings } from './policy-facts.ts';

/** The three states of a kind (api.md 0.1). */
export type KindState = 'off' | 'on' | 'on_request';

/** The state of a kind from its setting alone. */
export function kindState(setting: { enabled: boolean; access_request_enabled: boolean }): KindState {
  if (!setting.enabled) return 'off';
  return setting.access_request_enabled ? 'on_request' : 'on';
}

/** The state of each kind that can be asked for, in a call with these settings. */
export function kindStates(settings: PolicySettings): Record<Requestable, KindState> {
  return {
    'send-audio': kindState(settings[SETTING_OF_KIND['send-audio']]),
    'send-video': kindState(settings[SETTING_OF_KIND['send-video']]),
    screenshare: kindState(settings[SETTING_OF_KIND.screenshare]),
  };
}
