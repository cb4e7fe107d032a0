import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';

/** The versions of livekit-client that are supported, by the package that brings them. */
export type LivekitClientPackage = 'livekit-client' | 'livekit-client-oldest';

const MODULES = resolve(import.meta.dirname, '../../node_modules');
const PAGE = join(import.meta.dirname, 'page');
const SCRIPTS = ['connections.js', 'ledger.js', 'devices.js', 'client.js'];

const html = (sdk: LivekitClientPackage): string => `<!doctype html>
<meta charset="utf-8"><link rel="icon" href="data:,"><title>${sdk}</title>
<body>
<script src="/connections.js"></script>
<script src="/${sdk}.js"></script>
<script type="module" src="/client.js"></script>
`;

/** Serves the clients' page on 127.0.0.1: `/<package>` for a page with that version of the SDK. */
export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

export async function startPageServer(): Promise<PageServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '').then(
      ([type, body]) => response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(path: string): Promise<[string, string]> {
  const [, name, suffix] = /^\/([\w-]+)(\.js)?$/.exec(path) ?? [];
  if (name === 'livekit-client' || name === 'livekit-client-oldest') {
    if (suffix === undefined) return ['text/html', html(name)];
    return ['text/javascript', await readFile(join(MODULES, name, 'dist/livekit-client.umd.js'), 'utf8')];
  }
  if (!SCRIPTS.includes(`${name}.js`)) throw new Error('no such file');
  return ['text/javascript', await readFile(join(PAGE, `${name}.js`), 'utf8')];
}

/** The version of the SDK that a package name stands for, e.g. `2.23.0`. */
export async function versionOf(sdk: LivekitClientPackage): Promise<string> {
  const { version } = JSON.parse(await readFile(join(MODULES, sdk, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
