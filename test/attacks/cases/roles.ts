/**
 * Devices that belong to the mesh and want more than their role gives: a guest and a member call what only admins may, somebody joins or
 * leaves as another, asks in another's name through metadata, or takes an authority that is not theirs. At the leader and through the leader
 * proxy of a voter.
 */
import { AdminService } from '../../../src/gen/v1/admin.ts';
import { MeshService } from '../../../src/gen/v1/mesh.ts';
import { NodeService } from '../../../src/gen/v1/node.ts';
import { JoinRequest } from '../../../src/gen/v1/node_messages.ts';
import { MetricsServiceService } from '../../../src/gen/webmesh/metrics/v1/metrics.ts';
import { TrustServiceService } from '../../../src/gen/webmesh/trust/v1/trust.ts';
import { Role } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { rules } from '../../../src/node/rpc/policy.ts';
import { pki } from '../../../src/platform/pki.ts';
import { keyOf } from '../../node/local-cluster.ts';
import { createMeshKeys } from '../../node/mesh-keys.ts';
import { type Attack, demand, summary } from '../attack.ts';
import { outcomeOf } from '../clients/grpc.ts';
import { call, inviteBy, meshWorld, memberWorks } from '../worlds/mesh.ts';
import { askAll } from './certificates.ts';

const adminMethods = Object.entries(rules).filter(([, { who }]) => who === 'admin').map(([path]) => path);

async function adminWorks(): Promise<void> {
  const { identity, leader, follower } = await meshWorld();
  await inviteBy('host');
  for (const to of [leader(), follower()]) await call(to, { as: identity('host') }, AdminService.listRaftAcLs, {});
}

const joinAs = (id: string, more: Partial<JoinRequest> = {}): JoinRequest => JoinRequest.fromPartial({ id, publicKey: keyOf(`evil-${id}`), raftPort: 1, grpcPort: 2, wireguardPort: 3, assignIpv4: true, ...more });

/** Asked of the leader and of a voter that passes it on. */
async function atBoth(ask: (to: string) => Promise<unknown>): Promise<string> {
  const { leader, follower } = await meshWorld();
  const seen: string[] = [];
  for (const to of [leader(), follower()]) seen.push(await outcomeOf(ask(to)));
  return summary(seen);
}

