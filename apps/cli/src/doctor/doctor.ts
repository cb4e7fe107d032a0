import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, ConfigError } from '@callgate/server/config.ts';
import { type AppCredentials, readCredentials } from '@callgate/server/credentials.ts';
import { openReader, type Reader } from '@callgate/server/storage/reader.ts';
import { type Context, configOf } from '../context.ts';
import { locationOf } from '../location.ts';
import { plainReason } from './ask.ts';
import { CHECKS } from './checks/index.ts';
import type { Check, Facts } from './facts.ts';
import { type Finding, fault } from './finding.ts';
import { type Machine, thisMachine } from './machine.ts';
import { reportJson, reportText, type Told } from './report.ts';
import { askWho, localUrl } from './server.ts';

export interface DoctorOptions {
  dataDir?: string;
  json?: boolean;
  stopped?: boolean;
}

/** What the doctor does otherwise in tests. */
export interface DoctorParts {
  machine?: Machine;
  checks?: readonly Check[];
  /** How long one check may take, in milliseconds (default: 10,000). */
  checkMs?: number;
}

const CHECK_MS = 10_000;

/** Looks at everything that the server needs, prints what it found and how to mend it; the answer is the exit code. */
export async function doctor(
  context: Context,
  options: DoctorOptions,
  parts: DoctorParts = {},
): Promise<0 | 1> {
  const told = await examine(context, options, parts);
  const now = context.clock.now();
  context.out(options.json ? reportJson(told, now) : reportText(told));
  return told.some(({ state }) => state === 'fault') ? 1 : 0;
}

async function examine(context: Context, options: DoctorOptions, parts: DoctorParts): Promise<Told[]> {
  const { machine = thisMachine, checks = CHECKS, checkMs = CHECK_MS } = parts;
  let settings: { config: Config; credentials: AppCredentials | undefined };
  try {
    const config = configOf(context, options);
    settings = { config, credentials: readCredentials(config) };
  } catch (error) {
    if (error instanceof ConfigError) return [{ check: 'settings', ...refused(error) }];
    throw error;
  }
  const { config } = settings;
  const baseUrl = localUrl(config);
  const store = openOnce(config);
  const server = await askWho(baseUrl, settings.credentials, AbortSignal.timeout(checkMs));
  const configFile = context.env.CALLGATE_CONFIG ? resolve(context.cwd, context.env.CALLGATE_CONFIG) : null;
  const facts: Facts = {
    ...{ ...settings, configFile, machine, baseUrl, server },
    ...{ clock: context.clock, isStopped: options.stopped ?? false, database: store.handle },
  };
  try {
    return (await Promise.all(checks.map((check) => make(check, facts, checkMs)))).flat();
  } finally {
    await store.close();
  }
}

const refused = ({ message }: ConfigError): Finding =>
  fault(message, 'The server would not start: change the setting. docs/reference/config.md lists them all.');

/** Makes one check within its time; one that fails or does not end is a fault. */
async function make(check: Check, facts: Facts, checkMs: number): Promise<Told[]> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((done) => {
    timer = setTimeout(() => {
      ending.abort();
      done([unanswered(checkMs)]);
    }, checkMs);
  });
  const made = check.run(facts, ending.signal).catch((error: unknown) => [failed(error)]);
  const findings = await Promise.race([made, late]);
  clearTimeout(timer);
  return findings.map((finding) => ({ check: check.name, ...finding }));
}

const unanswered = (checkMs: number): Finding =>
  fault(
    `Nothing could be said within ${checkMs / 1000} s.`,
    'What this check asks is there and does not answer: look at it, and at the network between.',
  );

const failed = (error: unknown): Finding =>
  fault(
    `It could not be checked: ${error instanceof Error ? error.message : plainReason(error)}.`.replace(
      /\.\.$/,
      '.',
    ),
    'Mend what the sentence names and run the doctor again.',
  );

/** Opens the database when the first check asks for it. */
function openOnce(config: Config) {
  const location = locationOf(config);
  let opened: Promise<Reader> | undefined;
  return {
    async handle() {
      if ('file' in location && !existsSync(location.file)) return null;
      opened ??= openReader(location);
      return (await opened).handle;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}
