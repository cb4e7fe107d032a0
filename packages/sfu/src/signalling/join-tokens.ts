import { randomInt } from 'node:crypto';
import { ParticipantInfo_Kind, type ParticipantPermission, TrackSource } from '@livekit/protocol';
import { type ApiKeys, accessTokenVerifier, signToken } from '../api/access-token.ts';
import type { Clock } from '../clock.ts';
import type { JoinGrants } from '../rooms/state.ts';

/** Tokens as the rooms need them. */
export interface JoinTokens {
  /** Throws an Error with a sentence for the client where the token is not valid, or not for joining a room. */
  read(token: string): JoinGrants;
  /** A token of what holds of the participant now. */
  refresh(grants: JoinGrants): string;
}

/** As long as a refreshed token is good at least, in seconds: LiveKit's. */
const SHORTEST_S = 600;

/** Reads and writes LiveKit's tokens with these keys; at least one. */
export function createJoinTokens(keys: ApiKeys, clock: Clock): JoinTokens {
  const verify = accessTokenVerifier(keys);
  const signers = [...keys];
  return {
    read(token) {
      const { identity, room, roomJoin, ...claims } = verify(token, clock.now());
      if (!roomJoin || room === undefined || identity === '') throw new Error('it joins no room');
      return { identity, room, ...claims };
    },
    refresh({ identity, name, kind, metadata, attributes, room, permission, expiresAt }) {
      const signer = signers[randomInt(signers.length)];
      if (!signer) throw new RangeError('there is no key to sign with');
      const nowMs = clock.now();
      const ttlS = Math.max(SHORTEST_S, Math.floor(expiresAt - nowMs / 1000));
      const video = { roomJoin: true, room, ...grantOf(permission) };
      const claims = { sub: identity, name, metadata, attributes, video };
      return signToken(
        signer,
        { ...claims, kind: ParticipantInfo_Kind[kind].toLowerCase() },
        { nowMs, ttlS },
      );
    },
  };
}

const SOURCES: Partial<Record<TrackSource, string>> = {
  [TrackSource.CAMERA]: 'camera',
  [TrackSource.MICROPHONE]: 'microphone',
  [TrackSource.SCREEN_SHARE]: 'screen_share',
  [TrackSource.SCREEN_SHARE_AUDIO]: 'screen_share_audio',
};

/** Sources that tokens have no word for are left out; if no other is left, nothing may be published, for none means all. */
function grantOf(permission: ParticipantPermission): Record<string, unknown> {
  const { canPublish, canPublishSources, canSubscribe, canPublishData, canUpdateMetadata } = permission;
  const { canSubscribeMetrics, hidden, recorder, agent } = permission;
  const sources = canPublishSources.flatMap((source) => SOURCES[source] ?? []);
  const isNone = canPublishSources.length > 0 && sources.length === 0;
  return {
    ...{
      canPublish: canPublish && !isNone,
      canSubscribe,
      canPublishData,
      canUpdateOwnMetadata: canUpdateMetadata,
    },
    ...(sources.length > 0 && { canPublishSources: sources }),
    ...{ canSubscribeMetrics, hidden, recorder, agent },
  };
}
