import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knock } from '../media/signal.ts';
import { type BareLiveKit, openBareLiveKit } from './bare-livekit.ts';
import { IS_EMBEDDED, LIVEKIT, startLiveKit } from './server.ts';

const PACKAGES = ['livekit-server-sdk', 'livekit-client', '@livekit/protocol', '@livekit/rtc-node'];

/** LiveKit's facts about the server itself, without Callgate: a release that changes one must fail here. */
describe.skipIf(LIVEKIT === undefined)('the server of LiveKit', () => {
  let bare: BareLiveKit;
  beforeAll(async () => {
    bare = await openBareLiveKit({ autoCreate: false });
  });
  afterAll(() => bare.close());

  const statusOf = async (token: string): Promise<number> => {
    const knocked = await knock(bare.server.url, token);
    if ('socket' in knocked) knocked.socket.close();
    return knocked.status;
  };

  test('[LKF8] people and services come in by these paths, with a token in the header or in the query', async () => {
    const room = bare.room();
    await bare.server.rooms.createRoom({ name: room });
    const token = bare.token(room, 'sara');
    const ask = (path: string, headers = {}): Promise<number> =>
      fetch(`${bare.server.httpUrl}${path}`, { headers }).then(({ status }) => status);
    const post = (path: string, type: string): Promise<number> =>
      fetch(`${bare.server.httpUrl}${path}`, {
        ...{ method: 'POST', headers: { 'content-type': type }, body: '{}' },
      }).then(({ status }) => status);
    // The newer path asks for a join_request too, once it has a token.
    for (const [path, taken] of [
      ['/rtc/validate', 200],
      ['/rtc/v1/validate', 400],
    ] as const) {
      expect(await ask(path)).toBe(401);
      expect(await ask(path, { authorization: `Bearer ${token}` })).toBe(taken);
      expect(await ask(`${path}?access_token=${token}`)).toBe(taken);
    }
    for (const path of ['/rtc', '/rtc/v1', '/agent'] as const) {
      expect(await knock(bare.server.url, 'forged', {}, {}, path)).toMatchObject({ status: 401 });
    }
    expect(await post('/whip/v1', 'application/sdp')).toBe(401);
    expect(await post('/twirp/livekit.RoomService/ListRooms', 'application/json')).toBe(401);
    expect(await ask('/other')).toBe(404);
  });

  test('[LKF8] where rooms are not made by joining, a room that is missing or deleted lets nobody in', async () => {
    const room = bare.room();
    const token = bare.token(room, 'sara');
    expect(await statusOf(token)).toBe(404);
    await bare.server.rooms.createRoom({ name: room });
    expect(await statusOf(token)).toBe(101);
    await bare.server.rooms.deleteRoom(room);
    expect(await statusOf(token)).toBe(404);
  });

  test('[LKF13] without Redis rooms are in one process’s memory: after its end there are none', async () => {
    const room = bare.room();
    await bare.server.rooms.createRoom({ name: room });
    expect(await bare.server.rooms.listRooms([room])).toHaveLength(1);
    await bare.server.restart();
    expect(await bare.server.rooms.listRooms()).toEqual([]);
  });

  test('[LKF15] the published parts are under Apache-2.0', () => {
    const licences = PACKAGES.map((name) => {
      const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { license: string }).license;
    });
    expect(licences).toEqual(PACKAGES.map(() => 'Apache-2.0'));
  });

  // Of LiveKit's program alone; the embedded media server has neither a version of LiveKit nor a key of its own.
  test.skipIf(IS_EMBEDDED)(
    '[LKF16] the program is the version that is named, and takes devkey and secret where it is for development',
    async () => {
      expect(execFileSync(LIVEKIT ?? '', ['--version'], { encoding: 'utf8' })).toContain('1.13.5');
      const server = await startLiveKit({ isDevelopment: true });
      try {
        expect([server.apiKey, server.apiSecret]).toEqual(['devkey', 'secret']);
        expect(await server.rooms.listRooms()).toEqual([]);
        await expect(bare.server.rooms.listRooms()).resolves.toBeDefined();
      } finally {
        await server.stop();
      }
    },
  );
});
