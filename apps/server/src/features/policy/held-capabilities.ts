import { type Capability, isBaseRole, REQUESTABLE, type RoleName } from '@callgate/contract';
import type { KindState } from './kinds.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** What a hidden participant cannot do, whatever they hold: they publish nothing (api.md 0.16). */
const PUBLISHING = ['send-audio', 'send-video', 'screenshare', 'send-data'] as const;

/** Application role, call role, and the token's role where the token names this call; each once. */
export function effectiveRoles({ person, participation, token, call }: PolicyFacts): RoleName[] {
  const roles = [person.role];
  if (participation.memberRole !== null) roles.push(participation.memberRole);
  if (token?.role && token.callCids?.includes(call.cid)) roles.push(token.role);
  return [...new Set(roles)];
}

/** Union of the roles' grants, per-call grants and revocations over it, then what nothing can grant. */
export function heldCapabilities(
  facts: PolicyFacts,
  roles: readonly RoleName[],
  kinds: Readonly<Record<string, KindState>>,
): ReadonlySet<Capability> {
  const held = new Set(roles.flatMap((role) => grantedBy(facts, role, kinds)));
  for (const capability of facts.participation.granted) held.add(capability);
  for (const capability of facts.participation.revoked) held.delete(capability);
  for (const kind of REQUESTABLE) if (kinds[kind] === 'off') held.delete(kind);
  if (isVisitor(facts.person.role)) held.delete('create-call');
  if (facts.hidden) for (const capability of PUBLISHING) held.delete(capability);
  return held;
}

/** A role's grants in the call, for base roles without the kinds that are on request. */
function grantedBy(
  { call }: PolicyFacts,
  role: RoleName,
  kinds: Readonly<Record<string, KindState>>,
): readonly Capability[] {
  const grants = grantsOf(call.grants, role);
  return isBaseRole(role) ? grants.filter((capability) => kinds[capability] !== 'on_request') : grants;
}

/** Own keys only: a role may be called `constructor`. */
const grantsOf = (
  grants: Readonly<Record<string, readonly Capability[]>>,
  role: RoleName,
): readonly Capability[] => (Object.hasOwn(grants, role) ? (grants[role] ?? []) : []);

/** People without an account of their own: they create no calls, whatever is granted (api.md 0.5). */
const isVisitor = (role: RoleName): boolean => role === 'guest' || role === 'anonymous';
