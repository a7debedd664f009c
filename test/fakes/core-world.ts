import { type Cell, cell } from '../../src/base/cell.ts';
import { failure, toData } from '../../src/base/failure.ts';
import { silentLog } from '../../src/base/log.ts';
import { seeded } from '../../src/base/random.ts';
import type { CorePorts, HelperLink, MeshConnection, OwnAddress } from '../../src/core/ports.ts';
import { MeshNode } from '../../src/gen/v1/mesh_messages.ts';
import { NodeMetrics } from '../../src/gen/v1/node_metrics.ts';
import { type JoinRequest, Status } from '../../src/gen/v1/node_messages.ts';
import { type Generation, HelloResponse, NodeState, type NodeSpec, type TunnelSpec, TunnelState, WatchResponse } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { WatchReplicaResponse } from '../../src/gen/webmesh/local/v1/local.ts';
import { type VirtualClock, virtualClock } from '../sim/session/clock.ts';

/** Keys that look right; the number tells them apart. */
export const keyOf = (n: number): string => `${btoa(String.fromCharCode(...Array.from({ length: 32 }, (_, i) => (i === 31 ? 0 : n + i))))}`;

/** A world for createApp: one helper, one mesh in clear text at 192.0.2.1:8443, time that moves when told. */
export interface CoreWorld {
  readonly ports: CorePorts;
  readonly clock: VirtualClock;
  /** Lets so many milliseconds pass, with everything that happens in them. */
  pass(ms: number): Promise<void>;
  readonly documents: Map<string, unknown>;
  readonly setAside: Cell<readonly string[]>;
  readonly online: Cell<boolean>;
  readonly addresses: Cell<readonly OwnAddress[]>;
  readonly helper: {
    readonly link: Cell<HelperLink>;
    tunnel: TunnelSpec | null;
    node: NodeSpec | null;
    readonly orders: string[];
    up(): void;
    down(): void;
    report(more?: Partial<TunnelState>): void;
  };
  readonly mesh: {
    up: boolean;
    replicates: boolean;
    lists: boolean;
    leader: string;
    nodes: MeshNode[];
    readonly calls: string[];
    lastJoin: JoinRequest | null;
    /** Sends the newest view to the node process here. */
    publish(): void;
  };
  quits: number;
}

