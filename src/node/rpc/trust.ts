import { lives, type Role } from '../../base/identity.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import {
  type ApproveDeviceRequest, type CreateInviteRequest, type RenewRequest, type RenewResponse, type RevokeDeviceRequest, type RevokeInviteRequest, type Role as WireRole, type SetRoleRequest,
} from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type CertificateRow, type DeviceRow } from '../state/trust-rows.ts';
import { roleFromWire } from '../state/trust-view.ts';
import { auditActions } from '../statements/audit.ts';
import { createInviteEntry, revokeInviteEntry } from '../statements/invites.ts';
import { approveEntry, renewEntry, revokeDeviceEntry, setRoleEntry } from '../statements/trust.ts';
import { auditOf } from './audit.ts';
import { type Admitted } from './auth.ts';
import { type EnrollPorts } from './enroll.ts';
import { issue, readRequest } from './issuing.ts';
import { inWords, refusalOf } from './refused.ts';
import { requireLeader, submit } from './submit.ts';
import * as valid from './validate.ts';

/** What the trust service needs is what enrolling needs. */
export type TrustPorts = EnrollPorts;

export const trustLimits = { invitesOpenMax: 1_000, inviteLifeMsMax: 31 * 86_400_000, usesMax: 100 } as const;

/** Asked again for the same key within this time, Renew answers the certificate that it recorded then: its answer was lost, perhaps. */
const renewedLatelyMs = 60_000;

