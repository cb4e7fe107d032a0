import { Ping, SignalRequest } from '@livekit/protocol';
import type { SignalSocket } from '../media/signal.ts';

/** How long a client waits for answers to its signalling. */
export interface Pings {
  /** Sends one and waits for its answer; rejects after 10 s. */
  once(): Promise<void>;
  /** The longest wait so far, in milliseconds. */
  worst(): number;
}

/** Pings of the protocol: through the door to the media server and back. */
export function pings(signal: SignalSocket): Pings {
  let number = 0n;
  let worst = 0;
  return {
    async once() {
      const timestamp = ++number;
      const from = performance.now();
      const value = new Ping({ timestamp, rtt: 0n });
      signal.send(new SignalRequest({ message: { case: 'pingReq', value } }).toBinary());
      await signal.untilOne(
        ({ message }) => message.case === 'pongResp' && message.value.lastPingTimestamp === timestamp,
        `answer to ping ${timestamp}`,
      );
      worst = Math.max(worst, performance.now() - from);
    },
    worst: () => worst,
  };
}
