import { type ICEServer, JoinResponse, ReconnectResponse, ServerInfo } from '@livekit/protocol';
import { CODECS, participantInfo, roomInfo } from '../rooms/describe.ts';
import { isHidden, type Participant } from '../rooms/state.ts';

/** What clients are told of the server beside the room. */
export interface ServerFacts {
  /** Changes with each start: clients and the API tell restarts apart by it. */
  readonly bootId: string;
  readonly iceServers: readonly ICEServer[];
}

/** The version of LiveKit whose protocol is spoken; clients refuse servers without one. */
const VERSION = '1.13.5';
const PROTOCOL = 16;
/** In seconds: as often clients ping, and after so long without a pong they reconnect; LiveKit's. */
const PING_INTERVAL_S = 5;
const PING_TIMEOUT_S = 15;

const serverInfo = ({ bootId }: ServerFacts): ServerInfo =>
  new ServerInfo({ version: VERSION, protocol: PROTOCOL, nodeId: bootId });

/** The first message to a client that joins. */
export function joinResponse(
  participant: Participant,
  facts: ServerFacts,
  isSubscriberPrimary: boolean,
): JoinResponse {
  const others = [...participant.room.participants.values()];
  return new JoinResponse({
    room: roomInfo(participant.room),
    participant: participantInfo(participant),
    otherParticipants: others
      .filter((one) => one !== participant && !isHidden(one))
      .map((one) => participantInfo(one)),
    serverVersion: VERSION,
    serverInfo: serverInfo(facts),
    iceServers: [...facts.iceServers],
    subscriberPrimary: isSubscriberPrimary,
    pingInterval: PING_INTERVAL_S,
    pingTimeout: PING_TIMEOUT_S,
    enabledPublishCodecs: CODECS,
    // Who may send offers at once, with data channels: they must be in a connection's first offer (rule SFM33).
    fastPublish: participant.permission.canPublish || participant.permission.canPublishData,
  });
}

/** The first message to a client that resumes. */
export const reconnectResponse = (facts: ServerFacts): ReconnectResponse =>
  new ReconnectResponse({ iceServers: [...facts.iceServers], serverInfo: serverInfo(facts) });
