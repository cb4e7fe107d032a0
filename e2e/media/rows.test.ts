import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import {
  type Counter,
  type MediaKind,
  packetsSent,
  STRAYS_AFTER_MUTE,
  silent,
  until,
} from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { paced } from '../raw-client/index.ts';
import { DOORS, type Heard, MUTES, REMOVALS, RIGHTS, type Row } from './rows.ts';
import { allRising, openScene, type Scene, type Who } from './scene.ts';
import { knock } from './signal.ts';
import { type MediaWorld, openMediaWorld } from './world.ts';

const named = <Entry extends { readonly name: string }>(entries: readonly Entry[]) =>
  entries.map((entry) => [entry.name, entry] as const);
const whoOf = (media: readonly Heard[]): Who[] => [...new Set(media.map(([who]) => who))];
/** Whose media Bob hears; his own Dan hears. */
const heard = (scene: Scene, media: readonly Heard[]): Counter[] =>
  media.map(([who, kind]) => scene.hears(who === 'bob' ? 'dan' : 'bob', who, kind));
const sent = (scene: Scene, who: Who, kind: MediaKind): Counter =>
  packetsSent(scene.present(who).client, kind);
const DAN: Heard = ['dan', 'microphone'];

/**
 * On every change the first engine: what LiveKit is told does not depend on where the rows are, and that each act tells it is
 * asked on both in inputs.test.ts. At full counts both.
 */
const isFull = countsName() === 'full';
const engines = isFull ? serverEngines : serverEngines.slice(0, 1);

