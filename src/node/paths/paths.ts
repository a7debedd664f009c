import { cell } from '../../base/cell.ts';
import { type Cancel } from '../../base/clock.ts';
import { type Failure } from '../../base/failure.ts';
import { formatIp } from '../../base/ip.ts';
import { type PathTier, pathTiers } from '../../base/path-reasons.ts';
import { type Feature } from '../../gen/v1/mesh_messages.ts';
import { type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type PathPeer, type PathView, type SetPathInputsRequest } from '../../gen/webmesh/local/v1/local.ts';
import { type NodeConfig } from '../config.ts';
import { createDriver, type Driver } from './driver.ts';
import { noNat } from './facts.ts';
import { meshNetworksOf, oursOf, peersOf, relaysOf } from './inputs.ts';
import { createObserver, type Observer } from './observer.ts';
import { pingPeer } from './ping.ts';
import { type Paths, type PathsPorts, type PathsView } from './ports.ts';
import { type StepFunction } from './state.ts';
import { step as realStep } from './step.ts';
import { createSightings } from './sightings.ts';
import { createWanted } from './wanted.ts';
import { viewOf } from './view.ts';

export type { MeasuredServer, PathCounters, Paths, PathsPorts, PathsView } from './ports.ts';
export { createHolds, type Holds } from './holds.ts';

/** How long changes that move no tunnel are gathered. */
const coalesceMs = 60;
/** Peers that rest are shown only while all of them together are few. */
const shownMax = 256;

/** Brings the path finder together. `step` is given by simulations that leave a part of it out. */
export function createPaths(ports: PathsPorts, step: StepFunction = realStep): Paths {
  const { clock, log, mapper, carriers, echo } = ports;
  const tiers: readonly PathTier[] = pathTiers.filter((tier) => tier === 'direct' || tier === 'punch' || carriers.some((one) => one.tier === tier));
  const view = cell<PathsView>({ nat: noNat, paths: [] });
  const features = cell<readonly Feature[]>([]);
  const problem = cell<Failure | null>(null);
  const views = new Map<string, PathView>();
  const dirty = new Set<string>();
  let { config } = ports;
  let inputs: SetPathInputsRequest | null = null;
  let peers: readonly PathPeer[] = [];
  let mtu = 1_420;
  let pending: Cancel | null = null;
  let urgentSoon = false;
  let closed = false;
  let listening = '';
  let told = '';

  const observer: Observer = createObserver({ ...ports, log: log.scope('observer') }, () => refresh());
  const driver: Driver = createDriver({
    ...ports, step, me: config.nodeId, wireguardPort: () => inputs?.listenPort || config.wireguardPort, observe: () => observer.hurry(false),
    changed: (id, urgent) => {
      dirty.add(id);
      publishSoon(urgent);
    },
  });
  const sightings = createSightings(clock, driver);
  const wanted = createWanted(clock, driver);

  function refresh(): void {
    if (!inputs || closed) return;
    const ours = oursOf(inputs, observer.nat(), tiers, meshNetworksOf(config, peers), relaysOf(ports.servers.get()));
    const key = JSON.stringify(ours, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
    // Every peer plans anew for each of these: only when something is new.
    if (key === told) return;
    told = key;
    driver.ours(ours);
    publishSoon(false);
  }

  // What moves a tunnel is told in the same instant, once for all peers that move in it.
  function publishSoon(urgent: boolean): void {
    if (closed || (pending && (urgentSoon || !urgent))) return;
    pending?.();
    urgentSoon = urgent;
    pending = clock.after(urgent ? 0 : coalesceMs, publish);
  }

  function publish(): void {
    pending = null;
    urgentSoon = false;
    const now = { nowMs: clock.monotonicMs(), wallMs: clock.nowMs() };
    for (const peer of peers) {
      const state = driver.state(peer.id);
      if (!state || (state.phase === 'idle' && peers.length > shownMax)) views.delete(peer.id);
      else if (dirty.has(peer.id) || !views.has(peer.id)) views.set(peer.id, viewOf(peer, state, now));
    }
    dirty.clear();
    for (const id of views.keys()) if (!driver.known(id)) views.delete(id);
    view.set({ nat: observer.nat(), paths: [...views.values()] });
  }

  function setInputs(next: SetPathInputsRequest): void {
    if (closed) return;
    const before = peers;
    inputs = next;
    peers = peersOf(next, config.nodeId);
    const removed = new Set(before.map(({ id }) => id));
    for (const { id } of peers) removed.delete(id);
    for (const id of removed) wanted.forget(id);
    observer.inputs({
      online: next.online, moves: Number(next.moves), listenPort: next.listenPort, serving: peers.filter((peer) => peer.serves),
      subnets: oursOf(next, noNat, tiers, []).subnets, meshNetworks: meshNetworksOf(config, peers),
    });
    refresh();
    driver.roster(peers);
    sightings.roster(peers);
    wanted.roster(peers);
    for (const id of next.retry.slice(0, 64)) driver.send(id, { kind: 'retry' });
    publishSoon(false);
  }

  function tunnel(state: TunnelState | null): void {
    if (closed || !state) return;
    if (state.mtu > 0) mtu = state.mtu;
    for (const id of sightings.look(state.peers)) wanted.active(id);
  }

  function update(next: NodeConfig): void {
    config = next;
    listen();
    tunnel(next.tunnel);
    if (inputs) refresh();
  }

  function listen(): void {
    const addresses = [config.meshIpv4, config.meshIpv6].flatMap((ip) => (ip ? [formatIp(ip)] : []));
    const key = `${addresses.join(' ')} ${config.grpcPort}`;
    if (addresses.length === 0 || key === listening) return;
    listening = key;
    echo.listen(addresses, config.grpcPort).catch((error: unknown) => {
      // The address is not there yet, or no longer: the next update tries again.
      listening = '';
      log.debug('echo-listen', { problem: String(error) });
    });
  }

  update(config);
  return {
    name: 'paths', features, problem, view, setInputs, tunnel, update,
    answer: (offer, from) => {
      wanted.active(from);
      return driver.answer(offer, from);
    },
    ping: (request, signal) => {
      const peer = peers.find(({ id }) => id === request.id);
      const at = { echo, servers: ports.servers.get(), nowMs: () => clock.monotonicMs(), mtu };
      return peer ? pingPeer(request, peer, () => driver.state(peer.id), at, signal) : nothing();
    },
    counters: () => driver.counters(),
    nat: () => observer.nat(),
    close: async () => {
      closed = true;
      pending?.();
      driver.close();
      observer.close();
      echo.close();
      await mapper?.close();
    },
  };
}

async function* nothing(): AsyncIterable<never> {}
