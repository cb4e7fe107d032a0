import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { type RunningServer, type ServerOptions, startServer } from './server.ts';

/** As for a server alone. */
export interface EngineServerOptions extends ServerOptions {
  /** On PostgreSQL: where the server finds its database, given where it is. */
  databaseUrl?: (location: string) => string;
}

/** A server process over a database of its own, on one engine. */
export interface ServerEngine {
  name: 'sqlite' | 'postgres';
  start(options?: EngineServerOptions): Promise<RunningServer>;
}

/** Every engine that this run has: `for (const engine of serverEngines) describe(engine.name, ...)`. */
export const serverEngines: readonly ServerEngine[] = testEngines.map((engine) => ({
  name: engine.name,
  async start(options = {}) {
    if (engine.name === 'sqlite') return startServer(options);
    const empty = await engine.createEmpty();
    const { databaseUrl = (location: string) => location, ...others } = options;
    const env = { ...options.env, DATABASE_URL: databaseUrl(empty.location) };
    const server = await startServer({ ...others, env });
    return Object.assign(Object.create(server) as RunningServer, {
      async discard() {
        await server.discard();
        await empty.remove();
      },
    });
  },
}));
