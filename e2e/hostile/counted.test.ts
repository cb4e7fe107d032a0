import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { knock, type SignalSocket } from '../media/signal.ts';
import type { Joined } from '../media/world.ts';
import { type HostileStage, openHostileStage } from './hostile-stage.ts';
import { BROKEN_FRAMES, DROPPED, ENDING, JOIN_REQUESTS } from './malformed.ts';

/** What is counted of long messages, malformed or not. */
const LONG = 'stood in line';
/** The largest head that the server may be set to read: what is longer is 431 before the door hears of it. */
const HEAD_BYTES = 64 * 1024;

describe.skipIf(LIVEKIT === undefined)('what is malformed', () => {
  let stage: HostileStage;
  let path = '';
  beforeAll(async () => {
    // Join requests may be longer than a head is by default.
    stage = await openHostileStage({ CALLGATE_HEADER_LIMIT_BYTES: String(HEAD_BYTES) });
    path = await stage.call();
  });
  afterAll(() => stage.close());

  const joined = async (): Promise<Joined> => (await stage.world.joinCall(path, 'sara')).body;
  const enter = async (): Promise<SignalSocket> => {
    const { credentials } = await joined();
    const knocked = await knock(credentials.url, credentials.token);
    if (!('socket' in knocked)) throw new Error(`not let in: ${JSON.stringify(knocked)}`);
    await knocked.socket.until('join');
    return knocked.socket;
  };
  /** What the door has counted, by name. */
  const counts = async (): Promise<ReadonlyMap<string, number>> => {
    const text = await (await fetch(`${stage.world.server.baseUrl}/metrics`)).text();
    const found = text.matchAll(/^callgate_media_door\{what="([^"]*)"\} (\d+)$/gm);
    return new Map([...found].map(([, what = '', count]) => [what, Number(count)]));
  };
  /** Does it, and waits until something is counted; what that was. */
  const countedBy = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const before = await counts();
    await work();
    return until('something is counted', async () => {
      const more = [...(await counts())]
        .map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const)
        .filter(([what, count]) => count !== 0 && what !== LONG);
      return more.length > 0 && Object.fromEntries(more);
    });
  };

  test.each(ENDING)('[GWH16] $cause', async ({ cause, frames }) => {
    const socket = await enter();
    const counted = await countedBy(async () => {
      for (const frame of frames) socket.send(frame);
      await socket.until('leave');
    });
    expect(counted).toEqual({ [cause]: 1 });
    await socket.closed;
  });

  test('[GWH16] whatever is dropped, and the connection goes on', async () => {
    const socket = await enter();
    for (const { cause, frames } of DROPPED) {
      const send = async (): Promise<void> => frames.forEach((frame) => void socket.send(frame));
      expect(await countedBy(send)).toEqual({ [cause]: 1 });
    }
    expect(socket.messages.filter(({ message }) => message.case === 'leave')).toEqual([]);
    socket.close();
  });

  test.each(BROKEN_FRAMES)('[GWH16] a frame $what', async ({ cause, bytes }) => {
    expect(await countedBy(() => sendRaw(bytes))).toEqual({ [cause]: 1 });
  });

  /** Comes in by hand, down to the frames, sends these bytes and waits until the door hangs up. */
  const sendRaw = async (bytes: Uint8Array): Promise<void> => {
    const { credentials } = await joined();
    const { hostname, port } = new URL(credentials.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const wanted = [
      `GET /rtc?protocol=16&access_token=${credentials.token} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    socket.write(`${wanted.join('\r\n')}\r\n\r\n`);
    await new Promise<void>((resolve) => socket.once('data', () => resolve()));
    socket.write(bytes);
    await closed;
  };

  test.each(JOIN_REQUESTS)('[GWH16] $cause', async ({ cause, code, text }) => {
    const { credentials } = await joined();
    const counted = await countedBy(async () => {
      const query = text === '' ? {} : { join_request: text };
      const knocked = await knock(credentials.url, credentials.token, query, {}, '/rtc/v1');
      expect(knocked).toMatchObject({ status: code === 4 ? 400 : 403, body: { code } });
    });
    expect(counted).toEqual({ [`refused: ${cause}`]: 1, [`refused: ${code}`]: 1 });
  });
});
