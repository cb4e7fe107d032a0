import { SERVICE_KINDS, type ServiceKind } from '@callgate/contract';
import {
  address,
  addressRange,
  flag,
  type IceServerSetting,
  iceServer,
  listOf,
  oneOf,
  origin,
  type Parse,
  type ServiceKeySetting,
  secret,
  serviceKey,
  serviceKinds,
  text,
  url,
  wholeNumber,
} from './config-parse.ts';

/** One setting: its names, how it is read, what holds without it and what it means. */
export interface ConfigKey<T, D> {
  env: string;
  /** Its name in the configuration file. */
  file: string;
  parse: Parse<T>;
  default: D;
  /** Never printed, not even its default. */
  isSecret: boolean;
  description: string;
}

const key = <T, D extends T | null>(
  env: string,
  parse: Parse<T>,
  fallback: D,
  description: string,
  options: { file?: string; isSecret?: boolean } = {},
): ConfigKey<T, D> => ({
  env,
  file: options.file ?? env.replace(/^CALLGATE_/, '').toLowerCase(),
  parse,
  default: fallback,
  isSecret: options.isSecret ?? false,
  description,
});

const SECRET = { isSecret: true };
const MINUTE_LIMIT = wholeNumber(0, 1_000_000_000);
const NO_LIMIT = '0: no limit.';

