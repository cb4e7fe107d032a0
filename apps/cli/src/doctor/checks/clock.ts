import { monotonicMs } from '@callgate/server/kernel/clock.ts';
import { probeLiveKit } from '@callgate/server/livekit/probe-livekit.ts';
import type { Handle } from '@callgate/server/storage/database.ts';
import { databaseTime, newestMigrationAt } from '../doctor.store.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, orOk, warning } from '../finding.ts';
import { LIVEKIT_MS, liveKitOf } from './media.ts';

/** Milliseconds by which clocks may differ, and from which on tokens are refused (LiveKit and most libraries: 60 s). */
const WARNED_MS = 2_000;
const BROKEN_MS = 60_000;
/** `Date` tells whole seconds, rounded down. */
const DATE_STEP_MS = 1_000;

const KEEP_TIME =
  'Let both machines follow a time server: "timedatectl set-ntp true" or chrony; "timedatectl" says whether it does.';

/** Whether this machine's clock agrees with those that it works with. */
export const clock: Check = {
  name: 'clock',
  async run(facts, signal) {
    const handle = await facts.database().catch(() => null);
    const findings = [
      handle ? await past(handle, facts) : undefined,
      handle?.engine === 'postgres' ? await besidePostgres(handle, facts) : undefined,
      await besideLiveKit(facts, signal),
    ];
    return orOk(findings, 'There is no other clock to compare with: let the machine follow a time server.');
  },
};

/** A clock that was set back: what ends by itself would end late. */
async function past(handle: Handle, { clock: own }: Facts): Promise<Finding | undefined> {
  const at = await newestMigrationAt(handle).catch(() => undefined);
  if (at === undefined || at <= own.now() + WARNED_MS) return undefined;
  return fault(
    `This machine's clock is ${seconds(at - own.now())} behind a moment that the database has seen already.`,
    `Set it right before the server starts: bans and timers would end late. ${KEEP_TIME}`,
  );
}

/** The difference is known but for half of the way there and back: the quickest of three questions counts. */
async function besidePostgres(handle: Handle, { clock: own }: Facts): Promise<Finding> {
  let best = { differenceMs: 0, wayMs: Number.POSITIVE_INFINITY };
  for (let time = 0; time < 3; time++) {
    const [asked, began] = [own.now(), monotonicMs()];
    const theirs = await databaseTime(handle);
    const wayMs = monotonicMs() - began;
    if (wayMs < best.wayMs) best = { differenceMs: theirs - (asked + wayMs / 2), wayMs };
  }
  return judge("PostgreSQL's", best.differenceMs, best.wayMs / 2);
}

async function besideLiveKit(
  { config, clock: own }: Facts,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const livekit = liveKitOf(config);
  if (!livekit) return undefined;
  const probe = await probeLiveKit(livekit, { signal, timeoutMs: LIVEKIT_MS }).catch(() => undefined);
  if (probe?.date === undefined) return undefined;
  return judge("LiveKit's", probe.date + DATE_STEP_MS / 2 - own.now(), DATE_STEP_MS);
}

function judge(whose: string, differenceMs: number, doubtMs: number): Finding {
  const certainMs = Math.abs(differenceMs) - doubtMs;
  const where = differenceMs > 0 ? 'behind' : 'ahead of';
  const found = `This machine's clock is ${seconds(Math.abs(differenceMs))} ${where} ${whose}.`;
  if (certainMs > BROKEN_MS) return fault(`${found} Tokens are refused.`, KEEP_TIME);
  if (certainMs > WARNED_MS) return warning(found, KEEP_TIME);
  return ok(`This machine's clock agrees with ${whose}.`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
