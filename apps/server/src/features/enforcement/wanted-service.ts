import type { Handle } from '../../storage/database.ts';
import type { ServiceGrants, ServiceRow, ServiceRules, WantedMedia } from '../media/index.ts';
import type { PolicyReader, RefusalReason } from '../policy/index.ts';

/** Why a participant that belongs to no user must go; null: it may stay. Rules about people are not about it. */
export async function serviceRefusal(
  handle: Handle,
  { policy, services }: { policy: PolicyReader; services: ServiceRules },
  { cid, service_kind: kind, service_key }: Pick<ServiceRow, 'cid' | 'service_kind' | 'service_key'>,
): Promise<RefusalReason | null> {
  const call = await policy.sources.call(handle, cid);
  if (!call || call.endedAt !== null) return 'ended';
  const isLetIn =
    service_key === null ? services.mayDial(kind) : services.key(service_key)?.kinds.includes(kind) === true;
  return isLetIn ? null : 'no_capability';
}

/** What its token asks for, within what its key is good for now. Null: it dialled by itself, and has what it has. */
export function wantedOfService(row: ServiceRow, { key }: ServiceRules): WantedMedia | null {
  const { id, service_kind, service_key, service_name, service_grants, hidden } = row;
  if (service_key === null) return null;
  const asked: ServiceGrants = JSON.parse(
    service_grants ?? '{"kinds":[],"sendsData":false,"receives":false}',
  );
  const publishes = key(service_key)?.publishes === true;
  return {
    kinds: new Set(publishes ? asked.kinds : []),
    ...{ muted: new Set(), hiddenPeople: new Set(), hidesPeople: false },
    sendsData: publishes && asked.sendsData,
    receives: asked.receives,
    isHidden: hidden === 1,
    name: service_name ?? '',
    metadata: JSON.stringify({ session_id: id, service: { kind: service_kind, key: service_key } }),
    service: service_kind,
  };
}
