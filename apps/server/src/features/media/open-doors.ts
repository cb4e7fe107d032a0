import type { SessionId, TrackKind } from '@callgate/contract';

/** A client's connection through the door of this process. */
export interface DoorConnection {
  readonly sessionId: SessionId;
  /** Tells the client why and closes both sides; resolves when nothing more is relayed. */
  close(reason: string): Promise<void>;
  /**
   * What the person may send has changed: resolves with the number of tracks that were silenced here, when what the client
   * asked before is through. What it asks from now on is judged anew.
   */
  refresh(): Promise<number>;
  /** The kinds of the tracks that the client has published, one for each track. */
  published(): readonly TrackKind[];
}

/** The connections through the door of this process, by session. Others have theirs; nothing depends on knowing them. */
export interface OpenDoors {
  add(connection: DoorConnection): void;
  remove(connection: DoorConnection): void;
  readonly size: number;
  all(): DoorConnection[];
  close(id: SessionId, reason: string): Promise<void>;
  refresh(id: SessionId): Promise<number>;
  published(id: SessionId): readonly TrackKind[];
}

export function createOpenDoors(): OpenDoors {
  const connections = new Map<SessionId, Set<DoorConnection>>();
  const of = (id: SessionId): DoorConnection[] => [...(connections.get(id) ?? [])];
  return {
    add(connection) {
      const known = connections.get(connection.sessionId);
      if (known) known.add(connection);
      else connections.set(connection.sessionId, new Set([connection]));
    },
    remove(connection) {
      const known = connections.get(connection.sessionId);
      known?.delete(connection);
      if (known?.size === 0) connections.delete(connection.sessionId);
    },
    get size() {
      let size = 0;
      for (const known of connections.values()) size += known.size;
      return size;
    },
    all: () => [...connections.values()].flatMap((known) => [...known]),
    async close(id, reason) {
      await Promise.all(of(id).map((connection) => connection.close(reason)));
    },
    async refresh(id) {
      const silenced = await Promise.all(of(id).map((connection) => connection.refresh()));
      return silenced.reduce((sum, some) => sum + some, 0);
    },
    published: (id) => of(id).flatMap((connection) => [...connection.published()]),
  };
}
