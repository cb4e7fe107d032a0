import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  ConnectionSettings,
  JoinRequest,
  ParticipantInfo_Kind,
  ParticipantPermission,
  type WebhookEvent,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { JoinGrants } from '../rooms/state.ts';
import { createSfu, type Sfu, type SfuOptions } from '../sfu.ts';
import { type TestClient, testClient } from './test-client.ts';
import { type FakeMedia, type FakeTransport, fakeMedia, fakeTransports } from './test-fakes.ts';

export const EVERYTHING = new ParticipantPermission({
  canPublish: true,
  canSubscribe: true,
  canPublishData: true,
});

/** What a test's token says, as far as it differs from somebody ordinary's. */
export type TestGrants = Partial<Omit<JoinGrants, 'permission'>> & {
  permission?: ConstructorParameters<typeof ParticipantPermission>[0];
};

/** The token of a fake signer: its grants in base64url. */
export function testToken(identity: string, { permission, ...more }: TestGrants = {}): string {
  const allowed = new ParticipantPermission({ ...EVERYTHING, ...permission });
  return Buffer.from(
    JSON.stringify({
      ...{ identity, room: 'room', name: '', metadata: '', attributes: {}, expiresAt: 0 },
      ...{ kind: ParticipantInfo_Kind.STANDARD, permission: allowed.toJson(), ...more },
    }),
  ).toString('base64url');
}

/** How a client connects. */
export interface TestEntrance extends TestGrants {
  path?: '/rtc' | '/rtc/v1';
  autoSubscribe?: boolean;
  /** Of `/rtc/v1`. */
  request?: ConstructorParameters<typeof JoinRequest>[0];
  /** More of the query. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

export interface TestSfu {
  readonly sfu: Sfu;
  readonly url: string;
  readonly events: WebhookEvent[];
  readonly transports: FakeTransport[];
  readonly media: FakeMedia[];
  readonly notes: string[];
  /** The clock, in milliseconds since 1970. */
  nowMs: number;
  enter(identity: string, entrance?: TestEntrance): Promise<TestClient>;
  /** The status and body of a refusal; fails where it was no refusal. */
  refused(token: string, path: string): Promise<{ status: number; text: string }>;
  stop(): Promise<void>;
}

/** The SFU with its own rooms and signalling, on a port of its own, over transports and media that are fakes. */
export async function startTestSfu(options: Partial<SfuOptions> = {}): Promise<TestSfu> {
  const transports = fakeTransports();
  const media: FakeMedia[] = [];
  const notes: string[] = [];
  const events: WebhookEvent[] = [];
  const sockets: WebSocket[] = [];
  const sfu = createSfu({
    transports,
    createPeer: fakeMedia(media),
    clock: { now: () => world.nowMs, monotonic: () => performance.now() },
    tokens: {
      read: readToken,
      refresh: ({ identity, permission }) => `fresh ${identity} ${permission.toJsonString()}`,
    },
    note: (what) => void notes.push(what),
    ...options,
  });
  sfu.roomControl.onEvent((event) => void events.push(event));
  const server = createServer((request, response) => {
    if (!sfu.handleRequest(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!sfu.handleUpgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const world: TestSfu = {
    ...{ sfu, url, events, transports: transports.made, media, notes, nowMs: 1_800_000_000_000 },
    async enter(identity, entrance = {}) {
      const { path = '/rtc/v1', headers = {}, autoSubscribe = true, request, query, ...grants } = entrance;
      const more =
        path === '/rtc' ? { auto_subscribe: autoSubscribe ? '1' : '0' } : joinQuery(request, autoSubscribe);
      const parameters = new URLSearchParams({
        access_token: testToken(identity, grants),
        ...more,
        ...query,
      });
      const ws = new WebSocket(`${url}${path}?${parameters}`, { headers, perMessageDeflate: false });
      sockets.push(ws);
      const client = testClient(
        ws,
        () => media,
        () => transports.made,
      );
      await new Promise<void>((opened, failed) => {
        ws.once('open', opened);
        ws.once('unexpected-response', (_request, { statusCode }) =>
          failed(new Error(`refused: ${statusCode}`)),
        );
        ws.on('error', failed);
      });
      return client;
    },
    refused: (token, path) =>
      refusalOf(`${url}${path}${path.includes('?') ? '&' : '?'}access_token=${token}`),
    async stop() {
      sfu.close();
      for (const ws of sockets) ws.terminate();
      await new Promise((closed) => server.close(closed));
    },
  };
  return world;
}

function refusalOf(url: string): Promise<{ status: number; text: string }> {
  const ws = new WebSocket(url);
  ws.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    ws.once('open', () => reject(new Error('it was let in')));
    ws.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
  });
}

/** What a token of `testToken` says. */
export function readToken(token: string): JoinGrants {
  if (token === 'forged') throw new Error('it is forged');
  const grants = JSON.parse(Buffer.from(token, 'base64url').toString()) as JoinGrants & {
    permission: object;
  };
  return { ...grants, permission: ParticipantPermission.fromJson(grants.permission as never) };
}

/** `join_request` as browsers send it. */
export function joinQuery(
  request: TestEntrance['request'] = {},
  autoSubscribe = true,
): { join_request: string } {
  const connectionSettings = new ConnectionSettings({ autoSubscribe });
  const joinRequest = gzipSync(new JoinRequest({ connectionSettings, ...request }).toBinary());
  const wrapped = new WrappedJoinRequest({ compression: WrappedJoinRequest_Compression.GZIP, joinRequest });
  return { join_request: Buffer.from(wrapped.toBinary()).toString('base64') };
}
