import { type Cell, cell } from '../../src/base/cell.ts';
import { failure, toData } from '../../src/base/failure.ts';
import { silentLog } from '../../src/base/log.ts';
import { seeded } from '../../src/base/random.ts';
import type { CorePorts, HelperLink, MeshConnection, OwnAddress, Security } from '../../src/core/ports.ts';
import { found } from '../../src/core/trust/found.ts';
import { roleFromWire } from '../../src/core/trust/roles.ts';
import { Feature, MeshNode } from '../../src/gen/v1/mesh_messages.ts';
import { NodeMetrics } from '../../src/gen/v1/node_metrics.ts';
import { type JoinRequest, Status } from '../../src/gen/v1/node_messages.ts';
import { type Generation, HelloResponse, NodeState, type NodeSpec, type TunnelSpec, TunnelState, WatchResponse } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { WatchReplicaResponse } from '../../src/gen/webmesh/local/v1/local.ts';
import { ListAuditResponse } from '../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { type VirtualClock, virtualClock } from '../sim/session/clock.ts';
import { fakePki } from './fake-pki.ts';
import { type PathNode, pathNode } from './path-node.ts';
import { type TrustMesh, trustMesh } from './trust-mesh.ts';

/** Keys that look right; the number tells them apart. */
export const keyOf = (n: number): string => `${btoa(String.fromCharCode(...Array.from({ length: 32 }, (_, i) => (i === 31 ? 0 : n + i))))}`;

/** A world for createApp: one helper with one tunnel, one mesh at 192.0.2.1:8443, in clear text unless it was secured, time that moves when told. */
export interface CoreWorld {
  readonly ports: CorePorts;
  readonly clock: VirtualClock;
  /** Wall time leaps, as it does for a machine that slept; timers go on where they were. */
  sleep(ms: number): void;
  /** Null: clear text. */
  trust: TrustMesh | null;
  /** What this user's secrets hold. */
  readonly secrets: Map<string, string>;
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
    /** Of the present key, and when it was made. */
    key: string;
    nextKey: string;
    keyMadeMs: number;
    up(): void;
    down(): void;
    /** Of the node process that runs. Another one is another process. */
    pid: number;
    report(more?: Partial<TunnelState>): void;
    /** UDP ports that other programs of this machine have. */
    readonly takenPorts: Set<number>;
  };
  readonly mesh: {
    up: boolean;
    name: string;
    replicates: boolean;
    lists: boolean;
    leader: string;
    nodes: MeshNode[];
    readonly calls: string[];
    /** How each call opened its door. */
    readonly doors: Security[];
    /** Calls that happen, and whose answer is lost, so many times. */
    readonly lost: Map<string, number>;
    /** Calls to these addresses reach nobody. */
    readonly away: Set<string>;
    /** What probes of these addresses show instead of this mesh. */
    readonly foreign: Map<string, readonly Uint8Array[]>;
    /** The node process here hears nothing more of the log. */
    cut: boolean;
    voters: string[];
    auditIntact: boolean;
    /** What the node here says that it offers. */
    features: Feature[];
    /** How the node here takes a renewal; undefined: as the mesh does. */
    nodeRenew: (() => never) | undefined;
    lastJoin: JoinRequest | null;
    /** Sends the newest view to the node process here. */
    publish(): void;
  };
  readonly node: PathNode;
  /** Hosts at which a web request is answered by a page to sign in at, and where that is. */
  readonly portals: Map<string, string>;
  /** The machine wakes up. */
  wake(): void;
  quits: number;
  helperStarts: number;
}

