import { type LiveKitServer, startLiveKit } from '../../e2e/livekit/server.ts';
import { knock, type SignalSocket } from '../../e2e/media/signal.ts';
import { findLiveKit } from '../../scripts/test-run/livekit.ts';
import { onEachEngine, type ProbedServer } from '../events/probed-server.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';

/** A server on each engine in turn, before one LiveKit. */
export interface DoorStage extends ProbedServer {
  livekit: LiveKitServer;
}

export async function onEachDoor<T>(
  postgres: Postgres | undefined,
  options: RunOptions,
  measure: (stage: DoorStage) => Promise<T>,
): Promise<T[]> {
  const program = findLiveKit();
  if (program === undefined) throw new Error('LiveKit is not built: bash scripts/install/livekit.sh');
  const livekit = await startLiveKit({ program });
  try {
    return await onEachEngine(postgres, options, (probed) => measure({ ...probed, livekit }), livekit.env);
  } finally {
    await livekit.stop();
  }
}

/** Sends a request by a server token; throws unless it succeeds. */
export async function demand(
  { server }: ProbedServer,
  method: string,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const reply = await server.api(method, `/api/v2${path}`, { body });
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

/** Makes people and a call for them; answers their ids. */
export async function makeRoom(stage: ProbedServer, call: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => `${call}-${at}`);
  for (let at = 0; at < ids.length; at += 90) {
    const users = Object.fromEntries([...ids.slice(at, at + 90), 'owner'].map((id) => [id, { id }]));
    await demand(stage, 'POST', '/users', { users });
  }
  await demand(stage, 'POST', `/video/call/default/${call}`, { data: { created_by_id: 'owner' } });
  return ids;
}

/** A person's way in. */
export async function passOf(
  stage: ProbedServer,
  call: string,
  userId: string,
): Promise<{ url: string; token: string }> {
  const { credentials } = await demand(stage, 'POST', `/video/call/default/${call}/join`, {
    user_id: userId,
  });
  return credentials as { url: string; token: string };
}

/** Knocks, and waits for the join; throws when nobody is let in. */
export async function comeIn(
  { url, token }: { url: string; token: string },
  query: Record<string, string> = {},
): Promise<SignalSocket> {
  const knocked = await knock(url, token, query);
  if (!('socket' in knocked))
    throw new Error(`not let in: ${knocked.status} ${JSON.stringify(knocked.body)}`);
  await knocked.socket.until('join');
  return knocked.socket;
}
