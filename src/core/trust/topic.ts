import type { DeviceView, InviteView, TrustTopic } from '../../contract/state.ts';
import type { CertificateFacts, Pki } from '../../base/pki.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import { type Device, DeviceState, type Invite, type TrustView } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import type { Profile } from '../profiles.ts';
import { toFingerprint } from './bytes.ts';
import { type NetworkSecrets, rootOf } from './keyring.ts';
import { roleFromWire } from './roles.ts';

export interface TrustInput {
  readonly profile: Pick<Profile, 'trust' | 'nodeId' | 'rootFingerprint'> | undefined;
  /** Null: none, or not read yet. */
  readonly secrets: NetworkSecrets | null;
  /** What the mesh's log says, as the node process here applied it; null while there is none. */
  readonly view: WatchReplicaResponse | null;
  readonly secretsIn: TrustTopic['secretsIn'];
}

/** Who belongs to the present network and what this device holds of it. Pure but for reading certificates; no secret comes out. */
export function trustTopic({ profile, secrets, view, secretsIn }: TrustInput, pki: Pick<Pki, 'readCertificate' | 'digest'>, nowMs: number): TrustTopic {
  const trust = profile?.trust === 'mtls' && view?.trust?.secure === true ? view.trust : null;
  const devices = (trust?.devices ?? []).flatMap((device) => deviceView(device, profile?.nodeId ?? ''));
  return {
    mode: profile?.trust ?? 'none',
    role: devices.find(({ self }) => self)?.role ?? secrets?.role ?? null,
    fingerprint: fingerprintOf(profile, secrets, pki),
    notAfterMs: certificateOf(secrets, pki)?.notAfterMs ?? null,
    root: secrets?.rootKey ? 'here' : secrets?.rootRemoved ? 'removed' : 'elsewhere',
    rootExported: secrets?.rootExported ?? false,
    secretsIn,
    devices,
    invites: (trust?.invites ?? []).flatMap((invite) => inviteView(invite, nowMs)),
    authorities: authoritiesOf(trust),
  };
}

/** SHA-256 of the root: of the certificate that is pinned, else what the invite promised. */
function fingerprintOf(profile: TrustInput['profile'], secrets: NetworkSecrets | null, pki: Pick<Pki, 'digest'>): string | null {
  const root = secrets && rootOf(secrets);
  if (root) return toFingerprint(pki.digest(root));
  return profile?.rootFingerprint ? toFingerprint(Buffer.from(profile.rootFingerprint, 'hex')) : null;
}

/** Reading a certificate costs; the topic is computed ten times a second. */
const factsOf = new WeakMap<Uint8Array, CertificateFacts>();

function certificateOf(secrets: NetworkSecrets | null, pki: Pick<Pki, 'readCertificate'>): CertificateFacts | undefined {
  const certificate = secrets?.chain[0];
  if (!certificate) return undefined;
  try {
    const facts = factsOf.get(certificate) ?? pki.readCertificate(certificate);
    factsOf.set(certificate, facts);
    return facts;
  } catch {
    return undefined; // The session says what is wrong with it when it is used.
  }
}

const states: Readonly<Record<number, DeviceView['state']>> = {
  [DeviceState.DEVICE_STATE_PENDING]: 'pending', [DeviceState.DEVICE_STATE_ACTIVE]: 'active', [DeviceState.DEVICE_STATE_REVOKED]: 'revoked',
};

/** A row that makes no sense to this version is left out. */
function deviceView(device: Device, nodeId: string): readonly DeviceView[] {
  const role = roleFromWire(device.role);
  const state = states[device.state];
  if (role === null || state === undefined) return [];
  return [{
    id: device.id, self: device.id === nodeId, name: device.name, role, state, invitedBy: device.invitedBy, createdAtMs: Number(device.createdAtMs),
    revokedAtMs: msOrNull(device.revokedAtMs), notAfterMs: msOrNull(device.certificateNotAfterMs), keyFingerprint: toFingerprint(device.keyHash),
  }];
}

function inviteView(invite: Invite, nowMs: number): readonly InviteView[] {
  const role = roleFromWire(invite.role);
  if (role === null) return [];
  return [{
    id: invite.id, role, state: stateOf(invite, nowMs), createdBy: invite.createdBy, createdAtMs: Number(invite.createdAtMs), expiresAtMs: Number(invite.expiresAtMs),
    uses: invite.uses, usesMax: invite.usesMax, needsApproval: invite.needsApproval, note: invite.note,
  }];
}

/** By our clock; the mesh decides by the leader's. */
function stateOf({ revokedAtMs, uses, usesMax, expiresAtMs }: Invite, nowMs: number): InviteView['state'] {
  if (revokedAtMs > 0n) return 'revoked';
  if (uses >= usesMax) return 'used';
  return Number(expiresAtMs) <= nowMs ? 'expired' : 'open';
}

function authoritiesOf(trust: TrustView | null): TrustTopic['authorities'] {
  return (trust?.authorities ?? []).map(({ nodeId, certificate, notAfterMs }) => ({ nodeId, granted: certificate.length > 0, notAfterMs: msOrNull(notAfterMs) }));
}

function msOrNull(ms: bigint): number | null {
  return ms > 0n ? Number(ms) : null;
}
