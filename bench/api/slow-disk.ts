import { join } from 'node:path';
import { startServer } from '../../e2e/harness/server.ts';
import { medianRound, type Round } from '../measure/figures.ts';
import { startLoad } from '../measure/load.ts';
import { actRequests, makePeopleAndCalls, readRequests } from '../measure/people.ts';
import { cells, demandAnswers, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';

const ACTS_PER_SECOND = 100;
const READS_PER_SECOND = 500;

/** Reads must not wait for the disk: `GET` of a call while acts wait for slow syncs. */
export async function measureSlowDisk({ rounds, seconds, warmUpSeconds }: RunOptions): Promise<Part> {
  const load = startLoad();
  const server = await startServer({ entry: join(import.meta.dirname, 'slow-disk-server.ts') });
  try {
    const port = Number(new URL(server.baseUrl).port);
    await makePeopleAndCalls(server);
    // The members are blocked and banned by the acts meanwhile.
    await load.prepare('reads', port, readRequests(server, 'moderator'));
    await load.prepare('acts', port, actRequests(server));
    const streams = [
      { name: 'reads', perSecond: READS_PER_SECOND },
      { name: 'acts', perSecond: ACTS_PER_SECOND },
    ];
    await load.paced(warmUpSeconds, streams);
    const measured: { reads: Round[]; acts: Round[] } = { reads: [], acts: [] };
    for (let round = 0; round < rounds; round++) {
      const [reads, acts] = await load.paced(seconds, streams);
      if (reads) measured.reads.push(reads);
      if (acts) measured.acts.push(acts);
    }
    demandAnswers('slow disk', [...measured.reads, ...measured.acts]);
    return partOf(measured.reads, measured.acts);
  } finally {
    await server.discard();
    await load.stop();
  }
}

function partOf(reads: readonly Round[], acts: readonly Round[]): Part {
  const read = medianRound(reads);
  return {
    title: 'A slow disk',
    text:
      `SQLite with every fdatasync delayed by 10 ms (the storage port's option). ${ACTS_PER_SECOND} acts and ` +
      `${READS_PER_SECOND} GETs of a call a second, sent on time whatever the answers take; times count from ` +
      `when each was due, so that waiting for a connection counts.`,
    head: ['', 'per second', 'p50', 'p99'],
    lines: [
      ['GET of a call', ...cells(read)],
      ['acts', ...cells(medianRound(acts))],
    ],
    targets: [under('GET of a call on a slow disk, p99', read.p99, 50, 'ms')],
  };
}
