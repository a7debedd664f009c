import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { type Identity } from '../../src/base/identity.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { NodeControl, type NodeSpec } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { MeshService } from '../../src/gen/v1/mesh.ts';
import { type MeshNode } from '../../src/gen/v1/mesh_messages.ts';
import { NodeService } from '../../src/gen/v1/node.ts';
import { type JoinRequest, type JoinResponse } from '../../src/gen/v1/node_messages.ts';
import { parseControl } from '../../src/node/config.ts';
import { type DriverOptions } from '../../src/node/consensus/driver.ts';
import { type NodeHealth, type RunningNode, startNode } from '../../src/node/node.ts';
import { type PartPorts } from '../../src/node/node-parts.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { setAside } from '../../src/platform/files.ts';
import { createGrpcCaller } from '../../src/platform/grpc-call.ts';
import { createGrpcServer } from '../../src/platform/grpc-server.ts';
import { pki } from '../../src/platform/pki.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { createSockets } from '../../src/platform/sockets.ts';
import { openDatabase } from '../../src/platform/sqlite.ts';
import { quietParts } from '../fakes/quiet-parts.ts';
import { toWire } from './mesh-keys.ts';

export const grpcPort = 18_443;
export const raftPort = 19_443;

/** Faster than the product's, so that a test need not wait for seconds; the ratios are the same. */
export const quick: Partial<DriverOptions> = { tickMs: 20, transferTicks: 100 };

