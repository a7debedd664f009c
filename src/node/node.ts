import { abortError } from '../base/abort.ts';
import { asFailure, type Failure, failure } from '../base/failure.ts';
import { joinHostPort } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Caller, type Service } from '../base/rpc.ts';
import { needsRestart, type NodeConfig } from './config.ts';
import { driverDefaults, type DriverOptions } from './consensus/driver.ts';
import { reconcileMembers, type Wanted } from './consensus/members.ts';
import { keepCutting } from './cutting.ts';
import { expectWhoComes } from './expecting.ts';
import { foundWhenLeading } from './found-when-leading.ts';
import { wantedMembers } from './founding.ts';
import { checkIdentity, sameIdentity } from './identity.ts';
import { apiAddresses, distinct, keepListening, type Listener } from './listening.ts';
import { createCallFigures } from './metrics/call-counts.ts';
import { createNodeParts, type PartPorts } from './node-parts.ts';
import { type CallCounts } from './path-ports.ts';
import { type IdentitySource, type RemoteCaller, type Sockets } from './ports.ts';
import { openReplica, raftAddressOf, type Replica, type ReplicaPorts } from './replica.ts';
import { type NodeServices } from './rpc/services.ts';
import { createServices, type ServicePorts } from './services.ts';

/** A gRPC server: listeners come and go while it runs. */
export interface RpcServer extends Listener {
  listenUnix(path: string, mode: number): Promise<void>;
  /** Ends at once every connection whose caller is not kept. */
  cut(keep: (caller: Caller) => boolean): void;
  close(graceMs: number): Promise<void>;
}

/** What a server needs besides its services: see platform/grpc-server. */
export interface ServerOptions {
  readonly services: readonly Service[];
  readonly log: Log;
  /** With grpc.health and grpc.reflection beside the services. */
  readonly standard: boolean;
  readonly identity: IdentitySource;
  readonly authorize: NodeServices['authorize'];
  /** Told of every call, refused ones too. */
  readonly counts?: CallCounts;
}

/** How a node reaches others: everything it opens proves what the source gives at that moment. */
export interface Network {
  readonly sockets: Sockets;
  readonly remote: RemoteCaller;
  close(): void;
}

export interface NodePorts extends Omit<ReplicaPorts, 'sockets'>, Omit<ServicePorts, 'remote'> {
  readonly createNetwork: (identity: IdentitySource) => Network;
  readonly createServer: (options: ServerOptions) => RpcServer;
  readonly world: PartPorts;
}

/** How the node is, for whoever started it. */
export interface NodeHealth {
  /** Its sockets were opened and it leads, or follows a leader's log. */
  readonly ready: boolean;
  readonly problem: Failure | null;
}

export interface RunningNode {
  readonly replica: Replica;
  /** Takes a new configuration that needs no new start: addresses, the tunnel, a renewed certificate. Rejects as `checkIdentity`, and then nothing changed. */
  update(config: NodeConfig): Promise<void>;
  /** Ends listeners, lets calls finish for `graceMs`, and closes the files. */
  close(graceMs: number): Promise<void>;
}

/** Of the socket for this machine: whoever may enter its folder may use it, and the helper lets one user in. */
const socketMode = 0o666;
const listenLookMs = 1_000;

/**
 * A mesh node: opens its files, takes part in consensus, founds the mesh when it is told to and there is none yet, and serves its APIs.
 * Throws a Failure when its identity, its data or its local socket cannot be used. A listener that cannot be opened is a problem that is told, and
 * tried again.
 */
