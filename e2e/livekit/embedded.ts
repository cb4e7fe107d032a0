import { createLogger } from '@callgate/server/kernel/logger.ts';
import { launchSfu, type SfuRun } from '@callgate/server/sfu-run.ts';
import { SFU_ENTRY, type SfuSettings } from '@callgate/sfu/process';
import { RoomServiceClient } from 'livekit-server-sdk';
import { freePort } from '../harness/server.ts';
import { KEY, type LiveKitOptions, type LiveKitServer, pause, SECRET } from './server.ts';

/** A paused process answers nothing; tests pause it for seconds. In milliseconds. */
const SILENCE_MS = 120_000;

/** The media server inside, as a process of its own, in LiveKit's place: what a suite asks of LiveKit it asks of this one. */
export async function startEmbedded({
  webhookUrl,
  autoCreate = true,
  moreKeys,
}: LiveKitOptions = {}): Promise<LiveKitServer> {
  const [port, udpPort] = [await freePort(), await freePort()];
  const settings: SfuSettings = {
    keys: { [KEY]: SECRET, ...moreKeys },
    ...{ host: '127.0.0.1', port, udpHost: '127.0.0.1', udpPort, iceServers: [], autoCreate },
    ...(webhookUrl && { webhookUrl }),
  };
  const logger = createLogger({ level: 'silent' });
  const launch = (): Promise<SfuRun> =>
    launchSfu({ entry: SFU_ENTRY, settings, logger, silenceMs: SILENCE_MS });
  let run = await launch();
  let isThere = true;
  const signal = (name: NodeJS.Signals): void => void (isThere && run.pid && process.kill(run.pid, name));
  const kill = async (): Promise<void> => {
    signal('SIGKILL');
    await run.ended;
    isThere = false;
  };
  const start = async (): Promise<void> => {
    run = await launch();
    isThere = true;
  };
  const url = `ws://127.0.0.1:${port}`;
  const httpUrl = `http://127.0.0.1:${port}`;
  return {
    ...{ url, httpUrl, apiKey: KEY, apiSecret: SECRET },
    rooms: new RoomServiceClient(httpUrl, KEY, SECRET),
    env: { LIVEKIT_URL: url, LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET },
    get pid() {
      return run.pid ?? 0;
    },
    pause: () => pause(run.pid ?? 0),
    resume: () => signal('SIGCONT'),
    ...{ kill, start, stop: kill },
    async restart() {
      await kill();
      await start();
    },
  };
}
