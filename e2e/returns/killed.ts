import { type Counter, rising, silent, until } from '../clients/index.ts';
import { knock } from '../media/signal.ts';
import type { MediaWorld } from '../media/world.ts';
import { type Built, FLYING, heardBy, paced, rawClient, untilHeard, VOICE } from '../raw-client/index.ts';
import { attempt, type Pass } from './attempt.ts';
import { DEEDS, type Deed } from './deeds.ts';
import type { Gate } from './gate.ts';
import {
  bringAll,
  type Cycle,
  letInAll,
  nobodyLeft,
  type Outage,
  passThrough,
  shutOutAll,
} from './outage.ts';
import type { Insider } from './people.ts';
import type { Way } from './routes.ts';

const BAN = DEEDS[0] as Deed;
/** Who sends on through the kill, whatever becomes of their signalling. */
const FLOWING = 'during kill -9, RTP flowing';

/** The server is killed; what it would have told the media server is told by nobody. */
export const killed = ({ server }: MediaWorld, gate: Gate): Outage => ({
  name: 'during kill -9',
  away: /^nobody there$/,
  down: () => server.kill(),
  async up() {
    gate.open();
    await server.start();
  },
});

/**
 * As `cycle`, but the media server does not hear of the acts before the kill; and beside them Sara, whose packets flow on
 * through it: a client by hand, whom Bob hears.
 */
export async function killedCycle(given: Cycle, gate: Gate, round: number): Promise<void> {
  const { world, tally } = given;
  const cases = await bringAll(world, round);
  await passThrough(given, cases, 'before');
  const stage = await speaking(world, `killed-${round}`);
  const knockAs = (pass: Pass) => () => attempt(pass);
  tally.letIn('before', FLOWING, 1);

  gate.swallow('POST /twirp');
  await shutOutAll(world, cases);
  const way = { name: FLOWING, reasons: BAN.reasons } as Way;
  const knocking = async (): Promise<void> => {
    for (let times = 0; times < 20; times++)
      await tally.refused(BAN.name, FLOWING, way, knockAs(stage.sara.pass));
  };
  const flowing: Outage = {
    ...given.outage,
    async down() {
      const acting = BAN.shutOut(world, { id: stage.sara.id } as Insider).catch(() => undefined);
      await until('the ban is on disk', () => stage.isOut());
      await given.outage.down();
      await acting;
      // There is nobody at the door, and her packets flow on: nobody has told the media server.
      await rising(stage.sara.heard);
    },
    up: () => Promise.all([given.outage.up(), knocking()]),
  };
  await passThrough({ ...given, outage: flowing }, cases, 'refused');
  await nobodyLeft(world, cases);
  await stage.ended();

  await BAN.letIn?.(world, { id: stage.sara.id } as Insider);
  const again = await letInAll(world, cases);
  const { credentials } = (await world.joinCall(stage.path, stage.sara.id)).body;
  await tally.admitted('after', FLOWING, knockAs(credentials));
  stage.close();
  await passThrough(given, again, 'after');
}

/** A client by hand: its packets flow on whatever becomes of its signalling. */
async function byHand(world: MediaWorld, path: string, userId: string) {
  const { credentials } = (await world.joinCall(path, userId)).body;
  const knocked = await knock(credentials.url, credentials.token);
  if (!('socket' in knocked)) throw new Error(`${userId} is not let in`);
  return { pass: credentials, client: await rawClient(knocked.socket, userId) };
}

/** Three clients by hand in a call. */
interface Stage {
  path: string;
  sara: { id: string; pass: Pass; heard: Counter };
  /** Resolves to whether the session has her no more. */
  isOut(): Promise<boolean>;
  /** Resolves once the media server has her no more and Bob hears nothing of her, and Carl still. */
  ended(): Promise<void>;
  close(): void;
}

/** Sara and Carl speak, Bob listens; her media is to end, his is not. In a call whose name begins so. */
const speaking = (world: MediaWorld, name: string): Promise<Stage> =>
  untilHeard(
    (attempt) => begin(world, `${name}-${attempt}`),
    (stage) => stage.close(),
  );

async function begin(world: MediaWorld, name: string): Promise<Built<Stage>> {
  const cid = `default:${name}`;
  const named = (who: string): string => `${who}-${name}`;
  const [sara, bob, carl] = [named('sara'), named('bob'), named('carl')];
  const path = await world.call(cid, [sara, bob, carl]);
  const [hers, listener, his] = [
    await byHand(world, path, sara),
    await byHand(world, path, bob),
    await byHand(world, path, carl),
  ];
  const voice = hers.client.publish(VOICE);
  his.client.publish(VOICE);
  const trackOf = (client: typeof hers.client) => client.published(VOICE.cid);
  const heard = (sid: string): Counter => heardBy(listener.client, sid);
  const heardHer = heard(await trackOf(hers.client));
  const heardHim = heard(await trackOf(his.client));
  const close = (): void => {
    for (const { client } of [hers, listener, his]) client.close();
  };
  const stage: Stage = {
    path,
    sara: { id: sara, pass: hers.pass, heard: heardHer },
    async isOut(): Promise<boolean> {
      const { body } = await world.ask('GET', path);
      const { session } = body.call as { session: { participants: { user: { id: string } }[] } };
      return session.participants.every(({ user }) => user.id !== sara);
    },
    async ended(): Promise<void> {
      await until('Sara is out of the media', async () => {
        const all = await world.livekit.rooms.listParticipants(cid);
        return all.every(({ identity }) => !identity.startsWith(sara));
      });
      await silent(heardHer, paced(), { strays: FLYING });
      if (voice.sent === 0) throw new Error('Sara has sent nothing');
      await rising(heardHim);
    },
    close,
  };
  return { stage, heard: [heardHer, heardHim] };
}
