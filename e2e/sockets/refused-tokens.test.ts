import { expect, test } from 'vitest';
import { startServer } from '../harness/index.ts';
import { openSocket } from './socket-client.ts';
import { statusOfUpgrade } from './upgrade.ts';

test('[SOC3] an address that has used up its refused tokens of a minute is 429 before the upgrade', async () => {
  const server = await startServer({ env: { CALLGATE_RATE_LIMIT_ADDRESS: '3' } });
  try {
    const url = `${server.baseUrl}/api/v2/video/connect?api_key=${server.apiKey}`;
    const attempts = async () => {
      for (let tried = 0; tried < 3; tried++) {
        const socket = await openSocket(url.replace('http', 'ws'), { token: 'nonsense' });
        await socket.closed;
      }
      return statusOfUpgrade(url);
    };
    expect(await statusOfUpgrade(url)).toBe(101);
    // A new minute of the clock may begin in between.
    await expect.poll(attempts).toBe(429);
  } finally {
    await server.discard();
  }
});
