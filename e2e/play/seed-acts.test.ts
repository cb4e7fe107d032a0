import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rising, STRAYS_AFTER_MUTE, silent } from '../clients/index.ts';
import { mediaEngines } from '../media/media-engines.ts';
import { runSeedCommand, SEED_TEXT, seedCommands } from '../seed-commands.ts';
import { CHROMIUM, openPlayWorld, type PlayWorld, type Visitor } from './play-world.ts';

const commands = SEED_TEXT ? await seedCommands(SEED_TEXT) : [];
const engines = SEED_TEXT && CHROMIUM ? mediaEngines.filter(({ isEmbedded }) => isEmbedded) : [];

interface Enforced {
  enforcement: { state: string; sessions: number };
}

/** Who a window is, and in which call: what the page keeps for a reload. */
const passOf = ({ page }: Visitor): Promise<{ userId: string; cid: string }> =>
  page.evaluate(`JSON.parse(Object.values(sessionStorage).find((text) => text.includes('userId')) ?? '{}')`);

/** What `npm start` prints, in two windows; then the seed's commands by curl, for the two people who came. */
for (const engine of engines) {
  describe('the first minute', () => {
    let world: PlayWorld;
    let host: Visitor;
    let sara: Visitor;
    let ids: Record<'john' | 'sara' | 'alice' | 'bob', string>;
    let call: string[] = [];
    let taskId = '';
    beforeAll(async () => {
      world = await openPlayWorld(engine);
      const links = world.links();
      host = await world.join(links.host, 'Hana');
      sara = await world.join(links.participant, 'Sara');
      const [hana, guest] = await Promise.all([passOf(host), passOf(sara)]);
      ids = { john: hana.userId, alice: hana.userId, sara: guest.userId, bob: guest.userId };
      call = hana.cid.split(':');
    });
    afterAll(() => world?.close());

    /** The command with the people of the page in place of the seed's. */
    const seed = async (number: number): Promise<Record<string, unknown>> => {
      const command = (commands[number - 1] ?? '').replaceAll(
        /(["'])(john|sara|alice|bob)\1/g,
        (_all, quote: string, name: keyof typeof ids) => `${quote}${ids[name]}${quote}`,
      );
      const { server } = world;
      const { status, body } = await runSeedCommand(command, {
        ...{ baseUrl: server.baseUrl, home: server.dataDir },
        variables: {
          ...{ API_KEY: server.apiKey, TOKEN: server.serverToken, TASK_ID: taskId },
          ...{ CALL_TYPE: call[0] ?? '', CALL_ID: call[1] ?? '' },
        },
      });
      expect(status, JSON.stringify(body)).toBeLessThan(300);
      return body;
    };
    const applied = async (number: number): Promise<void> => {
      expect(await seed(number)).toMatchObject({ enforcement: { state: 'applied', sessions: 1 } });
    };
    const button = ({ page }: Visitor, name: string | RegExp) => page.getByRole('button', { name });
    const heard = () => host.received('audio');
    const seen = () => host.received('video');
    /** Nothing of Sara's arrives, while the host goes on. */
    const fallsSilent = async (): Promise<void> => {
      await silent(heard(), host.sent('audio'));
      await silent(seen(), host.sent('audio'));
    };
    const comesBack = async (): Promise<void> => {
      await sara.page.reload();
      await button(sara, 'Join the call').click();
      await rising(heard());
      await rising(seen());
    };

    test('[PLY27] both publish and receive', async () => {
      for (const who of [host, sara])
        for (const kind of ['audio', 'video'] as const) {
          await rising(who.sent(kind));
          await rising(who.received(kind));
        }
    });

    test('[PLY27] command 3 puts the screen on request', async () => {
      await seed(3);
      await button(sara, /Ask for .*screen/).click();
      await host.page.getByRole('tab', { name: 'Requests (1)' }).click();
      await button(host, /Allow .*screen.* to Sara/).click();
      await sara.page.getByText('You may use your screen sharing now, says Hana.').waitFor();
      await button(sara, 'Screen').click();
      await host.page.getByText('Sara shares a screen').waitFor();
    });

    test('[PLY27] commands 4 and 5 mute: everybody else’s audio, then everything of one person', async () => {
      await applied(4);
      await silent(heard(), sara.sent('video'), { strays: STRAYS_AFTER_MUTE });
      await rising(seen());
      await button(sara, /^Mic$/).click();
      await rising(heard());
      await applied(5);
      await silent(heard(), host.sent('audio'), { strays: STRAYS_AFTER_MUTE });
      await silent(seen(), host.sent('audio'), { strays: STRAYS_AFTER_MUTE });
      await button(sara, /^Mic$/).click();
      await button(sara, /^Camera$/).click();
      await rising(heard());
      await rising(seen());
    });

    test('[PLY27] commands 7 and 6 take the microphone away and give it back', async () => {
      await applied(7);
      await silent(heard(), sara.sent('video'));
      await button(sara, /your microphone is not allowed here/).waitFor();
      await applied(6);
      await button(sara, /^Mic$/).click();
      await rising(heard());
    });

    test.for([1, 2])('[PLY27] command %i lets a blocked person back', async (number) => {
      const path = `/api/v2/video/call/${call.join('/')}/block`;
      const blocked = await world.server.api<Enforced>('POST', path, { body: { user_id: ids.sara } });
      expect(blocked.body.enforcement).toMatchObject({ state: 'applied', sessions: 1 });
      await fallsSilent();
      await sara.page.getByRole('heading', { name: 'You were blocked from this call' }).waitFor();
      await seed(number);
      await comesBack();
    });

    test.for([8, 10])('[PLY27] command %i bans, and command 9 lifts it', async (number) => {
      await applied(number);
      await fallsSilent();
      await sara.page.getByRole('heading', { name: 'You are banned' }).waitFor();
      await seed(9);
      await comesBack();
    });

    test('[PLY27] commands 12 to 14 switch somebody’s access off and on', async () => {
      await seed(12);
      await fallsSilent();
      await sara.page.getByRole('heading', { name: 'Your access was switched off' }).waitFor();
      taskId = String((await seed(13)).task_id);
      expect(await seed(14)).toMatchObject({ status: 'completed' });
      await comesBack();
    });

    test('[PLY27] commands 15 to 17 block for one user alone, which takes nobody’s media', async () => {
      await seed(15);
      expect(await seed(16)).toMatchObject({ blocks: [{ user_id: ids.john, blocked_user_id: ids.sara }] });
      await rising(heard());
      await seed(17);
      expect(await seed(16)).toMatchObject({ blocks: [] });
    });

    test('[PLY27] command 11 bans the address, too: everybody who came from it is out', async () => {
      // Of one machine, which is not banned unless the app says so.
      const body = { ip_bans: { include_private: true } };
      expect((await world.server.api('PATCH', '/api/v2/app', { body })).status).toBe(200);
      expect(await seed(11)).toMatchObject({ enforcement: { state: 'applied', sessions: 2 } });
      await sara.page.getByRole('heading', { name: 'You are banned' }).waitFor();
      await host.page.getByRole('heading', { name: 'Your address is banned' }).waitFor();
    });
  });
}
