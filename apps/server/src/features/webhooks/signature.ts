import { createHmac } from 'node:crypto';
import type { DeliveryId } from '@callgate/contract';

/** What a request of a hook is signed and marked with. */
export interface Signing {
  apiKey: string;
  /** The API secret, or the hook's own. */
  secret: string;
  id: DeliveryId;
  /** From 1. */
  attempt: number;
  /** Milliseconds since 1970. */
  now: number;
}

const hmac = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text, 'utf8').digest('hex');

/**
 * The headers of one attempt. Both signatures are over the bytes of the body before any compression; the second one
 * holds the time of the attempt, so that a receiver can refuse what somebody recorded and sends again later.
 */
export function signedHeaders(body: string, signing: Signing): Record<string, string> {
  const seconds = Math.floor(signing.now / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': 'Callgate',
    'x-webhook-id': signing.id,
    'x-webhook-attempt': String(signing.attempt),
    'x-api-key': signing.apiKey,
    'x-signature': hmac(signing.secret, body),
    'x-callgate-signature': `t=${seconds},v1=${hmac(signing.secret, `${seconds}.${body}`)}`,
  };
}
