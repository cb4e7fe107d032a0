import { cleanup } from 'node-datachannel';
import { type ListenOptions, PipeTransport } from './pipe-transport.ts';
import type { Transports } from './transport.ts';

export const DEFAULT_LISTEN_OPTIONS: ListenOptions = {
  port: 7882,
  bindAddress: undefined,
  advertisedAddress: undefined,
  openWithinMs: 30_000,
};

/**
 * Makes transports of libdatachannel. They live in one JavaScript context of a process only: a worker beside the main
 * thread ends the process.
 */
export function createTransports(options: ListenOptions): Transports {
  /** All that are open: the library closes a connection that nobody names any more. */
  const open = new Set<PipeTransport>();
  return {
    create(handlers) {
      const transport = new PipeTransport(options, handlers, (gone) => open.delete(gone));
      open.add(transport);
      return transport;
    },
    close() {
      for (const transport of [...open]) transport.close();
    },
  };
}

/** Ends the library's threads, all transports of the process with them; without it the process does not exit. */
export const endTransports = (): void => cleanup();
