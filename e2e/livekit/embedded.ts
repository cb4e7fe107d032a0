import { existsSync } from 'node:fs';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import { launchSfu, type SfuRun } from '@callgate/server/sfu-run.ts';
import { SFU_ENTRY } from '@callgate/sfu/process';
import { freePort } from '../harness/server.ts';

/** Where and with which keys one is started; the first key signs its reports. */
export interface EmbeddedOptions {
  readonly port: number;
  readonly keys: Readonly<Record<string, string>>;
  readonly webhookUrl?: string | undefined;
  readonly autoCreate: boolean;
}

/** The embedded media server in LiveKit's place, started again and again on the same ports. */
export interface EmbeddedServer {
  readonly pid: number;
  start(): Promise<void>;
  /** SIGKILL, paused or not; resolves once it is gone. */
  kill(): Promise<void>;
}

export async function startEmbedded({
  port,
  keys,
  webhookUrl,
  autoCreate,
}: EmbeddedOptions): Promise<EmbeddedServer> {
  const udpPort = await freePort();
  const logger = createLogger({ level: process.env.CALLGATE_TEST_SFU_LOG ?? 'silent' });
  const settings = {
    ...{ keys, host: '127.0.0.1', port, udpPort, udpHost: '127.0.0.1', iceServers: [], autoCreate },
    ...(webhookUrl !== undefined && { webhookUrl }),
  };
  // A paused one answers nobody; it is the suite's to resume or kill.
  const launch = (): Promise<SfuRun> =>
    launchSfu({ entry: SFU_ENTRY, settings, logger, silenceMs: Number.POSITIVE_INFINITY });
  let run = await launch();
  return {
    get pid() {
      return run.pid ?? 0;
    },
    async start() {
      run = await launch();
    },
    async kill() {
      if (run.pid !== undefined && existsSync(`/proc/${run.pid}`)) process.kill(run.pid, 'SIGKILL');
      await run.ended;
    },
  };
}