/** All settings. The order is the order of docs/reference/config.md. */
export const KEYS = {
  host: key<string, string>(
    'HOST',
    text,
    '127.0.0.1',
    'Address to listen on. Other than loopback needs an explicit key and secret.',
  ),
  port: key<number, number>('PORT', wholeNumber(0, 65535), 8080, 'Port to listen on; 0 takes a free one.'),
  dataDir: key<string, string>(
    'CALLGATE_DATA_DIR',
    text,
    '.callgate',
    'Folder of the database, the generated secrets and the audit checkpoints; relative to the folder that the server is started in. One process per folder.',
  ),
  databaseUrl: key<string, null>(
    'DATABASE_URL',
    url('postgres', 'postgresql'),
    null,
    'PostgreSQL to use in place of SQLite in the data folder.',
    SECRET,
  ),
  databaseConnections: key<number, number>(
    'CALLGATE_DATABASE_CONNECTIONS',
    wholeNumber(2, 500),
    16,
    'Connections to PostgreSQL at most.',
  ),
  redisUrl: key<string, null>('REDIS_URL', text, null, 'Not there yet: refused at start.', SECRET),
  media: key<'embedded' | 'none', null>(
    'CALLGATE_MEDIA',
    oneOf('embedded', 'none'),
    null,
    '`embedded`, as it is without LIVEKIT_URL: a media server below this process carries the media, for development and rooms of about ten cameras or a few hundred listeners. `none`: there is no media, a join gives no media credentials, and acts answer `no_media`.',
  ),
  rtcPort: key<number, null>(
    'CALLGATE_RTC_PORT',
    wholeNumber(0, 65535),
    null,
    'UDP port of all media of the embedded media server; clients send to it. 0: any free one. Where it is not set: 7882, or any free one where that is taken.',
  ),
  rtcIp: key<string, null>(
    'CALLGATE_RTC_IP',
    address,
    null,
    'Address that clients are told to send media to, where the embedded media server stands behind NAT or a proxy, e.g. `203.0.113.7`. Without it media stays on this machine where HOST is loopback.',
  ),
  iceServers: key<readonly IceServerSetting[], readonly IceServerSetting[]>(
    'CALLGATE_ICE_SERVERS',
    listOf(iceServer),
    [],
    'STUN and TURN servers that clients of the embedded media server are told: `stun:<host>:<port>`, or `turn:<host>:<port>?transport=udp|<name>|<password>`, `turns:` likewise.',
    SECRET,
  ),
  livekitUrl: key<string, null>(
    'LIVEKIT_URL',
    url('ws', 'wss', 'http', 'https'),
    null,
    'LiveKit server that carries the media, e.g. `ws://127.0.0.1:7880`; clients never reach it, only this server does.',
  ),
  livekitApiKey: key<string, null>('LIVEKIT_API_KEY', text, null, 'Key of the LiveKit server.', SECRET),
  livekitApiSecret: key<string, null>('LIVEKIT_API_SECRET', text, null, 'Secret of that key.', SECRET),
  serviceKeys: key<readonly ServiceKeySetting[], readonly ServiceKeySetting[]>(
    'CALLGATE_SERVICE_KEYS',
    listOf(serviceKey),
    [],
    'Keys of agents, recorders and other services that come to the door with a LiveKit access token of their own: `name:kinds:publish:secret`, e.g. `recorder:egress:subscribe:<secret>` or `bots:agent+sip:publish:<secret>`. With `subscribe` they only receive. The secret has 16 characters or more and no comma.',
    SECRET,
  ),
  serviceKinds: key<readonly ServiceKind[], readonly ServiceKind[]>(
    'CALLGATE_SERVICE_KINDS',
    serviceKinds,
    SERVICE_KINDS,
    'Kinds of services that may dial LiveKit by themselves, with its own key; `none`: no service may. Others are removed.',
  ),
  apiKey: key<string, null>(
    'CALLGATE_API_KEY',
    text,
    null,
    'Key of the application; without it one is made on the first start and kept in the data folder.',
  ),
  apiSecret: key<string, null>(
    'CALLGATE_API_SECRET',
    secret,
    null,
    'Secret that tokens are signed with, at least 16 characters; without it one is made on the first start and kept in the data folder.',
    SECRET,
  ),
  auditKey: key<string, null>(
    'CALLGATE_AUDIT_KEY',
    text,
    null,
    'Key of the audit chain, 64 hexadecimal digits; without it one is made on the first start and kept in the data folder.',
    SECRET,
  ),
  auditSigningKey: key<string, null>(
    'CALLGATE_AUDIT_SIGNING_KEY',
    text,
    null,
    'Ed25519 private key as PEM (PKCS #8) that signs the checkpoints of the audit chain; without it one is made on the first start and kept in the data folder.',
    SECRET,
  ),
  publicUrl: key<string, null>(
    'CALLGATE_PUBLIC_URL',
    url('http', 'https'),
    null,
    'Where clients reach the server, when that is not host and port. Its host is accepted in `Host`.',
  ),
  allowedHosts: key<readonly string[], readonly string[]>(
    'CALLGATE_ALLOWED_HOSTS',
    listOf(text),
    [],
    'Further names that requests may carry in `Host`, with or without a port. Loopback names are always accepted on a loopback address; others are refused (421), so that a web page cannot reach the server under a name of its own.',
  ),
  allowedOrigins: key<readonly string[], readonly string[]>(
    'CALLGATE_ALLOWED_ORIGINS',
    listOf(origin),
    [],
    'Browser origins whose pages may call the API (CORS).',
  ),
  trustedProxies: key<readonly string[], readonly string[]>(
    'CALLGATE_TRUSTED_PROXIES',
    listOf(addressRange),
    [],
    'Proxies whose `X-Forwarded-For` is believed. Without it the address of the connection counts, and a peer that sends the header never counts for IP bans.',
  ),
  logLevel: key<string, string>(
    'CALLGATE_LOG_LEVEL',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'How much is logged.',
  ),
  metricsToken: key<string, null>(
    'CALLGATE_METRICS_TOKEN',
    secret,
    null,
    'Bearer token that `/metrics` accepts from other machines, beside server tokens.',
    SECRET,
  ),
  bodyLimitBytes: key<number, number>(
    'CALLGATE_BODY_LIMIT_BYTES',
    wholeNumber(1024, 16 * 1024 * 1024),
    1024 * 1024,
    'Largest request body; larger is refused with 413. Bulk work on users takes 28 MiB whatever this says.',
  ),
  headerLimitBytes: key<number, number>(
    'CALLGATE_HEADER_LIMIT_BYTES',
    wholeNumber(4096, 65536),
    16 * 1024,
    'Largest head of a request; larger is refused with 431.',
  ),
  requestTimeoutMs: key<number, number>(
    'CALLGATE_REQUEST_TIMEOUT_MS',
    wholeNumber(100, 600_000),
    20_000,
    'How long a client may take to send a whole request; then 408.',
  ),
  headersTimeoutMs: key<number, number>(
    'CALLGATE_HEADERS_TIMEOUT_MS',
    wholeNumber(100, 600_000),
    10_000,
    'How long a client may take to send the head of a request; then 408.',
  ),
  maxConnections: key<number, number>(
    'CALLGATE_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    10_000,
    'Open connections at most; further ones are closed at once.',
  ),
  stopTimeoutMs: key<number, number>(
    'CALLGATE_STOP_TIMEOUT_MS',
    wholeNumber(0, 600_000),
    10_000,
    'How long a stopping server waits for requests that are under way.',
  ),
  clockSkewSeconds: key<number, number>(
    'CALLGATE_CLOCK_SKEW_SECONDS',
    wholeNumber(0, 300),
    5,
    'How far `iat` and `nbf` of a token may lie ahead. `exp` has no tolerance.',
  ),
  rateLimitUser: key<number, number>(
    'CALLGATE_RATE_LIMIT_USER',
    MINUTE_LIMIT,
    60,
    `Requests per minute of one user to one endpoint from one platform. ${NO_LIMIT}`,
  ),
  rateLimitModeration: key<number, number>(
    'CALLGATE_RATE_LIMIT_MODERATION',
    MINUTE_LIMIT,
    600,
    `Moderation acts per minute of one user and endpoint. ${NO_LIMIT}`,
  ),
  rateLimitApp: key<number, number>(
    'CALLGATE_RATE_LIMIT_APP',
    MINUTE_LIMIT,
    0,
    `Requests per minute of all users together to one endpoint from one platform. ${NO_LIMIT}`,
  ),
  rateLimitServer: key<number, number>(
    'CALLGATE_RATE_LIMIT_SERVER',
    MINUTE_LIMIT,
    0,
    `Requests per minute with server tokens to one endpoint. ${NO_LIMIT}`,
  ),
  rateLimitAddress: key<number, number>(
    'CALLGATE_RATE_LIMIT_ADDRESS',
    MINUTE_LIMIT,
    60,
    `Requests per minute of one address to one endpoint that needs no token, and refused tokens per minute of one address. ${NO_LIMIT}`,
  ),
  rateLimitDials: key<number, number>(
    'CALLGATE_RATE_LIMIT_DIALS',
    MINUTE_LIMIT,
    600,
    `Media clients that dial per minute from one address. ${NO_LIMIT}`,
  ),
  rateLimitTrackedKeys: key<number, number>(
    'CALLGATE_RATE_LIMIT_TRACKED_KEYS',
    wholeNumber(1000, 10_000_000),
    200_000,
    'Counters kept in memory at most; the oldest is dropped first.',
  ),
  play: key<'auto' | 'on' | 'off', 'auto'>(
    'CALLGATE_PLAY',
    oneOf('auto', 'on', 'off'),
    'auto',
    'The call page at `/play` and links into calls. `auto`: a start prints two links of its own when nobody else can hand out access, which is on loopback with a key and a secret that the server made for itself. `on`: every start does. `off`: no page, no links, and their operations answer 400, code 19.',
  ),
  webhookAllowPrivate: key<boolean, boolean>(
    'CALLGATE_WEBHOOK_ALLOW_PRIVATE',
    flag,
    false,
    'Whether webhooks may go to private addresses, and over plain `http`.',
  ),
  outboxDays: key<number, number>(
    'CALLGATE_OUTBOX_DAYS',
    wholeNumber(1, 3650),
    30,
    'For how many days events are kept. Those that are on their way to a webhook, or dead and can be sent again, are kept for as long as that.',
  ),
} as const;

export type KeyName = keyof typeof KEYS;
