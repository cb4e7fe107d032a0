import { type CallState, STARTING } from './state.ts';

/** Holds the one state of the page and tells who listens that it has changed. */
export interface Holder {
  read(): CallState;
  set(change: Partial<CallState>): void;
  subscribe(changed: () => void): () => void;
}

export function createHolder(): Holder {
  let state = STARTING;
  const listeners = new Set<() => void>();
  return {
    read: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const changed of listeners) changed();
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}
