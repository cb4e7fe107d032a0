import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { openReader } from '@callgate/server/storage/reader.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines, startServer } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { knock } from './signal.ts';
import { openMediaWorld } from './world.ts';

const postgres = serverEngines.find(({ name }) => name === 'postgres');
const clients = rtcNodeClients();
afterAll(() => clients.stop());

describe.skipIf(LIVEKIT === undefined || postgres === undefined)('two processes on one PostgreSQL', () => {
  test('[ACT22] an act whose process is killed before the media server has answered binds by another', async () => {
    if (!postgres) throw new Error('no PostgreSQL');
    let databaseUrl = '';
    const world = await openMediaWorld(
      postgres,
      clients,
      {},
      {
        databaseUrl(location) {
          databaseUrl = location;
          return location;
        },
      },
    );
    const other = await startServer({ env: { ...world.livekit.env, DATABASE_URL: databaseUrl } });
    try {
      const cid = 'default:nodes';
      const path = await world.call(cid, ['sara', 'bob']);
      const { body } = await world.joinCall(path, 'sara');
      const knocked = await knock(body.credentials.url, body.credentials.token);
      if (!('socket' in knocked)) throw new Error('not let in');
      await knocked.socket.until('join');
      const blocked = async () => {
        const reply = await other.api('GET', `/api/v2${path}`);
        return (reply.body.call as { blocked_user_ids: string[] }).blocked_user_ids.includes('sara');
      };
      const inLog = async () => {
        const reply = await other.api('GET', '/api/v2/moderation/logs');
        const logs = reply.body.logs as { action: string; enforcement?: { state: string } }[];
        return logs.find(({ action }) => action === 'call.block')?.enforcement?.state;
      };
      world.livekit.pause();
      const acting = world.ask('POST', `${path}/block`, { user_id: 'sara' }).catch(() => undefined);
      await until('the decision is on disk', blocked);
      await world.server.kill();
      await acting;
      expect(await inLog()).toBe('pending');
      world.livekit.resume();
      await until('the other process has done it', async () => (await inLog()) === 'applied', 12_000);
      await other.stop();
      const reader = await openReader({ url: databaseUrl });
      const count = async (what: string) => {
        const counted = rawStatement<{ count: number }>(`select count(*) as count from ${what}`);
        return Number((await reader.handle.run(counted))[0]?.count);
      };
      const told = await count(`outbox where type = 'enforcement.completed'`);
      const recorded = await count(`audit_records where action = 'call.block'`);
      await reader.close();
      expect({ told, recorded }).toEqual({ told: 1, recorded: 1 });
      const there = await world.livekit.rooms.listParticipants(cid).catch(() => []);
      expect(there).toEqual([]);
    } finally {
      await other.discard();
      await world.close();
    }
  });
});
