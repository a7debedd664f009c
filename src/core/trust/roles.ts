import { type Role, roles } from '../../base/identity.ts';
import { Role as Wire } from '../../gen/webmesh/trust/v1/trust_messages.ts';

const wire: Readonly<Record<Role, Wire>> = { guest: Wire.ROLE_GUEST, member: Wire.ROLE_MEMBER, admin: Wire.ROLE_ADMIN };

export function roleToWire(role: Role): Wire {
  return wire[role];
}

/** Null for a number that is no role. */
export function roleFromWire(value: number): Role | null {
  return roles.find((role) => wire[role] === value) ?? null;
}
