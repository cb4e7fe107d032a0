import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';

/**
 * Whether a request comes from a page that may act here: of this server itself, or of a listed origin. Requests of no
 * page (no `Origin`) are none of a browser's and count as such.
 */
export function ownPages({
  allowedOrigins,
  publicUrl,
}: Pick<Config, 'allowedOrigins' | 'publicUrl'>): (message: Pick<IncomingMessage, 'headers'>) => boolean {
  const origins = new Set(allowedOrigins);
  const ownHost = publicUrl === null ? undefined : hostOf(publicUrl);
  return ({ headers: { host, origin } }) => {
    if (origin === undefined || origins.has(origin)) return true;
    const from = hostOf(origin);
    return from !== undefined && (from === host?.toLowerCase() || from === ownHost);
  };
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return undefined;
  }
}
