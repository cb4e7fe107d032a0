import { canonicalRole, type RoleName, type UpdateCallTypeRequest } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { requireRoles } from '../roles/index.ts';

/** 400/4 naming `grants.<role>` for a role that does not exist. */
export const requireGrantedRoles = (tx: Tx, grants: UpdateCallTypeRequest['grants']): Promise<void> =>
  requireRoles(
    tx,
    Object.keys(grants ?? {}).map((role) => ({
      field: `grants.${role}`,
      role: canonicalRole(role as RoleName),
    })),
  );
