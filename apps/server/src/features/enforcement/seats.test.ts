import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { countSeatsTaken, endSession, SEAT_HELD_MS, settleSession } from '../media/index.ts';
import { type ActsWorld, CID, createActsWorld, joinMedia } from './test-acts.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: ActsWorld;
    beforeEach(async () => {
      world = await createActsWorld(engine);
    });
    afterEach(() => world.close());

    const seats = () => world.database.read((snapshot) => countSeatsTaken(snapshot, CID, world.clock.now()));
    /** A session that is over, and that the media server has not said to be gone. */
    const revoked = async () => {
      const id = await joinMedia(world, 'sara');
      await world.database.write((tx) => endSession(tx, id, world.clock.now(), 'kicked'));
      return id;
    };

    test('[SES29] an answer that never comes holds a seat for a minute', async () => {
      await revoked();
      world.clock.time += SEAT_HELD_MS - 1;
      expect(await seats()).toBe(1);
      world.clock.time += 1;
      expect(await seats()).toBe(0);
    });

    test('[SES29] the answer of the media server frees the seat', async () => {
      const [id, other] = [await revoked(), await world.join('bob')];
      expect(await seats()).toBe(2);
      await world.database.write((tx) => settleSession(tx, id));
      expect(await seats()).toBe(1);
      // Without a media server there is nobody to wait for.
      await world.database.write((tx) => endSession(tx, other, world.clock.now(), 'kicked'));
      expect(await seats()).toBe(0);
    });
  });
}
