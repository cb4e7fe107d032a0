import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  accessTokenVerifier,
  createJoinTokens,
  createMediaPeer,
  createSfu,
  createTransports,
  createWebhookSender,
  DEFAULT_LISTEN_OPTIONS,
  DEFAULT_MEDIA_OPTIONS,
  type MediaClock,
  roomService,
  type Sfu,
  systemClock,
} from '@callgate/sfu';
import { RoomServiceClient } from 'livekit-server-sdk';
import { freePort } from '../harness/server.ts';

const KEY = 'sfu-key';
const SECRET = 'sfu-secret-that-is-long-enough-for-it';

export interface SfuServerOptions {
  webhookUrl?: string;
  autoCreate?: boolean;
  moreKeys?: Readonly<Record<string, string>>;
  /** False: `/rtc/v1` is 404, so that clients take the older path. (Default: true) */
  hasV1?: boolean;
}

/** The embedded SFU of one suite, in this process: signalling, API and media on 127.0.0.1. */
export interface SfuServer {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly sfu: Sfu;
  readonly rooms: RoomServiceClient;
  stop(): Promise<void>;
}

const mediaClock: MediaClock = {
  now: () => performance.now(),
  every(ms, task) {
    const timer = setInterval(task, ms);
    return () => clearInterval(timer);
  },
};

/** Starts one; whoever starts it stops it. */
export async function startSfu(options: SfuServerOptions = {}): Promise<SfuServer> {
  const { webhookUrl, autoCreate = true, moreKeys = {}, hasV1 = true } = options;
  const keys = new Map([...Object.entries(moreKeys), [KEY, SECRET] as const]);
  const transports = createTransports({
    ...DEFAULT_LISTEN_OPTIONS,
    port: await freePort(),
    bindAddress: '127.0.0.1',
  });
  const sfu = createSfu({
    transports,
    createPeer: (handlers) => createMediaPeer(DEFAULT_MEDIA_OPTIONS, handlers, mediaClock),
    tokens: createJoinTokens(keys, systemClock),
    clock: systemClock,
    autoCreate,
    ...(process.env.SFU_NOTES && { note: (what: string) => console.log('sfu:', what) }),
  });
  const reports =
    webhookUrl === undefined
      ? undefined
      : createWebhookSender({ url: webhookUrl, key: [KEY, SECRET], clock: systemClock });
  if (reports) sfu.roomControl.onEvent((event) => reports.send(event));
  const serveApi = roomService({
    control: sfu.roomControl,
    verify: accessTokenVerifier(keys),
    clock: systemClock,
    onError: (error) => console.error(error),
  });
  const isClosed = (path = ''): boolean => !hasV1 && path.startsWith('/rtc/v1');
  const server = createServer((request, response) => {
    if (isClosed(request.url) || !(serveApi(request, response) || sfu.handleRequest(request, response)))
      response.writeHead(request.url === '/' ? 200 : 404, { 'access-control-allow-origin': '*' }).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (isClosed(request.url) || !sfu.handleUpgrade(request, socket, head))
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `ws://${address}`,
    httpUrl: `http://${address}`,
    apiKey: KEY,
    apiSecret: SECRET,
    sfu,
    rooms: new RoomServiceClient(`http://${address}`, KEY, SECRET),
    async stop() {
      sfu.close();
      reports?.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
