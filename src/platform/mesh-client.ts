import { failure } from '../base/failure.ts';
import type { MeshClient, NodeClient, PeerMetrics, Security } from '../core/ports.ts';
import { MeshService } from '../gen/v1/mesh.ts';
import { NodeService } from '../gen/v1/node.ts';
import { PeerDiscoveryService } from '../gen/v1/peer_discovery.ts';
import { LocalNodeService } from '../gen/webmesh/local/v1/local.ts';
import { MetricsServiceService } from '../gen/webmesh/metrics/v1/metrics.ts';
import { EnrollmentServiceService, TrustServiceService } from '../gen/webmesh/trust/v1/trust.ts';
import { type Channel, openChannel } from './grpc-client.ts';
import { meshCredentials } from './grpc-credentials.ts';
import { localName } from './local-name.ts';
import { probeTls } from './tls-dial.ts';
import { rootOf } from './tls.ts';
import { assertTrustedPipe } from './windows-folders.ts';

/** Milliseconds. The caller sets tighter deadlines by its signal; these bound what the far end sees. */
const deadlineMs = { join: 10_000, leave: 4_000, read: 5_000, trust: 10_000, local: 3_000, localTrust: 12_000, netcheck: 30_000 } as const;

/** The APIs of a node at `host:port`. Without a word for clear text in `security` nothing is ever said in it. */
export const meshClient: MeshClient = {
  probe: probeTls,
  dial: (address, security) => {
    const channel = channelTo(address, security);
    const asking = (signal: AbortSignal, kind: keyof typeof deadlineMs = 'trust'): { signal: AbortSignal; deadlineMs: number } => ({ signal, deadlineMs: deadlineMs[kind] });
    return {
      address,
      join: (request, signal) => channel.unary(NodeService.join, request, asking(signal, 'join')),
      leave: async (id, signal) => void (await channel.unary(NodeService.leave, { id }, asking(signal, 'leave'))),
      getStatus: (id, signal) => channel.unary(NodeService.getStatus, { id }, asking(signal, 'read')),
      listNodes: async (signal) => (await channel.unary(MeshService.listNodes, {}, asking(signal, 'read'))).nodes,
      listPeers: async (signal) => (await channel.unary(PeerDiscoveryService.listPeers, {}, asking(signal, 'read'))).peers,
      enroll: (request, signal) => channel.unary(EnrollmentServiceService.enroll, request, asking(signal)),
      renew: async (request, signal) => (await channel.unary(TrustServiceService.renew, { certificateRequest: Buffer.from(request) }, asking(signal))).chain,
      createInvite: async (request, signal) => void (await channel.unary(TrustServiceService.createInvite, request, asking(signal))),
      revokeInvite: async (id, signal) => void (await channel.unary(TrustServiceService.revokeInvite, { id }, asking(signal))),
      approveDevice: async (id, signal) => void (await channel.unary(TrustServiceService.approveDevice, { id }, asking(signal))),
      revokeDevice: async (id, signal) => void (await channel.unary(TrustServiceService.revokeDevice, { id }, asking(signal))),
      setRole: async (request, signal) => void (await channel.unary(TrustServiceService.setRole, request, asking(signal))),
      requestAuthority: async (request, signal) => void (await channel.unary(TrustServiceService.requestAuthority, { certificateRequest: Buffer.from(request) }, asking(signal))),
      grantAuthority: async (request, signal) => void (await channel.unary(TrustServiceService.grantAuthority, request, asking(signal))),
      close: () => channel.close(),
    };
  },
};

