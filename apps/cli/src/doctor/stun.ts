import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

/* A binding request and the head of its answer, RFC 8489 sections 5 and 6.3. */
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const BINDING_ERROR = 0x0111;
const MAGIC_COOKIE = 0x2112a442;
const HEAD_BYTES = 20;

/** The request is sent so often, after so many milliseconds: it may get lost. */
const ATTEMPTS = { times: 4, pauseMs: 250 };

/** Whether somebody on a UDP port of IPv4 answers a STUN binding request, with success or a refusal, within a second. */
export function answersStun(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const transaction = randomBytes(12);
  const request = Buffer.alloc(HEAD_BYTES);
  request.writeUInt16BE(BINDING_REQUEST, 0);
  request.writeUInt32BE(MAGIC_COOKIE, 4);
  transaction.copy(request, 8);
  const socket = createSocket('udp4');
  return new Promise<boolean>((resolve) => {
    let left = ATTEMPTS.times;
    const send = () => {
      if (left-- === 0) return resolve(false);
      socket.send(request, port, host, () => undefined);
    };
    const timer = setInterval(send, ATTEMPTS.pauseMs);
    const end = (answered: boolean) => () => resolve(answered);
    signal.addEventListener('abort', end(false), { once: true });
    socket.once('close', () => clearInterval(timer));
    socket.on('error', end(false));
    socket.on('message', (message) => {
      if (isAnswer(message, transaction)) resolve(true);
    });
    send();
  }).finally(() => socket.close());
}

function isAnswer(message: Buffer, transaction: Buffer): boolean {
  if (message.length < HEAD_BYTES) return false;
  const type = message.readUInt16BE(0);
  return (
    (type === BINDING_SUCCESS || type === BINDING_ERROR) &&
    message.subarray(8, HEAD_BYTES).equals(transaction)
  );
}
