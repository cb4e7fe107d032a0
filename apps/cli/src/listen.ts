import { type CallCid, isCallCid, isUserId } from '@callgate/contract';
import { readCredentials } from '@callgate/server/credentials.ts';
import { signUserToken } from '@callgate/server/features/users/token.ts';
import { CliError, type Context, configOf } from './context.ts';

export interface ListenOptions {
  user: string;
  watch?: string[];
  count?: string;
  url?: string;
  dataDir?: string;
}

/** How long the token of a listener holds, in milliseconds. */
const TOKEN_MS = 24 * 3_600_000;

/**
 * Opens the event socket as a user and prints what comes, one JSON text per line, until `--count` events came or the
 * socket closes. `connection.ok` is printed when the calls are watched: what happens from then on is heard.
 */
export async function listen(context: Context, options: ListenOptions): Promise<void> {
  const target = targetOf(context, options);
  const socket = new WebSocket(
    `${target.baseUrl.replace(/^http/, 'ws')}/api/v2/video/connect?api_key=${target.apiKey}`,
  );
  let left = Number(options.count ?? Number.POSITIVE_INFINITY);
  const take = async (text: string): Promise<void> => {
    const message = JSON.parse(text) as { type: string; connection_id?: string };
    if (message.type === 'health.check') return socket.send(text);
    if (message.type === 'connection.ok') await watchAll(target, message.connection_id ?? '');
    else left--;
    context.out(`${text}\n`);
    if (left <= 0) socket.close();
  };
  await new Promise<void>((resolve, reject) => {
    let tail = Promise.resolve();
    socket.addEventListener('open', () => socket.send(JSON.stringify({ token: target.token })));
    socket.addEventListener('message', ({ data }) => {
      tail = tail.then(() => take(String(data)));
      tail.catch((error: unknown) => {
        reject(error);
        socket.close();
      });
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (code === 1000 || code === 1005) return resolve();
      reject(new CliError(`The socket was closed with ${code}: ${reason || 'nobody answers there'}.`));
    });
  });
}

interface Target {
  baseUrl: string;
  apiKey: string;
  token: string;
  cids: readonly CallCid[];
}

function targetOf(context: Context, { user, watch = [], count, url, dataDir }: ListenOptions): Target {
  if (!isUserId(user)) throw new CliError('--user must be 1 to 255 of A-Z a-z 0-9 _ @ . -');
  if (!watch.every(isCallCid))
    throw new CliError('--watch must be of the form type:id, e.g. default:standup.');
  if (count !== undefined && !/^[1-9][0-9]{0,8}$/.test(count)) {
    throw new CliError('--count must be a whole number from 1.');
  }
  const config = configOf(context, { ...(dataDir !== undefined && { dataDir }) });
  const credentials = readCredentials(config);
  if (!credentials) {
    throw new CliError(
      'There is no secret yet: start the server once in this folder (npm start), or name its data folder with --data-dir.',
    );
  }
  const now = context.clock.now();
  const token = signUserToken(credentials.apiSecret, {
    userId: user,
    issuedAt: now,
    expiresAt: now + TOKEN_MS,
  });
  const baseUrl = url ?? `http://127.0.0.1:${config.port}`;
  return { baseUrl, apiKey: credentials.apiKey, token, cids: watch };
}

async function watchAll({ baseUrl, apiKey, token, cids }: Target, connectionId: string): Promise<void> {
  for (const cid of cids) {
    const query = new URLSearchParams({ api_key: apiKey, watch: 'true', connection_id: connectionId });
    const reply = await fetch(`${baseUrl}/api/v2/video/call/${cid.replace(':', '/')}?${query}`, {
      headers: { authorization: token },
    });
    const { message = '' } = (await reply.json()) as { message?: string };
    if (!reply.ok) throw new CliError(`${cid} cannot be watched: ${message}.`);
  }
}
