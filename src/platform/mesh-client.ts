import type { MeshClient, NodeClient, PeerMetrics } from '../core/ports.ts';
import { failure } from '../base/failure.ts';
import { MeshService } from '../gen/v1/mesh.ts';
import { NodeService } from '../gen/v1/node.ts';
import { PeerDiscoveryService } from '../gen/v1/peer_discovery.ts';
import { LocalNodeService } from '../gen/webmesh/local/v1/local.ts';
import { MetricsServiceService } from '../gen/webmesh/metrics/v1/metrics.ts';
import { openChannel } from './grpc-client.ts';

/** Milliseconds. The caller sets tighter deadlines by its signal; these bound what the far end sees. */
const deadlineMs = { join: 10_000, leave: 4_000, read: 5_000, local: 3_000 } as const;

/** The v1 API in clear text. Protected meshes need certificates that only an invite brings. */
export const meshClient: MeshClient = {
  dial: (address, { insecure }) => {
    if (!insecure) throw failure('mesh.incompatible', { address, reason: 'clear text was not asked for by name' });
    const channel = openChannel(`dns:${address}`, { away: 'mesh.unreachable', name: address });
    return {
      address,
      join: (request, signal) => channel.unary(NodeService.join, request, { signal, deadlineMs: deadlineMs.join }),
      leave: async (id, signal) => void (await channel.unary(NodeService.leave, { id }, { signal, deadlineMs: deadlineMs.leave })),
      getStatus: (id, signal) => channel.unary(NodeService.getStatus, { id }, { signal, deadlineMs: deadlineMs.read }),
      listNodes: async (signal) => (await channel.unary(MeshService.listNodes, {}, { signal, deadlineMs: deadlineMs.read })).nodes,
      listPeers: async (signal) => (await channel.unary(PeerDiscoveryService.listPeers, {}, { signal, deadlineMs: deadlineMs.read })).peers,
      close: () => channel.close(),
    };
  },
};

/** The node process on this machine. */
export const nodeClient: NodeClient = {
  watchReplica: async function* (socketPath, signal) {
    const channel = openChannel(`unix:${socketPath}`, { away: 'node.lost', name: socketPath });
    try {
      yield* channel.stream(LocalNodeService.watchReplica, {}, signal);
    } finally {
      channel.close();
    }
  },
  metrics: async (socketPath, signal) => {
    const channel = openChannel(`unix:${socketPath}`, { away: 'node.lost', name: socketPath });
    try {
      const { metrics } = await channel.unary(LocalNodeService.getMetrics, {}, { signal, deadlineMs: deadlineMs.local });
      if (!metrics) throw failure('node.lost', { problem: 'no metrics in the answer' });
      return metrics;
    } finally {
      channel.close();
    }
  },
};

/** Metrics of any node, over its mesh address. */
export const peerMetrics: PeerMetrics = {
  get: async (address, signal) => {
    const channel = openChannel(`dns:${address}`, { away: 'mesh.unreachable', name: address });
    try {
      const { metrics } = await channel.unary(MetricsServiceService.getMetrics, {}, { signal, deadlineMs: deadlineMs.read });
      if (!metrics) throw failure('mesh.incompatible', { address, problem: 'no metrics in the answer' });
      return metrics;
    } finally {
      channel.close();
    }
  },
};
