import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

/** A signalling message that passed, and when: milliseconds since the relay began. */
export interface Relayed {
  readonly at: number;
  readonly from: 'client' | 'server';
  /** The message's name in the protocol, e.g. `addTrack`. */
  readonly name: string;
  readonly message: SignalRequest | SignalResponse;
}

/** What every request and upgrade is answered with instead of being passed on. */
export interface Refusal {
  readonly status: number;
  readonly body: object;
}

export interface RelayOptions {
  /** LiveKit's address, `ws:` or `http:`. */
  readonly upstream: string;
  /** May change or drop (undefined) what the server tells a client. */
  readonly toClient?: (message: SignalResponse) => SignalResponse | undefined;
  /** The same for what a client tells the server; `answer` tells that client something in the server's name. */
  readonly toServer?: (
    message: SignalRequest,
    answer: (message: SignalResponse) => void,
  ) => SignalRequest | undefined;
  readonly refusal?: Refusal;
}

/** Passes signalling between clients and LiveKit on 127.0.0.1 and notes each message: to see what an SDK really says. */
export interface Relay {
  /** Where clients join. */
  readonly url: string;
  /** Paths that were asked for, without their query. */
  readonly paths: readonly string[];
  readonly messages: readonly Relayed[];
  /** Tells every connected client something that LiveKit did not say. */
  tell(message: SignalResponse): void;
  /** From now on answers every request and upgrade like this; open connections stay. Undefined: passes them on. */
  refuse(refusal: Refusal | undefined): void;
  /** Cuts all connections without a closing handshake. */
  cut(): void;
  close(): Promise<void>;
}

/** The messages kept are the newest, this many. */
const KEPT = 5_000;

export async function startRelay({
  upstream,
  toClient = (message) => message,
  toServer = (message) => message,
  refusal: refusalFirst,
}: RelayOptions): Promise<Relay> {
  const began = performance.now();
  const messages: Relayed[] = [];
  const paths: string[] = [];
  const clients = new Set<WebSocket>();
  const sockets = new WebSocketServer({ noServer: true });
  const base = new URL(upstream);
  let refusal = refusalFirst;

  const note = (from: Relayed['from'], message: SignalRequest | SignalResponse) => {
    const name = message.message.case ?? 'unknown';
    messages.push({ at: Math.round(performance.now() - began), from, name, message });
    if (messages.length > KEPT) messages.shift();
  };
  const tell = (client: WebSocket, message: SignalResponse) => {
    note('server', message);
    client.send(message.toBinary());
  };
  const connect = (request: IncomingMessage, client: WebSocket) => {
    const { authorization } = request.headers;
    const server = new WebSocket(`ws://${base.host}${request.url}`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    clients.add(client);
    const waiting: Uint8Array[] = [];
    server.once('open', () => {
      for (const bytes of waiting.splice(0)) server.send(bytes);
    });
    client.on('message', (raw) => {
      const request = SignalRequest.fromBinary(bytesOf(raw));
      note('client', request);
      const bytes = toServer(request, (message) => tell(client, message))?.toBinary();
      if (bytes === undefined) return;
      if (server.readyState === WebSocket.OPEN) server.send(bytes);
      else waiting.push(bytes);
    });
    server.on('message', (raw) => {
      const message = toClient(SignalResponse.fromBinary(bytesOf(raw)));
      if (message) tell(client, message);
    });
    client.on('close', () => {
      clients.delete(client);
      server.close();
    });
    server.on('close', () => client.close());
    for (const socket of [client, server]) socket.on('error', () => socket.terminate());
  };

  const http = createServer((request, response) => {
    paths.push(pathOf(request));
    void (refusal ? answerRefused(response, refusal) : pass(base, request, response));
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    paths.push(pathOf(request));
    if (refusal) socket.end(refusalText(refusal));
    else sockets.handleUpgrade(request, socket, head, (client) => connect(request, client));
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  const address = http.address();
  return {
    url: `ws://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    paths,
    messages,
    tell: (message) => {
      for (const client of clients) tell(client, message);
    },
    refuse: (next) => {
      refusal = next;
    },
    cut: () => {
      for (const client of clients) client.terminate();
    },
    close: () =>
      new Promise((closed) => {
        for (const client of clients) client.terminate();
        http.close(() => closed());
        http.closeAllConnections();
      }),
  };
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

const bytesOf = (raw: RawData): Uint8Array =>
  Array.isArray(raw) ? Buffer.concat(raw) : new Uint8Array(raw as Buffer);

const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };

function answerRefused(response: ServerResponse, { status, body }: Refusal): void {
  response
    .writeHead(status, { ...CORS, 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(body));
}

function refusalText({ status, body }: Refusal): string {
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

async function pass(base: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { authorization } = request.headers;
  const reply = await fetch(`http://${base.host}${request.url}`, {
    method: request.method ?? 'GET',
    headers: authorization === undefined ? {} : { authorization },
  });
  response.writeHead(reply.status, CORS).end(await reply.text());
}
