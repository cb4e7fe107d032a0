import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorEnvelope } from '@callgate/contract';

/** Answers an upgrade that is not accepted with the documented error, and hangs up. */
export function refuseUpgrade(socket: Duplex, envelope: ErrorEnvelope): void {
  const body = JSON.stringify(envelope);
  const head = [
    `HTTP/1.1 ${envelope.StatusCode} ${STATUS_CODES[envelope.StatusCode] ?? 'Error'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.on('error', () => undefined);
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
