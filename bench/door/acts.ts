import { endTransports } from '../../e2e/raw-client/index.ts';
import { quantile } from '../measure/figures.ts';
import { atLeast, type Line, ms, type Part, ratio, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { ATTEMPTS, handIn, type Speaker, speak } from './speakers.ts';
import { comeIn, type DoorStage, demand, makeRoom, onEachDoor, passOf } from './stage.ts';

/** People in the call beside the one that is acted on. */
const PEOPLE = 100;
/** Speakers that are in at once, half of them for LiveKit's own acts; for each lot the listener is a new one. */
const LOT = 10;

type Act = 'kick' | 'ban' | 'mute' | 'revoke';
const ACTS: readonly Act[] = ['kick', 'ban', 'mute', 'revoke'];

/** From the request to the last packet and to the reply `applied`, beside the like request made to LiveKit itself. */
export async function measureActs(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const measured = await onEachDoor(postgres, options, (stage) => ofEngine(stage, options.mediaActs));
  // Its threads would keep this process.
  endTransports();
  const all = measured.flat();
  return {
    title: 'From an act to silence, and to its reply',
    text:
      `${PEOPLE} people in a call by signalling alone (LiveKit keeps them without media for the time that this takes), up to ${LOT} more who ` +
      `send a voice of 200 packets a second, and one who hears them; ${options.mediaActs} acts of each kind, one at a time, each on a speaker. ` +
      `Silence: from the request to the last packet that was forwarded (0: none was after the request). Reply: to the one that says ` +
      `\`applied\`. Beside each act LiveKit's own API is asked to do the like to another speaker, with nothing in between.`,
    head: [
      ...['', 'silence p50', 'silence p99', 'reply p50', 'reply p99'],
      ...['LiveKit p50', 'ratio of p50', "LiveKit's silence p50", 'pending'],
    ],
    lines: all.map(
      ({ name, act, bare, pending, silence, bareSilence }): Line => [
        name,
        ms(quantile(silence, 0.5)),
        ms(quantile(silence, 0.99)),
        ms(quantile(act, 0.5)),
        ms(quantile(act, 0.99)),
        ms(quantile(bare, 0.5)),
        ratio(quantile(act, 0.5) / quantile(bare, 0.5)),
        ms(quantile(bareSilence, 0.5)),
        String(pending),
      ],
    ),
    targets: all.flatMap(({ name, act, bare, pending, silence }) => [
      under(`${name}, to silence, p99`, quantile(silence, 0.99), 150, 'ms'),
      under(`${name}, to the reply, p99`, quantile(act, 0.99), 150, 'ms'),
      {
        ...under(`${name}, of LiveKit's own, p50`, quantile(act, 0.5) / quantile(bare, 0.5), 1.5, ''),
        wanted: 'at most 1.5',
      },
      {
        ...atLeast(`${name}, answered in time`, pending === 0 ? 1 : 0, 1),
        wanted: 'all',
        measured: `${pending} pending`,
      },
    ]),
  };
}

interface Measured {
  name: string;
  act: Float64Array;
  silence: Float64Array;
  bare: Float64Array;
  bareSilence: Float64Array;
  pending: number;
}

async function ofEngine(stage: DoorStage, count: number): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const kind of ACTS) found.push(await ofKind(stage, kind, count));
  return found;
}

async function ofKind(stage: DoorStage, kind: Act, count: number): Promise<Measured> {
  const call = `acts-${kind}`;
  const ids = await makeRoom(stage, call, PEOPLE + 2 * count);
  const sockets = await Promise.all(
    ids.slice(0, PEOPLE).map(async (id) => comeIn(await passOf(stage, call, id))),
  );
  const figures = () => new Float64Array(count);
  const measured: Measured = {
    ...{ name: `${kind}, ${stage.engine}`, pending: 0 },
    ...{ act: figures(), silence: figures(), bare: figures(), bareSilence: figures() },
  };
  const speaking = ids.slice(PEOPLE);
  for (let at = 0; at < count; ) {
    const lot = await openLot(stage, call, speaking.splice(0, LOT));
    while (lot.speakers.length > 0) {
      const [first, second] = lot.speakers.splice(0, 2) as [Speaker, Speaker];
      await actOn(stage, measured, { at: at++, kind, call, first, second });
      // Whoever is muted or revoked would send on, to the end of the run.
      first.close();
      second.close();
    }
    lot.close();
  }
  for (const socket of sockets) socket.close();
  return measured;
}

/** A new listener, and speakers that it hears. */
async function openLot(
  stage: DoorStage,
  call: string,
  ids: readonly string[],
): Promise<{ speakers: Speaker[]; close(): void }> {
  for (let attempt = 1; ; attempt++) {
    const listener = await handIn(stage, call, 'owner');
    const speakers: Speaker[] = [];
    const close = (): void => {
      for (const one of [...speakers, listener]) one.close();
    };
    try {
      for (const userId of ids) speakers.push(await speak(stage, { call, userId, listener }));
      return { speakers, close };
    } catch (error) {
      // Where nobody is heard the listener's own transport was lost.
      close();
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function actOn(
  stage: DoorStage,
  measured: Measured,
  { at, kind, call, first, second }: { at: number; kind: Act; call: string; first: Speaker; second: Speaker },
): Promise<void> {
  const request = requestOf(kind, call, first.userId);
  const started = performance.now();
  const { enforcement } = await demand(stage, ...request);
  measured.act[at] = performance.now() - started;
  if ((enforcement as { state: string }).state !== 'applied') measured.pending++;
  measured.silence[at] = Math.max(0, (await first.lastHeardAt()) - started);
  const ask = await bareRequest(stage, { kind, call, userId: second.userId });
  const asked = performance.now();
  await ask();
  measured.bare[at] = performance.now() - asked;
  measured.bareSilence[at] = Math.max(0, (await second.lastHeardAt()) - asked);
}

function requestOf(kind: Act, call: string, user_id: string): [string, string, object] {
  const path = `/video/call/default/${call}`;
  switch (kind) {
    case 'kick':
      return ['POST', `${path}/kick`, { user_id }];
    case 'ban':
      return ['POST', '/moderation/ban', { target_user_id: user_id }];
    case 'mute':
      return ['POST', `${path}/mute_users`, { user_ids: [user_id], audio: true }];
    case 'revoke':
      return ['POST', `${path}/user_permissions`, { user_id, revoke_permissions: ['send-audio'] }];
  }
}

/** The like, asked of LiveKit's own API. */
async function bareRequest(
  stage: DoorStage,
  { kind, call, userId }: { kind: Act; call: string; userId: string },
): Promise<() => Promise<unknown>> {
  const { rooms } = stage.livekit;
  const room = `default:${call}`;
  const all = await rooms.listParticipants(room);
  const participant = all.find((one) => one.identity.startsWith(`${userId}#`));
  if (!participant) throw new Error(`${userId} is not there`);
  const { identity } = participant;
  const sid = participant.tracks[0]?.sid ?? '';
  if (kind === 'mute') return () => rooms.mutePublishedTrack(room, identity, sid, true);
  if (kind === 'revoke')
    return () =>
      rooms.updateParticipant(room, identity, { permission: { canSubscribe: true, canPublish: false } });
  return () => rooms.removeParticipant(room, identity);
}