export async function startNode(first: NodeConfig, given: NodePorts, onHealth: (health: NodeHealth) => void, options: Partial<DriverOptions> = {}): Promise<RunningNode> {
  const { clock, log, pki } = given;
  let config = first;
  await checkIdentity(first.nodeId, first.identity, pki);
  const identity: IdentitySource = () => config.identity?.reveal() ?? null;
  const network = given.createNetwork(identity);
  const ports = { ...given, ...network };
  const closing = new AbortController();
  const replica = await opened(network, () => openReplica({ id: first.nodeId, address: () => raftAddressOf(config) }, first, ports, options));
  const { driver, state } = replica;
  const tickMs = options.tickMs ?? driverDefaults.tickMs;
  const calls = createCallFigures();
  const parts = createNodeParts({ ...ports, config: first, replica, calls, tickMs, closing: closing.signal });
  const { mesh, local } = createServices({ config: () => config, identity, replica, ports, parts, tickMs, closing: closing.signal });
  const server = { identity, authorize: mesh.authorize };
  const api = ports.createServer({ ...server, services: mesh.services, log: log.scope('api'), standard: true, counts: calls });
  const localServer = ports.createServer({ ...server, services: local, log: log.scope('local'), standard: false });
  const problems = new Map<string, Failure>();
  let health: NodeHealth = { ready: false, problem: null };
  let isOpen = false;

  let raftAddresses: readonly string[] = [];

  const tell = (): void => {
    // The transport goes on trying a port in use by itself.
    if (problems.has('raft') && driver.transport.listening().length === raftAddresses.length) problems.delete('raft');
    const next = { ready: isOpen && driver.view.get().leader !== null, problem: [...problems.values()][0] ?? null };
    if (next.ready === health.ready && next.problem?.code === health.problem?.code && next.problem?.message === health.problem?.message) return;
    health = next;
    onHealth(health);
  };
  /** Nobody tells when the transport got its port at last. */
  const lookAgain = (): void => {
    tell();
    if (problems.has('raft') && !closing.signal.aborted) clock.after(listenLookMs, lookAgain);
  };
  const trouble = (source: string) => (problem: Failure | null): void => {
    if (problem) problems.set(source, problem);
    else problems.delete(source);
    if (problem) log.warn('problem', { source, problem });
    tell();
  };
  const listening = keepListening(api, clock, trouble('api'));

  const apply = (): void => {
    listening.set(apiAddresses(config));
    const raftHosts = distinct([config.meshIpv4, config.meshIpv6]);
    const founder = raftHosts.length === 0 ? raftAddressOf(config) : null;
    raftAddresses = founder ? [founder] : raftHosts.map((host) => joinHostPort(host, config.raftPort));
    driver.transport.listen(raftAddresses).then(() => trouble('raft')(null), (error: unknown) => {
      trouble('raft')(asFailure(error));
      clock.after(listenLookMs, lookAgain);
    });
  };

  replica.start();
  const ends = [
    reconcileMembers({ self: first.nodeId, consensus: driver, wanted: () => belonging(wantedMembers(state), state), clock, log: log.scope('members') }),
    foundWhenLeading(replica, () => config, ports, closing.signal),
    keepCutting({ revision: state.revision, clock, cut: () => {
      driver.transport.recheck();
      api.cut(mesh.keeps);
      parts.recheck();
    } }),
    ...parts.all.map(({ name, problem }) => problem.subscribe(trouble(name))),
    driver.view.subscribe(tell),
    expectWhoComes(parts.paths.view, driver.expect),
  ];
  const close = async (graceMs: number): Promise<void> => {
    closing.abort(abortError('the node is closing'));
    for (const end of ends) end();
    listening.close();
    await Promise.all([api.close(graceMs), localServer.close(graceMs), parts.close()]);
    replica.close();
    network.close();
  };
  try {
    await localServer.listenUnix(first.socketPath, socketMode);
    apply();
    await listening.tried();
  } catch (error) {
    await close(0);
    throw error;
  }
  isOpen = true;
  tell();
  return {
    replica,
    update: async (next) => {
      // A node never goes from certificates to clear text, or back, while it runs: that is another node.
      if (needsRestart(config, next)) throw failure('input.invalid', { field: 'line', reason: 'needs a new start' });
      if (!sameIdentity(config.identity, next.identity)) await checkIdentity(next.nodeId, next.identity, pki);
      const moved = JSON.stringify([apiAddresses(next), raftAddressOf(next)]) !== JSON.stringify([apiAddresses(config), raftAddressOf(config)]);
      // The same identity stays the same value: who holds connections by it need not open them anew.
      config = sameIdentity(config.identity, next.identity) ? { ...next, identity: config.identity } : next;
      if (moved) apply();
      parts.update(config);
    },
    close,
  };
}

/** In a secured mesh, rows of nodes whose device was never let in, or is no more, are nobody's: the guards let none arise. */
function belonging(wanted: Wanted, { trust }: Replica['state']): Wanted {
  return trust.secure() ? { ...wanted, rows: wanted.rows.filter(({ id }) => trust.device(id)?.state === 'active') } : wanted;
}

async function opened<T>(network: Network, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    network.close();
    throw error;
  }
}
