import { AccessToken, RoomServiceClient, ServerError } from 'livekit-server-sdk';

/** What a look at a LiveKit server said. */
export interface LiveKitProbe {
  /** `taken`: our key is good. `refused`: it is not. `strange`: something else answered. */
  api: 'taken' | 'refused' | 'strange';
  signalling: 'taken' | 'refused' | 'strange';
  /** The server's clock as its `Date` says, in ms (whole seconds, rounded down); undefined: it sent none. */
  date: number | undefined;
}

export interface LiveKitAddress {
  /** `http`, `https`, `ws` or `wss`. */
  url: string;
  apiKey: string;
  apiSecret: string;
}

/** A room that there is not: signalling is asked whether it would let somebody in there. */
const ROOM = 'callgate-doctor';
/** How long the token is good for, in seconds. */
const TTL_S = 60;

/**
 * Asks LiveKit's API and its signalling whether they take our key, without entering or making a room. Rejects when
 * nobody answers, within the time of the signal.
 */
export async function probeLiveKit(
  { url, apiKey, apiSecret }: LiveKitAddress,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<LiveKitProbe> {
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  const token = new AccessToken(apiKey, apiSecret, { identity: ROOM, ttl: TTL_S });
  token.addGrant({ roomJoin: true, room: ROOM });
  const query = new URLSearchParams({ access_token: await token.toJwt() });
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const validated = await fetch(`${base}/rtc/validate?${query}`, { signal: bounded, redirect: 'manual' });
  const date = Date.parse(validated.headers.get('date') ?? '');
  const text = (await validated.text()).slice(0, 1_000);
  return {
    api: await askApi(base, { apiKey, apiSecret, timeoutMs }),
    signalling: judge(validated.status, text),
    date: Number.isNaN(date) ? undefined : date,
  };
}

async function askApi(
  base: string,
  { apiKey, apiSecret, timeoutMs }: Omit<LiveKitAddress, 'url'> & { timeoutMs: number },
): Promise<LiveKitProbe['api']> {
  const options = { requestTimeout: timeoutMs / 1_000, failover: false };
  try {
    await new RoomServiceClient(base, apiKey, apiSecret, options).listRooms([ROOM]);
    return 'taken';
  } catch (error) {
    // An answer that is no JSON.
    if (error instanceof SyntaxError) return 'strange';
    if (!(error instanceof ServerError)) throw error;
    return error.status === 401 || error.status === 403 ? 'refused' : 'strange';
  }
}

/** 404 with a sentence on rooms: where rooms are not made by themselves, that is the answer to a good token. */
function judge(status: number, text: string): LiveKitProbe['signalling'] {
  if (status === 200 && text === 'success') return 'taken';
  if (status === 404 && /room/.test(text)) return 'taken';
  return status === 401 || status === 403 ? 'refused' : 'strange';
}
