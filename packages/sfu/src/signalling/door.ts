import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  DisconnectReason,
  LeaveRequest,
  LeaveRequest_Action,
  type ParticipantInfo,
  ParticipantUpdate,
} from '@livekit/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MediaPeer, MediaPeerHandlers } from '../media/media-peer.ts';
import { tooLong } from '../rooms/change.ts';
import { participantInfo } from '../rooms/describe.ts';
import { announce, enter } from '../rooms/enter.ts';
import { RoomRefusal } from '../rooms/room-control.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { isHidden, type JoinGrants, type Participant, type Room } from '../rooms/state.ts';
import { tell } from '../rooms/tell.ts';
import { type JoinParameters, readJoin } from './join-parameters.ts';
import { joinResponse, reconnectResponse, type ServerFacts } from './join-response.ts';
import { addTrack, handleRequest, syncState } from './requests.ts';
import { Session, type SessionDeps } from './session.ts';
import { MAX_MESSAGE_BYTES, SignalSocket } from './signal-socket.ts';

const PATHS = ['/rtc', '/rtc/v1'];
const VALIDATE_PATHS = ['/rtc/validate', '/rtc/v1/validate'];
/** Of services that LiveKit has and we have not. */
const BEYOND = /^\/(?:agent|whip)(?:\/|$)/;

export interface DoorDeps extends SessionDeps {
  readonly rooms: Rooms;
  readonly facts: ServerFacts;
  /** Whether joining makes a room that is not there. */
  readonly autoCreate: boolean;
  createPeer(handlers: MediaPeerHandlers): MediaPeer;
  /** What a valid token says; throws an Error with a sentence for the client where it is not valid. */
  readToken(token: string): JoinGrants;
}

