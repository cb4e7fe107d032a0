import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { readLines } from './lines.ts';
import { readSettings, SettingsError } from './settings.ts';

const keys = { key: 'secret-of-at-least-16' };
const refusal = (value: unknown): string => {
  try {
    readSettings(value);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'taken';
};

describe('settings over the control pipe', () => {
  test('[SFW24] a wrong one is refused by its name', () => {
    const wrong: [unknown, RegExp][] = [
      [undefined, /^settings:/],
      [[], /^settings:/],
      [{ keys, more: 1 }, /^more: no such setting/],
      [{ keys, constructor: 1 }, /^constructor: no such setting/],
      [{}, /^keys:/],
      [{ keys: { '': keys.key } }, /^keys:/],
      [{ keys, host: 'localhost' }, /^host:/],
      [{ keys, port: 65_536 }, /^port:/],
      [{ keys, udpPort: '7882' }, /^udpPort:/],
      [{ keys, udpHost: '' }, /^udpHost:/],
      [{ keys, advertisedAddress: 'example.org' }, /^advertisedAddress:/],
      [{ keys, iceServers: {} }, /^iceServers:/],
      [{ keys, iceServers: [{ urls: ['http://a'] }] }, /^iceServers:/],
      [{ keys, iceServers: [{ urls: ['turn:a'], username: 1 }] }, /^iceServers:/],
      [{ keys, webhookUrl: 'ftp://a' }, /^webhookUrl:/],
      [{ keys, autoCreate: 'yes' }, /^autoCreate:/],
    ];
    for (const [value, reason] of wrong) expect(refusal(value)).toMatch(reason);
  });

  test('[SFW24] what is left out has its default, what is given is taken', () => {
    expect(readSettings({ keys })).toEqual({
      ...{ keys, host: '127.0.0.1', port: 0, udpPort: 7882, iceServers: [], autoCreate: true },
    });
    const all = {
      ...{ keys, host: '::1', port: 7880, udpPort: 1, udpHost: '127.0.0.1', advertisedAddress: '192.0.2.7' },
      iceServers: [{ urls: ['turns:a:443?transport=tcp'], username: 'u', credential: 'c' }],
      ...{ webhookUrl: 'http://127.0.0.1:1/hook', autoCreate: false },
    };
    expect(readSettings(all)).toEqual(all);
  });

  test(
    '[SFW31] no lines and no settings make the readers throw anything but a refusal',
    async () => {
      const one = fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.dictionary(fc.constantFrom('keys', 'host', 'iceServers', 'webhookUrl'), fc.jsonValue()),
      );
      const run = { numRuns: testCounts().sfuFrames, seed: testSeed() };
      fc.assert(
        fc.property(one, (value) => refusal(value) !== ''),
        run,
      );
      const pieces = fc.array(fc.oneof(fc.string(), fc.constantFrom('\n', '{"type":"beat"}\n', '{')), {
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(pieces, async (texts) => {
          const stream = new PassThrough();
          let ends = 0;
          const ended = new Promise<void>((resolve) => {
            readLines(stream, 100, {
              onMessage: () => undefined,
              onEnd: () => {
                ends += 1;
                resolve();
              },
            });
          });
          for (const text of texts) stream.write(text);
          stream.end();
          await ended;
          return ends === 1;
        }),
        { ...run, numRuns: Math.ceil(run.numRuns / 20) },
      );
    },
    60 * 60_000,
  );

  test('[SFW31] a line that is no JSON or too long ends the pipe, and nothing after it is read', async () => {
    for (const bad of ['x', `"${'x'.repeat(100)}"`]) {
      const stream = new PassThrough();
      const read: unknown[] = [];
      const ended = new Promise<void>((onEnd) => {
        readLines(stream, 100, { onMessage: (message) => void read.push(message), onEnd });
      });
      stream.write(`1\n"tw`);
      stream.write(`o"\n${bad}\n3\n`);
      await ended;
      expect(read).toEqual([1, 'two']);
    }
  });
});
