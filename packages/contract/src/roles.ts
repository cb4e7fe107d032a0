import { canonicalRole } from './schemas/roles.ts';

export { canonicalRole };

/**
 * The roles that ship with the server, each with its rank (api.md 0.3, 2.2): a user token acts only on
 * people of lower rank. Custom roles default to 0.
 */
export const BUILT_IN_ROLES = {
  admin: { rank: 400 },
  moderator: { rank: 300 },
  host: { rank: 200 },
  user: { rank: 0 },
  guest: { rank: 0 },
  anonymous: { rank: 0 },
  speaker: { rank: 0 },
  viewer: { rank: 0 },
  broadcaster: { rank: 0 },
  call_member: { rank: 0 },
} as const satisfies Record<string, { rank: number }>;

export type BuiltInRole = keyof typeof BUILT_IN_ROLES;
export const BUILT_IN_ROLE_NAMES = Object.keys(BUILT_IN_ROLES) as BuiltInRole[];

/**
 * While a kind is on request, these do not hold it by their grants: they ask, and hold it once granted
 * (api.md 0.1). Every other role keeps its grants.
 */
export const BASE_ROLES = ['user', 'call_member', 'guest', 'anonymous', 'viewer'] as const;
const base: ReadonlySet<string> = new Set(BASE_ROLES);
export const isBaseRole = (role: string): boolean => base.has(role);
