import { isFailure } from '../../base/failure.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { type GrantAuthorityRequest, type IssueRequest, type IssueResponse, type RequestAuthorityRequest } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { auditActions } from '../statements/audit.ts';
import { grantAuthorityEntry, requestAuthorityEntry } from '../statements/authorities.ts';
import { auditOf } from './audit.ts';
import { type Admitted } from './auth.ts';
import { readRequest, signHere } from './issuing.ts';
import { refusalOf } from './refused.ts';
import { submit } from './submit.ts';
import { change, type TrustPorts } from './trust.ts';

/** The same request again is there already. */
export async function requestAuthority({ certificateRequest }: RequestAuthorityRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  if (who.kind !== 'device') throw new RpcError(status.unauthenticated, refusals.certificateRequired);
  return change(call, 'RequestAuthority', ports, async (signal) => {
    const { keyHash } = await readRequest(certificateRequest, who.id, ports.pki);
    const stands = ports.reads.trust.authorities().find(({ nodeId }) => nodeId === who.id);
    if (stands?.certificateRequest && Buffer.from(stands.certificateRequest).equals(certificateRequest)) return {};
    const audit = auditOf(who, auditActions.requestAuthority, who.id, { key: keyHash }, ports);
    await submit(ports.consensus, requestAuthorityEntry({ nodeId: who.id, certificateRequest: new Uint8Array(certificateRequest), audit }), signal);
    return {};
  });
}

/** Takes a certificate that answers a node's request, byte for byte, and was signed by the root. */
export async function grantAuthority({ nodeId, certificate }: GrantAuthorityRequest, call: Call, who: Admitted, ports: TrustPorts): Promise<object> {
  return change(call, 'GrantAuthority', ports, async (signal) => {
    const asked = ports.reads.trust.authorities().find((each) => each.nodeId === nodeId);
    if (asked?.certificate && Buffer.from(asked.certificate).equals(certificate)) return {};
    const request = asked?.certificateRequest;
    if (!request) throw refusalOf('no-request');
    const facts = authorityFacts(certificate, ports);
    const { keyHash } = await readRequest(request, nodeId, ports.pki);
    if (facts.kind !== 'authority' || facts.id !== nodeId || facts.keyHash !== keyHash) throw new RpcError(status.invalidArgument, 'certificate does not answer the request');
    const audit = auditOf(who, auditActions.grantAuthority, nodeId, { key: keyHash, fingerprint: facts.fingerprint }, ports);
    await submit(ports.consensus, grantAuthorityEntry({ nodeId, certificateRequest: request, certificate: new Uint8Array(certificate), notAfterMs: facts.notAfterMs, audit }), signal);
    return {};
  });
}

/** Between voters: signs, and changes nothing. What is not recorded afterwards is worth nothing. */
export async function issueHere({ nodeId, certificateRequest }: IssueRequest, ports: TrustPorts): Promise<IssueResponse> {
  await readRequest(certificateRequest, nodeId, ports.pki);
  return { chain: (await signHere(certificateRequest, ports)).map((each) => Buffer.from(each)) };
}

function authorityFacts(certificate: Uint8Array, { pki, reads, clock }: TrustPorts): ReturnType<TrustPorts['pki']['readCertificate']> {
  const root = reads.trust.rootCertificate() ?? new Uint8Array();
  try {
    return pki.verifyChain([certificate, root], root, clock.nowMs());
  } catch (error) {
    throw isFailure(error) ? new RpcError(status.invalidArgument, 'certificate was not signed by the root', error) : error;
  }
}
