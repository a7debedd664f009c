/**
 * A device that was cut off, in the middle of what it does: an open channel to the mesh API, open Raft connections, a WireGuard peer on every
 * node. All of it must be gone within ten seconds, and nothing may come back: neither by dialling again, nor by renewing, nor by a new invite.
 */
import { MeshService } from '../../../src/gen/v1/mesh.ts';
import { NodeService } from '../../../src/gen/v1/node.ts';
import { JoinRequest } from '../../../src/gen/v1/node_messages.ts';
import { TrustServiceService } from '../../../src/gen/webmesh/trust/v1/trust.ts';
import { Role } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { pki } from '../../../src/platform/pki.ts';
import { grpcPort, keyOf, raftPort } from '../../node/local-cluster.ts';
import { type Attack, demand, summary, until } from '../attack.ts';
import { openGrpc, outcomeOf, tlsTo } from '../clients/grpc.ts';
import { call, inviteBy, memberWorks, meshWorld, redeem } from '../worlds/mesh.ts';

const cutMs = 10_000;
let runs = 0;

/** A member that votes, with its node running; then an admin revokes it. Answers the seconds until each part was cut. */
async function revoke(asVoter: boolean): Promise<string> {
  const { cluster, nodes, identity, leader, address } = await meshWorld();
  const id = `leaver-${++runs}`;
  const node = await cluster.enrolAndStart(address(leader()), 'host', id, { asVoter, role: Role.ROLE_MEMBER });
  await until(() => node.health().ready, 20_000, 'the node runs');
  if (asVoter) await until(() => servers().some((server) => server.id === id && server.voter), 20_000, 'it votes');
  const as = { as: identity(id) };
  const channel = await openGrpc(address('host'), grpcPort, as);
  await channel.call(MeshService.listNodes, {});
  const raft = await tlsTo(address('host'), raftPort, { ...as, alpn: ['webmesh-raft'] });
  let raftOpen = true;
  raft.on('close', () => (raftOpen = false)).resume();

  const beganMs = performance.now();
  await call(leader(), { as: identity('host') }, TrustServiceService.revokeDevice, { id });
  const cut = { grpc: 0, raft: 0, peers: 0, members: 0 };
  const noted = async (name: keyof typeof cut, gone: () => boolean): Promise<void> => {
    await until(gone, cutMs, `${name} is cut`);
    cut[name] = (performance.now() - beganMs) / 1000;
  };
  const others = Object.values(nodes);
  await Promise.all([
    noted('grpc', () => channel.closed), noted('raft', () => !raftOpen), noted('peers', () => others.every((one) => one.node.replica.state.node(id) === undefined)),
    noted('members', () => !servers().some((server) => server.id === id)),
  ]);
  await node.stop();
  const back = await comesBack(id);
  return `cut within 10 s (gRPC ${cut.grpc.toFixed(1)}, Raft ${cut.raft.toFixed(1)}, peers ${cut.peers.toFixed(1)}, member list ${cut.members.toFixed(1)}); ${back}`;

  function servers() {
    return nodes.host.node.replica.driver.view.get().configuration.servers;
  }
}

/** Every way back. */
async function comesBack(id: string): Promise<string> {
  const { identity, leader, follower } = await meshWorld();
  const as = { as: identity(id) };
  const certificateRequest = Buffer.from(await pki.createRequest(identity(id).privateKey, id));
  const seen: string[] = [];
  for (const to of [leader(), follower(), 'member']) {
    seen.push(await outcomeOf(call(to, as, MeshService.listNodes, {})), await outcomeOf(call(to, as, TrustServiceService.renew, { certificateRequest })));
    seen.push(await outcomeOf(call(to, as, NodeService.join, JoinRequest.fromPartial({ id, publicKey: keyOf(id), raftPort: 1, grpcPort: 2, wireguardPort: 3 }))));
  }
  const again = await outcomeOf(inviteBy().then((invite) => redeem(invite, id)));
  return `${summary(seen)}; ${again}`;
}

const expected = (way: string): RegExp => new RegExp(`^cut within 10 s \\(${way}.*\\); PERMISSION_DENIED revoked; ALREADY_EXISTS id taken$`);

export const revocation: readonly Attack[] = [
  { name: 'revoked-member', aim: 'mesh API, Raft, peers', expected: expected('gRPC'), counter: memberWorks, attack: () => revoke(false) },
  { name: 'revoked-voter', aim: 'mesh API, Raft, peers', expected: expected('gRPC'), counter: memberWorks, attack: () => revoke(true) },
  {
    name: 'revocation-by-a-member', aim: 'RevokeDevice', expected: 'PERMISSION_DENIED only for admins', attack: async () => {
      const { identity, leader } = await meshWorld();
      return summary(await Promise.all(['member', 'guest', 'voter'].map((as) => outcomeOf(call(leader(), { as: identity(as) }, TrustServiceService.revokeDevice, { id: 'third' })))));
    },
    counter: async () => {
      const { identity, leader } = await meshWorld();
      const id = `short-${++runs}`;
      await redeem(await inviteBy(), id);
      await call(leader(), { as: identity('host') }, TrustServiceService.revokeDevice, { id });
      const { trust } = await call(leader(), { as: identity('host') }, TrustServiceService.getTrust, {});
      demand(trust?.devices.find((device) => device.id === id)?.state === 3, 'an admin revokes');
    },
  },
];
