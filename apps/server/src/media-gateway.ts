import type { TrackKind } from '@callgate/contract';
import { findSession } from './features/media/index.ts';
import { unmuteOneself } from './features/mutes/index.ts';
import { SERVER } from './features/policy/index.ts';
import { createGateway, type Entrance, type Gateway } from './gateway/gateway.ts';
import { viewReader } from './gateway/read-view.ts';
import { ApiError } from './kernel/errors.ts';
import { newId } from './kernel/id.ts';
import type { CoreServices } from './services.ts';

/** The door for media clients over the features. */
export function createMediaGateway(services: CoreServices, entrance: Entrance): Gateway {
  const { acts, clock, database } = services;
  const unmute = async (id: Parameters<typeof findSession>[1], kind: TrackKind): Promise<boolean> => {
    const session = await database.read((snapshot) => findSession(snapshot, id));
    if (!session) return false;
    const request = { caller: SERVER, requestId: `door:${newId(clock.now())}`, address: null };
    try {
      await unmuteOneself(acts, request, { session, kind });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return false;
      throw error;
    }
  };
  return createGateway({ ...services, entrance, readView: viewReader(services), unmute });
}
