import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Config } from '../config.ts';
import { ApiError } from '../kernel/errors.ts';
import { errorEnvelope } from './error-reply.ts';
import { EVERY_REPLY } from './reply.ts';

type ClientError = Error & { code?: string };

/**
 * Answers what Node's parser refuses before there is a request: heads that are too large, too slow or no HTTP. The
 * connection is closed afterwards.
 */
export function answerClientErrors(config: Config): (error: ClientError, socket: Socket) => void {
  return (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const refused = refusalOf(error, config);
    const body = JSON.stringify(errorEnvelope(refused, '0.00ms'));
    const head = [
      `HTTP/1.1 ${refused.status} ${STATUS_TEXT[refused.status] ?? 'Bad Request'}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...Object.entries(EVERY_REPLY).map(([name, value]) => `${name}: ${value}`),
      `X-Request-Id: ${randomUUID()}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}

const STATUS_TEXT: Record<number, string> = {
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
};

function refusalOf(error: ClientError, config: Config): ApiError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError(
        'header_too_large',
        `the head of the request is larger than ${config.headerLimitBytes} bytes`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError(
        'request_timeout',
        `the request did not arrive within ${config.requestTimeoutMs} ms`,
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ApiError('payload_too_big', 'the chunk extensions of the body are too large');
    default:
      return new ApiError('input', 'this is not a valid HTTP/1.1 request');
  }
}
