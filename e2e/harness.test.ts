import { afterEach, describe, expect, test } from 'vitest';
import { type RunningServer, serverEngines } from './harness/index.ts';

for (const engine of serverEngines) {
  describe(engine.name, () => {
    let server: RunningServer | undefined;
    afterEach(async () => server?.discard());

    test('[OPR11] a started server is ready, keeps its data over kill -9 and a restart, and stops with code 0', async () => {
      server = await engine.start();
      const made = await server.api('POST', '/api/v2/users', { body: { users: { john: { id: 'john' } } } });
      expect(made).toMatchObject({ status: 201, body: { users: { john: { id: 'john', role: 'user' } } } });
      await server.kill();
      await server.start();
      const found = await server.api('POST', '/api/v2/users/query', {
        body: { filter_conditions: { id: 'john' } },
      });
      expect(found.body.users).toHaveLength(1);
      expect(await server.stop()).toBe(0);
    });
  });
}