interface MethodOf<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Uint8Array;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface TestNode {
  readonly id: string;
  readonly node: RunningNode;
  readonly health: () => NodeHealth;
  /** What ended the driver, if anything did. */
  readonly broken: () => unknown;
  update(spec: Partial<NodeSpec>): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Real nodes in one process: real files, gRPC and Raft over TCP, each node on an address of its own in 127.0.0.0/8. The mesh network
 * lies in there too, so a leased address can be listened on at once, as if a tunnel were up.
 */
export interface LocalCluster {
  readonly network: string;
  readonly folder: string;
  /** Starts a node on its data folder, which stands from an earlier start. The first address of the network is the founder's. */
  start(id: string, spec?: Partial<NodeSpec>, options?: Partial<DriverOptions>, log?: Log): Promise<TestNode>;
  /** Any unary method of the node at an address, as another machine would call it: in clear text, or as whoever `as` is. */
  call<Request, Response>(address: string, method: MethodOf<Request, Response>, request: Request, metadata?: Record<string, string>, as?: Identity): Promise<Response>;
  join(address: string, id: string, more?: Partial<JoinRequest>, as?: Identity): Promise<JoinResponse>;
  listNodes(address: string, as?: Identity): Promise<readonly MeshNode[]>;
  /** A founder that leads a founded mesh. */
  found(id: string, options?: Partial<DriverOptions>, identity?: Identity): Promise<TestNode>;
  /** Joins through an address and starts the node on what it was leased. */
  joinAndStart(address: string, id: string, more?: Partial<JoinRequest>, options?: Partial<DriverOptions>, identity?: Identity): Promise<TestNode>;
  /** The node that was last started at an address. */
  at(address: string): string;
  /** The same, over the private socket of a node. */
  callLocal<Request, Response>(socketPath: string, method: MethodOf<Request, Response>, request: Request): Promise<Response>;
  /** Forgets connections, and with them how long to wait before an address that refused is tried again. */
  reconnect(): void;
  close(): Promise<void>;
}

let clusters = 0;

/** `world` is what the nodes' parts may open; nothing when left out. */
export function localCluster(world: Partial<PartPorts> = {}): LocalCluster {
  // Another test process on this machine takes another second byte.
  const second = 16 + ((process.pid * 7 + clusters++) % 224);
  const network = `127.${second}.0.0/16`;
  const folder = mkdtempSync(join(tmpdir(), 'webmesh-node-'));
  const running = new Set<TestNode>();
  const callers = new Map<Identity | null, ReturnType<typeof createGrpcCaller>>();
  const callerOf = (as: Identity | null): ReturnType<typeof createGrpcCaller> => {
    const caller = callers.get(as) ?? createGrpcCaller(() => as);
    callers.set(as, caller);
    return caller;
  };
  const reconnect = (): void => {
    for (const caller of callers.values()) caller.close();
    callers.clear();
  };
  const ids = new Map<string, string>();
  const address = (n: number): string => `127.${second}.0.${n}`;

  const cluster: LocalCluster = {
    network,
    folder,
    start: async (id, spec = {}, options = {}, log = silentLog) => {
      const dataDir = join(folder, id);
      mkdirSync(dataDir, { recursive: true });
      let control = NodeControl.fromPartial({
        dataDir, socketPath: join(folder, `${id}.sock`),
        spec: { tunnelId: 't', nodeId: id, grpcPort, raftPort, services: { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: true, admin: true }, insecure: !spec.identity, ...spec },
      });
      for (const own of [spec.meshIpv4, ...(spec.publicAddresses ?? [])]) if (own) ids.set(own, id);
      const configure = (): ReturnType<typeof parseControl> => parseControl(JSON.stringify(NodeControl.toJSON(control)));
      let health: NodeHealth = { ready: false, problem: null };
      let broken: unknown;
      const node = await startNode(configure(), {
        clock: systemClock, random: systemRandom, log, pki,
        build: { version: '0.0.0', commit: 'test', builtAt: 'unknown' },
        hostSample: () => Promise.reject(new Error('this test has no host metrics')),
        defer: (run) => void setImmediate(run),
        openDatabase: (file) => openDatabase({ path: join(dataDir, file), durability: file === 'raft.db' ? 'full' : 'normal' }),
        setAside: (file, word) => setAside(join(dataDir, file), word),
        onBroken: (error) => {
          broken = error;
        },
        createNetwork: (identity) => {
          const remote = createGrpcCaller(identity);
          return { sockets: createSockets(identity), remote, close: remote.close };
        },
        createServer: createGrpcServer,
        world: { ...quietParts(), ...world },
      }, (next) => {
        health = next;
      }, { ...quick, ...options });
      const own: TestNode = {
        id, node, health: () => health, broken: () => broken,
        update: (change) => {
          control = { ...control, spec: { ...(control.spec as NodeSpec), ...change } };
          return node.update(configure());
        },
        stop: async () => {
          if (!running.delete(own)) return;
          await node.close(200);
        },
      };
      running.add(own);
      return own;
    },
    call: async (to, { path, requestSerialize, responseDeserialize }, request, metadata = {}, as) => {
      const bytes = await callerOf(as ?? null).unary(`${to}:${grpcPort}`, path, requestSerialize(request), { metadata, deadlineMs: 5000, signal: new AbortController().signal, expectId: ids.get(to) ?? '' });
      return responseDeserialize(Buffer.from(bytes));
    },
    callLocal: async <Request, Response>(socketPath: string, { path, requestSerialize, responseDeserialize }: MethodOf<Request, Response>, request: Request): Promise<Response> => {
      const client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure());
      try {
        return await new Promise<Response>((resolve, reject) => {
          const answered: grpc.requestCallback<Response> = (error, value) => (error ? reject(error) : resolve(value as Response));
          client.makeUnaryRequest<Request, Response>(path, (value) => Buffer.from(requestSerialize(value)), responseDeserialize, request, new grpc.Metadata(), { deadline: Date.now() + 5000 }, answered);
        });
      } finally {
        client.close();
      }
    },
    join: (to, id, more = {}, as) => cluster.call(to, NodeService.join, {
      id, publicKey: keyOf(id), raftPort, grpcPort, wireguardPort: 51_820, primaryEndpoint: '', endpoints: [], assignIpv4: true, preferRaftIpv6: false, asVoter: false, ...more,
    }, {}, as),
    listNodes: async (to, as) => (await cluster.call(to, MeshService.listNodes, {}, {}, as)).nodes,
    found: async (id, options, identity) => {
      const founder = await cluster.start(id, { publicAddresses: [address(1)], bootstrap: { networkName: 'test', ipv4Network: network }, ...specOf(identity) }, options);
      await until(() => founder.health().ready && founder.node.replica.state.nodes().length === 1);
      return founder;
    },
    joinAndStart: async (to, id, more, options, identity) => {
      const { addressIpv4 } = await cluster.join(to, id, more, identity);
      return cluster.start(id, { meshIpv4: addressIpv4.split('/')[0] ?? '', ...specOf(identity) }, options);
    },
    at: (to) => ids.get(to) ?? '',
    reconnect,
    close: async () => {
      await Promise.all([...running].map((node) => node.stop()));
      reconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

const specOf = (identity: Identity | undefined): Partial<NodeSpec> => (identity ? { identity: toWire(identity) } : {});

/** A WireGuard public key made of a name. */
export function keyOf(name: string): string {
  return Buffer.alloc(32, `${name}.`).toString('base64');
}

/** Waits for something to become true; fails with what it is after `ms`. */
export async function until(holds: () => boolean | Promise<boolean>, ms = 10_000, story: () => unknown = () => holds.toString()): Promise<void> {
  const late = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > late) throw new Error(`not within ${ms} ms: ${JSON.stringify(story(), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

