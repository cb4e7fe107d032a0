import type { Logger } from '../kernel/logger.ts';
import type { ClientAddress } from './address.ts';

/** Remembers who sends `X-Forwarded-For` without being a named proxy. */
export interface ProxyWatch {
  note(client: ClientAddress): void;
  /** Sentences for `/readyz`; addresses stand in the log alone. */
  notes(): string[];
}

/** Addresses remembered at most: anybody can send the header. */
const REMEMBERED = 100;

export function createProxyWatch(logger: Logger): ProxyWatch {
  const seen = new Set<string>();
  return {
    note({ address, untrustedProxy }) {
      if (!untrustedProxy || seen.has(address) || seen.size >= REMEMBERED) return;
      seen.add(address);
      logger.warn(
        { address },
        'X-Forwarded-For from an address that is not in CALLGATE_TRUSTED_PROXIES: it never counts for IP bans',
      );
    },
    notes() {
      if (seen.size === 0) return [];
      const count = seen.size >= REMEMBERED ? `at least ${REMEMBERED}` : String(seen.size);
      return [
        `X-Forwarded-For came from ${count} addresses that are not in CALLGATE_TRUSTED_PROXIES; their requests never count for IP bans.`,
      ];
    },
  };
}