export const roles: readonly Attack[] = [
  {
    name: 'guest-calls-admin', aim: 'every admin method', expected: 'PERMISSION_DENIED only for admins', counter: adminWorks,
    attack: async () => askAll(adminMethods, { as: (await meshWorld()).identity('guest') }),
  },
  {
    name: 'member-calls-admin', aim: 'every admin method', expected: 'PERMISSION_DENIED only for admins', counter: adminWorks,
    attack: async () => summary(await Promise.all(['member', 'voter'].map(async (id) => askAll(adminMethods, { as: (await meshWorld()).identity(id) })))),
  },
  {
    name: 'guest-asks-for-metrics', aim: 'MetricsService', expected: 'PERMISSION_DENIED only for members',
    counter: async () => call('host', { as: (await meshWorld()).identity('member') }, MetricsServiceService.getMetrics, {}).catch((error: unknown) => demand(String(error).includes('INTERNAL'), `a member is let in: ${String(error)}`)),
    attack: async () => outcomeOf(call('host', { as: (await meshWorld()).identity('guest') }, MetricsServiceService.getMetrics, {})),
  },
  {
    name: 'guest-becomes-voter', aim: 'Join', expected: 'PERMISSION_DENIED guests do not vote', counter: memberWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      return atBoth((to) => call(to, { as: identity('guest') }, NodeService.join, joinAs('guest', { publicKey: keyOf('guest'), asVoter: true })));
    },
  },
  {
    name: 'join-with-anothers-id', aim: 'Join', expected: 'PERMISSION_DENIED only for the node itself, and nothing changed',
    counter: async () => {
      const { identity, leader } = await meshWorld();
      await call(leader(), { as: identity('member') }, NodeService.join, joinAs('member', { publicKey: keyOf('member'), raftPort: 19_443, grpcPort: 18_443, wireguardPort: 51_820 }));
    },
    attack: async () => {
      const { identity, nodes } = await meshWorld();
      const before = JSON.stringify(nodes.host.node.replica.state.nodes().map(({ id, publicKey }) => [id, publicKey]));
      const seen: string[] = [];
      for (const as of ['member', 'guest', 'host']) for (const id of ['voter', 'third', 'nobody']) seen.push(await atBoth((to) => call(to, { as: identity(as) }, NodeService.join, joinAs(id))));
      const after = JSON.stringify(nodes.host.node.replica.state.nodes().map(({ id, publicKey }) => [id, publicKey]));
      return `${summary(seen)}, and ${before === after ? 'nothing' : 'something'} changed`;
    },
  },
  {
    name: 'join-with-anothers-key', aim: 'Join', expected: /^ALREADY_EXISTS/, counter: memberWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      return atBoth((to) => call(to, { as: identity('member') }, NodeService.join, joinAs('member', { publicKey: keyOf('voter') })));
    },
  },
  {
    name: 'leave-of-another', aim: 'Leave', expected: 'PERMISSION_DENIED only for admins, and all are still there', counter: memberWorks,
    attack: async () => {
      const { identity, nodes } = await meshWorld();
      const seen: string[] = [];
      for (const as of ['member', 'guest']) for (const id of ['voter', 'host', 'third']) seen.push(await atBoth((to) => call(to, { as: identity(as) }, NodeService.leave, { id })));
      return `${summary(seen)}, and ${nodes.host.node.replica.state.nodes().length === 5 ? 'all are still there' : 'somebody is gone'}`;
    },
  },
  {
    name: 'forged-caller-metadata', aim: 'webmesh-caller, proxied-from', expected: /^(PERMISSION_DENIED only for (admins|voters)|UNAUTHENTICATED certificate required)( \/ (PERMISSION_DENIED only for (admins|voters)|UNAUTHENTICATED certificate required))*$/,
    counter: adminWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      const fingerprint = Buffer.from(pki.digest(identity('host').chain[0] as Uint8Array)).toString('hex');
      const lies = [{ 'webmesh-caller': `certified host ${fingerprint} valid 127.0.0.1` }, { 'webmesh-caller': `certified host ${fingerprint} valid 127.0.0.1`, 'proxied-from': 'voter' }, { 'proxied-from': 'host' }, { 'webmesh-caller': 'local' }];
      const seen: string[] = [];
      for (const metadata of lies) for (const as of [identity('member'), identity('guest'), null]) seen.push(await askAll(adminMethods, { as }, metadata as Record<string, string>));
      return summary(seen.flatMap((one) => one.split(' / ')));
    },
  },
  {
    name: 'forged-caller-of-a-voter', aim: 'webmesh-caller', expected: /^(UNAUTHENTICATED device unknown|INVALID_ARGUMENT webmesh-caller cannot be read)/, counter: adminWorks,
    attack: async () => {
      const { identity, leader } = await meshWorld();
      // A voter may speak for others, and is trusted with the whole state; but it cannot invent a certificate that nobody recorded.
      const lies = [`certified host ${'0'.repeat(64)} valid 127.0.0.1`, 'certified host x valid y', `certified host\t${'0'.repeat(64)} valid`, 'certified'];
      const seen: string[] = [];
      for (const lie of lies) seen.push(await outcomeOf(call(leader(), { as: identity('voter') }, TrustServiceService.setRole, { id: 'voter', role: Role.ROLE_ADMIN }, { 'webmesh-caller': lie, 'proxied-from': 'voter' })));
      return summary(seen);
    },
  },
  {
    name: 'authority-without-a-vote', aim: 'RequestAuthority, Issue', expected: 'PERMISSION_DENIED only for voters',
    counter: async () => {
      const { identity, leader } = await meshWorld();
      const key = await pki.createKey();
      await call(leader(), { as: identity('voter') }, TrustServiceService.requestAuthority, { certificateRequest: Buffer.from(await pki.createRequest(key, 'voter')) });
    },
    attack: async () => {
      const { identity, leader } = await meshWorld();
      const certificateRequest = Buffer.from(await pki.createRequest(await pki.createKey(), 'member'));
      const seen: string[] = [];
      for (const as of ['member', 'guest']) {
        seen.push(await outcomeOf(call(leader(), { as: identity(as) }, TrustServiceService.requestAuthority, { certificateRequest })));
        seen.push(await outcomeOf(call(leader(), { as: identity(as) }, TrustServiceService.issue, { nodeId: as, certificateRequest })));
      }
      return summary(seen);
    },
  },
  {
    name: 'authority-not-signed-by-the-root', aim: 'GrantAuthority', expected: /^(INVALID_ARGUMENT|FAILED_PRECONDITION|NOT_FOUND)/, counter: adminWorks,
    attack: async () => {
      const { identity, leader, cluster } = await meshWorld();
      const own = identity('host').chain[0] as Uint8Array;
      const tries = [own, cluster.keys.root, new Uint8Array(300), (await (await createMeshKeys('test')).authority('voter')).chain[0] as Uint8Array];
      const seen: string[] = [];
      for (const certificate of tries) seen.push(await outcomeOf(call(leader(), { as: identity('host') }, TrustServiceService.grantAuthority, { nodeId: 'voter', certificate: Buffer.from(certificate) })));
      return summary(seen);
    },
  },
  {
    name: 'last-admin-removed', aim: 'SetRole, RevokeDevice', expected: 'FAILED_PRECONDITION last admin', counter: adminWorks,
    attack: async () => {
      const { identity, leader } = await meshWorld();
      const as = { as: identity('host') };
      return summary([await outcomeOf(call(leader(), as, TrustServiceService.setRole, { id: 'host', role: Role.ROLE_MEMBER })), await outcomeOf(call(leader(), as, TrustServiceService.revokeDevice, { id: 'host' }))]);
    },
  },
  {
    name: 'raft-acl-by-a-member', aim: 'Admin service', expected: 'PERMISSION_DENIED only for admins', counter: adminWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      return atBoth((to) => call(to, { as: identity('voter') }, AdminService.putRaftAcl, { name: 'a', patterns: ['*'], action: 1 }));
    },
  },
  {
    name: 'reads-without-belonging', aim: 'ListNodes, GetTrust', expected: 'UNAUTHENTICATED certificate required', counter: memberWorks,
    attack: () => atBoth(async (to) => {
      await call(to, { as: null }, MeshService.listNodes, {});
      await call(to, { as: null }, TrustServiceService.getTrust, {});
    }),
  },
];