/** Somebody may come in. */
interface Admitted {
  readonly grants: JoinGrants;
  readonly parameters: JoinParameters;
}
interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Where clients come in: `/rtc/v1`, `/rtc`, and beside them `validate`, where clients ask why they were refused. */
export class Door {
  readonly #deps: DoorDeps;
  readonly #sessions = new Map<Participant, Session>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /** True where the path is ours; then it is answered. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const url = urlOf(request);
    if (!url || !(PATHS.includes(url.pathname) || BEYOND.test(url.pathname))) return false;
    socket.on('error', () => undefined);
    const admitted = this.#admit(request, url);
    if ('status' in admitted) refuseUpgrade(socket, admitted);
    else this.#server.handleUpgrade(request, socket, head, (ws) => this.#connected(ws, admitted));
    return true;
  }

  /** True where the path is ours; then it is answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const url = urlOf(request);
    if (!url || !(VALIDATE_PATHS.includes(url.pathname) || BEYOND.test(url.pathname))) return false;
    const admitted = this.#admit(request, url);
    const { status, text } = 'status' in admitted ? admitted : { status: 200, text: 'success' };
    response.writeHead(status, headersOf(text)).end(text);
    return true;
  }

  /** Call it every few seconds. */
  look(): void {
    for (const [participant, session] of this.#sessions) {
      if (participant.room.participants.get(participant.identity) === participant) session.look();
      else this.#sessions.delete(participant);
    }
  }

  /** Takes nobody any more. Who is in is sent away by their rooms. */
  close(): void {
    this.#server.close();
  }

  #admit(request: IncomingMessage, url: URL): Admitted | Refusal {
    const token = tokenOf(request, url);
    if (token === '') return { status: 401, text: 'no permissions to access the room' };
    let grants: JoinGrants;
    try {
      grants = this.#deps.readToken(token);
    } catch (error) {
      return { status: 401, text: `invalid authorization token: ${(error as Error).message}` };
    }
    if (BEYOND.test(url.pathname))
      return { status: 501, text: `${url.pathname} needs LiveKit (LIVEKIT_URL)` };
    const parameters = readJoin(url.pathname, url.searchParams);
    if ('refusal' in parameters) return { status: 400, text: parameters.refusal };
    const refusal = this.#refusalOf(grants);
    return refusal ?? { grants, parameters };
  }

  #refusalOf({ room: name, identity }: JoinGrants): Refusal | undefined {
    const { rooms, autoCreate } = this.#deps;
    const room = rooms.find(name);
    // In these words: clients fall back to the older path by a 404 that says anything else.
    if (!room && !autoCreate) return { status: 404, text: 'requested room does not exist' };
    if (!room)
      return rooms.isFull ? { status: 429, text: 'there are too many rooms; LiveKit holds more' } : undefined;
    const { maxParticipants, limits, participants } = room;
    const most = Math.min(maxParticipants || limits.participants, limits.participants);
    if (participants.has(identity) || participants.size < most) return undefined;
    const hint = most === limits.participants ? '; LiveKit holds more' : '';
    return { status: 429, text: `the room has its ${most} participants${hint}` };
  }

  #connected(ws: WebSocket, admitted: Admitted): void {
    const { parameters, grants } = admitted;
    if (!parameters.reconnect) {
      this.#join(ws, admitted);
      return;
    }
    const former = this.#deps.rooms.find(grants.room)?.participants.get(grants.identity);
    const session = former && this.#sessions.get(former);
    const isIts = ['', former?.sid].includes(parameters.participantSid);
    if (session && isIts && session.isSingle === parameters.isSingle) this.#resume(ws, session, parameters);
    else this.#sendAnew(ws);
  }

  #socket(ws: WebSocket, session: () => Session): SignalSocket {
    const { now, monotonic } = this.#deps;
    const socket: SignalSocket = new SignalSocket(ws, monotonic, {
      onRequest: (message) => handleRequest(session(), message, now),
      onBreach: (what) => session().fail(what, false),
      onClosed: () => session().detached(socket),
    });
    return socket;
  }

  #join(ws: WebSocket, { grants, parameters }: Admitted): void {
    const { facts, createPeer, now } = this.#deps;
    const room = this.#roomFor(grants.room);
    if (!room) {
      ws.close(1013);
      return;
    }
    const { isSingle, autoSubscribe, clientProtocol, request } = parameters;
    const media = createPeer({ onFlood: () => session.fail('it floods', false) });
    const participant = enter(room, { grants, autoSubscribe, clientProtocol, nowMs: now(), media });
    const isSubscriberPrimary = !isSingle && participant.permission.canSubscribe;
    const session = new Session(participant, { isSingle, isSubscriberPrimary }, this.#deps);
    this.#sessions.set(participant, session);
    participant.connection = session;
    session.attach(this.#socket(ws, () => session));
    applyOwn(participant, parameters);
    tell(participant, { case: 'join', value: joinResponse(participant, facts, isSubscriberPrimary) });
    room.refreshToken(participant);
    announce(participant);
    session.begin();
    for (const track of request?.addTrackRequests.slice(0, room.limits.tracks) ?? [])
      addTrack(participant, track);
    if (request?.publisherOffer) session.offer(request.publisherOffer);
  }

  #roomFor(name: string): Room | undefined {
    try {
      return this.#deps.rooms.open(name);
    } catch (error) {
      if (!(error instanceof RoomRefusal)) throw error;
      this.#deps.note(error.message);
      return undefined;
    }
  }

  #resume(ws: WebSocket, session: Session, { request }: JoinParameters): void {
    const { participant } = session;
    session.attach(this.#socket(ws, () => session));
    tell(participant, { case: 'reconnect', value: reconnectResponse(this.#deps.facts) });
    participant.room.refreshToken(participant);
    tell(participant, {
      case: 'update',
      value: new ParticipantUpdate({ participants: whatWasMissed(participant) }),
    });
    session.resumed();
    if (request?.syncState) syncState(session, request.syncState);
    if (request?.publisherOffer) session.offer(request.publisherOffer);
  }

  /** There is nothing to resume: the client joins anew. */
  #sendAnew(ws: WebSocket): void {
    ws.on('error', () => undefined);
    const value = new LeaveRequest({
      reason: DisconnectReason.STATE_MISMATCH,
      action: LeaveRequest_Action.RECONNECT,
    });
    const socket = new SignalSocket(ws, this.#deps.monotonic, {
      onRequest: () => undefined,
      onBreach: () => undefined,
      onClosed: () => undefined,
    });
    socket.tell({ case: 'leave', value });
    socket.close();
  }
}

/** Everybody as they are now, and who left of late: what was told while the client had no socket is lost. */
function whatWasMissed(participant: Participant): ParticipantInfo[] {
  const { participants, departed } = participant.room;
  const there = [...participants.values()].filter((one) => !isHidden(one) || one === participant);
  return [...departed, ...there.map((one) => participantInfo(one))];
}

/** Metadata that a client brings itself, where its token lets it. */
function applyOwn(participant: Participant, { request }: JoinParameters): void {
  if (!request || !participant.permission.canUpdateMetadata) return;
  const { metadata, participantAttributes: attributes } = request;
  if (tooLong(participant.room, { metadata, attributes }) !== undefined) return;
  if (metadata !== '') participant.metadata = metadata;
  participant.attributes = { ...participant.attributes, ...attributes };
}

function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  return URL.parse(url, 'http://any') ?? undefined;
}

/** In the query, or in the header, where native clients have it. */
function tokenOf({ headers }: IncomingMessage, url: URL): string {
  const [, bearer] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? url.searchParams.get('access_token') ?? '';
}

/** Browsers' pages ask from their own origin. */
const headersOf = (text: string): Record<string, string | number> => ({
  'access-control-allow-origin': '*',
  'content-type': 'text/plain; charset=utf-8',
  'content-length': Buffer.byteLength(text),
});

function refuseUpgrade(socket: Duplex, { status, text }: Refusal): void {
  const headers = Object.entries({ ...headersOf(text), connection: 'close' });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n${text}`);
}
