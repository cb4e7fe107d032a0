import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { mediaEngines } from './media-engines.ts';
import { knock, type SignalSocket } from './signal.ts';
import { type Enforcement, type MediaWorld, openMediaWorld } from './world.ts';

const PEOPLE = Array.from({ length: 45 }, (_, at) => `person-${at}`);
/** So few that the reply need not be `pending` on a busy machine. */
const FEW = PEOPLE.slice(0, 5);
/** Of `user`, without the rights to send. */
const SILENT = { grants: { user: ['read-call', 'join-call'] } };

interface Task {
  status: string;
  progress: { done: number; total: number };
  result?: Enforcement;
}
type Told = Enforcement & { job_id: string; task_id?: string };

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let types = 0;
    const open: SignalSocket[] = [];
    beforeAll(async () => {
      world = await openMediaWorld(engine, rtcNodeClients(), { CALLGATE_RATE_LIMIT_DIALS: '10000' });
    });
    afterAll(async () => {
      for (const socket of open) socket.close();
      await world.close();
    });

    /** A call of a type of its own, and everybody in it by signalling. */
    const fill = async (people: readonly string[]): Promise<{ type: string; cid: string }> => {
      const type = `type-${++types}`;
      await world.ask('POST', '/video/calltypes', { name: type });
      const cid = `${type}:hall`;
      const path = await world.call(cid, people);
      const enter = async (userId: string): Promise<void> => {
        const { body } = await world.joinCall(path, userId);
        const knocked = await knock(body.credentials.url, body.credentials.token);
        if (!('socket' in knocked)) throw new Error(`${userId}: ${JSON.stringify(knocked)}`);
        open.push(knocked.socket);
        await knocked.socket.until('join');
      };
      for (let at = 0; at < people.length; at += 15) await Promise.all(people.slice(at, at + 15).map(enter));
      return { type, cid };
    };
    /** Who may send what, as LiveKit has it. */
    const mayPublish = async (cid: string): Promise<boolean[]> =>
      (await world.livekit.rooms.listParticipants(cid)).map(
        ({ permission }) => permission?.canPublish ?? false,
      );
    const taskOf = async ({ task_id }: Told): Promise<Task> => {
      const { status, body } = await world.server.api<Task>('GET', `/api/v2/tasks/${task_id}`);
      if (status !== 200) throw new Error(`task ${task_id}: ${status}`);
      return body;
    };
    const silence = async (type: string): Promise<Told> =>
      (await world.act('PUT', `/video/calltypes/${type}`, SILENT)) as Told;
    /** What the log says of the changes of the type. */
    const inLog = async (type: string): Promise<(Told | undefined)[]> => {
      const { body } = await world.ask('GET', '/moderation/logs');
      const logs = body.logs as { action: string; target_id?: string; enforcement?: Told }[];
      return logs
        .filter(({ action, target_id }) => action === 'call_type.update' && target_id === type)
        .map(({ enforcement }) => enforcement);
    };

    test('[ENF14] a change of a call type binds for everybody in its calls before the reply', async () => {
      const { type, cid } = await fill(FEW);
      expect(await mayPublish(cid)).toEqual(FEW.map(() => true));
      const said = await silence(type);
      expect(said).toMatchObject({ state: 'applied', sessions: FEW.length });
      expect(await mayPublish(cid)).toEqual(FEW.map(() => false));
      const { job_id, task_id, ...result } = said;
      expect(task_id).toBe(job_id);
      expect(await taskOf(said)).toMatchObject({
        ...{ status: 'completed', result },
        progress: { done: FEW.length, total: FEW.length },
      });
    });

    test('[ENF14] while the media server does not answer its task says so; killed, it goes on', async () => {
      const { type, cid } = await fill(PEOPLE);
      world.livekit.pause();
      const said = await silence(type);
      expect(said).toMatchObject({ state: 'pending' });
      const before = await taskOf(said);
      expect(before).toMatchObject({ status: 'running', progress: { total: PEOPLE.length } });
      expect(before.progress.done).toBeLessThan(PEOPLE.length);
      await world.server.kill();
      world.livekit.resume();
      await world.server.start();
      const isDone = async (): Promise<boolean> => (await taskOf(said)).status === 'completed';
      await until('everybody is done', isDone, 30_000);
      const { progress, result } = await taskOf(said);
      expect(progress).toEqual({ done: PEOPLE.length, total: PEOPLE.length });
      const { job_id, task_id } = said;
      expect(await inLog(type)).toEqual([{ ...result, job_id, task_id }]);
      // Whoever is still there: doors that were killed have let go of them.
      expect((await mayPublish(cid).catch(() => [])).filter((may) => may)).toEqual([]);
    });
  });
}
