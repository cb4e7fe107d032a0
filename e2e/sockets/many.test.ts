import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noteFigure } from '../../scripts/test-notes.ts';
import { openSocketWorld, type SocketWorld } from './socket-world.ts';

const PEOPLE = Array.from({ length: 400 }, (_, at) => `person-${at}`);
/** People behind one proxy address: fewer than may be silent at a time. */
const PER_ADDRESS = 50;
/** Between two transactions of sockets there are 20 ms; the server's workers write a few of their own. */
const mostIn = (elapsedMs: number): number => elapsedMs / 20 + 20;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    let transactions = 0;
    beforeEach(async () => {
      world = await openSocketWorld(engine, {
        wrap: (database) => ({
          engine: database.engine,
          read: (work) => database.read(work),
          write(work) {
            transactions++;
            return database.write(work);
          },
          scan: (batchAfter) => database.scan(batchAfter),
          check: () => database.check(),
          stats: () => database.stats(),
          close: () => database.close(),
        }),
      });
    });
    afterEach(() => world.discard());
    const open = () => world.services.sockets.stats().open;

    test('[USR66] hundreds of sockets that open and close at once cost few transactions', async () => {
      for (let at = 0; at < PEOPLE.length; at += 100) {
        const users = Object.fromEntries(PEOPLE.slice(at, at + 100).map((id) => [id, { id }]));
        expect((await world.as(null)('POST', '/api/v2/users', { users })).status).toBe(201);
      }
      transactions = 0;
      const began = performance.now();
      const from = (at: number) => `203.0.113.${Math.floor(at / PER_ADDRESS)}`;
      const sockets = await Promise.all(PEOPLE.map((who, at) => world.connect(who, {}, from(at))));
      expect(open()).toBe(PEOPLE.length);
      const opening = transactions;
      const opened = performance.now();
      await Promise.all(sockets.map((socket) => socket.close()));
      await expect.poll(open).toBe(0);
      const closing = transactions - opening;
      noteFigure(`${PEOPLE.length} sockets on ${engine.name}: ${opening} + ${closing} transactions`);
      expect(opening).toBeLessThan(mostIn(opened - began));
      expect(closing).toBeLessThan(mostIn(performance.now() - opened));
    });
  });
}
