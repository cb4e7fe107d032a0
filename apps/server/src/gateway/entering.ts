import type { SignalResponse } from '@livekit/protocol';
import type { Door, Knocked } from '../features/calls/index.ts';
import type { JoinClaims, MediaPlane } from '../features/media/index.ts';
import { ApiError, inputError, notAllowed } from '../kernel/errors.ts';
import type { TurnOfEach } from '../kernel/turn.ts';
import { type Connection, openConnection } from './connection.ts';
import { type Dialled, dial, NoRoomError } from './dial.ts';
import { dialQuery, type JoinParameters, readJoinQuery, readJoinRequest } from './join-request.ts';
import { judgeJoinRequest } from './judge-join.ts';
import type { Asked } from './knocking.ts';
import type { MediaView } from './media-view.ts';
import { decodeResponse } from './signal-codec.ts';

/** Somebody who is through the door, before the first byte of the media server is relayed. */
export interface Entered {
  claims: JoinClaims;
  knocked: Knocked;
  dialled: Dialled;
  participant: Connection;
  view: MediaView;
  /** For the client, behind the first message. */
  also: readonly SignalResponse[];
}

export interface EnteringDeps {
  door: Door;
  media: MediaPlane;
  /** What is known of participants by their names at the media server. */
  participants: Map<string, Connection>;
  readView(id: JoinClaims['sessionId']): Promise<MediaView>;
  /** One connection of a session at a time, from the dial to (d2). */
  inTurn: TurnOfEach<JoinClaims['sessionId']>;
  /** Counts what was refused, by a name of a fixed set. */
  count(what: string): void;
}

/** Somebody who may dial. */
interface Coming {
  asked: Asked;
  claims: JoinClaims;
  parameters: JoinParameters;
  knocked: Knocked;
  known: Connection | undefined;
}

/** Steps (a) to (d2) of the door. Undefined: there is nothing to go on with, the client must join in full. */
export async function enter(
  deps: EnteringDeps,
  { asked, claims, address }: { asked: Asked; claims: JoinClaims; address: string | null },
): Promise<Entered | undefined> {
  const parameters = parametersOf(deps, asked);
  const { reconnect, participantSid } = parameters;
  const known = reconnect ? deps.participants.get(participantSid) : undefined;
  if (reconnect && !known) return undefined;
  const knocked = await deps.door.knock({ claims, address, resumes: reconnect ? participantSid : null }); // (a), (b)
  if (!knocked) return undefined;
  return deps.inTurn(claims.sessionId, () => dialInTurn(deps, { asked, claims, parameters, knocked, known }));
}

/**
 * The media server keeps who came last by a name, and (d) those who came last to us: were two to dial at once, one would throw out
 * the other and be refused.
 */
async function dialInTurn(
  deps: EnteringDeps,
  { asked, claims, parameters, knocked, known }: Coming,
): Promise<Entered> {
  await deps.door.demandTurn(claims.sessionId, knocked.turn);
  const view = await deps.readView(claims.sessionId);
  const participant = known ?? openConnection(parameters.autoSubscribe, view);
  const { query, also } = judgedQuery(deps, participant, parameters, view);
  const dialled = await dialIn(deps.media, knocked, `${asked.path}?${query}`); // (c)
  try {
    await demandIn(deps, knocked, dialled, participant); // (d), (d2)
  } catch (error) {
    dialled.socket.terminate();
    throw error;
  }
  return { claims, knocked, dialled, participant, view, also };
}

function parametersOf({ count }: EnteringDeps, { path, query }: Asked): JoinParameters {
  if (path === '/rtc') return readJoinQuery(query);
  const read = readJoinRequest(query);
  if (!('refusal' in read)) return read;
  count(`refused: ${read.refusal}`);
  throw inputError('join_request', read.refusal);
}

function judgedQuery(
  { count }: EnteringDeps,
  participant: Connection,
  parameters: JoinParameters,
  view: MediaView,
): { query: URLSearchParams; also: readonly SignalResponse[] } {
  const autoSubscribe = parameters.autoSubscribe && !participant.isDriven;
  if (!parameters.request) return { query: dialQuery(parameters, autoSubscribe), also: [] };
  const { request, answer, close } = judgeJoinRequest(participant, parameters.request, view, autoSubscribe);
  if (close || !request) {
    const why = `join_request: ${close?.reason ?? 'refused'}`;
    count(`refused: ${why}`);
    throw notAllowed(why);
  }
  return { query: dialQuery({ ...parameters, request }, autoSubscribe), also: answer };
}

async function dialIn(media: MediaPlane, { session, wanted }: Knocked, target: string): Promise<Dialled> {
  const { url, token } = await media.dial(session, wanted);
  try {
    return await dial(`${url}${target}`, token);
  } catch (error) {
    if (!(error instanceof NoRoomError)) throw error;
    await media.openRoom(session.cid);
    return await dial(`${url}${target}`, token);
  }
}

async function demandIn(
  { door, participants }: EnteringDeps,
  { session, wanted, row, turn }: Knocked,
  { first }: Dialled,
  participant: Connection,
): Promise<void> {
  const { message } = decodeResponse(first) ?? { message: { case: undefined } };
  // The media server does not want the client: the client is told, and is not in.
  if (message.case === 'leave') return;
  if (message.case !== 'join' && message.case !== 'reconnect') {
    throw new ApiError('overloaded', 'the media server speaks another protocol', { retryAfterSeconds: 5 });
  }
  const isJoin = message.case === 'join';
  const where = {
    boot_id: isJoin ? (message.value.serverInfo?.nodeId ?? null) : row.boot_id,
    participant_sid: isJoin ? (message.value.participant?.sid ?? null) : row.participant_sid,
  };
  const refused = (await door.letIn(session.id, where, turn)) ?? (await door.bring(session.id, wanted));
  if (refused) throw refused;
  if (where.participant_sid !== null) participants.set(where.participant_sid, participant);
}
