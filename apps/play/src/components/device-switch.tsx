import { Button } from '@mantine/core';
import type { ComponentType } from 'react';

interface Props {
  name: string;
  isOn: boolean;
  isAllowed: boolean;
  icons: readonly [on: ComponentType, off: ComponentType];
  onChange(isOn: boolean): void;
}

/** A device on or off before the call. */
export function DeviceSwitch({ name, isOn, isAllowed, icons: [On, Off], onChange }: Props) {
  return (
    <Button
      variant={isOn ? 'light' : 'default'}
      leftSection={isOn ? <On /> : <Off />}
      aria-pressed={isOn}
      disabled={!isAllowed}
      onClick={() => onChange(!isOn)}
    >
      {isAllowed ? `${name} ${isOn ? 'on' : 'off'}` : `${name}: ask in the call`}
    </Button>
  );
}
