import { createHash, randomBytes } from 'node:crypto';
import { type Identity } from '../../../src/base/identity.ts';
import { MeshService } from '../../../src/gen/v1/mesh.ts';
import { EnrollmentServiceService, TrustServiceService } from '../../../src/gen/webmesh/trust/v1/trust.ts';
import { type CreateInviteRequest, type EnrollResponse, Role } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { pki } from '../../../src/platform/pki.ts';
import { grpcPort, type TestNode, until as nodeUntil } from '../../node/local-cluster.ts';
import { type SecuredCluster, securedCluster } from '../../node/secured-cluster.ts';
import { atEnd, once } from '../attack.ts';
import { callOnce, type GrpcMethod, type TlsLook } from '../clients/grpc.ts';

/**
 * A secured mesh of real nodes: `host` founded it and is its admin, `voter` and `third` vote, `member` only follows the log, `guest` may do
 * the least. Every one has an address of its own in 127.0.0.0/8.
 */
export interface MeshWorld {
  readonly cluster: SecuredCluster;
  readonly nodes: Readonly<Record<'host' | 'voter' | 'third' | 'member' | 'guest', TestNode>>;
  /** Where a node answers. */
  address(id: string): string;
  identity(id: string): Identity;
  /** The node that leads now, and one that votes and does not. */
  leader(): string;
  follower(): string;
}

export const meshWorld = once(async (): Promise<MeshWorld> => {
  const cluster = await securedCluster();
  atEnd(() => cluster.close());
  const host = await cluster.foundSecured('host');
  const addresses = new Map([['host', `${cluster.network.split('.').slice(0, 2).join('.')}.0.1`]]);
  const at = addresses.get('host') as string;
  const enrol = async (id: string, more: { asVoter?: boolean; role?: Role }): Promise<TestNode> => {
    const node = await cluster.enrolAndStart(at, 'host', id, more);
    await nodeUntil(() => host.node.replica.state.node(id)?.leaseIpv4 !== undefined);
    addresses.set(id, host.node.replica.state.node(id)?.leaseIpv4?.split('/')[0] ?? '');
    await nodeUntil(() => node.health().ready && node.node.replica.state.nodes().length >= addresses.size, 20_000, () => [id, node.health()]);
    return node;
  };
  const nodes = { host, voter: await enrol('voter', { asVoter: true }), third: await enrol('third', { asVoter: true }), member: await enrol('member', {}), guest: await enrol('guest', { role: Role.ROLE_GUEST }) };
  const votes = (): number => host.node.replica.driver.view.get().configuration.servers.filter(({ voter }) => voter).length;
  await nodeUntil(() => votes() === 3, 20_000, votes);
  const leader = (): string => host.node.replica.driver.view.get().leader ?? 'host';
  return { cluster, nodes, address: (id) => addresses.get(id) ?? id, identity: cluster.identity, leader, follower: () => (leader() === 'voter' ? 'third' : 'voter') };
});

/** Any method of a node, as anybody. */
export async function call<Request, Response>(to: string, look: TlsLook | 'clear-text', method: GrpcMethod<Request, Response>, request: Request, metadata?: Record<string, string>): Promise<Response> {
  const { address } = await meshWorld();
  return callOnce(address(to), grpcPort, look, method, request, metadata);
}

/** The least that a member may: it proves that a mesh works. */
export async function memberWorks(): Promise<void> {
  const { identity } = await meshWorld();
  const { nodes } = await call('host', { as: identity('member') }, MeshService.listNodes, {});
  if (nodes.length < 5) throw new Error(`a member sees ${nodes.length} nodes`);
}

export interface Invite {
  readonly id: string;
  readonly token: Buffer;
}

/** An invite by the admin, over the leader. */
export async function inviteBy(admin = 'host', more: Partial<CreateInviteRequest> = {}): Promise<Invite> {
  const { identity, leader } = await meshWorld();
  const invite = { id: randomBytes(8).toString('hex'), token: randomBytes(32) };
  const request = { id: invite.id, tokenHash: createHash('sha256').update(invite.token).digest(), role: Role.ROLE_MEMBER, expiresAtMs: BigInt(Date.now() + 3_600_000), usesMax: 1, needsApproval: false, note: '', ...more };
  await call(leader(), { as: identity(admin) }, TrustServiceService.createInvite, request);
  return invite;
}

let comers = 0;

/** A new address for a stranger, so that what one failed does not count for the next. */
export function freshAddress(): string {
  comers++;
  return `127.${1 + (process.pid % 14)}.${1 + (comers >> 8)}.${1 + (comers & 0xff) % 254}`;
}

export interface Redeem {
  readonly to?: string;
  readonly key?: Uint8Array;
  readonly from?: string;
  /** The id inside the certificate request, when it shall differ. */
  readonly requestId?: string;
}

/** Redeems an invite as a stranger. */
export async function redeem({ id: inviteId, token }: Invite, nodeId: string, { to = 'host', key, from = freshAddress(), requestId = nodeId }: Redeem = {}): Promise<EnrollResponse> {
  const certificateRequest = Buffer.from(await pki.createRequest(key ?? (await pki.createKey()), requestId));
  return call(to, { as: null, from }, EnrollmentServiceService.enroll, { inviteId, token, certificateRequest, nodeId, deviceName: nodeId });
}