/** A fresh certificate for the caller. The one that it has stays good until it ends. */
export async function renew({ certificateRequest }: RenewRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<RenewResponse> {
  if (who.kind !== 'device') throw new RpcError(status.unauthenticated, refusals.certificateRequired);
  return { chain: (await renewFor(who.id, certificateRequest, call, who, ports)).map((each) => Buffer.from(each)) };
}

/** Signs and records a certificate of an active device, on the leader. */
export function renewFor(id: string, request: Uint8Array, call: Pick<Call, 'signal' | 'deadlineMs'>, who: Admitted, ports: TrustPorts): Promise<readonly Uint8Array[]> {
  requireLeader(ports.consensus);
  return change(call, 'Renew', ports, async (signal) => {
    const { keyHash } = await readRequest(request, id, ports.pki);
    if (ports.reads.trust.device(id)?.state !== 'active') throw new RpcError(status.permissionDenied, refusals.revoked);
    const newest = ports.reads.trust.newestCertificate(id);
    const nowMs = ports.clock.nowMs();
    if (newest?.keyHash === keyHash && isFresh(newest, nowMs)) return newest.chain;
    const { chain, record: certificate } = await issue(request, id, ports, signal);
    const audit = auditOf(who, auditActions.renew, id, { key: keyHash, fingerprint: certificate.fingerprint }, ports);
    await submit(ports.consensus, renewEntry({ deviceId: id, nowMs, certificate, audit, forgetBeforeMs: nowMs - lives.graceMs }), signal);
    return chain;
  });
}

function isFresh({ notBeforeMs, notAfterMs }: CertificateRow, nowMs: number): boolean {
  return nowMs - notBeforeMs - lives.backdateMs < renewedLatelyMs && notAfterMs > nowMs + lives.renewAfterMs;
}

/** The same invite asked for again is there already. */
export async function createInvite(request: CreateInviteRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  const { id, note } = { id: valid.inviteId(request.id), note: valid.label(request.note, 'note') };
  const tokenHash = valid.hash(request.tokenHash, 'token hash');
  const role = roleIn(request.role);
  const expiresAtMs = Number(request.expiresAtMs);
  const nowMs = ports.clock.nowMs();
  if (!(expiresAtMs > nowMs && expiresAtMs <= nowMs + trustLimits.inviteLifeMsMax)) throw new RpcError(status.invalidArgument, 'expiry is invalid: at most 31 days from now');
  if (request.usesMax < 1 || request.usesMax > trustLimits.usesMax) throw new RpcError(status.invalidArgument, `uses are invalid: 1 to ${trustLimits.usesMax}`);
  return change(call, 'CreateInvite', ports, async (signal) => {
    const stands = ports.reads.trust.invite(id);
    if (stands) {
      if (Buffer.from(stands.tokenHash).equals(tokenHash) && who.kind === 'device' && stands.createdBy === who.id) return {};
      throw refusalOf('id-taken');
    }
    const open = ports.reads.trust.invites().filter((each) => each.revokedAtMs === 0 && each.expiresAtMs > nowMs && each.uses < each.usesMax);
    if (open.length >= trustLimits.invitesOpenMax) throw new RpcError(status.resourceExhausted, `at most ${trustLimits.invitesOpenMax} open invites`);
    const { needsApproval, usesMax } = request;
    const audit = auditOf(who, auditActions.createInvite, id, { role, uses: String(usesMax), expiresAtMs: String(expiresAtMs), approval: String(needsApproval), note }, ports);
    await submit(ports.consensus, createInviteEntry({ id, tokenHash, role, nowMs, expiresAtMs, usesMax, needsApproval, note, audit }), signal);
    return {};
  });
}

/** What was redeemed stays. An invite that is revoked already stays revoked. */
export async function revokeInvite({ id }: RevokeInviteRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  valid.inviteId(id);
  return change(call, 'RevokeInvite', ports, async (signal) => {
    const invite = ports.reads.trust.invite(id);
    if (!invite) throw new RpcError(status.notFound, 'invite not found');
    if (invite.revokedAtMs !== 0) return {};
    await submit(ports.consensus, revokeInviteEntry({ id, nowMs: ports.clock.nowMs(), audit: auditOf(who, auditActions.revokeInvite, id, {}, ports) }), signal);
    return {};
  });
}

/** Signs and records what a device that waits asked for. One that is active already is accepted already. */
export async function approveDevice({ id }: ApproveDeviceRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  return change(call, 'ApproveDevice', ports, async (signal) => {
    const device = known(id, ports);
    if (device.state === 'active') return {};
    if (device.state === 'revoked' || device.certificateRequest === null) throw refusalOf('not-pending');
    const { record: certificate } = await issue(device.certificateRequest, id, ports, signal);
    const audit = auditOf(who, auditActions.approve, id, { key: certificate.keyHash, fingerprint: certificate.fingerprint, name: device.name }, ports);
    await submit(ports.consensus, approveEntry({ deviceId: id, nowMs: ports.clock.nowMs(), certificate, audit }), signal);
    return {};
  });
}

/** For ever. Also of a device that waits: that is how it is refused. */
export async function revokeDevice({ id }: RevokeDeviceRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  return change(call, 'RevokeDevice', ports, async (signal) => {
    const device = known(id, ports);
    if (device.state === 'revoked') return {};
    keepAnAdmin(device, null, ports);
    const audit = auditOf(who, auditActions.revokeDevice, id, { name: device.name, role: device.role }, ports);
    await submit(ports.consensus, revokeDeviceEntry({ deviceId: id, nowMs: ports.clock.nowMs(), audit }), signal);
    return {};
  });
}

export async function setRole({ id, role: wanted }: SetRoleRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  const role = roleIn(wanted);
  return change(call, 'SetRole', ports, async (signal) => {
    const device = known(id, ports);
    if (device.state === 'revoked') throw refusalOf('revoked');
    if (device.role === role) return {};
    keepAnAdmin(device, role, ports);
    const audit = auditOf(who, auditActions.setRole, id, { from: device.role, to: role }, ports);
    await submit(ports.consensus, setRoleEntry({ deviceId: id, role, nowMs: ports.clock.nowMs(), audit }), signal);
    return {};
  });
}

/** One after another, on a leader that was confirmed: these read what they then write. */
export function change<T>(call: Pick<Call, 'signal' | 'deadlineMs'>, what: string, { serialiser, consensus }: TrustPorts, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return serialiser.run(call, what, (signal) => inWords(what, async () => {
    await consensus.linearizable(signal);
    return work(signal);
  }));
}

function known(id: string, { reads }: TrustPorts): DeviceRow {
  const device = reads.trust.device(id);
  if (!device) throw new RpcError(status.notFound, 'device not found');
  return device;
}

/** A mesh without an admin could never change its mind about anything. */
function keepAnAdmin({ id, role, state }: DeviceRow, next: Role | null, { reads }: TrustPorts): void {
  if (role !== 'admin' || state !== 'active' || next === 'admin') return;
  if (!reads.trust.devices().some((each) => each.id !== id && each.role === 'admin' && each.state === 'active')) throw refusalOf('last-admin');
}

function roleIn(role: WireRole): Role {
  const known = roleFromWire(role);
  if (!known) throw new RpcError(status.invalidArgument, 'role is invalid');
  return known;
}
