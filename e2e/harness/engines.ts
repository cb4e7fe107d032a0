import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';

/** A server process over a database of its own, on one engine. */
export interface ServerEngine {
  name: 'sqlite' | 'postgres';
  start(options?: ServerOptions): Promise<RunningServer>;
}

/** Every engine that this run has: `for (const engine of serverEngines) describe(engine.name, ...)`. */
export const serverEngines: readonly ServerEngine[] = testEngines.map((engine) => ({
  name: engine.name,
  async start(options = {}) {
    if (engine.name === 'sqlite') return startServer(options);
    const empty = await engine.createEmpty();
    const server = await startServer({ ...options, env: { ...options.env, DATABASE_URL: empty.location } });
    return Object.assign(Object.create(server) as RunningServer, {
      async discard() {
        await server.discard();
        await empty.remove();
      },
    });
  },
}));
