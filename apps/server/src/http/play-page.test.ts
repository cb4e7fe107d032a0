import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { servePlayPage } from './play-page.ts';

describe('the call page', () => {
  let folder: string;
  let app: FastifyInstance;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'callgate-page-'));
    app = fastify();
    app.decorateRequest('context');
    app.addHook('onRequest', async (request) => {
      request.context = { startedMs: 0, client: { address: '127.0.0.1', untrustedProxy: false } };
    });
  });
  afterEach(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const build = (): void => {
    mkdirSync(join(folder, 'abc/assets'), { recursive: true });
    writeFileSync(join(folder, 'current'), 'abc\n');
    writeFileSync(join(folder, 'abc/index.html'), '<meta content="STYLE_NONCE"><p>the page');
    writeFileSync(join(folder, 'abc/assets/main-1.js'), 'let page = 1;'.repeat(100));
    writeFileSync(join(folder, 'abc/assets/secret.txt'), 'not for the world');
  };
  const serve = (publicUrl: string | null = null) => servePlayPage(app, { play: 'auto', publicUrl }, folder);
  const get = (url: string, headers = {}) =>
    app.inject({ url, headers: { host: 'calls.example.com', ...headers } });

  test('[PLY16] what is not built, not there, or no file of the page is 404', async () => {
    serve();
    for (const url of ['/play', '/play/assets/main-1.js']) {
      const reply = await get(url);
      expect([url, reply.statusCode, reply.json().code]).toEqual([url, 404, 16]);
    }
    await app.close();
    app = fastify();
    app.decorateRequest('context');
    app.addHook('onRequest', async (request) => {
      request.context = { startedMs: 0, client: { address: '127.0.0.1', untrustedProxy: false } };
    });
    build();
    serve();
    for (const name of ['none.js', 'secret.txt', '..%2Findex.html', '..%2F..%2Fcurrent'])
      expect([name, (await get(`/play/assets/${name}`)).statusCode]).toEqual([name, 404]);
  });

  test('[PLY16] the page loads from here alone, and is asked for at each visit', async () => {
    build();
    serve('https://door.example.com');
    const [first, second] = [await get('/play'), await get('/play/')];
    expect([first.statusCode, second.statusCode]).toEqual([200, 200]);
    const policy = String(first.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain('wss://calls.example.com ws://door.example.com');
    expect(policy).not.toMatch(/unsafe|\*/);
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1];
    expect(first.body).toBe(`<meta content="${nonce}"><p>the page`);
    expect(second.body).not.toBe(first.body);
    expect(first.headers['cache-control']).toBe('no-cache');
    expect(first.headers['permissions-policy']).toContain('camera=(self)');
  });

  test('[PLY16] its files are kept for ever, and compressed for who accepts it', async () => {
    build();
    serve();
    const plain = await get('/play/assets/main-1.js');
    const zipped = await get('/play/assets/main-1.js', { 'accept-encoding': 'br, gzip' });
    expect([plain.headers['content-type'], plain.headers['cache-control']]).toEqual([
      'text/javascript; charset=utf-8',
      'public, max-age=31536000, immutable',
    ]);
    expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([
      undefined,
      'gzip',
    ]);
    expect(gunzipSync(zipped.rawPayload).toString()).toBe(plain.body);
    expect(zipped.rawPayload.length).toBeLessThan(plain.rawPayload.length / 10);
  });
});
