import type { MediaWorld } from '../media/world.ts';
import { attempt, type Outcome, type Pass, refusedAs } from './attempt.ts';

/** An address for documents, so that bans may take it. */
export const addressOf = (round: number): string =>
  `198.51.${100 + Math.floor(round / 250)}.${1 + (round % 250)}`;

/** Somebody who is in a call, with everything that they could come back with. */
export interface Insider {
  id: string;
  path: string;
  cid: string;
  address: string;
  /** What they joined with, what the door handed out since, and what another device of theirs has not used yet. */
  first: Pass;
  refreshed: Pass;
  unused: Pass;
  sid: string;
}

/** Sends a request as a person from an address, or as the server. */
export async function ask(
  world: MediaWorld,
  method: string,
  path: string,
  { body, as, from }: { body?: object; as?: string; from?: string } = {},
) {
  return world.server.api<Record<string, unknown>>(method, `/api/v2${path}`, {
    ...(as !== undefined && { token: as }),
    ...(body && { body }),
    ...(from !== undefined && { headers: { 'x-forwarded-for': from } }),
  });
}

/** Joins by one's own token. */
export async function joinAs(
  world: MediaWorld,
  { path, token, from }: { path: string; token: string; from: string },
): Promise<Pass | Outcome> {
  const { status, body } = await ask(world, 'POST', `${path}/join`, { body: {}, as: token, from });
  if (status !== 201) return refusedAs(status, body as Parameters<typeof refusedAs>[1]);
  const { credentials } = body as { credentials: Pass };
  return credentials;
}

/** The way in of somebody who must be able to join. */
async function passOf(world: MediaWorld, who: { path: string; token: string; from: string }): Promise<Pass> {
  const joined = await joinAs(world, who);
  if ('token' in joined) return joined;
  throw new Error(`cannot join before the act: ${JSON.stringify(joined)}`);
}

/** Brings a new person into a call of their own, from an address of their own. */
export async function bringIn(world: MediaWorld, round: number, tag: string): Promise<Insider> {
  const id = `${tag}-${round}`;
  const cid = `default:${id}`;
  const path = await world.call(cid, [id]);
  const address = addressOf(round);
  const who = { path, token: tokenOf(world, id), from: address };
  const first = await passOf(world, who);
  const unused = await passOf(world, who);
  const outcome = await attempt(first, { from: address });
  if (outcome.kind !== 'admitted') throw new Error(`not in before the act: ${JSON.stringify(outcome)}`);
  const { message } = await outcome.socket.until('join');
  const sid = message.case === 'join' ? (message.value.participant?.sid ?? '') : '';
  const refresh = await outcome.socket.until('refreshToken');
  return {
    ...{ id, path, cid, address, first, unused, sid },
    refreshed: { url: first.url, token: String(refresh.message.value) },
  };
}

/** A user token of now; ids that were deleted and made again refuse older ones. */
export const tokenOf = (world: MediaWorld, id: string): string =>
  world.server.userToken(id, { iat: Math.floor(Date.now() / 1000) + 2 });
