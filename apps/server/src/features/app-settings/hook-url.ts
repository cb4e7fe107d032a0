import { isIP } from 'node:net';
import { isPublicAddress } from '../../kernel/address.ts';
import { inputError } from '../../kernel/errors.ts';

/** What an operator allows of the places that hooks lead to. */
export interface HookRules {
  /** `CALLGATE_WEBHOOK_ALLOW_PRIVATE`: private addresses and plain `http`. */
  allowPrivate: boolean;
}

/** The host of a hook's address as it is connected to: without the brackets of IPv6. */
export const hookHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

/** Why an address may not be connected to; undefined: it may. */
export const addressRefusal = (address: string, { allowPrivate }: HookRules): string | undefined =>
  allowPrivate || isPublicAddress(address)
    ? undefined
    : `${address} is not a public address; set CALLGATE_WEBHOOK_ALLOW_PRIVATE=true to allow it`;

/** Names that always mean this machine, whatever DNS says. */
const LOCAL_NAME = /^(localhost|.*\.localhost)\.?$/;

/**
 * The address of a hook in one form, or 400/4 naming `field`. Short and numeric forms of IPv4 (`127.1`, `0x7f.1`) are
 * read as the URL standard reads them, so that they are seen for what they are.
 */
export function parseHookUrl(text: string, field: string, rules: HookRules): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw inputError(field, 'must be an address that starts with https://');
  }
  if (url.protocol === 'http:' && !rules.allowPrivate) {
    throw inputError(field, 'must start with https://; plain http is for private addresses, once allowed');
  }
  if (url.username !== '' || url.password !== '') {
    throw inputError(field, 'must not hold a user or a password; use signing_secret to know who sends');
  }
  const host = hookHost(url);
  const isLocal = !rules.allowPrivate && LOCAL_NAME.test(host);
  const refusal =
    isLocal || isIP(host) !== 0 ? addressRefusal(isLocal ? '127.0.0.1' : host, rules) : undefined;
  if (refusal !== undefined) throw inputError(field, refusal);
  url.hash = '';
  return url.href;
}
