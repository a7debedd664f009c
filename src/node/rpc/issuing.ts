import { type Failure, isFailure } from '../../base/failure.ts';
import { type AuthorityIdentity, type Identity, lives } from '../../base/identity.ts';
import { type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type CertificateFacts, type Pki, type RequestFacts, type Validity } from '../../base/pki.ts';
import { type Random } from '../../base/random.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { IssueRequest, IssueResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { TrustServiceService as TrustService } from '../../gen/webmesh/trust/v1/trust.ts';
import { type Consensus, type RemoteCaller } from '../ports.ts';
import { type MeshReads, privateAddress, publicAddress } from '../state/reads.ts';
import { type CertificateInput } from '../statements/trust.ts';
import { readAnswer } from './forward.ts';

export interface IssuingPorts {
  readonly nodeId: string;
  /** What this node proves itself with now; null in clear text. */
  readonly identity: () => Identity | null;
  readonly pki: Pki;
  readonly consensus: Pick<Consensus, 'view'>;
  readonly reads: Pick<MeshReads, 'node' | 'trust'>;
  readonly remote: RemoteCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A certificate that was made, or made elsewhere and checked. It is worth nothing until the mesh recorded it. */
export interface Issued {
  readonly chain: readonly Uint8Array[];
  readonly record: CertificateInput;
}

const requestBytesMax = 4_096;
const issueDeadlineMs = 5_000;
/** An authority that ends sooner signs no more: what it signed would end with it. */
const authorityLeftMs = 86_400_000;

/** A certificate request's facts. invalidArgument when it cannot be read, or names another than `id`. */
export async function readRequest(request: Uint8Array, id: string, pki: Pki): Promise<RequestFacts> {
  if (request.length === 0 || request.length > requestBytesMax) throw new RpcError(status.invalidArgument, 'certificate request is invalid');
  try {
    const facts = await pki.readRequest(request);
    if (facts.id === id) return facts;
  } catch (error) {
    throw isFailure(error) ? new RpcError(status.invalidArgument, 'certificate request is invalid', error) : error;
  }
  throw new RpcError(status.invalidArgument, 'certificate request names another node');
}

/**
 * Has a request signed: by this node's own authority, else by a voter that has one. Nothing changes in the mesh by it.
 * Throws unavailable while nobody can sign.
 */
export async function issue(request: Uint8Array, id: string, ports: IssuingPorts, signal: AbortSignal): Promise<Issued> {
  const own = ownAuthority(ports);
  const chain = own ? await sign(request, own, ports) : await askVoters(request, id, ports, signal);
  const { keyHash } = await ports.pki.readRequest(request);
  const facts = check(chain, id, keyHash, ports);
  return { chain, record: record(chain, facts) };
}

/** Signs with this node's own authority. Throws failedPrecondition when it has none. */
export async function signHere(request: Uint8Array, ports: IssuingPorts): Promise<readonly Uint8Array[]> {
  const own = ownAuthority(ports);
  if (!own) throw new RpcError(status.failedPrecondition, 'this node has no authority');
  return sign(request, own, ports);
}

/** Random, positive, sixteen bytes; valid from a little before now, because clocks differ. */
export function deviceValidity({ clock, random }: Pick<IssuingPorts, 'clock' | 'random'>): Validity {
  const nowMs = clock.nowMs();
  const serial = random.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return { notBeforeMs: nowMs - lives.backdateMs, notAfterMs: nowMs + lives.deviceMs, serial };
}

function ownAuthority({ identity, pki, clock }: IssuingPorts): AuthorityIdentity | undefined {
  const authority = identity()?.authority;
  const [certificate] = authority?.chain ?? [];
  return authority && certificate && pki.readCertificate(certificate).notAfterMs > clock.nowMs() + authorityLeftMs ? authority : undefined;
}

async function sign(request: Uint8Array, authority: AuthorityIdentity, ports: IssuingPorts): Promise<readonly Uint8Array[]> {
  return [await ports.pki.issueDevice({ authority, request, ...deviceValidity(ports) }), ...authority.chain];
}

async function askVoters(request: Uint8Array, id: string, ports: IssuingPorts, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const bytes = IssueRequest.encode({ nodeId: id, certificateRequest: Buffer.from(request) }).finish();
  for (const { address, expectId } of signers(ports)) {
    try {
      const answer = await ports.remote.unary(address, TrustService.issue.path, bytes, { metadata: {}, deadlineMs: issueDeadlineMs, signal, expectId });
      return readAnswer(answer, IssueResponse.decode).chain.map((certificate) => new Uint8Array(certificate));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      ports.log.warn('issue-refused', { by: expectId, message: error.message });
    }
  }
  throw new RpcError(status.unavailable, 'nobody who may sign certificates can be reached');
}

/** The other voters whose authority is granted and not over, at all their addresses. */
function signers({ nodeId, consensus, reads, clock }: IssuingPorts): readonly { readonly address: string; readonly expectId: string }[] {
  const voters = consensus.view.get().configuration.servers.filter(({ voter }) => voter).map(({ id }) => id);
  const able = reads.trust.authorities().filter((each) => each.certificate !== null && each.notAfterMs > clock.nowMs() && each.nodeId !== nodeId && voters.includes(each.nodeId));
  return able.flatMap(({ nodeId: expectId }) => {
    const row = reads.node(expectId);
    const addresses = row ? [privateAddress(row, row.grpcPort), publicAddress(row, row.grpcPort)] : [];
    return addresses.filter((address) => address !== undefined).map((address) => ({ address, expectId }));
  });
}

/** What another voter signed is checked like any certificate, before anything is written about it. */
function check(chain: readonly Uint8Array[], id: string, keyHash: string, { pki, reads, clock }: IssuingPorts): CertificateFacts {
  const root = reads.trust.rootCertificate();
  if (!root) throw new RpcError(status.unavailable, 'the mesh is not founded yet');
  let facts: CertificateFacts;
  try {
    facts = pki.verifyChain(chain, root, clock.nowMs());
  } catch (error) {
    throw isFailure(error) ? unusable(error) : error;
  }
  if (chain.length !== 3 || facts.kind !== 'device' || facts.id !== id || facts.keyHash !== keyHash) throw unusable();
  return facts;
}

function unusable(cause?: Failure): RpcError {
  return new RpcError(status.unavailable, 'the certificate that was signed cannot be used', cause);
}

function record(chain: readonly Uint8Array[], { fingerprint, keyHash, notBeforeMs, notAfterMs }: CertificateFacts): CertificateInput {
  const [certificate = new Uint8Array(), authority = new Uint8Array()] = chain;
  return { fingerprint, keyHash, certificate, authority, notBeforeMs, notAfterMs };
}