/** The node process on this machine. */
export const nodeClient: NodeClient = {
  watchReplica: (socketPath, signal) => streaming(socketPath, (channel) => channel.stream(LocalNodeService.watchReplica, {}, signal)),
  metrics: (socketPath, signal) => using(localChannel(socketPath), async (channel) => {
    const { metrics } = await channel.unary(LocalNodeService.getMetrics, {}, { signal, deadlineMs: deadlineMs.local });
    if (!metrics) throw failure('node.lost', { problem: 'no metrics in the answer' });
    return metrics;
  }),
  renew: (socketPath, request, signal) => using(localChannel(socketPath), async (channel) => {
    const { chain } = await channel.unary(LocalNodeService.renew, { certificateRequest: Buffer.from(request) }, { signal, deadlineMs: deadlineMs.localTrust });
    return chain;
  }),
  audit: (socketPath, query, signal) => using(localChannel(socketPath), async (channel) => {
    const { page } = await channel.unary(LocalNodeService.listAudit, { query }, { signal, deadlineMs: deadlineMs.localTrust });
    if (!page) throw failure('node.lost', { problem: 'no page in the answer' });
    return page;
  }),
  setPathInputs: (socketPath, inputs, signal) => using(localChannel(socketPath), async (channel) => {
    await channel.unary(LocalNodeService.setPathInputs, inputs, { signal, deadlineMs: deadlineMs.local });
  }),
  watchPaths: (socketPath, signal) => streaming(socketPath, (channel) => channel.stream(LocalNodeService.watchPaths, {}, signal)),
  netcheck: (socketPath, signal) => using(localChannel(socketPath), (channel) => channel.unary(LocalNodeService.netcheck, {}, { signal, deadlineMs: deadlineMs.netcheck })),
  pingPeer: (socketPath, request, signal) => streaming(socketPath, (channel) => channel.stream(LocalNodeService.pingPeer, request, signal)),
  openForward: (socketPath, request, signal) => using(localChannel(socketPath), async (channel) => {
    const { forward } = await channel.unary(LocalNodeService.openForward, request, { signal, deadlineMs: deadlineMs.localTrust });
    if (!forward) throw failure('node.lost', { problem: 'no forward in the answer' });
    return forward;
  }),
  closeForward: (socketPath, id, signal) => using(localChannel(socketPath), async (channel) => {
    await channel.unary(LocalNodeService.closeForward, { id }, { signal, deadlineMs: deadlineMs.local });
  }),
};

/** Metrics of any node, over its mesh address. */
export const peerMetrics: PeerMetrics = {
  get: (address, security, signal) => using(channelTo(address, security), async (channel) => {
    const { metrics } = await channel.unary(MetricsServiceService.getMetrics, {}, { signal, deadlineMs: deadlineMs.read });
    if (!metrics) throw failure('mesh.incompatible', { address, problem: 'no metrics in the answer' });
    return metrics;
  }),
};

function channelTo(address: string, security: Security): Channel {
  const options = { away: 'mesh.unreachable', name: address } as const;
  switch (security.kind) {
    case 'clear-text': return openChannel(`dns:${address}`, options);
    case 'enrolling': return openChannel(`dns:${address}`, { ...options, credentials: meshCredentials(security, address) });
    case 'mtls': return openChannel(`dns:${address}`, { ...options, credentials: meshCredentials({ ...security, root: rootOf(security.identity) }, address) });
  }
}

/** A socket lies in a folder that only this user and the node process may enter; a pipe lies nowhere, so its owner is asked. */
function localChannel(socketPath: string): Channel {
  const name = localName(socketPath);
  if (process.platform === 'win32') assertTrustedPipe(name, 'node.lost');
  return openChannel(`unix:${name}`, { away: 'node.lost', name: socketPath });
}

/** Messages are read one by one as they are asked for: a slow reader slows the node process down, and fills no memory here. */
async function* streaming<T>(socketPath: string, open: (channel: Channel) => AsyncIterable<T>): AsyncIterable<T> {
  const channel = localChannel(socketPath);
  try {
    yield* open(channel);
  } finally {
    channel.close();
  }
}

async function using<T>(channel: Channel, work: (channel: Channel) => Promise<T>): Promise<T> {
  try {
    return await work(channel);
  } finally {
    channel.close();
  }
}
