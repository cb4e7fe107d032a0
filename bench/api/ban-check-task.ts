import type { CallCid, UserId } from '@callgate/contract';
import { prepareDatabase } from '@callgate/server/app.ts';
import { createAddressBans } from '@callgate/server/features/ip-bans/index.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';
import { standingOf } from '@callgate/server/standing.store.ts';
import type { Database } from '@callgate/server/storage/database.ts';
import { openPostgres } from '@callgate/server/storage/postgres.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { openSqlite } from '@callgate/server/storage/sqlite.ts';
import { type Round, roundOf } from '../measure/figures.ts';
import { answerQuestions } from '../measure/task.ts';
import { addressIn, fillBans, scattered, stranger } from './ban-rows.ts';

export interface BanCheckOrder {
  /** PostgreSQL's address, or the folder of SQLite; both empty. */
  at: { url: string } | { folder: string };
  bans: number;
  prefixes: number;
  lookups: number;
}

/** What is looked up, and how long it took. */
export type BanCheckAnswer = [name: string, round: Round][];

interface Kind {
  name: string;
  banned: boolean;
  /** The `n`th look-up of this kind. */
  address: (n: number) => string;
  person: (n: number) => string;
}

const octets = (n: number): string => `${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

const kindsOf = ({ bans, prefixes }: BanCheckOrder): Kind[] => {
  return [
    { name: 'IPv4, nobody banned', banned: false, address: (n) => `198.${octets(n)}`, person: stranger },
    {
      name: 'IPv6, nobody banned',
      banned: false,
      address: (n) => `2001:db9:${(n & 65_535).toString(16)}:1:2:3:4:5`,
      person: stranger,
    },
    {
      name: 'address banned',
      banned: true,
      address: (n) => addressIn((n * 31) % prefixes),
      person: stranger,
    },
    {
      name: 'person banned',
      banned: true,
      address: (n) => `198.${octets(n)}`,
      person: (n) => `person-${scattered(1 + ((n * 53) % bans))}`,
    },
  ];
};

/** Both questions that a join asks, in a snapshot as a join has one. */
function checker(database: Database): (address: string, person: string) => Promise<boolean> {
  const addressBans = createAddressBans({ trustedProxies: [] });
  const now = systemClock.now();
  const cid = 'default:standup' as CallCid;
  return (address, person) =>
    database.read(async (snapshot) => {
      const [standing, isAddressBanned] = await Promise.all([
        standingOf(snapshot, person as UserId, cid, now),
        addressBans.isBanned(snapshot, address, now),
      ]);
      if (!standing) throw new Error(`${person} is not there`);
      return standing.banned || isAddressBanned;
    });
}

/** Look-ups before the clock runs, of others than are timed. */
const WARM_UP = 2_000;

async function timed(count: number, work: (n: number) => Promise<void>): Promise<Round> {
  for (let n = 0; n < Math.min(count, WARM_UP); n++) await work(n + count);
  const samples: number[] = [];
  const started = performance.now();
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await work(n);
    samples.push(performance.now() - began);
  }
  return roundOf(samples, (performance.now() - started) / 1000);
}

answerQuestions(async (order: BanCheckOrder): Promise<BanCheckAnswer> => {
  const { at, bans, prefixes, lookups } = order;
  const database = await ('url' in at ? openPostgres(at) : openSqlite(at));
  try {
    await prepareDatabase({ database, clock: systemClock });
    await fillBans(database, { bans, prefixes, strangers: lookups + WARM_UP });
    const answer: BanCheckAnswer = [];
    const empty = rawStatement('select 1');
    const readEmpty = async (): Promise<void> =>
      void (await database.read((snapshot) => snapshot.run(empty)));
    answer.push(['an empty statement', await timed(lookups, readEmpty)]);
    const check = checker(database);
    for (const { name, banned, address, person } of kindsOf(order)) {
      const lookUp = async (n: number): Promise<void> => {
        if ((await check(address(n), person(n))) !== banned)
          throw new Error(`${name}: wrong answer for ${n}`);
      };
      answer.push([name, await timed(lookups, lookUp)]);
    }
    return answer;
  } finally {
    await database.close();
  }
});
