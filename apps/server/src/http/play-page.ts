import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { ApiError } from '../kernel/errors.ts';
import { sendError } from './reply.ts';

const compress = promisify(gzip);

/** Where `apps/play/fresh.mjs` puts what it built: one folder per state of the sources, and `current` names one. */
const BUILT = join(import.meta.dirname, '../../../play/dist');
/** In the page, replaced in each reply. */
const NONCE = 'STYLE_NONCE';
const PERMISSIONS = 'camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=()';
/** Names carry a digest of the content: a year in seconds, and never asked again. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** One file of the page, compressed once. */
interface Asset {
  type: string;
  bytes: Buffer;
  zipped?: Promise<Buffer>;
}

/** The page as it was built. */
interface Built {
  html: string;
  assets: ReadonlyMap<string, Asset>;
}

/**
 * `/play` and what it loads, from memory and from here alone. The page is asked again at every visit, its files never:
 * their names change with their content. Without a build, and with `CALLGATE_PLAY=off`, both are 404.
 */
export function servePlayPage(
  app: FastifyInstance,
  config: Pick<Config, 'play' | 'publicUrl'>,
  folder = BUILT,
): void {
  const isOff = config.play === 'off';
  const built = isOff ? undefined : readBuilt(folder);
  const why = isOff
    ? 'CALLGATE_PLAY switches the call page off'
    : 'the call page is not built; npm start builds it';
  const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (!built) return missing(request, reply, why);
    const nonce = randomBytes(16).toString('base64url');
    return reply
      .header('Content-Security-Policy', pagePolicy(nonce, request.headers.host ?? '', config.publicUrl))
      .header('Permissions-Policy', PERMISSIONS)
      .header('Cache-Control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(built.html.replaceAll(NONCE, nonce));
  };
  app.get('/play', page);
  app.get('/play/', page);
  app.get<{ Params: { name: string } }>('/play/assets/:name', async (request, reply) => {
    const asset = built?.assets.get(request.params.name);
    if (!asset) return missing(request, reply, 'the call page has no such file; load the page again');
    reply.header('Cache-Control', FOR_EVER).header('Vary', 'Accept-Encoding').type(asset.type);
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(asset.bytes);
    asset.zipped ??= compress(asset.bytes);
    return reply.header('Content-Encoding', 'gzip').send(await asset.zipped);
  });
}

/** Whether there is a page to lead people to. */
export const isPlayPageBuilt = (folder = BUILT): boolean => {
  const current = currentIn(folder);
  return current !== undefined && existsSync(join(current, 'index.html'));
};

/**
 * Nothing runs but our files, nothing is loaded but from here, nothing frames the page. Styles that libraries add at run
 * time carry the nonce of the reply. Sockets are named one by one: not every browser counts them to `'self'`.
 */
function pagePolicy(nonce: string, host: string, publicUrl: string | null): string {
  const sockets = [host, ...(publicUrl === null ? [] : [new URL(publicUrl).host])];
  const reached = [...new Set(sockets)].flatMap((name) => [`ws://${name}`, `wss://${name}`]);
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "media-src 'self' blob:",
    `connect-src ${["'self'", ...reached].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const missing = (request: FastifyRequest, reply: FastifyReply, message: string): FastifyReply =>
  sendError(request, reply, new ApiError('not_found', message));

function readBuilt(folder: string): Built | undefined {
  const current = currentIn(folder);
  if (current === undefined || !existsSync(join(current, 'index.html'))) return undefined;
  const names = readdirSync(join(current, 'assets'));
  return {
    html: readFileSync(join(current, 'index.html'), 'utf8'),
    assets: new Map(names.flatMap((name) => assetOf(join(current, 'assets'), name))),
  };
}

/** The folder of the build to serve; undefined where none was made. */
function currentIn(folder: string): string | undefined {
  const marker = join(folder, 'current');
  return existsSync(marker) ? join(folder, readFileSync(marker, 'utf8').trim()) : undefined;
}

function assetOf(folder: string, name: string): [string, Asset][] {
  const type = TYPES[extname(name)];
  return type === undefined ? [] : [[name, { type, bytes: readFileSync(join(folder, name)) }]];
}
