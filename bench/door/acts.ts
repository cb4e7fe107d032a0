import { quantile } from '../measure/figures.ts';
import { atLeast, type Line, ms, type Part, ratio, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { comeIn, type DoorStage, demand, makeRoom, onEachDoor, passOf } from './stage.ts';

/** People in the call beside the one that is acted on. */
const PEOPLE = 100;

type Act = 'kick' | 'ban' | 'mute' | 'revoke';
const ACTS: readonly Act[] = ['kick', 'ban', 'mute', 'revoke'];

/** From the request to the reply `applied`, beside the same request made to LiveKit itself. */
export async function measureActs(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const measured = await onEachDoor(postgres, options, (stage) => ofEngine(stage, options.mediaActs));
  const all = measured.flat();
  return {
    title: 'From an act to its reply',
    text:
      `${PEOPLE} people in a call by signalling alone (LiveKit keeps them without media for the time that this takes); ${options.mediaActs} ` +
      `acts of each kind, one at a time, each on somebody who has just come in: from the request to the reply that says ` +
      `\`applied\`. Beside each act LiveKit's own API is asked to do the like, with nothing in between.`,
    head: ['', 'act p50', 'act p99', 'LiveKit p50', 'ratio of p50', 'pending'],
    lines: all.map(
      ({ name, act, bare, pending }): Line => [
        name,
        ms(quantile(act, 0.5)),
        ms(quantile(act, 0.99)),
        ms(quantile(bare, 0.5)),
        ratio(quantile(act, 0.5) / quantile(bare, 0.5)),
        String(pending),
      ],
    ),
    targets: all.flatMap(({ name, act, bare, pending }) => [
      under(`${name}, p99`, quantile(act, 0.99), 150, 'ms'),
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
  bare: Float64Array;
  pending: number;
}

async function ofEngine(stage: DoorStage, count: number): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const kind of ACTS) {
    const call = `acts-${kind}`;
    const ids = await makeRoom(stage, call, PEOPLE + 2 * count);
    const sockets = await Promise.all(
      ids.slice(0, PEOPLE).map(async (id) => comeIn(await passOf(stage, call, id))),
    );
    const [act, bare] = [new Float64Array(count), new Float64Array(count)];
    let pending = 0;
    for (let at = 0; at < count; at++) {
      const [first = '', second = ''] = ids.slice(PEOPLE + 2 * at);
      const socket = await comeIn(await passOf(stage, call, first));
      const started = performance.now();
      const { enforcement } = await demand(stage, ...requestOf(kind, call, first));
      act[at] = performance.now() - started;
      if ((enforcement as { state: string }).state !== 'applied') pending++;
      socket.close();
      bare[at] = await askBare(stage, { kind, call, userId: second });
    }
    for (const socket of sockets) socket.close();
    found.push({ name: `${kind}, ${stage.engine}`, act, bare, pending });
  }
  return found;
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

/** What LiveKit's own API takes for the like, on somebody else who has just come in. */
async function askBare(
  stage: DoorStage,
  { kind, call, userId }: { kind: Act; call: string; userId: string },
): Promise<number> {
  const socket = await comeIn(await passOf(stage, call, userId));
  const { rooms } = stage.livekit;
  const room = `default:${call}`;
  const all = await rooms.listParticipants(room);
  const identity = all.find((one) => one.identity.startsWith(`${userId}#`))?.identity ?? '';
  const started = performance.now();
  if (kind === 'kick' || kind === 'ban') await rooms.removeParticipant(room, identity);
  else
    await rooms.updateParticipant(room, identity, { permission: { canSubscribe: true, canPublish: false } });
  const took = performance.now() - started;
  socket.close();
  return took;
}
