import { MAX_BLOCKS, writeReceiverReport, writeRemb } from '../rtcp/write.ts';
import type { Outlet } from './outlet.ts';
import type { Source } from './source.ts';
import { UplinkLimit } from './uplink-limit.ts';

/** What a publisher is told of what they send, every 500 ms: what came (receiver reports), and how much may (REMB). */
export class Uplink {
  readonly #outlet: Outlet;
  readonly #limit: UplinkLimit;

  /** `most`: bits a second, before loss lowers it. */
  constructor(outlet: Outlet, most: number) {
    this.#outlet = outlet;
    this.#limit = new UplinkLimit(most);
  }

  /** `ms`: since the last call. Sources of which nothing comes are not spoken of. */
  tick(sources: readonly Source[], ms: number, now: number): void {
    const arrivals = { expected: 0, inOrder: 0 };
    let rate = 0;
    for (const source of sources) {
      source.goOn(now);
      source.measure(ms);
      const { expected, inOrder } = source.takeArrivals();
      arrivals.expected += expected;
      arrivals.inOrder += inOrder;
      rate += source.rate;
    }
    const limit = this.#limit.update(arrivals, rate);
    const alive = sources.filter((source) => source.isAlive(now));
    if (alive.length > 0) this.#report(alive, limit, now);
  }

  #report(sources: readonly Source[], limit: number, now: number): void {
    const { ssrc } = this.#outlet;
    const blocks = sources.flatMap((source) => source.report(now) ?? []);
    const named = sources.map((source) => source.ssrc);
    for (let from = 0; from < blocks.length; from += MAX_BLOCKS) {
      const report = writeReceiverReport(ssrc, blocks.slice(from, from + MAX_BLOCKS));
      const packets = from === 0 ? [report, writeRemb(ssrc, limit, named)] : [report];
      this.#outlet.sendRtcp(Buffer.concat(packets));
    }
  }
}
