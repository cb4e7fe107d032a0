import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

/* A TURN client by hand (RFC 8656): so much of it as asks for a relay and for whom it may lead to. */

const METHOD = { allocate: 0x003, createPermission: 0x008 };
const INDICATION = { send: 0x0016, data: 0x0017 };
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  error: 0x0009,
  peer: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  transport: 0x0019,
};
const COOKIE = 0x2112a442;
const SUCCESS = 0x0100;
const UDP = 17;
const HEAD = 20;

type Attributes = readonly (readonly [type: number, value: Buffer])[];

/** What came back: 200 for success, else the error's code. */
export interface TurnAnswer {
  code: number;
  attributes: Map<number, Buffer>;
}

/** One client of a TURN server on 127.0.0.1. */
export interface TurnClient {
  /** Asks for a relay. */
  allocate(): Promise<TurnAnswer>;
  /** Asks to be led to an IPv4 address. */
  permit(address: string): Promise<TurnAnswer>;
  /** Sends through the relay. */
  send(to: { address: string; port: number }, data: Buffer): void;
  /** Resolves with the next that comes through the relay. */
  received(): Promise<Buffer>;
  close(): void;
}

export function turnClient(port: number, user: string, password: string): TurnClient {
  const socket = createSocket('udp4');
  let known: { realm: Buffer; nonce: Buffer } | undefined;

  const ask = async (method: number, attributes: Attributes): Promise<TurnAnswer> => {
    const first = await exchange(socket, port, message(method, attributes));
    const realm = first.attributes.get(ATTRIBUTE.realm);
    const nonce = first.attributes.get(ATTRIBUTE.nonce);
    // 401 names the realm, 438 a new nonce: the next try has them.
    if ((first.code !== 401 && first.code !== 438) || !realm || !nonce) return first;
    known = { realm, nonce };
    return exchange(socket, port, signed(method, attributes));
  };
  const signed = (method: number, attributes: Attributes): Buffer => {
    if (!known) throw new Error('no realm yet');
    const { realm, nonce } = known;
    const key = createHash('md5').update(`${user}:${realm.toString()}:${password}`).digest();
    const all = [
      ...attributes,
      [ATTRIBUTE.username, Buffer.from(user)],
      [ATTRIBUTE.realm, realm],
      [ATTRIBUTE.nonce, nonce],
    ] as const;
    return message(method, all, key);
  };
  return {
    allocate: () => ask(METHOD.allocate, [[ATTRIBUTE.transport, Buffer.from([UDP, 0, 0, 0])]]),
    permit: (address) => ask(METHOD.createPermission, [[ATTRIBUTE.peer, xorAddress(address, 0)]]),
    send({ address, port: to }, data) {
      const parts = [
        [ATTRIBUTE.peer, xorAddress(address, to)],
        [ATTRIBUTE.data, data],
      ] as const;
      socket.send(message(INDICATION.send, parts), port, '127.0.0.1');
    },
    received: () =>
      new Promise((resolve) => {
        const take = (indication: Buffer) => {
          if (indication.readUInt16BE(0) !== INDICATION.data) return;
          socket.off('message', take);
          resolve(read(indication).attributes.get(ATTRIBUTE.data) ?? Buffer.alloc(0));
        };
        socket.on('message', take);
      }),
    close: () => socket.close(),
  };
}

/** An address as XOR-PEER-ADDRESS; for a permission the port does not count. */
function xorAddress(address: string, port: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeUInt8(1, 1);
  value.writeUInt16BE((port ^ (COOKIE >>> 16)) & 0xffff, 2);
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  value.writeUInt32BE((number ^ COOKIE) >>> 0, 4);
  return value;
}

function message(method: number, attributes: Attributes, key?: Buffer): Buffer {
  const body = Buffer.concat(attributes.map(([type, value]) => attribute(type, value)));
  const integrityBytes = key ? 24 : 0;
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(method, 0);
  head.writeUInt16BE(body.length + integrityBytes, 2);
  head.writeUInt32BE(COOKIE, 4);
  randomBytes(12).copy(head, 8);
  const unsigned = Buffer.concat([head, body]);
  if (!key) return unsigned;
  const digest = createHmac('sha1', key).update(unsigned).digest();
  return Buffer.concat([unsigned, attribute(ATTRIBUTE.integrity, digest)]);
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** How often a request is sent, after so many milliseconds: packets on loopback are lost only when nobody reads. */
const AGAIN = { times: 20, pauseMs: 250 };

function exchange(socket: Socket, port: number, request: Buffer): Promise<TurnAnswer> {
  return new Promise((resolve, reject) => {
    let left = AGAIN.times;
    const send = () => {
      if (left-- === 0) return end(() => reject(new Error('no answer')));
      socket.send(request, port, '127.0.0.1');
    };
    const timer = setInterval(send, AGAIN.pauseMs);
    const end = (how: () => void) => {
      clearInterval(timer);
      socket.off('message', take);
      how();
    };
    const take = (answer: Buffer) => {
      if (answer.subarray(8, HEAD).equals(request.subarray(8, HEAD))) end(() => resolve(read(answer)));
    };
    socket.on('message', take);
    send();
  });
}

function read(answer: Buffer): TurnAnswer {
  const attributes = new Map<number, Buffer>();
  for (let at = HEAD; at + 4 <= answer.length; ) {
    const length = answer.readUInt16BE(at + 2);
    attributes.set(answer.readUInt16BE(at), answer.subarray(at + 4, at + 4 + length));
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  const error = attributes.get(ATTRIBUTE.error);
  const isSuccess = (answer.readUInt16BE(0) & 0x0110) === SUCCESS;
  return {
    code: isSuccess ? 200 : (error?.readUInt8(2) ?? 0) * 100 + (error?.readUInt8(3) ?? 0),
    attributes,
  };
}
