import { cidOf, type QueryCallsRequest } from '@callgate/contract';
import { notAllowed, notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { callTypes } from '../call-types/index.ts';
import { askedBy, type Caller } from '../policy/index.ts';
import { listCalls, pairOf, type Readable } from './call-list.store.ts';
import { callState } from './call-view.ts';
import { rememberCalls } from './calls.store.ts';
import type { Reader, Reads } from './get-call.ts';

/**
 * A page of calls with what the reader may do in each; a user token finds only calls that it may read. 400/4 for a
 * wrong filter, sort or cursor. Watching them is the transport's second step.
 */
export function queryCalls(
  { database, clock, policy }: Reads,
  { caller, address }: Reader,
  input: QueryCallsRequest,
) {
  if (caller.kind === 'anonymous') throw notAllowed('anonymous people do not search calls');
  return database.read(async (snapshot) => {
    const { watch: _, members_limit: membersLimit, ...list } = input;
    const now = clock.now();
    const readable = caller.kind === 'user' ? await readableFor(policy, snapshot, caller, now) : undefined;
    const { items, ...links } = await listCalls(snapshot, list, readable);
    rememberCalls(snapshot, items);
    const states = await Promise.all(
      items.map(async (row) => {
        const mine =
          caller.kind === 'user'
            ? await policy.inCall(snapshot, askedBy(caller, address), row.cid)
            : undefined;
        // The database has left out what cannot be read; policy has the last word.
        return mine?.readRefusal ? undefined : callState(snapshot, row, { now, mine, membersLimit });
      }),
    );
    return { calls: states.filter((state) => state !== undefined), ...links };
  });
}

/** What the database needs to know to find the calls that a user may read. */
async function readableFor(
  policy: Reads['policy'],
  snapshot: Handle,
  { userId, token }: Extract<Caller, { kind: 'user' }>,
  now: number,
): Promise<Readable> {
  const [types, user, app] = await Promise.all([
    callTypes(snapshot),
    policy.sources.user(snapshot, userId),
    policy.sources.app(snapshot),
  ]);
  if (!user) throw notFound('user', userId);
  const readers = [...types.values()].flatMap(({ name, grants }) =>
    Object.keys(grants).flatMap((role) => (grants[role]?.includes('read-call') ? [{ name, role }] : [])),
  );
  const claimedTypes = readers.filter(({ role }) => role === token.role).map(({ name }) => name);
  return {
    userId,
    now,
    types: readers.filter(({ role }) => role === user.role).map(({ name }) => name),
    pairs: readers.map(({ name, role }) => pairOf(name, role)),
    claimed: (token.callCids ?? []).filter((cid) =>
      claimedTypes.some((name) => cid.startsWith(cidOf(name, ''))),
    ),
    teams: app.multiTenant ? user.teams : null,
  };
}
