import { AccessToken } from 'livekit-server-sdk';
import { quantile } from '../measure/figures.ts';
import { type Line, ms, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { comeIn, type DoorStage, makeRoom, onEachDoor, passOf } from './stage.ts';

/** A join through the door beside one at LiveKit itself, in turn. */
export async function measureJoins(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const measured = await onEachDoor(postgres, options, async (stage) => ({
    engine: stage.engine,
    ...(await join(stage, options.joins)),
  }));
  return {
    title: 'A join through the door',
    text:
      `From the upgrade request to the media server's \`join\` message, ${options.joins} of each in turn, one at a time in an empty ` +
      `room: through the door, with the credentials of a join made before, and at LiveKit itself with a token of its own.`,
    head: ['', 'door p50', 'door p99', 'LiveKit p50', 'LiveKit p99'],
    lines: measured.map(
      ({ engine, door, bare }): Line => [
        engine,
        ms(quantile(door, 0.5)),
        ms(quantile(door, 0.99)),
        ms(quantile(bare, 0.5)),
        ms(quantile(bare, 0.99)),
      ],
    ),
    targets: measured.map(({ engine, door, bare }) =>
      under(
        `a join, more than LiveKit's own, ${engine}, p50`,
        quantile(door, 0.5) - quantile(bare, 0.5),
        15,
        'ms',
      ),
    ),
  };
}

async function join(stage: DoorStage, count: number): Promise<{ door: Float64Array; bare: Float64Array }> {
  const ids = await makeRoom(stage, 'joins', count);
  const [door, bare] = [new Float64Array(count), new Float64Array(count)];
  for (const [at, id] of ids.entries()) {
    door[at] = await timed(await passOf(stage, 'joins', id));
    const token = new AccessToken(stage.livekit.apiKey, stage.livekit.apiSecret, { identity: `bare-${id}` });
    token.addGrant({ roomJoin: true, room: 'bare' });
    bare[at] = await timed({ url: stage.livekit.url, token: await token.toJwt() });
  }
  return { door, bare };
}

async function timed(pass: { url: string; token: string }): Promise<number> {
  const started = performance.now();
  const socket = await comeIn(pass);
  const took = performance.now() - started;
  socket.close();
  return took;
}
