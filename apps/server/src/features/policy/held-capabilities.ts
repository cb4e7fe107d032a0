import {
  type Capability,
  isBaseRole,
  REQUESTABLE,
  type Requestable,
  type RoleName,
} from '@callgate/contract';
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
  kinds: Readonly<Record<Requestable, KindState>>,
): ReadonlySet<Capability> {
  const { granted, revoked } = facts.participation;
  const granting = grantedToAll(facts, roles, kinds);
  const isOff = REQUESTABLE.some((kind) => kinds[kind] === 'off');
  const isPlain = granted.size === 0 && revoked.size === 0 && !isOff;
  if (isPlain && !isVisitor(facts.person.role) && !facts.hidden) return granting;
  const held = new Set(granting);
  for (const capability of granted) held.add(capability);
  for (const capability of revoked) held.delete(capability);
  for (const kind of REQUESTABLE) if (kinds[kind] === 'off') held.delete(kind);
  if (isVisitor(facts.person.role)) held.delete('create-call');
  if (facts.hidden) for (const capability of PUBLISHING) held.delete(capability);
  return held;
}

/** Unions made so far, per table of grants: nearly all people have one of a few combinations of roles. */
const unions = new WeakMap<object, Map<string, ReadonlySet<Capability>>>();
/** Tokens can claim any role, so that combinations have no end. */
const UNIONS_MAX = 256;

function grantedToAll(
  facts: PolicyFacts,
  roles: readonly RoleName[],
  kinds: Readonly<Record<Requestable, KindState>>,
): ReadonlySet<Capability> {
  const { grants } = facts.call;
  let known = unions.get(grants);
  if (known === undefined || known.size >= UNIONS_MAX) {
    known = new Map();
    unions.set(grants, known);
  }
  // Names of roles hold no comma.
  const key = `${roles.join()},${kinds['send-audio']},${kinds['send-video']},${kinds.screenshare}`;
  let union = known.get(key);
  if (union === undefined) {
    union = new Set(roles.flatMap((role) => grantedBy(facts, role, kinds)));
    known.set(key, union);
  }
  return union;
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
