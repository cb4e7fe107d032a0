import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Coturn, startCoturn } from './coturn.ts';
import { DEPLOY, HAS_PROGRAMS } from './programs.ts';
import { type TurnClient, turnClient } from './turn-client.ts';

if (HAS_PROGRAMS)
  describe('coturn', () => {
    let coturn: Coturn;
    let closing: (() => void)[] = [];
    beforeAll(async () => {
      coturn = await startCoturn();
    });
    afterAll(async () => {
      await coturn?.stop();
    });
    afterEach(() => {
      for (const close of closing) close();
      closing = [];
    });
    const client = (password = coturn.password): TurnClient => {
      const made = turnClient(coturn.port, coturn.user, password);
      closing.push(made.close);
      return made;
    };

    test('[ONE10] a wrong password gets no relay', async () => {
      expect((await client('another-password').allocate()).code).toBe(401);
    });

    test('[ONE11] a relay leads to the media server alone', async () => {
      const ours = client();
      expect((await ours.allocate()).code).toBe(200);
      for (const elsewhere of ['127.0.0.2', '10.0.0.1', '169.254.169.254', '203.0.113.9', '224.0.0.1'])
        expect([elsewhere, (await ours.permit(elsewhere)).code]).toEqual([elsewhere, 403]);
      expect((await ours.permit('127.0.0.1')).code).toBe(200);
    });

    test('[ONE10] packets go through the relay both ways, from a port that the firewall lets in', async () => {
      const mediaServer = createSocket('udp4');
      const from: number[] = [];
      mediaServer.on('message', (packet, { address, port }) => {
        from.push(port);
        mediaServer.send(`back: ${packet}`, port, address);
      });
      await new Promise<void>((done) => mediaServer.bind(0, '127.0.0.1', done));
      const ours = client();
      closing.push(() => mediaServer.close());
      expect((await ours.allocate()).code).toBe(200);
      expect((await ours.permit('127.0.0.1')).code).toBe(200);
      const received = ours.received();
      ours.send({ address: '127.0.0.1', port: mediaServer.address().port }, Buffer.from('a packet'));
      expect((await received).toString()).toBe('back: a packet');
      const text = await readFile(join(DEPLOY, 'turnserver.conf'), 'utf8');
      const [min = 0, max = 0] = ['min', 'max'].map((end) =>
        Number(new RegExp(`^${end}-port=(\\d+)$`, 'm').exec(text)?.[1]),
      );
      expect(from).toEqual([expect.any(Number)]);
      expect(from[0]).toBeGreaterThanOrEqual(min);
      expect(from[0]).toBeLessThanOrEqual(max);
    });
  });
