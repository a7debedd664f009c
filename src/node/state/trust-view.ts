import { type Role } from '../../base/identity.ts';
import { DeviceState, Role as WireRole, type TrustView } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type AuthorityRow, type DeviceRow, type InviteRow } from './trust-rows.ts';

const wireRoles: Readonly<Record<Role, WireRole>> = { guest: WireRole.ROLE_GUEST, member: WireRole.ROLE_MEMBER, admin: WireRole.ROLE_ADMIN };
const wireStates: Readonly<Record<DeviceRow['state'], DeviceState>> = {
  pending: DeviceState.DEVICE_STATE_PENDING, active: DeviceState.DEVICE_STATE_ACTIVE, revoked: DeviceState.DEVICE_STATE_REVOKED,
};

export const roleToWire = (role: Role): WireRole => wireRoles[role];

/** The role in a request; undefined when it is none of the three. */
export function roleFromWire(role: WireRole): Role | undefined {
  return (Object.keys(wireRoles) as Role[]).find((each) => wireRoles[each] === role);
}

interface Tables {
  secure(): boolean;
  rootCertificate(): Uint8Array | undefined;
  devices(): readonly DeviceRow[];
  certificateEnds(): ReadonlyMap<string, number>;
  invites(): readonly InviteRow[];
  authorities(): readonly AuthorityRow[];
}

/** The trust tables as the API gives them. */
export function trustView(reads: Tables): TrustView {
  const none = Buffer.alloc(0);
  const ends = reads.certificateEnds();
  return {
    secure: reads.secure(),
    rootCertificate: Buffer.from(reads.rootCertificate() ?? none),
    devices: reads.devices().map((device) => ({
      id: device.id, role: roleToWire(device.role), state: wireStates[device.state], name: device.name, invitedBy: device.invitedBy, inviteId: device.inviteId,
      createdAtMs: BigInt(device.createdAtMs), revokedAtMs: BigInt(device.revokedAtMs),
      certificateNotAfterMs: BigInt(ends.get(device.id) ?? 0), keyHash: Buffer.from(device.keyHash, 'hex'),
    })),
    invites: reads.invites().map((invite) => ({
      id: invite.id, role: roleToWire(invite.role), createdBy: invite.createdBy, createdAtMs: BigInt(invite.createdAtMs),
      expiresAtMs: BigInt(invite.expiresAtMs), uses: invite.uses, usesMax: invite.usesMax, needsApproval: invite.needsApproval, revokedAtMs: BigInt(invite.revokedAtMs), note: invite.note,
    })),
    authorities: reads.authorities().map(({ nodeId, certificateRequest, certificate, notAfterMs }) => ({
      nodeId, certificateRequest: Buffer.from(certificateRequest ?? none), certificate: Buffer.from(certificate ?? none), notAfterMs: BigInt(notAfterMs),
    })),
  };
}
