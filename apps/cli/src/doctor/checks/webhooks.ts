import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  addressRefusal,
  type EventHook,
  hookHost,
  storedHooks,
} from '@callgate/server/features/app-settings/index.ts';
import { resolveHost } from '@callgate/server/features/webhooks/index.ts';
import { plainReason } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, ok, orOk, warning } from '../finding.ts';

/** Hooks that are looked at. */
const HOOKS_MAX = 20;
/** Milliseconds in which a connection must be there. */
const CONNECT_MS = 4_000;

/** Whether each enabled hook takes a connection from here. Nothing is sent. */
export const webhooks: Check = {
  name: 'webhooks',
  async run(facts, signal) {
    // An error on the way is told by the check of the database.
    const handle = await facts.database().catch(() => null);
    const hooks = handle ? await storedHooks(handle).catch(() => []) : [];
    const enabled = hooks.filter(({ enabled: isOn }) => isOn);
    if (enabled.length === 0) return [ok('No webhook is switched on.')];
    const looked = await Promise.all(enabled.slice(0, HOOKS_MAX).map((hook) => look(hook, facts, signal)));
    return orOk(
      looked,
      `${Math.min(enabled.length, HOOKS_MAX)} of ${enabled.length} webhooks take a connection.`,
    );
  },
};

async function look(
  { id, url: text }: EventHook,
  { config }: Facts,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const url = new URL(text);
  const reason = await whyNot(url, config.webhookAllowPrivate, signal);
  if (reason === undefined) return undefined;
  return warning(
    `The webhook ${id} (${url.host}) cannot be reached: ${reason}.`,
    'Mend the receiver or the hook in the app settings (event_hooks). What it missed is sent again for a day; "POST /api/v2/webhooks/{id}/test" tries it.',
  );
}

async function whyNot(url: URL, allowPrivate: boolean, signal: AbortSignal): Promise<string | undefined> {
  const host = hookHost(url);
  try {
    const addresses = isIP(host) === 0 ? await resolveHost(host) : [host];
    const refusals = addresses.map((address) => addressRefusal(address, { allowPrivate }));
    const refused = refusals.find((refusal) => refusal !== undefined);
    if (refused !== undefined) return refused;
    const [address] = addresses;
    if (address === undefined) return 'the name leads nowhere';
    await connect(url, { address, host }, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]));
    return undefined;
  } catch (error) {
    return plainReason(error);
  }
}

/** Connects, with TLS up to the checked certificate, and closes. */
function connect(
  url: URL,
  { address, host }: { address: string; host: string },
  signal: AbortSignal,
): Promise<void> {
  const isTls = url.protocol === 'https:';
  const to = { host: address, port: Number(url.port || (isTls ? 443 : 80)) };
  return new Promise<void>((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = isTls ? connectTls({ ...to, ...name }) : connectPlain(to);
    const end = (how: () => void) => () => {
      socket.destroy();
      how();
    };
    signal.addEventListener(
      'abort',
      end(() => reject(signal.reason)),
      { once: true },
    );
    socket.once(isTls ? 'secureConnect' : 'connect', end(resolve));
    socket.on('error', (error) => end(() => reject(error))());
  });
}
