import { Button } from '@mantine/core';
import type { Right } from '../api/call-api.ts';
import { useCall, useStore } from '../call/use-call.ts';
import { thingOf } from '../call/wording.ts';
import { Hand } from './icons.tsx';

/** Asks for a right; while nobody has answered it says so. */
export function AskButton({ right }: { right: Right }) {
  const { requests } = useCall();
  const { api, pass, ...store } = useStore();
  const isAsked = requests.some(
    (asked) => asked.user_id === pass.userId && asked.permission === right && asked.state === 'pending',
  );
  const label = isAsked ? `Asked for ${thingOf(right)}` : `Ask for ${thingOf(right)}`;
  return (
    <Button
      variant="light"
      color="grape"
      className="control"
      aria-label={label}
      title={label}
      disabled={isAsked}
      onClick={() => void store.act(`Ask for ${thingOf(right)}`, () => api.askFor(right))}
    >
      <Hand />
      <span className="control-name">{isAsked ? 'Asked' : 'Ask'}</span>
    </Button>
  );
}
