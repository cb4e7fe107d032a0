/**
 * `eval "$(npm run --silent fixture)"`: what the documented commands presuppose, on the server that runs here.
 *
 * Makes the users sara, john, alice and bob (existing ones are replaced, with the role `user`) and John's call
 * `default:standup`, and prints shell assignments for the variables of the commands: URL, API_KEY, TOKEN (a server
 * token for 24 hours), CALL_TYPE and CALL_ID. Reads the server's settings as the server does, and so needs the
 * same environment. Ends with 1 and one sentence when the server does not answer or refuses.
 */
import { urlOf } from '@callgate/server/banner.ts';
import { loadConfig, processEnvironment } from '@callgate/server/config.ts';
import { readCredentials } from '@callgate/server/credentials.ts';
import { signServerToken } from '@callgate/server/features/users/token.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';

const USERS = { sara: 'Sara', john: 'John', alice: 'Alice', bob: 'Bob' };
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;
const TIMEOUT_MS = 10_000;

interface Access {
  url: string;
  apiKey: string;
  token: string;
}

function accessOf(): Access {
  const config = loadConfig(processEnvironment(), process.cwd());
  const credentials = readCredentials(config);
  if (!credentials)
    throw new Error('There is no secret yet: start the server in this folder first (npm start).');
  const now = systemClock.now();
  return {
    url: urlOf(config, config.port),
    apiKey: credentials.apiKey,
    token: signServerToken(credentials.apiSecret, now, now + TOKEN_LIFETIME_MS),
  };
}

async function post({ url, apiKey, token }: Access, path: string, body: object): Promise<void> {
  const reply = await fetch(`${url}${path}?api_key=${encodeURIComponent(apiKey)}`, {
    method: 'POST',
    headers: { authorization: token, 'stream-auth-type': 'jwt', 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new Error(`${url} does not answer: is the server running (npm start)?`, { cause });
  });
  if (!reply.ok) throw new Error(`${path} was refused with ${reply.status}: ${await reply.text()}`);
}

async function main(): Promise<void> {
  const access = accessOf();
  const users = Object.fromEntries(Object.entries(USERS).map(([id, name]) => [id, { id, name }]));
  await post(access, '/api/v2/users', { users });
  await post(access, '/api/v2/video/call/default/standup', { data: { created_by_id: 'john' } });
  const variables = {
    URL: access.url,
    API_KEY: access.apiKey,
    TOKEN: access.token,
    CALL_TYPE: 'default',
    CALL_ID: 'standup',
  };
  for (const [name, value] of Object.entries(variables)) console.log(`${name}=${quoted(value)}`);
}

/** One word for a shell, whatever is in it. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

try {
  await main();
} catch (error) {
  process.stderr.write(`fixture: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
