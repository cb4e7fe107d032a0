import { type Config, mediaOf } from './config.ts';

const NO_MEDIA =
  'No media: a join gives no media credentials. Unset CALLGATE_MEDIA for the media server inside, or name one by LIVEKIT_URL.';

/** The address that clients use: the configured one, else what the server listens on. */
export function urlOf(config: Config, port: number): string {
  if (config.publicUrl !== null) return config.publicUrl.replace(/\/+$/, '');
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${port}`;
}

/** What the first start says: everything that is needed for the first request. The secret is not shown. */
export function firstBanner(config: Config, port: number, apiKey: string): string {
  const url = urlOf(config, port);
  return [
    `Callgate listens on ${url}`,
    '',
    `  API key      ${apiKey}`,
    `  Secret       in the data folder (mode 600), for the command line and your back end`,
    `  User token   npx callgate token --user john`,
    `  API docs     ${url}/docs`,
    '',
    'A first request, to be pasted into another terminal in this folder (it creates the user john):',
    '',
    `  curl -X POST '${url}/api/v2/users?api_key=${apiKey}' \\`,
    `    -H "Authorization: $(npx callgate token --server)" \\`,
    `    -H 'stream-auth-type: jwt' -H 'Content-Type: application/json' \\`,
    `    -d '{"users": {"john": {"id": "john", "name": "John"}}}'`,
    ...(mediaOf(config) === 'none' ? ['', NO_MEDIA] : []),
  ].join('\n');
}

/** What later starts say. */
export const laterBanner = (config: Config, port: number, apiKey: string): string =>
  `Callgate listens on ${urlOf(config, port)} with the API key ${apiKey}. Docs: ${urlOf(config, port)}/docs`;