/** `net`: the mesh is 10.<net>.0.0/16, and its leader answers at 192.0.2.<host>. */
export function coreWorld({ clock = virtualClock(), net = 7, host = net - 6 }: { readonly clock?: VirtualClock; readonly net?: number; readonly host?: number } = {}): CoreWorld {
  const portals = new Map<string, string>();
  let leaptMs = 0;
  const nowMs = (): number => Math.round(clock.nowMs() + leaptMs);
  const random = seeded(7);
  const pki = fakePki(seeded(11));
  const secrets = new Map<string, string>();
  const documents = new Map<string, unknown>();
  const setAside = cell<readonly string[]>([]);
  const online = cell(true);
  const addresses = cell<readonly OwnAddress[]>([{ interfaceName: 'eth0', address: '192.0.2.50', bits: 24, loopback: false }]);
  const hello = HelloResponse.fromPartial({ version: 'fake', engine: 'kernel', generation: { epoch: 3n, revision: 0n }, publicKey: keyOf(50) });
  const link = cell<HelperLink>({ state: 'up', hello });
  const report = cell<WatchResponse | null>(WatchResponse.fromPartial({}));
  let fence = { epoch: 3n, revision: 0n };
  const paths = pathNode();
  const wakes = new Set<() => void>();
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
    const tunnelId = tunnel?.tunnelId ?? node?.tunnelId ?? '';
    report.set(WatchResponse.fromPartial({ networks: tunnelId === '' ? [] : [{
      tunnelId,
      tunnel: tunnel ? TunnelState.fromPartial({ phase: 2, generation: fence, tunnelId, interfaceName: `wm${tunnelId}`, engine: 'kernel', publicKey: world.helper.key, peers: [], ...more }) : undefined,
      node: node ? nodeState() : undefined,
    }] }));
  };
  const nodeState = (): NodeState => NodeState.fromPartial({ running: world.helper.node !== null, pid: world.helper.node ? world.helper.pid : 0, socketPath: world.helper.node ? `/fake/${net}/node.sock` : '' });
  /** What the node here saw last while it still heard the log. */
  let seen: { view: WatchReplicaResponse; atMs: number } | null = null;
  const view = (): WatchReplicaResponse => {
    if (!world.mesh.cut || !seen) {
      seen = { view: present(), atMs: clock.monotonicMs() };
      return seen.view;
    }
    const { raft } = seen.view;
    return { ...seen.view, raft: raft && { ...raft, leaderContactAgeMs: BigInt(Math.round(clock.monotonicMs() - seen.atMs)) } };
  };
  const present = (): WatchReplicaResponse => {
    const { mesh } = world;
    return WatchReplicaResponse.fromPartial({
      status: { id: world.helper.node?.nodeId ?? 'me', clusterStatus: 3, currentLeader: mesh.leader, features: mesh.features }, nodes: mesh.nodes, networkName: mesh.name,
      raft: { role: 'follower', term: 1n, leaderId: mesh.up ? mesh.leader : '', appliedIndex: indexes.applied, commitIndex: indexes.applied, leaderContactAgeMs: mesh.up ? 10n : -1n, servers: mesh.voters.map((id) => ({ id, address: '', voter: true })) },
      ...(world.trust ? { trust: world.trust.view() } : {}),
    });
  };

  const connection = (address: string, security: Security): MeshConnection => {
    /** A secured mesh says who is admitted before anything happens; a clear-text one asks nobody. */
    const call = async <T>(name: string, work: (caller: string) => T | Promise<T>, admit: 'member' | 'renewal' | 'anybody' = 'member'): Promise<T> => {
      const { mesh, trust } = world;
      mesh.calls.push(`${name} ${address}`);
      mesh.doors.push(security);
      if (!mesh.up || !online.get() || mesh.away.has(address)) throw failure('mesh.unreachable', { address });
      if ((trust !== null) !== (security.kind !== 'clear-text')) throw failure('auth.clear-text', { address });
      const result = await work(trust && admit !== 'anybody' ? trust.admit(security, admit === 'renewal') : '');
      const losing = mesh.lost.get(name) ?? 0;
      if (losing === 0) return result;
      mesh.lost.set(name, losing - 1);
      throw failure('mesh.timeout', { what: name });
    };
    const trusted = (): TrustMesh => {
      if (!world.trust) throw failure('mesh.incompatible');
      return world.trust;
    };
    /** A change that the log brings to every replica. */
    const changing = (name: string, work: (trust: TrustMesh, caller: string) => void | Promise<void>) => call(name, async (caller) => {
      await work(trusted(), caller);
      world.mesh.publish();
    });
    return {
      address,
      join: (request) => call('join', (caller) => {
        if (world.trust && caller !== request.id) throw failure('auth.not-permitted', { problem: 'not your id' });
        world.mesh.lastJoin = request;
        const known = world.mesh.nodes.find(({ id }) => id === request.id);
        const ipv4 = known?.privateIpv4 ?? `10.${net}.0.${world.mesh.nodes.length + 1}/16`;
        const ipv6 = known?.privateIpv6 ?? `fd00:${net}:${net}:${world.mesh.nodes.length + 1}::/64`;
        const row = MeshNode.fromPartial({ id: request.id, publicKey: request.publicKey, privateIpv4: ipv4, privateIpv6: ipv6, primaryEndpoint: request.primaryEndpoint, clusterStatus: 3 });
        world.mesh.nodes = [...world.mesh.nodes.filter(({ id }) => id !== request.id), row];
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
      enroll: (request) => call('enroll', async () => {
        const response = await trusted().enroll(request);
        world.mesh.publish();
        return response;
      }, 'anybody'),
      renew: (request) => call('renew', (caller) => trusted().renew(caller, request), 'renewal'),
      createInvite: (request) => changing('createInvite', (trust) => trust.createInvite(request)),
      revokeInvite: (id) => changing('revokeInvite', (trust) => {
        const invite = trust.invites.get(id);
        if (!invite) throw failure('mesh.not-found', { id });
        invite.revokedAtMs = nowMs() || 1;
      }),
      approveDevice: (id) => changing('approveDevice', (trust) => trust.approve(id)),
      revokeDevice: (id) => changing('revokeDevice', (trust) => trust.revoke(id)),
      setRole: ({ id, role }) => changing('setRole', (trust) => {
        const device = trust.devices.get(id);
        if (device) device.role = roleFromWire(role) ?? device.role;
      }),
      requestAuthority: (request) => changing('requestAuthority', (trust, caller) => void trust.authorities.set(caller, { request, certificate: new Uint8Array() })),
      grantAuthority: ({ nodeId, certificate }) => changing('grantAuthority', (trust) => {
        const row = trust.authorities.get(nodeId);
        if (row) row.certificate = Uint8Array.from(certificate);
      }),
      close: () => {},
    };
  };

  const ports: CorePorts = {
    clock: { ...clock, nowMs }, random, log: silentLog, version: 'test', pki,
    mesh: {
      dial: connection,
      probe: async (address) => {
        const { mesh, trust } = world;
        mesh.calls.push(`probe ${address}`);
        if (!mesh.up || !online.get() || mesh.away.has(address)) throw failure('mesh.unreachable', { address });
        const shown = mesh.foreign.get(address) ?? trust?.chain;
        if (!shown) throw failure('auth.clear-text', { address });
        return shown;
      },
    },
    helper: {
      link, report,
      hello: async (_tunnel, _signal, { nextKey } = {}) => {
        const { helper } = world;
        if (link.get().state !== 'up') throw failure('helper.unreachable');
        if (nextKey && helper.nextKey === '') helper.nextKey = keyOf(60 + helper.orders.length);
        return { ...hello, generation: fence, publicKey: helper.key, nextPublicKey: helper.nextKey, keyMadeMs: BigInt(helper.keyMadeMs) };
      },
      applyTunnel: async (generation, spec) => {
        const { helper } = world;
        accept('apply', generation);
        if (spec.publicKey !== '' && spec.publicKey === helper.nextKey) Object.assign(helper, { key: helper.nextKey, nextKey: '', keyMadeMs: nowMs() });
        if (spec.publicKey !== '' && spec.publicKey !== helper.key) throw failure('tunnel.failed', { problem: 'no such key' });
        if (helper.takenPorts.has(spec.listenPort)) throw failure('tunnel.port-in-use', { port: spec.listenPort });
        helper.tunnel = spec;
        tell();
        return report.get()?.networks[0]?.tunnel as TunnelState;
      },
      clearTunnel: async (_tunnel, generation) => {
        accept('clear', generation);
        world.helper.tunnel = null;
        tell();
      },
      setNode: async (_tunnel, generation, spec) => {
        accept(spec ? 'node' : 'no node', generation);
        world.helper.node = spec;
        if (spec?.bootstrap && spec.identity && !world.trust) foundWith(spec);
        tell();
        return nodeState();
      },
      exportDiagnostics: async () => '{"helper":"fake"}',
      shutdown: async () => {},
      close: () => {},
    },
    node: {
      ...paths.calls,
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
        // As the real one: at least every two seconds.
        let cancel = clock.after(2_000, function again() {
          if (world.mesh.replicates) watcher(view());
          cancel = clock.after(2_000, again);
        });
        signal.addEventListener('abort', () => cancel());
        while (!signal.aborted) {
          const next = waiting.shift();
          if (next) yield next;
          else await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      metrics: async () => NodeMetrics.fromPartial({ deviceName: 'wm0' }),
      renew: async (_path, request) => {
        const { trust, helper, mesh } = world;
        mesh.calls.push('renew here');
        mesh.nodeRenew?.();
        if (!mesh.up || !trust || !helper.node) throw failure('mesh.unreachable');
        return trust.renew(helper.node.nodeId, request);
      },
      audit: async (_path, { search, before, limit }) => {
        const all = Array.from({ length: 5 }, (_, at) => ({ sequence: BigInt(5 - at), atMs: 1n, actor: 'leader', node: 'leader', action: at === 0 ? 'device.enroll' : 'invite.create', subject: `s${5 - at}`, detail: '{"role":"member"}', hash: Buffer.alloc(32, 5 - at) }));
        const events = all.filter((event) => (before === 0n || event.sequence < before) && JSON.stringify([event.action, event.subject]).includes(search));
        return ListAuditResponse.fromPartial({ events: events.slice(0, Math.min(limit, 2)), intact: world.mesh.auditIntact, total: 5n });
      },
    },
    probe: { connect: async () => 12.5 },
    portal: { look: async (host) => portals.get(host) ?? null },
    peerMetrics: { get: async (address) => NodeMetrics.fromPartial({ deviceName: address }) },
    secrets: {
      kept: 'private-file',
      load: async (name) => secrets.get(name),
      save: async (name, text) => void secrets.set(name, text),
      remove: async (name) => void secrets.delete(name),
    },
    passphrases: {
      seal: async (text, passphrase) => JSON.stringify({ passphrase, text }),
      open: async (sealed, passphrase) => {
        const file: { passphrase: string; text: string } = JSON.parse(sealed);
        if (file.passphrase !== passphrase) throw failure('input.passphrase');
        return file.text;
      },
    },
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
    system: {
      on: (event, tell) => {
        if (event === 'resume') wakes.add(tell);
        return () => wakes.delete(tell);
      },
    },
    logs: { newest: async (linesMax) => ['{"a":1}', '{"b":2}'].slice(-linesMax), setLevel: () => {} },
    startHelper: async () => {
      world.helperStarts++;
    },
    updates: { configured: false, check: () => Promise.reject(failure('update.off')), download: () => Promise.reject(failure('update.off')), discard: async () => {} },
    quit: () => {
      world.quits++;
    },
  };
  /** What the real node's founding entry does: the identity that it was started with is the first device and the first authority. */
  const foundWith = ({ nodeId, identity, bootstrap }: NodeSpec): void => {
    const { chain = [], authorityKey = Buffer.alloc(0), authorityChain = [] } = identity ?? {};
    world.trust = trustMesh({ pki, random, nowMs, founder: { id: nodeId, chain: chain.map((der) => Uint8Array.from(der)), authority: { privateKey: authorityKey, chain: authorityChain.map((der) => Uint8Array.from(der)) } } });
    world.mesh.name = bootstrap?.networkName ?? '';
    world.mesh.nodes = [];
    world.mesh.leader = nodeId;
    world.mesh.voters = [nodeId];
  };
  const world: CoreWorld = {
    ports, clock, documents, secrets, setAside, online, addresses, portals, trust: null, quits: 0, helperStarts: 0, node: paths,
    wake: () => wakes.forEach((tell) => tell()),
    sleep: (ms) => {
      leaptMs += ms;
    },
    pass: async (ms) => {
      const untilMs = clock.nowMs() + ms;
      await turn();
      while (clock.next(untilMs)) await turn();
      await turn();
    },
    helper: {
      link, tunnel: null, node: null, orders: [], key: keyOf(50), nextKey: '', keyMadeMs: 1, pid: 7, takenPorts: new Set(),
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
      up: true, name: 'fake', replicates: true, lists: true, leader: 'leader', calls: [], doors: [], lost: new Map(), away: new Set(), foreign: new Map(), cut: false,
      voters: ['leader'], auditIntact: true, features: [Feature.METRICS, Feature.ICE_NEGOTIATION, Feature.TURN_SERVER, Feature.MESH_DNS], nodeRenew: undefined, lastJoin: null,
      nodes: [MeshNode.fromPartial({ id: 'leader', publicKey: keyOf(1), privateIpv4: `10.${net}.0.1/16`, privateIpv6: `fd00:${net}:${net}:1::/64`, primaryEndpoint: `192.0.2.${host}`, clusterStatus: 1 })],
      publish: () => {
        indexes.applied++;
        if (world.mesh.replicates) for (const watcher of watchers) watcher(view());
      },
    },
  };
  return world;
}

/** The same world with a secured mesh that was founded elsewhere by the device `leader`. */
export async function securedWorld(): Promise<CoreWorld> {
  const world = coreWorld();
  const { pki, random, clock } = world.ports;
  const { chain, authority } = await found({ name: 'fake', nodeId: 'leader', nowMs: clock.nowMs() }, { pki, random });
  world.trust = trustMesh({ pki, random, nowMs: clock.nowMs, founder: { id: 'leader', chain, authority: { privateKey: authority?.key ?? new Uint8Array(), chain: authority?.chain ?? [] } } });
  return world;
}

/** Everything that waits on promises runs, real input and output aside. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
