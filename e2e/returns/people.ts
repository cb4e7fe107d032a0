import type { MediaWorld } from '../media/world.ts';
import { answered, attempt, type Outcome, type Pass, refusedAs } from './attempt.ts';

/** An address for documents, so that bans may take it. */
export const addressOf = (round: number): string =>
  `198.51.${100 + Math.floor(round / 250)}.${1 + (round % 250)}`;

/** Another one of the same person: each has their own, for a ban takes all of somebody's addresses. */
const elsewhereOf = (round: number): string => `203.0.${113 + Math.floor(round / 250)}.${1 + (round % 250)}`;

/** Somebody who is in a call, with everything that they could come back with. */
export interface Insider {
  id: string;
  path: string;
  cid: string;
  address: string;
  elsewhere: string;
  /** What they joined with, and what the door handed out since: of one session. */
  first: Pass;
  refreshed: Pass;
  /** The participant of that session now. */
  sid: string;
  /** What another device of theirs is in with, and what a third has not used yet. */
  device: Pass;
  unused: Pass;
  /** What somebody else joined with from the same address. */
  neighbour: Pass;
}

/** Who asks: a user or guest by their token, or somebody anonymous, whose token names nobody. */
export interface Bearer {
  token: string;
  isAnonymous?: true;
}

/** Sends a request as a person from an address, or as the server. */
export async function ask(
  world: MediaWorld,
  method: string,
  path: string,
  { body, as, from }: { body?: object; as?: Bearer; from?: string } = {},
) {
  return world.server.api<Record<string, unknown>>(method, `/api/v2${path}`, {
    ...(as && { token: as.token }),
    ...(body && { body }),
    headers: {
      ...(from !== undefined && { 'x-forwarded-for': from }),
      ...(as?.isAnonymous && { 'stream-auth-type': 'anonymous' }),
    },
  });
}

/** As `ask`, of what must succeed: the body, or why not. */
export async function asked(
  ...request: Parameters<typeof ask>
): Promise<{ body: Record<string, unknown> } | Outcome> {
  try {
    const { status, body } = await ask(...request);
    return status < 300 ? { body } : refusedAs(status, body as Parameters<typeof refusedAs>[1]);
  } catch {
    return { kind: 'void', cause: 'nobody there' };
  }
}

/** Joins by one's own token. */
export async function joinAs(
  world: MediaWorld,
  { path, as, from }: { path: string; as: Bearer; from: string },
): Promise<Pass | Outcome> {
  const joined = await asked(world, 'POST', `${path}/join`, { body: {}, as, from });
  return 'kind' in joined ? joined : (joined.body.credentials as Pass);
}

/** The way in of somebody who must be able to join. */
async function passOf(world: MediaWorld, who: { path: string; as: Bearer; from: string }): Promise<Pass> {
  const joined = await joinAs(world, who);
  if ('token' in joined) return joined;
  throw new Error(`cannot join while nothing forbids it: ${JSON.stringify(joined)}`);
}

/** Brings a new person into a call of their own, from an address of their own. */
export async function bringIn(world: MediaWorld, round: number, tag: string): Promise<Insider> {
  const id = `${tag}-${round}`;
  const cid = `default:${id}`;
  const path = await world.call(cid, [id, neighbourOf(id)]);
  return comeIn(world, { id, path, cid, address: addressOf(round), elsewhere: elsewhereOf(round) });
}

type Somebody = Pick<Insider, 'id' | 'path' | 'cid' | 'address' | 'elsewhere'>;

/** Comes into the call with new joins; again once an act was taken back. */
export async function comeIn(
  world: MediaWorld,
  { id, path, cid, address, elsewhere }: Somebody,
): Promise<Insider> {
  const who = { path, as: tokenOf(world, id), from: address };
  const first = await passOf(world, who);
  const [device, unused] = [await passOf(world, who), await passOf(world, who)];
  const neighbour = await passOf(world, { ...who, as: tokenOf(world, neighbourOf(id)) });
  const outcome = await answered(
    () => attempt(first, { from: address }),
    () => undefined,
  );
  if (outcome.kind !== 'admitted') throw new Error(`not in before the act: ${JSON.stringify(outcome)}`);
  const refresh = await outcome.socket.until('refreshToken');
  return {
    ...{ id, path, cid, address, elsewhere, first, device, unused, neighbour },
    refreshed: { url: first.url, token: String(refresh.message.value) },
    sid: sidIn(outcome) ?? '',
  };
}

/** The participant that a full join made; undefined when it was a resume. */
export function sidIn(outcome: Outcome): string | undefined {
  if (outcome.kind !== 'admitted') return undefined;
  const message = outcome.socket.messages[0]?.message;
  return message?.case === 'join' ? message.value.participant?.sid : undefined;
}

/** A user token of now; ids that were deleted and made again refuse older ones. */
export const tokenOf = (world: MediaWorld, id: string): Bearer => ({
  token: world.server.userToken(id, { iat: Math.floor(Date.now() / 1000) + 2 }),
});

/** Somebody else who lives at the same address. */
export const neighbourOf = (id: string): string => `o-${id}`;
