import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type EmbeddedSfu, startEmbeddedSfu } from '@callgate/server/embedded-sfu.ts';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import { RoomServiceClient } from 'livekit-server-sdk';
import { freePort } from '../harness/server.ts';

const KEY = 'sfu-key';
const SECRET = 'sfu-secret-that-is-long-enough-for-it';

export interface SfuServerOptions {
  webhookUrl?: string;
  /** False: rooms exist once the API made them. (Default: true) */
  autoCreate?: boolean;
  moreKeys?: Readonly<Record<string, string>>;
  /** False: `/rtc/v1` is 404, so that clients take the older path. (Default: true) */
  hasV1?: boolean;
}

/** The embedded SFU of one suite, as the server runs it: signalling, API and media on 127.0.0.1. */
export interface SfuServer {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly child: EmbeddedSfu;
  readonly rooms: RoomServiceClient;
  stop(): Promise<void>;
}

/** Starts one; whoever starts it stops it. */
export async function startSfu(options: SfuServerOptions = {}): Promise<SfuServer> {
  const { webhookUrl, autoCreate = true, moreKeys = {}, hasV1 = true } = options;
  const child = await startEmbeddedSfu({
    logger: createLogger({ level: process.env.CALLGATE_LOG_LEVEL === 'info' ? 'info' : 'silent' }),
    settings: {
      keys: { [KEY]: SECRET, ...moreKeys },
      ...{ host: '127.0.0.1', port: 0, udpHost: '127.0.0.1', udpPort: await freePort() },
      ...{ iceServers: [], autoCreate, ...(webhookUrl !== undefined && { webhookUrl }) },
    },
  });
  const front = hasV1 ? undefined : await startOlder(child.url);
  const httpUrl = front?.url ?? child.url;
  return {
    ...{ url: httpUrl.replace('http', 'ws'), httpUrl, apiKey: KEY, apiSecret: SECRET, child },
    rooms: new RoomServiceClient(child.url, KEY, SECRET),
    async stop() {
      front?.close();
      await child.stop();
    },
  };
}

/** Passes everything on but the newer path, which it does not know, as a LiveKit of before it. */
async function startOlder(upstream: string): Promise<{ url: string; close(): void }> {
  const { hostname, port } = new URL(upstream);
  const server = createServer((_request, response) =>
    response.writeHead(404, { 'access-control-allow-origin': '*' }).end('404 page not found'),
  );
  server.on('upgrade', ({ url = '', rawHeaders }, socket, head) => {
    if (url.startsWith('/rtc/v1')) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const lines = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
    const passed = connect(Number(port), hostname);
    passed.write(`GET ${url} HTTP/1.1\r\n${lines}\r\n`);
    passed.write(head);
    for (const [one, other] of [
      [socket, passed],
      [passed, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}
