import { createHash, randomBytes } from 'node:crypto';
import { type Identity } from '../../src/base/identity.ts';
import { type CreateInviteRequest, type EnrollResponse, Role } from '../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { TrustServiceService } from '../../src/gen/webmesh/trust/v1/trust.ts';
import { type PartPorts } from '../../src/node/node-parts.ts';
import { meshClient } from '../../src/platform/mesh-client.ts';
import { pki } from '../../src/platform/pki.ts';
import { grpcPort, type LocalCluster, localCluster, type TestNode } from './local-cluster.ts';
import { createMeshKeys, type MeshKeys } from './mesh-keys.ts';

/** An invite as its link carries it. */
export interface TestInvite {
  readonly id: string;
  readonly token: Buffer;
}

/** Everything over TLS, with devices that joined by invite. */
export interface SecuredCluster extends LocalCluster {
  readonly keys: MeshKeys;
  /** What each device proves itself with now. */
  readonly identities: Map<string, Identity>;
  identity(id: string): Identity;
  /** Founds the mesh, with an admin of this name. */
  foundSecured(id: string): Promise<TestNode>;
  invite(at: string, admin: string, more?: Partial<CreateInviteRequest>): Promise<TestInvite>;
  /** Redeems without a certificate. The key is the same for the same id, unless one is given. */
  redeem(at: string, invite: TestInvite, id: string, key?: Uint8Array): Promise<EnrollResponse>;
  /** Invites, redeems, joins and starts. */
  enrolAndStart(at: string, admin: string, id: string, more?: { readonly asVoter?: boolean; readonly role?: Role }): Promise<TestNode>;
}

/** `world`: see localCluster. */
export async function securedCluster(world: Partial<PartPorts> = {}): Promise<SecuredCluster> {
  const cluster = localCluster(world);
  const keys = await createMeshKeys();
  const identities = new Map<string, Identity>();
  const deviceKeys = new Map<string, Uint8Array>();
  const identity = (id: string): Identity => {
    const known = identities.get(id);
    if (!known) throw new Error(`${id} has no identity`);
    return known;
  };

  const secured: SecuredCluster = {
    ...cluster, keys, identities, identity,
    foundSecured: async (id) => {
      identities.set(id, await keys.founder(id));
      return cluster.found(id, {}, identity(id));
    },
    invite: async (at, admin, more = {}) => {
      const invite = { id: randomBytes(8).toString('hex'), token: randomBytes(32) };
      const request: CreateInviteRequest = {
        id: invite.id, tokenHash: createHash('sha256').update(invite.token).digest(), role: Role.ROLE_MEMBER, expiresAtMs: BigInt(Date.now() + 3_600_000), usesMax: 1, needsApproval: false, note: '', ...more,
      };
      await cluster.call(at, TrustServiceService.createInvite, request, {}, identity(admin));
      return invite;
    },
    redeem: async (at, { id: inviteId, token }, id, given) => {
      const key = given ?? deviceKeys.get(id) ?? (await pki.createKey());
      deviceKeys.set(id, key);
      const door = meshClient.dial(`${at}:${grpcPort}`, { kind: 'enrolling', root: keys.root, expectId: cluster.at(at) });
      try {
        const request = { inviteId, token, certificateRequest: Buffer.from(await pki.createRequest(key, id)), nodeId: id, deviceName: id };
        const answer = await door.enroll(request, AbortSignal.timeout(10_000));
        if (!answer.pending) identities.set(id, { privateKey: key, chain: answer.chain.map((each) => new Uint8Array(each)), authority: null });
        return answer;
      } finally {
        door.close();
      }
    },
    enrolAndStart: async (at, admin, id, { asVoter = false, role = Role.ROLE_MEMBER } = {}) => {
      await secured.redeem(at, await secured.invite(at, admin, { role }), id);
      return cluster.joinAndStart(at, id, { asVoter }, {}, identity(id));
    },
  };
  return secured;
}
