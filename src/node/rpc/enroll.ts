import { equalInConstantTime } from '../../base/constant-time.ts';
import { deviceIdPattern } from '../../base/identity.ts';
import { type RequestFacts } from '../../base/pki.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { type EnrollRequest, type EnrollResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type Consensus } from '../ports.ts';
import { type MeshReads } from '../state/reads.ts';
import { type CertificateRow, type DeviceRow, type InviteRow } from '../state/trust-rows.ts';
import { roleToWire } from '../state/trust-view.ts';
import { auditActions } from '../statements/audit.ts';
import { networkNameKey } from '../statements/keys.ts';
import { enrolEntry, pendingDeviceEntry } from '../statements/trust.ts';
import { auditOf } from './audit.ts';
import { type Admitted } from './auth.ts';
import { issue, type IssuingPorts, readRequest } from './issuing.ts';
import { inWords, reasonOf, refusalOf } from './refused.ts';
import { type Serialiser, submit } from './submit.ts';
import * as valid from './validate.ts';

export interface EnrollPorts extends IssuingPorts {
  readonly consensus: Consensus;
  readonly reads: MeshReads;
  readonly serialiser: Serialiser;
}

const tokenBytes = 32;
const attemptsMax = 3;

/** The request with its token proven and every field checked. */
interface Applicant {
  readonly invite: InviteRow;
  readonly id: string;
  readonly name: string;
  readonly request: Uint8Array;
  readonly keyHash: string;
}

/**
 * Enroll on the leader: the token is proven, the request signed, and one entry takes a use of the invite and records device and certificate.
 * Asked again with the same key and invite it answers what was recorded, also when the invite is over by now.
 * Refusals: unauthenticated (unknown invite or wrong token: one answer for both); invalidArgument; failedPrecondition (expired, used up,
 * revoked); alreadyExists (id or key of another device); permissionDenied (revoked); unavailable (nobody can sign).
 */
export async function enroll(request: EnrollRequest, call: Call, who: Admitted, ports: EnrollPorts): Promise<EnrollResponse> {
  return ports.serialiser.run(call, 'Enroll', async (signal) => {
    await ports.consensus.linearizable(signal);
    const applicant = await proven(request, ports);
    return inWords('Enroll', () => admitted(applicant, who, ports, signal));
  });
}

/** Nothing of the request but the token is looked at before the token is proven; and a token is compared also where there is no invite. */
async function proven({ inviteId, token, certificateRequest, nodeId, deviceName }: EnrollRequest, { reads, pki }: EnrollPorts): Promise<Applicant> {
  const invite = reads.trust.invite(inviteId);
  const wanted = pki.digest(invite?.tokenHash ?? new Uint8Array(tokenBytes));
  const equal = equalInConstantTime(pki.digest(pki.digest(token)), wanted);
  if (!invite || !equal || token.length !== tokenBytes) throw new RpcError(status.unauthenticated, refusals.inviteUnknown);
  if (!deviceIdPattern.test(nodeId)) throw new RpcError(status.invalidArgument, 'node id is invalid: at most 63 letters, digits, dots, underscores and hyphens');
  const facts: RequestFacts = await readRequest(certificateRequest, nodeId, pki);
  return { invite, id: nodeId, name: valid.label(deviceName, 'device name'), request: new Uint8Array(certificateRequest), keyHash: facts.keyHash };
}

/** Proposes until the outcome is clear: what changed meanwhile, only an earlier leader's entry can have changed. */
async function admitted(applicant: Applicant, who: Admitted, ports: EnrollPorts, signal: AbortSignal): Promise<EnrollResponse> {
  for (let attempt = 1; ; attempt++) {
    const known = knownAs(applicant, ports);
    if (known) return known;
    refuseSpent(applicant.invite, ports);
    if (ports.reads.trust.device(applicant.id)) throw refusalOf('id-taken');
    try {
      await record(applicant, who, ports, signal);
    } catch (error) {
      if (reasonOf(error) === 'revoked') throw new RpcError(status.failedPrecondition, refusals.inviteRevoked, error);
      if (attempt === attemptsMax || reasonOf(error) !== 'already-enrolled') throw error;
    }
  }
}

/** The answer to an applicant that enrolled before with this invite and key; undefined for a new one. */
function knownAs({ invite, id, keyHash }: Applicant, ports: EnrollPorts): EnrollResponse | undefined {
  const before = ports.reads.trust.enrolled(invite.id, keyHash);
  if (!before) return undefined;
  const { device, certificate } = before;
  if (device.state === 'revoked') throw new RpcError(status.permissionDenied, refusals.revoked);
  if (device.id !== id) throw refusalOf('key-taken');
  return response(device, certificate, ports);
}

function refuseSpent({ revokedAtMs, expiresAtMs, uses, usesMax }: InviteRow, { clock }: EnrollPorts): void {
  const problem = revokedAtMs !== 0 ? refusals.inviteRevoked : expiresAtMs <= clock.nowMs() ? refusals.inviteExpired : uses >= usesMax ? refusals.inviteUsed : null;
  if (problem !== null) throw new RpcError(status.failedPrecondition, problem);
}

/** One entry, whole. */
async function record({ invite, id, name, request, keyHash }: Applicant, who: Admitted, ports: EnrollPorts, signal: AbortSignal): Promise<void> {
  const action = invite.needsApproval ? auditActions.requestDevice : auditActions.enroll;
  const audit = auditOf(who, action, id, { invite: invite.id, key: keyHash, name, role: invite.role }, ports);
  const device = { inviteId: invite.id, deviceId: id, name, nowMs: ports.clock.nowMs(), audit };
  if (invite.needsApproval) return submit(ports.consensus, pendingDeviceEntry({ ...device, keyHash, certificateRequest: request }), signal);
  const { record: certificate } = await issue(request, id, ports, signal);
  return submit(ports.consensus, enrolEntry({ ...device, certificate }), signal);
}

function response({ role, state }: DeviceRow, certificate: CertificateRow | undefined, { reads }: EnrollPorts): EnrollResponse {
  const base = { role: roleToWire(role), networkName: reads.get(networkNameKey) ?? '' };
  if (state === 'pending') return { ...base, pending: true, chain: [] };
  if (!certificate) throw new RpcError(status.internal, 'the device has no certificate');
  return { ...base, pending: false, chain: certificate.chain.map((each) => Buffer.from(each)) };
}
