import { abortError, isAbort, withDeadline } from '../base/abort.ts';
import { type Clock } from '../base/clock.ts';
import { asFailure, type Failure } from '../base/failure.ts';
import { joinHostPort } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Service } from '../base/rpc.ts';
import { type NodeConfig } from './config.ts';
import { driverDefaults, type DriverOptions } from './consensus/driver.ts';
import { reconcileMembers } from './consensus/members.ts';
import { foundingEntry, isFounded, wantedMembers } from './founding.ts';
import { apiAddresses, distinct, keepListening, type Listener } from './listening.ts';
import { openReplica, raftAddressOf, type Replica, type ReplicaPorts } from './replica.ts';
import { createServices, type ServicePorts } from './services.ts';

/** A gRPC server: listeners come and go while it runs. */
export interface RpcServer extends Listener {
  listenUnix(path: string, mode: number): Promise<void>;
  close(graceMs: number): Promise<void>;
}

export interface NodePorts extends ReplicaPorts, ServicePorts {
  /** `standard`: with grpc.health and grpc.reflection beside the services. */
  readonly createServer: (options: { readonly services: readonly Service[]; readonly log: Log; readonly standard: boolean }) => RpcServer;
}

/** How the node is, for whoever started it. */
export interface NodeHealth {
  /** Its sockets were opened and it leads, or follows a leader's log. */
  readonly ready: boolean;
  readonly problem: Failure | null;
}

export interface RunningNode {
  readonly replica: Replica;
  /** Takes a new configuration of the same identity: addresses, services and the tunnel. */
  update(config: NodeConfig): void;
  /** Ends listeners, lets calls finish for `graceMs`, and closes the files. */
  close(graceMs: number): Promise<void>;
}

/** Of the socket for this machine: whoever may enter its folder may use it. */
const socketMode = 0o660;
const foundDeadlineMs = 10_000;
const listenLookMs = 1_000;

/**
 * A mesh node: opens its files, takes part in consensus, founds the mesh when it is told to and there is none yet, and serves its APIs.
 * Throws a Failure when its data or its local socket cannot be opened. A listener that cannot be opened is a problem that is told, and
 * tried again.
 */
export async function startNode(first: NodeConfig, ports: NodePorts, onHealth: (health: NodeHealth) => void, options: Partial<DriverOptions> = {}): Promise<RunningNode> {
  const { clock, log } = ports;
  let config = first;
  const closing = new AbortController();
  const replica = await openReplica({ id: first.nodeId, address: () => raftAddressOf(config) }, first, ports, options);
  const { driver, state } = replica;
  const { mesh, local } = createServices({ config: () => config, replica, ports, tickMs: options.tickMs ?? driverDefaults.tickMs, closing: closing.signal });
  const api = ports.createServer({ services: mesh, log: log.scope('api'), standard: true });
  const localServer = ports.createServer({ services: local, log: log.scope('local'), standard: false });
  const problems = new Map<string, Failure>();
  let health: NodeHealth = { ready: false, problem: null };
  let opened = false;

  let raftAddresses: readonly string[] = [];

  const tell = (): void => {
    // The transport goes on trying a port in use by itself.
    if (problems.has('raft') && driver.transport.listening().length === raftAddresses.length) problems.delete('raft');
    const next = { ready: opened && driver.view.get().leader !== null, problem: [...problems.values()][0] ?? null };
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
    reconcileMembers({ self: first.nodeId, consensus: driver, wanted: () => wantedMembers(state), clock, log: log.scope('members') }),
    foundWhenLeading(replica, () => config, ports, closing.signal),
    driver.view.subscribe(tell),
  ];
  const close = async (graceMs: number): Promise<void> => {
    closing.abort(abortError('the node is closing'));
    for (const end of ends) end();
    listening.close();
    await Promise.all([api.close(graceMs), localServer.close(graceMs)]);
    replica.close();
  };
  try {
    await localServer.listenUnix(first.socketPath, socketMode);
    apply();
    await listening.tried();
  } catch (error) {
    await close(0);
    throw error;
  }
  opened = true;
  tell();
  return {
    replica,
    update: (next) => {
      const moved = JSON.stringify([apiAddresses(next), raftAddressOf(next)]) !== JSON.stringify([apiAddresses(config), raftAddressOf(config)]);
      config = next;
      if (moved) apply();
    },
    close,
  };
}

/** The mesh's first entry, proposed by the founder as soon as it leads; again after a restart that came before it was applied. */
function foundWhenLeading({ driver, state }: Replica, config: () => NodeConfig, { clock, random, log }: { clock: Clock; random: NodePorts['random']; log: Log }, closing: AbortSignal): () => void {
  let busy = false;
  const look = async (): Promise<void> => {
    const { bootstrap } = config();
    if (busy || !bootstrap || driver.view.get().role !== 'leader' || isFounded(state)) return;
    busy = true;
    try {
      const entry = foundingEntry(config(), bootstrap, random, clock.nowMs());
      await withDeadline(clock, foundDeadlineMs, 'founding', closing, (signal) => driver.propose(entry, signal));
      log.info('founded');
    } catch (error) {
      if (!isAbort(error)) log.warn('founding-refused', { error });
    }
    busy = false;
  };
  void look();
  return driver.view.subscribe(() => void look());
}