for (const engine of LIVEKIT === undefined ? [] : engines) {
  describe.concurrent(isFull ? engine.name : 'rows', () => {
    let world: MediaWorld;
    beforeAll(async () => {
      world = await openMediaWorld(engine, rtcNodeClients());
      // The people of a scene come from loopback, and are of no team.
      const settings = { ip_bans: { include_private: true }, multi_tenant_enabled: true };
      expect((await world.ask('PATCH', '/app', settings)).status).toBe(200);
    });
    afterAll(() => world.close());

    /** Everybody is in; what goes on, and what shall fall silent unless that comes later, is heard. */
    const begin = async (row: Row): Promise<Scene> => {
      const scene = await openScene(world);
      await row.before?.(scene);
      await comeIn(scene, row, row.entry);
      return scene;
    };
    const comeIn = async (scene: Scene, row: Row, entry?: Row['entry']): Promise<void> => {
      const media = [...(row.goesOn ?? []), ...(row.pending ? [] : row.silent)];
      const people = whoOf(row.silent).filter((who) => who !== 'dan');
      await Promise.all([
        scene.enter('bob'),
        scene.enter('dan'),
        ...people.map((who) => scene.enter(who, entry)),
      ]);
      await publish(scene, [...media, ...(media.some(([who]) => who === 'dan') ? [] : [DAN])]);
    };
    const publish = async (scene: Scene, media: readonly Heard[]): Promise<void> => {
      const kindsOf = (who: Who) => media.filter(([whose]) => whose === who).map(([, kind]) => kind);
      await Promise.all(whoOf(media).map((who) => scene.publish(who, ...kindsOf(who))));
      await allRising(heard(scene, media));
    };
    const act = async (scene: Scene, row: Row): Promise<void> => {
      const reply = await row.act(scene);
      if (!row.later) expect(reply).toMatchObject({ enforcement: { state: 'applied' } });
    };
    /** Each stands still while its sender goes on, by the sender's own counter of this kind or of another. */
    const allSilent = async (scene: Scene, row: Row, strays?: number): Promise<void> => {
      const counters = heard(scene, row.silent);
      const clockOf = ([who, kind]: Heard): Counter =>
        sent(
          scene,
          who,
          row.goesOn?.find(([whose]) => whose === who)?.[1] ?? (kind === 'camera' ? kind : 'microphone'),
        );
      await Promise.all(
        row.silent.map((media, at) =>
          silent(counters[at] as Counter, clockOf(media), {
            packets: 30,
            ...(strays !== undefined && { strays }),
          }),
        ),
      );
    };
    const others = (row: Row): readonly Heard[] =>
      row.silent.some(([who]) => who === 'dan') ? (row.goesOn ?? []) : [...(row.goesOn ?? []), DAN];

    test.each(named(MUTES))('[ENF15] %s silences, until the person unmutes', async (_name, row) => {
      const scene = await begin(row);
      try {
        await act(scene, row);
        if (row.pending) for (const [who, kind] of row.silent) await scene.publish(who, kind);
        await allSilent(scene, row, STRAYS_AFTER_MUTE);
        const isShown = async ([who, kind]: Heard) => scene.present(who).client.isMuted(kind);
        for (const media of row.silent) await until('the mute is shown', () => isShown(media));
        await allRising(heard(scene, others(row)));
        if (row.meanwhile) {
          await row.meanwhile(scene);
          await allSilent(scene, row);
          await row.back?.(scene);
          await allSilent(scene, row);
        }
        for (const [who, kind] of row.silent) await scene.present(who).client.unmute(kind);
        await allRising(heard(scene, row.silent));
      } finally {
        await scene.close();
      }
    });

    test.each(named(RIGHTS))('[ENF16] %s unpublishes, until it is given again', async (_name, row) => {
      const scene = await begin(row);
      try {
        await act(scene, row);
        await allSilent(scene, row);
        for (const [who, kind] of row.silent)
          await expect(scene.publish(who, kind), `${who} publishes ${kind}`).rejects.toThrow();
        await allSilent(scene, row);
        await allRising(heard(scene, others(row)));
        expect(await row.back?.(scene)).toMatchObject({ enforcement: { state: 'applied' } });
        await publish(scene, row.silent);
      } finally {
        await scene.close();
      }
    });

    /** Everybody who goes by the row. */
    const goers = (row: Row): Who[] => (row.ends ? ['bob', 'dan', 'sara'] : whoOf(row.silent));
    /** Out of the media, told so, and not let in by what they have or by the way they came. */
    const areOut = async (scene: Scene, row: Row): Promise<void> => {
      const reason = row.ends ? 'ROOM_DELETED' : 'PARTICIPANT_REMOVED';
      for (const who of goers(row)) {
        expect(await until(`${who} is told`, () => scene.disconnected(who))).toBe(reason);
        const { client, joined } = scene.present(who);
        await expect(client.join(joined.credentials.url, joined.credentials.token)).rejects.toThrow();
      }
      for (const [who, why] of Object.entries(row.refused ?? {})) {
        const { status, body } = await scene.join(who as Who, row.entry);
        if (typeof why === 'number') expect(status).toBe(why);
        else expect(body).toMatchObject({ StatusCode: 403, details: [{ reason: why }] });
      }
      const there = await scene.there();
      expect(there.filter((who) => goers(row).includes(who as Who))).toEqual([]);
    };

    test.each(named(REMOVALS))('[ENF17] by %s people are out, until it is taken back', async (_name, row) => {
      const scene = await begin(row);
      try {
        const counters = heard(scene, row.silent);
        await act(scene, row);
        if (row.later) await until('it has come', () => scene.disconnected('sara'), 30_000);
        // Who is gone sends nothing that could arrive: what Bob hears of Dan says that he has ears.
        const clock = row.ends ? paced() : scene.hears('bob', 'dan');
        await Promise.all(counters.map((counter) => silent(counter, clock)));
        await areOut(scene, row);
        await row.back?.(scene);
        if (row.ends) return await comeIn(scene, row);
        for (const who of whoOf(row.silent)) await scene.enter(who, row.entryBack ?? row.entry);
        await publish(scene, row.silent);
      } finally {
        await scene.close();
      }
    });

    test.each(named(DOORS))('[ENF18] %s lets nobody in, until it is open', async (_name, row) => {
      const scene = await openScene(world);
      try {
        await row.before?.(scene);
        await Promise.all([scene.enter('bob'), scene.enter('dan')]);
        await publish(scene, [DAN]);
        const { credentials } = (await scene.join('sara')).body;
        await row.shut(scene);
        const knocked = await knock(credentials.url, credentials.token);
        expect(knocked).toMatchObject({ status: 403, body: { details: [{ reason: row.refused }] } });
        expect((await scene.join('sara')).body).toMatchObject({ details: [{ reason: row.refused }] });
        await allRising([scene.hears('bob', 'dan')]);
        expect(await scene.there()).toEqual(['bob', 'dan']);
        await row.open(scene);
        await scene.enter('sara');
        await publish(scene, [['sara', 'microphone']]);
        await allRising([scene.hears('sara', 'dan')]);
      } finally {
        await scene.close();
      }
    });
  });
}
