import { ERRORS, OPERATION_LIST } from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, serverEngines } from '../harness/index.ts';
import { validCase } from './cases.ts';
import { wrongTokens } from './tokens.ts';

const STATUS_401 = Object.values(ERRORS).flatMap(({ status, code }) => (status === 401 ? [code] : []));

for (const engine of serverEngines) {
  describe(engine.name, () => {
    let server: RunningServer;
    beforeAll(async () => {
      server = await engine.start({ readyWithinMs: 60_000 });
      await server.api('POST', '/api/v2/users', { body: { users: { maya: { id: 'maya' } } } });
    });
    afterAll(() => server?.discard());

    test('[BAD4] every kind of wrong token is 401 with a code of its kind on every operation that needs one', async () => {
      const tokens = Object.entries(wrongTokens(server.apiSecret, 'maya'));
      expect(tokens.length).toBeGreaterThanOrEqual(25);
      const operations = OPERATION_LIST.filter(({ auth }) => auth !== 'none');
      for (const operation of operations) {
        const { method, path, body } = validCase(operation);
        const replies = await Promise.all(
          tokens.map(([, token]) =>
            server.api(method, path, {
              token: token === '' ? null : token,
              ...(body && { body: body.toString() }),
            }),
          ),
        );
        for (const [index, reply] of replies.entries()) {
          const name = `${operation.id} with ${tokens[index]?.[0]}`;
          expect(reply.status, name).toBe(401);
          expect(STATUS_401, name).toContain(reply.body.code);
        }
      }
    });
  });
}
