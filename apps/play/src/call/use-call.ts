import { createContext, useContext, useSyncExternalStore } from 'react';
import type { CallStore } from './call-store.ts';
import type { CallState } from './state.ts';

/** The store of this page, set once by `App`. */
export const StoreContext = createContext<CallStore | undefined>(undefined);

/** The store. Throws outside of the page. */
export function useStore(): CallStore {
  const store = useContext(StoreContext);
  if (!store) throw new Error('there is no call here');
  return store;
}

/** The call as it stands; the component renders again when it changes. */
export function useCall(): CallState {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.read);
}
