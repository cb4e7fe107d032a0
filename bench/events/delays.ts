import { quantile } from '../measure/figures.ts';
import { requestText } from '../measure/people.ts';
import { type Line, ms, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { demand, makePeople, socketUrl } from './audience.ts';
import { onEachEngine, type ProbedServer } from './probed-server.ts';
import { type Sighting, startWitness, type Witness, type WitnessedAct } from './witness.ts';

const ACTS_PER_SECOND = 200;
/** Each act is about another call than the 256 before it, so that its event cannot be taken for another one's. */
const CALLS = 256;
const path = (at: number): string => `/api/v2/video/call/default/room-${at}`;

interface Delays {
  engine: string;
  acts: number;
  reply: Float64Array;
  socket: Float64Array;
  hook: Float64Array;
}

/** How soon an act is told, on a socket and at a hook, with 200 acts a second going on. */
export async function measureDelays(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const measured = await onEachEngine(postgres, options, (probed) => measure(probed, options));
  return partOf(measured);
}

async function measure({ server, engine }: ProbedServer, options: RunOptions): Promise<Delays> {
  const witness = startWitness();
  try {
    await makePeople(server, 'person', CALLS);
    await demand(server, 'POST', '/api/v2/users', { users: { host: { id: 'host', role: 'admin' } } });
    for (let at = 0; at < CALLS; at++) {
      const members = [{ user_id: 'host', role: 'host' }, { user_id: `person-${at}` }];
      await demand(server, 'POST', path(at), { data: { created_by_id: 'host', members } });
    }
    const connection_id = await witness.socket(socketUrl(server), server.userToken('host'));
    await watchAll(server, connection_id);
    const hook = { enabled: true, hook_type: 'webhook', webhook_url: await witness.receiver() };
    const event_types = ['call.blocked_user', 'call.unblocked_user'];
    await demand(server, 'PATCH', '/api/v2/app', { event_hooks: [{ ...hook, event_types }] });
    await run(server, witness, options.warmUpSeconds);
    return { engine, ...delaysOf(await run(server, witness, options.rounds * options.seconds)) };
  } finally {
    await witness.stop();
  }
}

type Server = ProbedServer['server'];

async function watchAll(server: Server, connection_id: string): Promise<void> {
  for (let at = 0; at < CALLS; at++) {
    const query = { watch: 'true', connection_id };
    const reply = await server.api('GET', path(at), { token: server.userToken('host'), query });
    if (reply.status !== 200) throw new Error(`${path(at)}: ${reply.status} ${JSON.stringify(reply.body)}`);
  }
}

/** Blocks each person in turn, then unblocks each, again and again; an even number of times, so that it can go on. */
function run(server: Server, witness: Witness, seconds: number): Promise<Sighting[]> {
  const turns = Math.max(1, Math.round((seconds * ACTS_PER_SECOND) / (2 * CALLS)));
  const acts = Array.from({ length: turns }, () => [
    ...turn(server, 'block'),
    ...turn(server, 'unblock'),
  ]).flat();
  const port = Number(new URL(server.baseUrl).port);
  return witness.run({ port, perSecond: ACTS_PER_SECOND, acts, sockets: true });
}

const turn = (server: Server, verb: 'block' | 'unblock'): WitnessedAct[] =>
  Array.from({ length: CALLS }, (_, at) => ({
    request: requestText(server, {
      method: 'POST',
      path: `${path(at)}/${verb}`,
      token: server.userToken('host'),
      body: { user_id: `person-${at}` },
    }),
    event: `call.${verb}ed_user default:room-${at}`,
  }));

/** From sending the act. What was never seen counts as endless. */
function delaysOf(sightings: readonly Sighting[]): Omit<Delays, 'engine'> {
  const since = (which: 'repliedAt' | 'socketAt' | 'hookAt'): Float64Array =>
    Float64Array.from(sightings, (seen) =>
      seen[which] > 0 ? seen[which] - seen.sentAt : Number.POSITIVE_INFINITY,
    );
  return {
    acts: sightings.length,
    reply: since('repliedAt'),
    socket: since('socketAt'),
    hook: since('hookAt'),
  };
}

function partOf(measured: readonly Delays[]): Part {
  const cells = (delays: Float64Array): Line => [ms(quantile(delays, 0.5)), ms(quantile(delays, 0.99))];
  return {
    title: 'From the act to its event',
    text:
      `${measured[0]?.acts.toLocaleString('en-US')} blocks and unblocks in ${CALLS} calls, ${ACTS_PER_SECOND} a second at even times, by a host ` +
      `whose socket watches all of them; one hook. All times from sending the act: its way, its commit and its place ` +
      `in the order count too.`,
    head: ['', 'answered, p50', 'p99', 'on the socket, p50', 'p99', 'at the hook, p50', 'p99'],
    lines: measured.map(({ engine, reply, socket, hook }) => [
      engine,
      ...cells(reply),
      ...cells(socket),
      ...cells(hook),
    ]),
    targets: measured.flatMap(({ engine, socket, hook }) => [
      under(
        `act to socket at ${ACTS_PER_SECOND} acts a second, ${engine}, p50`,
        quantile(socket, 0.5),
        10,
        'ms',
      ),
      under(`act to hook at ${ACTS_PER_SECOND} acts a second, ${engine}, p50`, quantile(hook, 0.5), 30, 'ms'),
    ]),
  };
}
