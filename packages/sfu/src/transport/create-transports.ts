import { cleanup, IceUdpMuxListener } from 'node-datachannel';
import { type ListenOptions, PipeTransport } from './pipe-transport.ts';
import type { Transports } from './transport.ts';

export const DEFAULT_LISTEN_OPTIONS: ListenOptions = {
  port: 7882,
  bindAddress: undefined,
  advertisedAddress: undefined,
  openWithinMs: 30_000,
};

/**
 * Makes transports of libdatachannel, and holds their port until it is closed. They live in one JavaScript context of a
 * process only: a worker beside the main thread ends the process. Throws an Error that names port and address where they
 * cannot be bound.
 */
export function createTransports(options: ListenOptions): Transports {
  // A connection that cannot bind ends the process, so the port must stay ours while nobody is connected, too.
  const listener = options.port === 0 ? undefined : hold(options);
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
      listener?.stop();
    },
  };
}

function hold({ port, bindAddress }: ListenOptions): IceUdpMuxListener {
  try {
    return new IceUdpMuxListener(port, bindAddress);
  } catch (cause) {
    const where = bindAddress === undefined ? '' : ` of ${bindAddress}`;
    throw new Error(
      `UDP port ${port}${where} cannot be bound; set one that is free and an address of this machine`,
      {
        cause,
      },
    );
  }
}

/** Ends the library's threads, all transports of the process with them; without it the process does not exit. */
export const endTransports = (): void => cleanup();
