import type { CallCid, UserId } from '@callgate/contract';
import type { Handle } from '@callgate/server/storage/database.ts';
import { builderOf } from '@callgate/server/storage/prepared.ts';
import type { Reply } from '../harness/client.ts';
import { PEOPLE, type Person, PLACES, type Place } from './commands.ts';
import type { Names } from './requests.ts';
import type { PersonState } from './state.ts';
import { banText, each, type Looking, MAY, sorted, type View } from './view.ts';
import type { ModelWorld } from './world.ts';

/** What is asked with: the history's names, and the token and address that each person has at hand. */
export interface Asked {
  world: ModelWorld;
  names: Names;
  people: Record<Person, Pick<PersonState, 'tokenAt' | 'address'>>;
}

export interface Seen {
  view: View;
  /** Ids of permission requests: the latest of `place person permission`. */
  requestIds: Map<string, string>;
}

interface CallBody {
  call: {
    blocked_user_ids: string[];
    backstage: boolean;
    session?: { participants: { user: { id: string }; muted?: string[] }[] };
  };
  own_capabilities: string[];
}
interface RequestsBody {
  permission_requests: { id: string; user_id: string; permission: string; state: string }[];
}
interface BansBody {
  bans: { user: { id: string }; reason?: string; expires?: string; ip_ban: boolean; channel_cid?: string }[];
}

/** Bare id of a name on the wire: `anna-7` is anna. */
const bare = (name: string): string => name.split('-')[0] ?? name;

/** Looks at everything that is compared, over HTTP and in the store. */
export async function observe(asked: Asked, { place, readers }: Looking): Promise<Seen> {
  const { client } = asked.world;
  const path = (at: Place) => `/api/v2/video/call/${asked.names.type}/${at}`;
  const [calls, requests, reads, bans, stored] = await Promise.all([
    Promise.all(PLACES.map((at) => client.api<CallBody>('GET', path(at)))),
    Promise.all(PLACES.map((at) => client.api<RequestsBody>('GET', `${path(at)}/permission_requests`, PAGE))),
    Promise.all(readers.map((person) => client.api('GET', path(place), tokenOf(asked, person)))),
    client.api<BansBody>('POST', '/api/v2/moderation/bans/query', { body: bansQuery(asked) }),
    readStore(asked),
  ]);
  const at = <T>(list: readonly T[], key: Place): T => list[PLACES.indexOf(key)] as T;
  return {
    requestIds: idsOf(requests.map((reply) => reply.body)),
    view: {
      calls: each(PLACES, (key) => ({
        ...callView(at(calls, key).body),
        requests: requestTexts(at(requests, key).body),
        mutes: stored.mutes[key],
      })),
      may: stored.may,
      read: each(readers, (person) =>
        readText(reads[readers.indexOf(person)] as Reply<Record<string, unknown>>),
      ),
      bans: bansText(bans.body),
      audits: stored.audits,
      events: stored.events,
    },
  };
}

const bansQuery = ({ names }: Asked) => ({
  filter_conditions: { user_id: { $in: PEOPLE.map(names.person) } },
  limit: 100,
});
const PAGE = { query: { limit: '100' } };

/** How a person's request goes out. */
export const tokenOf = ({ world, names, people }: Asked, person: Person) => ({
  token: world.client.userToken(names.person(person), { iat: people[person].tokenAt / 1000 }),
  headers: { 'x-forwarded-for': people[person].address },
});

const callView = ({ call }: CallBody) => ({
  in: sorted(
    (call.session?.participants ?? []).map(({ user, muted = [] }) =>
      [bare(user.id), ...sorted(muted)].join(' '),
    ),
  ),
  blocked: sorted(call.blocked_user_ids.map(bare)),
  closed: call.backstage,
});

const requestTexts = (body: RequestsBody): string[] =>
  sorted(body.permission_requests.map((row) => `${bare(row.user_id)} ${row.permission} ${row.state}`));

const idsOf = (bodies: RequestsBody[]): Map<string, string> =>
  new Map(
    bodies.flatMap((body, at) =>
      body.permission_requests.map(
        (row) => [`${PLACES[at]} ${bare(row.user_id)} ${row.permission}`, row.id] as const,
      ),
    ),
  );

/** A read as text: the capabilities, or the code and the reason. */
function readText({ status, body }: Reply<Record<string, unknown>>): string {
  if (status === 200) return `200 ${(body.own_capabilities as string[]).join(' ')}`;
  return [`${status}/${body.code}`, ...reasonOf(body)].join(' ');
}

const reasonOf = ({ details }: Record<string, unknown>): string[] =>
  (details as { reason?: string }[]).flatMap(({ reason }) => reason ?? []);

const bansText = ({ bans }: BansBody): string[] =>
  sorted(
    bans.map((ban) =>
      banText(bare(ban.user.id), ban.channel_cid?.split(':')[1] ?? null, {
        reason: ban.reason ?? null,
        until: ban.expires ? Date.parse(ban.expires) : null,
        isIp: ban.ip_ban,
      }),
    ),
  );

/** What no request tells: the counts, the mute records, and who may join, asked without joining. */
function readStore(asked: Asked) {
  const { services } = asked.world;
  return services.database.read(async (snapshot) => {
    const [audits, events, mutes, may] = await Promise.all([
      countOf(snapshot, 'audit_records'),
      countOf(snapshot, 'outbox'),
      mutesOf(snapshot, asked),
      mayOf(snapshot, asked),
    ]);
    return { audits, events, mutes, may };
  });
}

async function countOf(handle: Handle, table: 'audit_records' | 'outbox'): Promise<number> {
  const query = builderOf(handle.engine)
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'));
  return Number((await handle.run(query.compile()))[0]?.count);
}

async function mutesOf(handle: Handle, { names }: Asked): Promise<Record<Place, string[]>> {
  const rows = await handle.run(
    builderOf(handle.engine)
      .selectFrom('call_mutes')
      .select(['cid', 'user_id', 'kind'])
      .where('cid', 'like', `${names.type}:%` as CallCid)
      .compile(),
  );
  return each(PLACES, (place) =>
    sorted(
      rows.flatMap((row) =>
        row.cid === `${names.type}:${place}` ? [`${bare(row.user_id)} ${row.kind}`] : [],
      ),
    ),
  );
}

async function mayOf(handle: Handle, { world, names, people }: Asked): Promise<View['may']> {
  const found = await Promise.all(
    PEOPLE.map(async (person) => {
      const { tokenAt, address } = people[person];
      const asking = {
        userId: names.person(person) as UserId,
        token: { issuedAt: tokenAt, callCids: null, role: null },
        address,
      };
      const policies = await Promise.all(
        PLACES.map((place) =>
          world.services.policy.inCall(handle, asking, `${names.type}:${place}` as CallCid),
        ),
      );
      return policies.map(({ joinRefusal, capabilities }) => ({
        join: joinRefusal ?? MAY,
        can: sorted(capabilities).join(' '),
      }));
    }),
  );
  return each(PEOPLE, (person) =>
    each(PLACES, (place) => found[PEOPLE.indexOf(person)]?.[PLACES.indexOf(place)] ?? { join: '', can: '' }),
  );
}

/** The types of the events that were written after `time`. */
export async function eventTypesSince({ world }: Asked, time: number): Promise<string[]> {
  const { database } = world.services;
  const rows = await database.read((snapshot) =>
    snapshot.run(
      builderOf(snapshot.engine).selectFrom('outbox').select('type').where('created_at', '>', time).compile(),
    ),
  );
  return sorted(rows.map((row) => row.type));
}