export function coreWorld(): CoreWorld {
  const clock = virtualClock();
  const documents = new Map<string, unknown>();
  const setAside = cell<readonly string[]>([]);
  const online = cell(true);
  const addresses = cell<readonly OwnAddress[]>([{ interfaceName: 'eth0', address: '192.0.2.50', bits: 24, loopback: false }]);
  const hello = HelloResponse.fromPartial({ version: 'fake', engine: 'kernel', generation: { epoch: 3n, revision: 0n }, publicKey: keyOf(50) });
  const link = cell<HelperLink>({ state: 'up', hello });
  const report = cell<WatchResponse | null>(WatchResponse.fromPartial({ tunnel: { phase: 1 } }));
  let fence = { epoch: 3n, revision: 0n };
  let watchers: ((view: WatchReplicaResponse) => void)[] = [];
  const indexes = { applied: 1n };

  const accept = (what: string, generation: Generation): void => {
    if (link.get().state !== 'up') throw failure('helper.unreachable');
    if (generation.epoch < fence.epoch || (generation.epoch === fence.epoch && generation.revision < fence.revision)) throw failure('helper.stale');
    fence = { ...generation };
    world.helper.orders.push(`${what} ${generation.epoch}.${generation.revision}`);
  };
  const tell = (more: Partial<TunnelState> = {}): void => {
    const { tunnel, node } = world.helper;
    report.set(WatchResponse.fromPartial({
      tunnel: TunnelState.fromPartial({ phase: tunnel ? 2 : 1, generation: fence, tunnelId: tunnel?.tunnelId ?? '', interfaceName: tunnel ? `wm${tunnel.tunnelId}` : '', engine: 'kernel', publicKey: keyOf(50), peers: [], ...more }),
      node: NodeState.fromPartial({ running: node !== null, pid: node ? 7 : 0, socketPath: node ? '/fake/node.sock' : '' }),
    }));
  };
  const view = (): WatchReplicaResponse => {
    const { mesh } = world;
    return WatchReplicaResponse.fromPartial({
      status: { id: 'me', clusterStatus: 3, currentLeader: mesh.leader }, nodes: mesh.nodes, networkName: 'fake',
      raft: { role: 'follower', term: 1n, leaderId: mesh.up ? mesh.leader : '', appliedIndex: indexes.applied, commitIndex: indexes.applied, leaderContactAgeMs: mesh.up ? 10n : -1n, servers: [] },
    });
  };

  const connection = (address: string): MeshConnection => {
    const call = async <T>(name: string, work: () => T): Promise<T> => {
      world.mesh.calls.push(`${name} ${address}`);
      if (!world.mesh.up || !online.get()) throw failure('mesh.unreachable', { address });
      return work();
    };
    return {
      address,
      join: (request) => call('join', () => {
        world.mesh.lastJoin = request;
        const known = world.mesh.nodes.find(({ id }) => id === request.id);
        const ipv4 = known?.privateIpv4 ?? `10.7.0.${world.mesh.nodes.length + 1}/16`;
        const ipv6 = known?.privateIpv6 ?? `fd00:7:7:${world.mesh.nodes.length + 1}::/64`;
        if (!known) world.mesh.nodes = [...world.mesh.nodes, MeshNode.fromPartial({ id: request.id, publicKey: request.publicKey, privateIpv4: ipv4, privateIpv6: ipv6, primaryEndpoint: request.primaryEndpoint, clusterStatus: 3 })];
        world.mesh.publish();
        const peers = world.mesh.nodes.filter(({ id }) => id !== request.id).map((node) => ({ id: node.id, publicKey: node.publicKey, primaryEndpoint: `${node.primaryEndpoint}:51820`, endpoints: [], addressIpv4: node.privateIpv4, addressIpv6: node.privateIpv6 }));
        return { addressIpv4: ipv4, networkIpv6: ipv6, peers };
      }),
      leave: (id) => call('leave', () => {
        world.mesh.nodes = world.mesh.nodes.filter((node) => node.id !== id);
        world.mesh.publish();
      }),
      getStatus: () => call('status', () => Status.fromPartial({ id: 'leader', currentLeader: world.mesh.leader })),
      listNodes: () => call('list', () => {
        if (!world.mesh.lists) throw failure('mesh.incompatible');
        return world.mesh.nodes;
      }),
      listPeers: () => call('peers', () => []),
      close: () => {},
    };
  };

  const ports: CorePorts = {
    clock, random: seeded(7), log: silentLog, version: 'test',
    mesh: { dial: (address) => connection(address) },
    helper: {
      link, report,
      hello: async () => {
        if (link.get().state !== 'up') throw failure('helper.unreachable');
        return { ...hello, generation: fence };
      },
      applyTunnel: async (generation, spec) => {
        accept('apply', generation);
        world.helper.tunnel = spec;
        tell();
        return report.get()?.tunnel as TunnelState;
      },
      clearTunnel: async (generation) => {
        accept('clear', generation);
        world.helper.tunnel = null;
        tell();
      },
      setNode: async (generation, spec) => {
        accept(spec ? 'node' : 'no node', generation);
        world.helper.node = spec;
        tell();
        return report.get()?.node as NodeState;
      },
      exportDiagnostics: async () => '{"helper":"fake"}',
      shutdown: async () => {},
      close: () => {},
    },
    node: {
      watchReplica: async function* (_path, signal) {
        const waiting: WatchReplicaResponse[] = [];
        let wake = (): void => {};
        const watcher = (value: WatchReplicaResponse): void => {
          waiting.push(value);
          wake();
        };
        watchers = [...watchers, watcher];
        signal.addEventListener('abort', () => wake());
        if (world.mesh.replicates) waiting.push(view());
        while (!signal.aborted) {
          const next = waiting.shift();
          if (next) yield next;
          else await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      metrics: async () => NodeMetrics.fromPartial({ deviceName: 'wm0' }),
    },
    probe: { connect: async () => 12.5 },
    peerMetrics: { get: async (address) => NodeMetrics.fromPartial({ deviceName: address }) },
    documents: {
      setAside,
      load: async (name) => documents.get(name),
      save: async (name, value) => void documents.set(name, JSON.parse(JSON.stringify(value))),
      remove: async (name) => void documents.delete(name),
      reject: async (name) => {
        documents.delete(name);
        setAside.set([...setAside.get(), `${name}.json.damaged-1`]);
      },
      report: async (name, text) => {
        documents.set(name, text);
        return `/reports/${name}`;
      },
    },
    hostMetrics: { sample: async () => Promise.reject(failure('internal.unexpected')) },
    network: { hostname: 'box', online, addresses, freePort: async (_kind, wanted) => wanted },
    system: { on: () => () => {} },
    logs: { newest: async (linesMax) => ['{"a":1}', '{"b":2}'].slice(-linesMax), setLevel: () => {} },
    quit: () => {
      world.quits++;
    },
  };
  const world: CoreWorld = {
    ports, clock, documents, setAside, online, addresses, quits: 0,
    pass: async (ms) => {
      const untilMs = clock.nowMs() + ms;
      await turn();
      while (clock.next(untilMs)) await turn();
      await turn();
    },
    helper: {
      link, tunnel: null, node: null, orders: [],
      up: () => link.set({ state: 'up', hello: { ...hello, generation: fence } }),
      down: () => {
        world.helper.tunnel = null;
        world.helper.node = null;
        report.set(null);
        link.set({ state: 'down', failure: toData(failure('helper.lost')) });
      },
      report: tell,
    },
    mesh: {
      up: true, replicates: true, lists: true, leader: 'leader', calls: [], lastJoin: null,
      nodes: [MeshNode.fromPartial({ id: 'leader', publicKey: keyOf(1), privateIpv4: '10.7.0.1/16', privateIpv6: 'fd00:7:7:1::/64', primaryEndpoint: '192.0.2.1', clusterStatus: 1 })],
      publish: () => {
        indexes.applied++;
        if (world.mesh.replicates) for (const watcher of watchers) watcher(view());
      },
    },
  };
  return world;
}

/** Everything that waits on promises runs, real input and output aside. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
