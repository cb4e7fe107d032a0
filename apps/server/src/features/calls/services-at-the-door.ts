import type { CallCid, SessionId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { notAllowed, notFound } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import { type Judge, serviceRefusal } from '../enforcement/index.ts';
import { appendEvents } from '../events/index.ts';
import {
  countServices,
  endGoneService,
  findDialled,
  hasLeft,
  isService,
  type JoinClaims,
  moveService,
  type SeenParticipant,
  type ServiceClaims,
  type ServiceRow,
} from '../media/index.ts';
import { refusal } from '../policy/index.ts';
import { activateService, addService, serviceLeft } from './service-participants.ts';

/** Services that the door lets into one call; each needs a token of its own. */
const MOST_OF_CALL = 100;

type Deps = Pick<Judge, 'policy' | 'services'> & { clock: Clock };
type Claims = JoinClaims & { service: ServiceClaims };

/** Throws what the door answers to a service that comes for the first time: 404/16 without the call, 403/17. */
export async function demandService(
  handle: Handle,
  deps: Deps,
  { cid, service: { kind, key } }: Claims,
): Promise<void> {
  if (!(await deps.policy.sources.call(handle, cid))) throw notFound('call', cid);
  const refused = await serviceRefusal(handle, deps, { cid, service_kind: kind, service_key: key });
  if (refused !== null) throw refusal(refused);
  if ((await countServices(handle, cid)) >= MOST_OF_CALL)
    throw notAllowed(`more than ${MOST_OF_CALL} services in this call`);
}

/** (a) No join made the session of a service: the door does. Hold `call:<cid>`. */
export async function issueService(tx: Tx, deps: Deps, claims: Claims): Promise<ServiceRow> {
  await demandService(tx, deps, claims);
  const { sessionId: id, cid, identity, service } = claims;
  const row = {
    ...({ id, cid, identity, state: 'issued', participantSid: null, isHidden: service.isHidden } as const),
    ...{ service_kind: service.kind, service_key: service.key, service_name: service.name },
    service_grants: JSON.stringify(service.grants),
  };
  return addService(tx, row, deps.clock.now());
}

type FoundDeps = Deps & { database: Database };

/**
 * Whether a service may be where it dialled by itself; one that may is noted as in the call. A name that was removed from the
 * call does not come into it again: there is no other way to know its token.
 */
export async function foundService(deps: FoundDeps, cid: CallCid, seen: SeenParticipant): Promise<boolean> {
  const known = await deps.database.read((snapshot) => findDialled(snapshot, cid, seen.identity));
  if (known?.end_reason === 'kicked') return false;
  if (known?.participant_sid === seen.sid) return true;
  return deps.database.write((tx) => takeIn(tx, deps, cid, seen));
}

async function takeIn(tx: Tx, deps: FoundDeps, cid: CallCid, seen: SeenParticipant): Promise<boolean> {
  const { identity, sid, service: kind, isHidden, name } = seen;
  await tx.lock(`call:${cid}`);
  if (kind === null) return false;
  const known = await findDialled(tx, cid, identity);
  if (known?.end_reason === 'kicked') return false;
  if ((await serviceRefusal(tx, deps, { cid, service_kind: kind, service_key: null })) !== null) return false;
  if (await hasLeft(tx, cid, identity, sid)) return true;
  if (known) {
    await moveService(tx, known.id, sid);
    return true;
  }
  const now = deps.clock.now();
  const id = newId<SessionId>(now);
  const dialled = { service_kind: kind, service_key: null, service_grants: null } as const;
  const shown = { service_name: (name || identity).slice(0, MOST_NAME), isHidden };
  const place = { id, cid, identity, state: 'pending', participantSid: sid } as const;
  await addService(tx, { ...place, ...dialled, ...shown }, now);
  await activateService(tx, id, now);
  return true;
}

/** Characters that are kept of what a service calls itself. */
const MOST_NAME = 128;

/** Ends the session of a service that dialled by itself and is gone, unless another connection stands for it by now. */
export async function endDialled(
  tx: Tx,
  deps: { clock: Clock },
  row: ServiceRow,
  { sid, reason }: { sid: string; reason: 'left' | 'timeout' },
): Promise<void> {
  const now = deps.clock.now();
  const ended = await endGoneService(tx, row.id, sid, { now, reason });
  if (ended && isService(ended)) await appendEvents(tx, [serviceLeft(ended, reason)], now);
}
