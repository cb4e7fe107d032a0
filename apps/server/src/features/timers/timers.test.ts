import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createTimersWorld, START, type TimersWorld } from './test-timers.ts';

for (const engine of testEngines)
  describe(`timers on ${engine.name}`, () => {
    let world: TimersWorld;
    beforeEach(async () => {
      world = await createTimersWorld(engine);
    });
    afterEach(() => world.close());

    test('[TIM1] a timer is not fired before its time, and once at its time', async () => {
      await world.set('bell', 'a', START + 1000, { tone: 'low' });
      world.clock.time = START + 999;
      await world.timers.tick();
      expect(world.fired).toEqual([]);
      world.clock.time = START + 1000;
      await world.timers.tick();
      await world.timers.tick();
      expect(world.fired).toEqual(['bell a']);
      expect(world.seen).toMatchObject([{ dueAt: START + 1000, data: { tone: 'low' }, attempts: 0 }]);
      expect(await world.rows()).toEqual([]);
    });

    test('[TIM1] of several processes one fires a timer', async () => {
      for (let at = 0; at < 60; at++) await world.set('bell', `${at}`, START);
      const others = [world.another(), world.another()];
      await Promise.all([world.timers, ...others].map((timers) => timers.tick()));
      expect([...world.fired].sort()).toEqual(Array.from({ length: 60 }, (_, at) => `bell ${at}`).sort());
      await Promise.all(others.map((timers) => timers.close()));
    });

    test('[TIM1] by the real clock a timer is fired within a second, whoever set it', async () => {
      const timers = world.another({ now: () => Date.now() });
      timers.start();
      // Without waking: as another process on the same database sets it.
      const [near, far] = [Date.now() + 100, Date.now() + 900];
      await world.set('bell', 'near', near);
      await world.set('bell', 'far', far);
      await vi.waitFor(() => expect(world.fired).toEqual(['bell near', 'bell far']), { timeout: 10_000 });
      const lateMs = world.firedAt.map((at, index) => at - (index === 0 ? near : far));
      for (const late of lateMs) {
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThan(1000);
      }
      await timers.close();
    });

    test('[TIM1] a wake makes a timer known at once', async () => {
      const timers = world.another({ now: () => Date.now() });
      timers.start();
      await vi.waitFor(() => expect(world.reads).toBeGreaterThan(0));
      // The best of several: a busy machine makes any of them late.
      const lateMs: number[] = [];
      for (let round = 0; round < 5; round++) {
        const dueAt = Date.now() + 30;
        await world.set('bell', `${round}`, dueAt);
        timers.wake(dueAt);
        await vi.waitFor(() => expect(world.fired).toHaveLength(round + 1), { interval: 5, timeout: 10_000 });
        lateMs.push((world.firedAt[round] ?? 0) - dueAt);
      }
      expect(Math.min(...lateMs)).toBeLessThan(150);
      await timers.close();
    });

    test('[TIM2] the newest time wins, and what is cleared is not fired', async () => {
      await world.set('bell', 'later', START + 1000, { old: true });
      await world.set('bell', 'later', START + 5000);
      await world.set('bell', 'sooner', START + 5000);
      await world.set('bell', 'sooner', START + 2000);
      await world.set('bell', 'cleared', START + 1000);
      expect([await world.clear('bell', 'cleared'), await world.clear('bell', 'cleared')]).toEqual([
        true,
        false,
      ]);
      world.clock.time = START + 2000;
      await world.timers.tick();
      expect(world.fired).toEqual(['bell sooner']);
      world.clock.time = START + 5000;
      await world.timers.tick();
      expect(world.fired).toEqual(['bell sooner', 'bell later']);
      expect(world.seen.at(-1)?.data).toBeNull();
    });

    test('[TIM2] one that is moved while it is about to fire is not fired', async () => {
      await world.set('bell', 'a', START);
      world.before.bell = () => world.set('bell', 'a', START + 1000);
      await world.timers.tick();
      expect(world.fired).toEqual([]);
      delete world.before.bell;
      world.clock.time = START + 1000;
      await world.timers.tick();
      expect(world.fired).toEqual(['bell a']);
    });

    test('[TIM3] what came due while no server ran is fired when one starts', async () => {
      await world.set('bell', 'a', START - 3_600_000);
      await world.set('horn', 'b', START - 1);
      world.timers.start();
      await vi.waitFor(() => expect([...world.fired].sort()).toEqual(['bell a', 'horn b']));
    });

    test('[TIM3] timers of a kind that this version does not know stay, and stand in nobody’s way', async () => {
      await world.set('of a newer version', 'a', START - 1000);
      await world.set('bell', 'a', START);
      await world.timers.tick();
      expect(world.fired).toEqual(['bell a']);
      expect(await world.rows()).toMatchObject([{ kind: 'of a newer version' }]);
    });

    test('[TIM4] work that fails stays and is tried again after 1 s, 2 s, 4 s, up to 60 s; the log is told once', async () => {
      world.broken.add('bell a');
      await world.set('bell', 'a', START);
      await world.set('bell', 'b', START);
      const pauses: number[] = [];
      for (let attempt = 1; attempt <= 8; attempt++) {
        await world.timers.tick();
        const [row] = await world.rows();
        expect(row).toMatchObject({ key: 'a', attempts: attempt });
        pauses.push(((row?.due_at ?? 0) - world.clock.time) / 1000);
        world.clock.time = row?.due_at ?? 0;
      }
      expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
      expect(world.fired).toEqual(['bell b']);
      expect(world.logged).toEqual([expect.objectContaining({ kind: 'bell', key: 'a' })]);
      world.broken.clear();
      await world.timers.tick();
      expect(world.fired).toEqual(['bell b', 'bell a']);
    });

    test('[TIM4] nothing of work that failed stays', async () => {
      world.broken.add('bell a');
      await world.set('bell', 'a', START);
      await world.timers.tick();
      expect(await world.effects()).toEqual([]);
      await world.set('bell', 'a', START);
      world.broken.clear();
      await world.timers.tick();
      expect(await world.effects()).toEqual(['bell a']);
    });

    test('[TIM5] of many that are due together every kind gets its turn, and the event loop goes on', async () => {
      await world.setMany('bell', 1500, START - 1000);
      await world.set('horn', 'late', START);
      // In the order in which their work begins: whose commit comes first is up to the disk.
      const begun: string[] = [];
      world.before.bell = async () => void begun.push('bell');
      world.before.horn = async () => void begun.push('horn');
      let turns = 0;
      let isOver = false;
      const count = (): void => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      setImmediate(count);
      await world.timers.tick();
      isOver = true;
      expect(world.fired).toHaveLength(1501);
      expect(world.fired).toContain('horn late');
      expect(begun.indexOf('horn')).toBeGreaterThan(-1);
      expect(begun.indexOf('horn')).toBeLessThan(20);
      expect(turns).toBeGreaterThan(1500 / 16);
    });

    test('[TIM8] it is told how many are due and how late the first one is', async () => {
      expect(await world.timers.stats()).toEqual({ due: 0, lateMs: 0 });
      await world.set('bell', 'a', START + 1000);
      await world.set('horn', 'a', START + 2000);
      await world.set('horn', 'b', START + 9000);
      expect(await world.timers.stats()).toEqual({ due: 0, lateMs: 0 });
      world.clock.time = START + 2500;
      expect(await world.timers.stats()).toEqual({ due: 2, lateMs: 1500 });
    });

    test('[TIM9] closing waits for what is at work, and nothing is fired afterwards', async () => {
      await world.set('bell', 'a', START);
      const order: string[] = [];
      let open = (): void => undefined;
      const gate = new Promise<void>((opened) => {
        open = opened;
      });
      let entered = (): void => undefined;
      const isIn = new Promise<void>((reached) => {
        entered = reached;
      });
      world.before.bell = async () => {
        entered();
        await gate;
        order.push('worked');
      };
      world.timers.start();
      await isIn;
      const closing = world.timers.close().then(() => order.push('closed'));
      await world.set('horn', 'b', START);
      open();
      await closing;
      await world.timers.tick();
      expect(order).toEqual(['worked', 'closed']);
      expect(world.fired).toEqual(['bell a']);
    });

    test('[TIM4] while the store fails the log is told once, and it goes on when the store does', async () => {
      await world.set('bell', 'a', START);
      world.failing.isOn = true;
      world.timers.start();
      await vi.waitFor(() => expect(world.failing.times).toBeGreaterThan(2), { timeout: 10_000 });
      expect(world.logged).toHaveLength(1);
      world.failing.isOn = false;
      await vi.waitFor(() => expect(world.fired).toEqual(['bell a']), { timeout: 10_000 });
    });
  });
