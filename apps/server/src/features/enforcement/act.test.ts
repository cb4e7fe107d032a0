import type { UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../kernel/errors.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { actorOf, demandCapability, demandServer, requireActor } from './actor.ts';
import { type ActsWorld, block, CID, createActsWorld, id, request, START } from './test-acts.ts';

const refused = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => 'nothing refused',
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) return String(error);
  const reasons = error.details.map((detail) => JSON.stringify(detail));
  return [error.kind, ...Object.keys(error.fields ?? {}), ...reasons].join(' ');
};

const NOTHING = { call_blocks: 0, audit_records: 0, outbox: 0, jobs: 0, idempotency_keys: 0 };
const keyed = (name: string | undefined, key: string, requestHash = 'hash') =>
  request(name, { idempotency: { key, requestHash } });

for (const engine of testEngines) {
  describe(`acts on ${engine.name}`, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(() => world.close());

    it('[ACT1] a refusal after everything was stated leaves nothing', async () => {
      const work = world.acts.perform(keyed('mod', 'k'), async (act) => {
        await block('sara')(act);
        demandServer(act.caller);
        return {};
      });
      expect(await refused(work)).toBe('not_allowed');
      expect(await world.traces()).toEqual(NOTHING);
    });

    it('[ACT2] two audit records are an error and leave nothing', async () => {
      const work = world.acts.perform(request('mod'), async (act) => {
        await block('sara')(act);
        await block('john')(act);
        return {};
      });
      expect(await refused(work)).toContain('2 audit records');
      expect(await world.traces()).toEqual(NOTHING);
    });

    it('[ACT2] one record says who, as whom, what, why, from where, and names the job', async () => {
      const reply = await world.acts.perform(request('mod', { requestId: 'req-7' }), block('sara'));
      expect(reply).toMatchObject({ status: 201, body: { blocked: 'sara' } });
      const [job] = await world.rows('jobs');
      expect(await world.rows('audit_records')).toMatchObject([
        {
          ...{
            actor_kind: 'user',
            actor_id: 'mod',
            as_id: 'mary',
            action: 'call.block',
            cid: CID,
            at: START,
          },
          ...{ target_type: 'user', target_id: 'sara', reason: 'spam', request_id: 'req-7' },
          ...{ address: '192.0.2.1', job_id: job?.id },
        },
      ]);
    });

    it('[ACT3] doing it again answers 200 and leaves neither record, event nor job', async () => {
      await world.acts.perform(request('mod'), block('sara'));
      const before = await world.traces();
      const again = await world.acts.perform(request('mod'), block('sara'));
      expect(again).toEqual({ status: 200, body: { blocked: 'sara' } });
      expect(await world.traces()).toEqual(before);
    });

    it('[ACT4] events are numbered per call, in the order in which they are stated', async () => {
      const other = 'default:other' as typeof CID;
      await world.acts.perform(request('mod'), async (act) => {
        const stated = [CID, other, CID, undefined, CID];
        for (const [at, cid] of stated.entries())
          act.event({ type: `event-${at}`, ...(cid && { cid }), audience: {}, payload: {} });
        return {};
      });
      await world.acts.perform(request('mod'), block('sara'));
      const events = await world.rows('outbox');
      const numbered = (cid: string | null) =>
        events
          .filter((event) => event.cid === cid)
          .sort((a, b) => (a.call_seq ?? 0) - (b.call_seq ?? 0))
          .map((event) => [event.call_seq, event.type]);
      expect(numbered(CID)).toEqual([
        [1, 'event-0'],
        [2, 'event-2'],
        [3, 'event-4'],
        [4, 'blocked'],
      ]);
      expect(numbered(other)).toEqual([[1, 'event-1']]);
      expect(numbered(null)).toEqual([[null, 'event-3']]);
    });

    it('[ACT4] acts on one call at once get numbers one after the other', async () => {
      const people = Array.from({ length: 20 }, (_, at) => `person-${at}`);
      await Promise.all(people.map((name) => world.acts.perform(request('mod'), block(name))));
      const numbers = (await world.rows('outbox')).map((event) => event.call_seq);
      expect(numbers.sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(people.map((_, at) => at + 1));
    });

    it('[ACT13] a repeated request gets the first answer and runs nothing', async () => {
      await world.join('sara');
      const first = await world.acts.perform(keyed('mod', 'k'), block('sara'));
      const before = await world.traces();
      const again = await world.acts.perform(keyed('mod', 'k'), async () => {
        throw new Error('the verb ran again');
      });
      expect(again).toEqual(first);
      expect(again).toMatchObject({ status: 201, enforcement: { state: 'no_media', sessions: 1 } });
      expect(await world.traces()).toEqual(before);
    });

    it('[ACT13] the answer is forgotten after 24 hours, not before', async () => {
      await world.acts.perform(keyed('mod', 'k'), block('sara'));
      world.clock.time = START + 24 * 60 * 60 * 1000 - 1;
      expect((await world.acts.perform(keyed('mod', 'k'), block('sara'))).status).toBe(201);
      world.clock.time = START + 24 * 60 * 60 * 1000;
      expect((await world.acts.perform(keyed('mod', 'k'), block('sara'))).status).toBe(200);
    });

    it('[ACT14] the same key with another request is refused and changes nothing', async () => {
      await world.acts.perform(keyed('mod', 'k'), block('sara'));
      const before = await world.traces();
      const work = world.acts.perform(keyed('mod', 'k', 'another'), block('john'));
      expect(await refused(work)).toBe('input Idempotency-Key');
      expect(await world.traces()).toEqual(before);
    });

    it('[ACT15] a refused request is not remembered', async () => {
      const refuse = world.acts.perform(keyed('sara', 'k'), async (act) => {
        demandServer(act.caller);
        return {};
      });
      expect(await refused(refuse)).toBe('not_allowed');
      expect(await world.acts.perform(keyed('sara', 'k', 'another'), block('john'))).toMatchObject({
        status: 201,
      });
    });

    it('[ACT16] keys belong to their caller, and of anonymous callers to their address', async () => {
      const anonymous = (address: string) => ({
        ...keyed('x', 'k'),
        caller: {
          kind: 'anonymous',
          token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
        } as const,
        address,
      });
      const callers = [keyed('mod', 'k'), keyed('mary', 'k'), keyed(undefined, 'k')];
      callers.push(anonymous('192.0.2.1'), anonymous('192.0.2.2'));
      for (const [at, caller] of callers.entries())
        expect((await world.acts.perform(caller, block(`person-${at}`))).body).toEqual({
          blocked: `person-${at}`,
        });
      expect((await world.rows('idempotency_keys')).map((row) => row.scope).sort()).toEqual([
        ...['anonymous:192.0.2.1', 'anonymous:192.0.2.2', 'server', 'user:mary', 'user:mod'],
      ]);
    });

    it('[ACT17] of many at once with one key one acts, and all get its answer', async () => {
      let runs = 0;
      const once = () =>
        world.acts.perform(keyed('mod', 'k'), async (act) => {
          runs++;
          return block('sara')(act);
        });
      const replies = await Promise.all(Array.from({ length: 8 }, once));
      expect(replies.map(({ status, body }) => ({ status, body }))).toEqual(
        replies.map(() => ({ status: 201, body: { blocked: 'sara' } })),
      );
      expect(runs).toBe(1);
      expect(await world.traces()).toEqual({
        ...{ call_blocks: 1, audit_records: 1, outbox: 1, jobs: 1, idempotency_keys: 1 },
      });
    });

    const demand = (name: string | undefined) =>
      world.acts.perform(request(name), async (act) => {
        demandCapability(await act.callerPolicy(CID), 'kick-user', 'block-users');
        return {};
      });

    it('[ACT18] without the capability it is 403, with the reason where there is a deeper one', async () => {
      expect(await refused(demand('sara'))).toBe('not_allowed');
      await expect(demand('sara')).rejects.toThrow('kick-user or block-users');
      expect(await refused(demand('banned'))).toBe('not_allowed {"reason":"banned"}');
      await world.acts.perform(request(), block('mod'));
      expect(await refused(demand('mod'))).toBe('not_allowed {"reason":"blocked"}');
    });

    it('[ACT18] holders of one of the capabilities and server tokens get through', async () => {
      expect((await demand('mod')).status).toBe(200);
      expect((await demand(undefined)).status).toBe(200);
    });

    it('[ACT19] who is acted for must exist and not be deactivated', async () => {
      const actFor = (name: UserId) =>
        world.acts.perform(request(), async (act) => {
          await requireActor(act.tx, act.policy, name);
          return {};
        });
      world.gone.add('gone');
      world.deactivated.add('john');
      expect(await refused(actFor(id('gone')))).toBe('not_found {"what":"user","id":"gone"}');
      expect(await refused(actFor(id('john')))).toBe('not_allowed');
      expect((await actFor(id('mary'))).status).toBe(200);
    });

    it('[ACT19] what is for server tokens is refused to everybody else', async () => {
      const token = { issuedAt: null, expiresAt: null, callCids: null, role: null };
      expect(() => demandServer(request('mod').caller)).toThrow('server token');
      expect(() => demandServer({ kind: 'anonymous', token })).toThrow('server token');
      expect(() => demandServer(request().caller)).not.toThrow();
    });

    it('[ACT20] a person, an anonymous caller and a server token are ranked each as they are', async () => {
      const token = { issuedAt: START, expiresAt: null, callCids: [CID], role: null };
      await world.acts.perform(request('mod'), async (act) => {
        expect(actorOf(act.caller, await act.callerPolicy(CID))).toEqual({
          kind: 'user',
          id: 'mod',
          rank: 300,
        });
        return {};
      });
      const anonymous = { kind: 'anonymous', token } as const;
      await world.acts.perform(request('x', { caller: anonymous }), async (act) => {
        expect(actorOf(act.caller, await act.callerPolicy(CID))).toEqual({ kind: 'user', id: null, rank: 0 });
        return {};
      });
      expect(() => actorOf(anonymous, undefined)).toThrow('was not asked');
      expect(actorOf(request().caller, undefined)).toEqual({ kind: 'server' });
    });
  });
}
