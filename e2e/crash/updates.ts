import type { RunningServer } from '../harness/index.ts';
import { demand } from './state.ts';

/** A load of one kind of act: calls that are changed again and again, one client per call. */
export interface Updates {
  /** Makes the calls. */
  prepare(server: RunningServer): Promise<void>;
  /** Acts until the server is gone; throws at an answer other than 200. */
  run(server: RunningServer): Promise<void>;
  /** Request ids of the acts that were answered. */
  readonly acknowledged: ReadonlySet<string>;
}

/** `clients` act at once, as the user `host`, who is made too. */
export function createUpdates(clients: number): Updates {
  const paths = Array.from({ length: clients }, (_, at) => `/api/v2/video/call/default/updated-${at}`);
  const acknowledged = new Set<string>();
  let version = 0;
  const runClient = async (server: RunningServer, path: string): Promise<void> => {
    for (;;) {
      const id = `update-${++version}`;
      const sent = { body: { custom: { version } }, headers: { 'x-request-id': id } };
      const reply = await server.api('PATCH', path, sent).catch(() => undefined);
      if (!reply) return;
      if (reply.status !== 200) throw new Error(`a change was answered ${reply.status}`);
      acknowledged.add(id);
    }
  };
  return {
    acknowledged,
    async prepare(server) {
      await demand(server, 'POST', '/api/v2/users', { users: { host: { id: 'host' } } });
      for (const path of paths) await demand(server, 'POST', path, { data: { created_by_id: 'host' } });
    },
    run: async (server) => void (await Promise.all(paths.map((path) => runClient(server, path)))),
  };
}
