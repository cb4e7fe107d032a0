import { join } from 'node:path';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../harness/index.ts';
import { readRecords, verifyAuditChain } from './records.ts';
import { demand } from './state.ts';

const ENTRY = join(import.meta.dirname, 'entry.ts');
const CALL = '/api/v2/video/call/default/standup';
const PEOPLE = Array.from({ length: 16 }, (_, number) => `person-${number}`);
/** The documented answer when nothing can be written. */
const REFUSED = { status: 500, body: { code: -1, StatusCode: 500 } };

let server: RunningServer;
const started: RunningServer[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.discard();
});

async function startWithPeople(env: Record<string, string>): Promise<void> {
  server = await startServer({ entry: ENTRY, readyWithinMs: 60_000 });
  started.push(server);
  await demand(server, 'POST', '/api/v2/users', {
    users: Object.fromEntries(PEOPLE.map((id) => [id, { id }])),
  });
  await demand(server, 'POST', CALL, { data: { created_by_id: 'person-0' } });
  await server.stop();
  await server.start(env);
}

const block = (user_id: string, requestId = `block-${user_id}`) =>
  server.api('POST', `${CALL}/block`, {
    body: { user_id },
    headers: { 'x-request-id': requestId, 'idempotency-key': `key-${user_id}` },
  });

const readiness = async (): Promise<number> => (await fetch(`${server.baseUrl}/readyz`)).status;

async function blockedNow(): Promise<string[]> {
  const { call } = await demand<{ call: { blocked_user_ids: string[] } }>(server, 'GET', CALL);
  return call.blocked_user_ids.sort();
}

/** One record per blocked person, none for others, a chain that holds. */
async function demandRecordsOf(blocked: readonly string[]): Promise<void> {
  await demand(server, 'GET', '/api/v2/moderation/logs');
  const location = { file: join(server.dataDir, SQLITE_FILE) };
  const { audits, brokenSequences } = await readRecords(location);
  const recorded = [...audits].filter(([id]) => id.startsWith('block-'));
  expect(recorded.sort()).toEqual(blocked.map((id) => [`block-${id}`, 1]).sort());
  expect(brokenSequences).toEqual([]);
  expect((await verifyAuditChain(location, server.dataDir)).broken).toBeUndefined();
}

describe('a disk that refuses', () => {
  test('[DUR2] when fdatasync fails no act is acknowledged any more, reads go on, and a restart recovers', async () => {
    await startWithPeople({});
    const [first = '', second = '', ...rest] = PEOPLE;
    expect(await block(first)).toMatchObject({ status: 200 });
    process.kill(server.pid, 'SIGUSR2');
    const answers = await Promise.all([second, ...rest].map((id) => block(id)));
    for (const answer of answers) expect(answer).toMatchObject(REFUSED);
    expect(await block('person-3', 'later')).toMatchObject(REFUSED);
    expect(await readiness()).toBe(503);
    expect(await blockedNow()).toContain(first);
    expect(await server.api('GET', '/api/v2/moderation/logs')).toMatchObject({ status: 200 });

    await server.kill();
    await server.start();
    expect(await readiness()).toBe(200);
    const blocked = await blockedNow();
    expect(blocked).toContain(first);
    await demandRecordsOf(blocked);
    for (const id of PEOPLE) expect(await block(id)).toMatchObject({ status: 200 });
    expect(await blockedNow()).toEqual([...PEOPLE].sort());
    await demandRecordsOf(PEOPLE);
  });

  test('[DUR3] when the disk is full an act is refused and leaves nothing, the server is not ready, reads go on, and room lets acts through again', async () => {
    await startWithPeople({ CRASH_FILE_KIB: '700' });
    const acknowledged = new Set<string>();
    let refused = 0;
    for (let turn = 0; refused < 20 && turn < 2_000; turn++) {
      const user_id = PEOPLE[turn % PEOPLE.length] ?? '';
      const isBlocked = acknowledged.has(user_id);
      const answer = await server.api('POST', `${CALL}/${isBlocked ? 'unblock' : 'block'}`, {
        body: { user_id },
      });
      if (answer.status !== 200) {
        expect(answer).toMatchObject(REFUSED);
        refused += 1;
      } else if (isBlocked) acknowledged.delete(user_id);
      else acknowledged.add(user_id);
    }
    expect(refused).toBe(20);
    // Where an act finds no room a page may: each look writes one, until there is no room at all.
    let isReady = true;
    for (let look = 0; isReady && look < 100; look++) {
      const update = { body: { custom: { filler: 'f'.repeat(4_500), look } } };
      expect(await server.api('PATCH', CALL, update)).toMatchObject(REFUSED);
      isReady = (await readiness()) === 200;
    }
    expect(isReady).toBe(false);
    expect(await blockedNow()).toEqual([...acknowledged].sort());

    await server.kill();
    await server.start();
    expect(await blockedNow()).toEqual([...acknowledged].sort());
    expect(await readiness()).toBe(200);
    expect(await block('person-0', 'after')).toMatchObject({ status: 200 });
  });
});
