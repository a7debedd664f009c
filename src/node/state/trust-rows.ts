import { type Role, roles } from '../../base/identity.ts';
import { type SqlValue } from '../ports.ts';
import { bytesOf, integerOf, textOf } from './values.ts';

export type DeviceState = 'pending' | 'active' | 'revoked';

export interface DeviceRow {
  readonly id: string;
  readonly role: Role;
  readonly state: DeviceState;
  readonly name: string;
  /** Id of the device that made the invite; empty for the founder. */
  readonly invitedBy: string;
  readonly inviteId: string;
  /** Of its newest key, lower-case hex. */
  readonly keyHash: string;
  /** PKCS#10, of a pending device. */
  readonly certificateRequest: Uint8Array | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number;
}

export interface CertificateRow {
  readonly fingerprint: string;
  readonly deviceId: string;
  readonly keyHash: string;
  /** The device's certificate, the authority that signed it, the root. DER. */
  readonly chain: readonly Uint8Array[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface InviteRow {
  readonly id: string;
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly role: Role;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly uses: number;
  readonly usesMax: number;
  readonly needsApproval: boolean;
  readonly revokedAtMs: number;
  readonly note: string;
}

export interface AuthorityRow {
  readonly nodeId: string;
  readonly certificateRequest: Uint8Array | null;
  readonly certificate: Uint8Array | null;
  readonly notAfterMs: number;
}

export function deviceRow([id, role, state, name, invitedBy, inviteId, keyHash, request, createdAt, revokedAt]: readonly SqlValue[]): DeviceRow {
  return {
    id: textOf(id), role: roleOf(role), state: stateOf(state), name: textOf(name), invitedBy: textOf(invitedBy), inviteId: textOf(inviteId),
    keyHash: textOf(keyHash), certificateRequest: request === null ? null : bytesOf(request), createdAtMs: integerOf(createdAt), revokedAtMs: integerOf(revokedAt),
  };
}

export function inviteRow(row: readonly SqlValue[]): InviteRow {
  const [id, tokenHash, role, createdBy, createdAt, expiresAt, uses, usesMax, needsApproval, revokedAt, note] = row;
  return {
    id: textOf(id), tokenHash: bytesOf(tokenHash), role: roleOf(role), createdBy: textOf(createdBy), createdAtMs: integerOf(createdAt),
    expiresAtMs: integerOf(expiresAt), uses: integerOf(uses), usesMax: integerOf(usesMax), needsApproval: integerOf(needsApproval) !== 0, revokedAtMs: integerOf(revokedAt), note: textOf(note),
  };
}

/** The schema admits no other values. Should there be one all the same, it is the least. */
export const roleOf = (value: SqlValue | undefined): Role => roles.find((role) => role === value) ?? 'guest';
export const stateOf = (value: SqlValue | undefined): DeviceState => (value === 'active' || value === 'pending' ? value : 'revoked');
