import { useCallback } from 'react';
import { useStore } from '../call/use-call.ts';

/** How this person wants to come in: kept while the page is open, so that an answered ring finds it too. */
interface Choice {
  name: string;
  microphone: boolean;
  camera: boolean;
}

let choice: Choice | undefined;

/** The choice so far, and joining with it. */
export function useJoining() {
  const store = useStore();
  const initial: Choice = choice ?? { name: store.pass.name, microphone: true, camera: true };
  const choose = useCallback((chosen: Choice): void => {
    choice = chosen;
  }, []);
  const join = useCallback(async (): Promise<void> => {
    const { name, ...devices } = choice ?? { name: store.pass.name, microphone: true, camera: true };
    await store.join(name.trim() === '' ? store.pass.name : name.trim(), devices);
  }, [store]);
  return { initial, choose, join };
}
