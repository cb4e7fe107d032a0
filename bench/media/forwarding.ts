import type { LocalParameters, RemoteParameters } from '@callgate/sfu';
import { atLeast, type Line, type Part } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import type { Postgres } from '../measure/subjects.ts';
import { startTask } from '../measure/task.ts';
import type { ClientsAnswer, ClientsOrder, Sent } from './clients-task.ts';
import type { SfuAnswer, SfuOrder, Used } from './sfu-task.ts';

const SUBSCRIBERS = 20;
const PACKET_BYTES = 1_100;
/** Packets that the publisher sends in a second. */
const RATES = [1_000, 2_000, 3_500];

interface Round {
  perSecond: number;
  perProcessorSecond: number;
  busy: number;
  lost: number;
}

/** One publisher, twenty subscribers: what a packet that is forwarded costs, beside the library alone. */
export async function measureForwarding(_: Postgres | undefined, options: RunOptions): Promise<Part> {
  const sfu = startTask<SfuOrder, SfuAnswer>(new URL('./sfu-task.ts', import.meta.url));
  const clients = startTask<ClientsOrder, ClientsAnswer>(new URL('./clients-task.ts', import.meta.url));
  try {
    for (let count = 0; count <= SUBSCRIBERS; count++) {
      const remote = (await clients.ask({ kind: 'offer' })) as RemoteParameters;
      const local = (await sfu.ask({ kind: 'accept', remote })) as LocalParameters;
      await clients.ask({ kind: 'answered', local });
    }
    const measure = async (how: 'media' | 'bare', perSecond: number, seconds: number): Promise<Round> => {
      const before = (await sfu.ask({ kind: 'forward', how })) as Used;
      const began = performance.now();
      const { sent, heard } = (await clients.ask({
        kind: 'send',
        perSecond,
        seconds,
        bytes: PACKET_BYTES,
      })) as Sent;
      const after = (await sfu.ask({ kind: 'used' })) as Used;
      const forwarded = after.forwarded - before.forwarded;
      const processorS = (after.processorMs - before.processorMs) / 1_000;
      return {
        perSecond: forwarded / seconds,
        perProcessorSecond: forwarded / processorS,
        busy: (processorS * 1_000) / (performance.now() - began),
        lost: 1 - heard.reduce((sum, count) => sum + count, 0) / (heard.length * sent),
      };
    };
    for (const how of ['bare', 'media'] as const) await measure(how, 500, options.warmUpSeconds);
    const lines: Line[] = [];
    const ratios: number[] = [];
    for (const rate of RATES) {
      const rounds = { bare: [] as Round[], media: [] as Round[] };
      for (let round = 0; round < options.rounds; round++) {
        for (const how of ['bare', 'media'] as const)
          rounds[how].push(await measure(how, rate, options.seconds));
        ratios.push(
          (rounds.media.at(-1)?.perProcessorSecond ?? 0) / (rounds.bare.at(-1)?.perProcessorSecond ?? 1),
        );
      }
      for (const how of ['bare', 'media'] as const) lines.push(line(`${how}, ${rate} in`, rounds[how]));
    }
    return {
      title: 'Forwarding',
      text:
        `One publisher, ${SUBSCRIBERS} subscribers, packets of ${PACKET_BYTES.toLocaleString('en-US')} bytes at the rate that ` +
        `stands in the line. "media": with new headers, held for being sent again. "bare": the same bytes to everybody, what ` +
        `the library costs alone. Loss is that at two subscribers.`,
      head: ['', 'forwarded per second', 'per processor-second', 'processor', 'lost'],
      lines,
      targets: [atLeast('forwarding per processor-second, of the bare library', median(ratios), 0.8)],
    };
  } finally {
    await Promise.all([sfu.stop(), clients.stop()]);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function line(name: string, rounds: readonly Round[]): Line {
  const of = (field: keyof Round): number => median(rounds.map((round) => round[field]));
  const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return [
    name,
    whole(of('perSecond')),
    whole(of('perProcessorSecond')),
    share(of('busy')),
    share(of('lost')),
  ];
}
