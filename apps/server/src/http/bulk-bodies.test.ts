import { connect } from 'node:net';
import { LIMITS } from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noteFigure } from '../../../../scripts/test-notes.ts';
import { testEngines } from '../storage/test-databases.ts';
import { LONG_BODY_BYTES } from './bulk-body.ts';
import { createHttpWorld, type HttpWorld, type Sending } from './test/http-world.ts';

const DEACTIVATE = '/api/v2/users/deactivate';
const idsOf = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, at) => `${at}-`.padEnd(length, 'x'));
/** 20,000 ids: read by a thread of its own. */
const LONG = idsOf(20_000, 12);

/** What comes back to a head that announces a body of that length. */
function announced(port: number, token: string, path: string, length: number): Promise<string> {
  const head =
    `POST ${path}?api_key=test-key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ${token}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head}{`));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/**
 * Processor time of the longest turn of the loop until the result is called, in milliseconds; unlike a delay it does
 * not grow with what else the machine does.
 */
function watchTurns(): () => number {
  let longest = 0;
  let last = process.threadCpuUsage();
  let next: NodeJS.Immediate;
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.threadCpuUsage();
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return () => {
    clearImmediate(next);
    return longest;
  };
}

for (const engine of testEngines) {
  describe(`long bodies on ${engine.name}`, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine);
    });
    afterAll(() => world.close());
    const deactivate = (sending: Sending, path = DEACTIVATE) => world.call('POST', path, sending);
    const taskOf = async (task_id: unknown) => (await world.call('GET', `/api/v2/tasks/${task_id}`)).json;

    test('[TSK17] [HTP10] a body over 28 MiB is 413, and over the usual limit where it is no bulk work', async () => {
      const token = world.serverToken();
      const limit = LIMITS.bulkBodyBytes;
      expect(await announced(world.port, token, DEACTIVATE, limit + 1)).toMatch(/^HTTP\/1.1 413 /);
      expect(await announced(world.port, token, '/api/v2/users/query', 2_000_000)).toMatch(/^HTTP\/1.1 413 /);
    });

    test('[TSK17] a long body is refused as a short one is', async () => {
      const refusals: [string, (ids: string[]) => string][] = [
        ['user_ids.3', (ids) => JSON.stringify({ user_ids: ids.with(3, 'not an id') })],
        ['user_ids.4', (ids) => JSON.stringify({ user_ids: ids.map((id, at) => (at === 4 ? 4 : id)) })],
        ['surprise', (ids) => JSON.stringify({ user_ids: ids, surprise: 1 })],
        ['user_ids', (ids) => `{"user_ids": ["a"], "user_ids": ${JSON.stringify(ids)}}`],
        ['body', (ids) => JSON.stringify({ user_ids: ids }).slice(0, -1)],
        ['user_ids.5', (ids) => JSON.stringify({ user_ids: ids.with(5, 'a\0') })],
      ];
      for (const [field, text] of refusals) {
        for (const ids of [LONG, LONG.slice(0, 50)]) {
          const raw = text(ids);
          const reply = await deactivate({ raw });
          expect([raw.length > LONG_BODY_BYTES, reply.status, reply.json.code]).toEqual([
            ids === LONG,
            400,
            4,
          ]);
          expect(Object.keys(reply.json.exception_fields ?? {})).toEqual([field]);
        }
      }
      const bad = Buffer.from(JSON.stringify({ user_ids: LONG }));
      bad[200_000] = 0xff;
      expect(await deactivate({ raw: bad })).toMatchObject({ status: 400 });
      const many = { user_ids: idsOf(LIMITS.bulkUserIds + 1, 7) };
      expect((await deactivate({ body: many })).json.exception_fields).toHaveProperty('user_ids');
    });

    test('[TSK17] a long body is remembered by its key', async () => {
      const headers = { 'Idempotency-Key': 'long' };
      const first = await deactivate({ body: { user_ids: LONG }, headers });
      expect(first.status).toBe(201);
      const again = await deactivate({ body: { user_ids: LONG }, headers });
      expect(again.json.task_id).toBe(first.json.task_id);
      const other = await deactivate({ body: { user_ids: LONG.with(7, 'another') }, headers });
      expect(other).toMatchObject({ status: 400, json: { code: 4 } });
      expect((await taskOf(first.json.task_id)).progress).toMatchObject({ total: LONG.length });
    });

    test('[TSK17] a long body may name few, again and again', async () => {
      await world.call('POST', '/api/v2/users', { body: { users: { sara: { id: 'sara' } } } });
      const body = { user_ids: Array(40_000).fill('sara') as string[] };
      const { status, json } = await deactivate({ body });
      expect(status).toBe(201);
      expect(await taskOf(json.task_id)).toMatchObject({
        status: 'completed',
        result: { sara: { status: 'ok' } },
      });
    });

    test('[TSK17] of many long bodies at once some are told to come again', async () => {
      const replies = await Promise.all(
        Array.from({ length: 12 }, () => deactivate({ body: { user_ids: LONG } })),
      );
      const statuses = new Set(replies.map(({ status }) => status));
      expect(statuses).toEqual(new Set([201, 503]));
      const refused = replies.find(({ status }) => status === 503);
      expect(refused).toMatchObject({ json: { code: 9 }, headers: { 'retry-after': '2' } });
    });

    test('[TSK17] the longest bodies hold nobody up', async () => {
      for (const length of [36, 255]) {
        const raw = Buffer.from(JSON.stringify({ user_ids: idsOf(LIMITS.bulkUserIds, length) }));
        const longest = watchTurns();
        const { status, json } = await deactivate({ raw });
        const worst = Math.round(longest());
        expect(status).toBe(201);
        await world.call('POST', `/api/v2/tasks/${json.task_id}/cancel`);
        noteFigure(
          `bulk body of ${LIMITS.bulkUserIds} ids of ${length} bytes on ${engine.name}: longest turn of the loop ${worst} ms of processor time, the client's part included`,
        );
        expect(worst).toBeLessThan(length === 36 ? 100 : 250);
      }
    });
  });
}
