import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** An answer to one request. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  /** Its first 64 KB. */
  body: string;
  /** Until when the certificate holds, in ms; undefined without TLS. */
  certificateUntil: number | undefined;
}

export interface Asked {
  headers?: Record<string, string>;
  signal: AbortSignal;
}

/** Bytes of a body that are read. */
const BODY_BYTES = 64 * 1024;

/**
 * One GET over a connection of its own, which is closed after it; redirects are not followed. Rejects when there is no
 * answer (`plainReason` tells it in words).
 */
export function ask(url: string, { headers, signal }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = open(url, headers, signal);
    request.once('error', reject);
    request.once('response', (response) => {
      const { statusCode: status = 0, headers: answered, socket } = response;
      const certificateUntil = certificateEnd(socket);
      bodyOf(response).then((body) => resolve({ status, headers: answered, body, certificateUntil }), reject);
    });
    request.end();
  });
}

/** The status that an offer of a WebSocket is answered with: 101 when it is taken. The socket is closed at once. */
export function askForSocket(url: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = open(url, { ...OFFER, 'sec-websocket-key': randomBytes(16).toString('base64') }, signal);
    request.once('error', reject);
    request.once('upgrade', ({ statusCode = 0 }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    request.once('response', (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.end();
  });
}

const OFFER = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };

function open(url: string, headers: Record<string, string> | undefined, signal: AbortSignal): ClientRequest {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return request(url, { agent: false, signal, ...(headers && { headers }) });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES).toString('utf8');
}

const certificateEnd = (socket: Socket): number | undefined =>
  socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : undefined;

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the name leads nowhere',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'no answer',
  ABORT_ERR: 'no answer in time',
  CERT_HAS_EXPIRED: 'its certificate has run out',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Why there was no answer, in words without addresses; the code where there are none. */
export function plainReason(error: unknown): string {
  const { code, name } = plain(error);
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time';
  return REASONS[code] ?? (code || 'no answer');
}

/** The code of a failure, e.g. `ECONNREFUSED`; empty when it has none. */
export const codeOf = (error: unknown): string => plain(error).code;

/** Several failed addresses come as one error: the first says what is wrong. */
function plain(error: unknown): { code: string; name: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return plain(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', name: '' };
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own === '' && error.cause !== undefined) return plain(error.cause);
  return { code: own, name: error.name };
}
