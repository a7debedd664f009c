import { isAbort, withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, type Failure, failure } from '../../base/failure.ts';
import type { Role } from '../../base/identity.ts';
import type { Pki } from '../../base/pki.ts';
import type { EnrollResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { aboutThem } from '../mesh/join.ts';
import type { MeshClient } from '../ports.ts';
import { equalBytes, toFingerprint } from './bytes.ts';
import type { Endpoint, Invite } from './invite.ts';
import { roleFromWire } from './roles.ts';

export interface EnrollPorts {
  readonly clock: Clock;
  readonly mesh: MeshClient;
  readonly pki: Pki;
}

export interface EnrollInput {
  readonly invite: Invite;
  /** PKCS#8. The same at every try: that is what makes a lost answer harmless. */
  readonly key: Uint8Array;
  readonly nodeId: string;
  readonly deviceName: string;
}

export interface Enrolled {
  readonly chain: readonly Uint8Array[];
  readonly role: Role;
}

const probeMs = 6_000;
const enrollMs = 15_000;

/**
 * Asks the mesh of an invite for this device's certificate: the first end that shows the root which the invite names, and answers.
 * Throws auth.pending while an admin has not accepted the device, node.id-taken, the mesh's refusal, auth.wrong-mesh when no end belongs
 * to the invite's mesh, or why none could be reached. Nothing is sent to who does not show that root.
 */
export async function enroll(input: EnrollInput, ports: EnrollPorts, signal: AbortSignal): Promise<Enrolled> {
  let away: Failure | undefined;
  let foreign: Failure | undefined;
  for (const endpoint of input.invite.endpoints) {
    try {
      return await enrollAt(endpoint, input, ports, signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      const problem = asFailure(error);
      if (strangers.has(problem.code)) foreign ??= problem;
      else if (silence.has(problem.code)) away ??= problem;
      else throw problem;
    }
  }
  throw away ?? foreign ?? failure('mesh.unreachable');
}

/** Ends that are not the mesh, and ends that could not answer; everything else is the mesh's own word. */
const strangers: ReadonlySet<string> = new Set(['auth.wrong-mesh', 'auth.clear-text']);
const silence: ReadonlySet<string> = new Set(['mesh.unreachable', 'mesh.timeout', 'mesh.not-leader', 'mesh.no-leader', 'mesh.busy']);

async function enrollAt({ address, nodeId: expectId }: Endpoint, input: EnrollInput, { clock, mesh, pki }: EnrollPorts, signal: AbortSignal): Promise<Enrolled> {
  const { invite, key, nodeId, deviceName } = input;
  const shown = await withDeadline(clock, probeMs, 'probe', signal, (inner) => mesh.probe(address, inner));
  const root = findRoot(shown, invite, address, pki);
  const request = await pki.createRequest(key, nodeId);
  const connection = mesh.dial(address, { kind: 'enrolling', root, expectId });
  try {
    const response = await withDeadline(clock, enrollMs, 'enroll', signal, (inner) => connection.enroll({
      inviteId: invite.inviteId, token: Buffer.from(invite.token), certificateRequest: Buffer.from(request), nodeId, deviceName,
    }, inner));
    if (response.pending) throw await pending(request, invite, pki);
    return await accept(response, { root, request, nodeId, nowMs: clock.nowMs() }, pki);
  } catch (error) {
    throw isAbort(error) ? error : inWordsOfInvites(asFailure(error), address);
  } finally {
    connection.close();
  }
}

/** The certificate in the shown chain whose digest the invite names. It need not be the last: order is the server's affair. */
function findRoot(shown: readonly Uint8Array[], { rootFingerprint }: Invite, address: string, pki: Pki): Uint8Array {
  const root = shown.find((certificate) => equalBytes(pki.digest(certificate), rootFingerprint));
  if (!root) throw failure('auth.wrong-mesh', { address });
  return root;
}

async function pending(request: Uint8Array, { networkName }: Invite, pki: Pki): Promise<Failure> {
  const { keyHash } = await pki.readRequest(request);
  return failure('auth.pending', { network: networkName, fingerprint: toFingerprint(Buffer.from(keyHash, 'hex')) });
}

/** Others may err: what comes back must be a certificate for our key and our id that leads to the root. */
async function accept({ chain, role: number }: EnrollResponse, { root, request, nodeId, nowMs }: { root: Uint8Array; request: Uint8Array; nodeId: string; nowMs: number }, pki: Pki): Promise<Enrolled> {
  const bytes = chain.map((der) => Uint8Array.from(der));
  await checkChain(bytes, { root, request, nodeId, nowMs }, pki);
  const role = roleFromWire(number);
  if (role === null) throw failure('mesh.incompatible', { problem: 'the answer gives no role' });
  return { chain: bytes, role };
}

/** Throws mesh.incompatible unless the chain is good now, ours by id and by key. */
export async function checkChain(chain: readonly Uint8Array[], { root, request, nodeId, nowMs }: { readonly root: Uint8Array; readonly request: Uint8Array; readonly nodeId: string; readonly nowMs: number }, pki: Pki): Promise<void> {
  const { keyHash } = await pki.readRequest(request);
  try {
    const facts = pki.verifyChain(chain, root, nowMs);
    if (facts.kind === 'device' && facts.id === nodeId && facts.keyHash === keyHash) return;
  } catch (error) {
    throw failure('mesh.incompatible', { problem: `the certificate that came back is not good: ${String(asFailure(error).detail['problem'] ?? 'unreadable')}` }, error);
  }
  throw failure('mesh.incompatible', { problem: 'the certificate that came back is not ours' });
}

/** Before we belong to a mesh, not being known to it can only mean that the invite is not. */
function inWordsOfInvites(problem: Failure, address: string): Failure {
  if (problem.code === 'auth.unauthenticated' || problem.code === 'mesh.not-found') return failure('auth.invite-invalid', { ...problem.detail, address }, problem);
  return problem.code === 'auth.pending' ? problem : aboutThem(problem, address);
}
