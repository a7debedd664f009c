import { type Cell, cell } from '../../../src/base/cell.ts';
import { type Clock, sleep } from '../../../src/base/clock.ts';
import { joinHostPort, parseIp } from '../../../src/base/ip.ts';
import { silentLog } from '../../../src/base/log.ts';
import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { type TunnelState } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { type PathView, type SetPathInputsRequest } from '../../../src/gen/webmesh/local/v1/local.ts';
import { type ObserveResponse, Proposal } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type NodeConfig } from '../../../src/node/config.ts';
import { CarrierError, type PortMapping, type StunAnswer } from '../../../src/node/path-ports.ts';
import { createPaths, type MeasuredServer, type Paths } from '../../../src/node/paths/paths.ts';
import { type StepFunction } from '../../../src/node/paths/state.ts';
import { type VirtualClock } from '../session/clock.ts';
import { carrierKinds, type End } from './carriers.ts';
import { hostOf, type NatKind, Router } from './nat.ts';
import { createNetwork, type Network, type Station, wireguardPort } from './network.ts';
import { type MachinePlan, type Plan } from './plan.ts';
import { type Payload, Wireguard } from './wireguard.ts';

export interface World {
  readonly plan: Plan;
  readonly network: Network;
  readonly nodes: SimNode[];
  troubled: boolean;
  readonly meetings: Map<string, { readonly ends: End[] }>;
  readonly violations: string[];
  nodeOf(id: string): SimNode | undefined;
  hosts(): readonly SimNode[];
  freePort(): number;
}

/** What is left out on purpose, besides what the step leaves out. */
export interface Missing {
  readonly hold?: boolean;
}

/** One machine: its network, its tunnel, its helper, its core, and the real path finder. */
export class SimNode {
  readonly id: string;
  readonly key: string;
  readonly mesh: string;
  readonly index: number;
  readonly station: Station;
  readonly wireguard: Wireguard;
  readonly loopback = new Map<string, End>();
  readonly serves: boolean;
  paths: Paths;
  moves = 0;
  online = true;
  /** Calls that left while there was no network. */
  noise = 0;
  offlineSinceMs: number | null = null;
  asleep = false;
  /** Orders of the helper that were applied. */
  readonly applied = new Map<string, PathView>();
  readonly world: World;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #step: StepFunction;
  readonly #missing: Missing;
  onView: (paths: readonly PathView[]) => void = () => {};
  readonly #waiting = new Map<number, (body: unknown) => void>();
  #ports = 30_000;
  #number = 0;
  #place = 0;
  #mapped: Cell<PortMapping | null> = cell<PortMapping | null>(null);
  #orders = 0;

  constructor(world: World, index: number, station: Station, serves: boolean, clock: VirtualClock, random: Random, step: StepFunction, missing: Missing) {
    [this.world, this.#clock, this.#random, this.#step, this.#missing] = [world, clock, random, step, missing];
    this.index = index;
    this.id = station.name;
    this.key = `key-${this.id}`;
    this.mesh = `172.16.0.${index + 1}`;
    this.serves = serves;
    this.station = station;
    this.wireguard = new Wireguard({
      clock, key: this.key, number: () => (index + 1) * 10_000_000 + ++this.#number,
      send: (endpoint, packet) => (endpoint.startsWith('127.') ? this.loopback.get(endpoint)?.fromWireguard(packet) : world.network.send(station, endpoint, packet)),
      deliver: (key, payload) => this.#deliver(key, payload),
    });
    station.receive = (packet, from) => this.wireguard.receive(packet, from);
    this.paths = this.#begin();
    const report = (): void => {
      clock.after(1_000, report);
      if (!this.asleep) this.paths.tunnel(this.tunnelState());
    };
    clock.after(between(random, 1, 1_000), report);
  }

  kind(): NatKind {
    return this.station.router.kind;
  }

  publicIp(): string {
    return this.kind() === 'open' ? (this.station.ipv4 ?? '') : this.station.router.publicIp;
  }

  /** Changes when what others know of its place is no longer true. */
  placeLife(): number {
    return this.#place * 1_000 + this.station.router.life;
  }

  freePort(): number {
    return ++this.#ports;
  }

  map(endpoint: string): void {
    this.#mapped.set({ by: 'pcp', endpoint });
  }

  mapped(): boolean {
    return this.#mapped.get() !== null;
  }

  unmap(): void {
    this.#mapped.set(null);
  }

  /** Another network, or the same one after a while. */
  move(): void {
    this.#place++;
    this.moves++;
    this.tellInputs();
  }

  setUp(up: boolean): void {
    this.station.up = up && !this.asleep;
    this.online = up;
    this.offlineSinceMs = up ? null : this.#clock.nowMs();
    if (up) this.moves++;
    this.tellInputs();
  }

  restartNode(): void {
    void this.paths.close();
    for (const end of [...this.loopback.values()]) end.close();
    this.paths = this.#begin();
    this.tellInputs();
    this.paths.tunnel(this.tunnelState());
  }

  tellInputs(): void {
    if (!this.asleep) this.paths.setInputs(this.#inputs());
  }

  advertised(): string[] {
    const { ipv4, ipv6 } = this.station;
    return [...(ipv4 ? [joinHostPort(ipv4, wireguardPort)] : []), ...(ipv6 ? [joinHostPort(ipv6, wireguardPort)] : [])];
  }

  tunnelState(): TunnelState {
    const peers = [...this.wireguard.peers.values()].map((peer) => ({
      publicKey: peer.key, endpoint: peer.endpoint, allowedIps: [], keepaliveSeconds: 25, lastHandshakeMs: BigInt(peer.handshakeMs ?? 0),
      receiveBytes: BigInt(peer.receivedBytes), transmitBytes: BigInt(peer.sentBytes),
    }));
    return { phase: 2, generation: undefined, tunnelId: 't', interfaceName: 'wg', engine: 'sim', publicKey: this.key, listenPort: wireguardPort, addresses: [], mtu: 1_420, peers, problem: '', dnsKeeper: '', dnsProblem: '' };
  }

  /** A question through the tunnel, asked again until it is answered, as TCP would. What was cancelled before it arrived is not read. */
  call(to: SimNode, body: unknown, timeoutMs: number, againMs: number, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#number;
    return new Promise((resolve) => {
      const end = (answer: unknown): void => {
        if (this.#waiting.delete(id)) resolve(answer);
      };
      this.#waiting.set(id, end);
      this.#clock.after(timeoutMs, () => end(null));
      const send = (): void => {
        if (!this.#waiting.has(id) || signal?.aborted) return;
        this.wireguard.send(to.key, { kind: 'request', id, body, bytes: 120, cancelled: () => signal?.aborted === true });
        if (againMs > 0) this.#clock.after(againMs, send);
      };
      send();
    });
  }

  #deliver(key: string, payload: Payload): void {
    if (this.asleep || payload.cancelled?.()) return;
    if (payload.kind === 'reply') return this.#waiting.get(payload.id)?.(payload.body);
    const reply = (body: unknown): void => this.wireguard.send(key, { kind: 'reply', id: payload.id, body, bytes: 120 });
    if (payload.body === 'echo') return reply('echo');
    const { from, offer } = payload.body as { from: string; offer: Proposal };
    void this.take(offer, from).then(reply, () => {});
  }

  /** An offer, as the wire carries it. */
  async take(offer: Proposal, from: string): Promise<Proposal> {
    if (this.asleep) await sleep(this.#clock, 60_000);
    const copy = Proposal.decode(Proposal.encode(offer).finish());
    return Proposal.decode(Proposal.encode(await this.paths.answer(copy, from, new AbortController().signal)).finish());
  }

  #begin(): Paths {
    const { world } = this;
    const clock = this.#sleepingClock();
    const servers = cell<readonly MeasuredServer[]>([]);
    const paths: Paths = createPaths({
      clock, random: this.#random, log: silentLog, config: configOf(this), servers,
      signal: (to, offer, signal) => this.#signal(to, offer, signal),
      observe: (host) => this.#observe(host),
      stun: { ask: (list) => this.#stun(list) },
      mapper: { mapped: this.#mapped, answers: cell({ pcp: '', 'nat-pmp': '', upnp: '' }), want: () => {}, close: async () => {} },
      echo: { listen: async () => {}, close: () => {}, ping: (address, _port, { timeoutMs }) => this.#ping(address, timeoutMs) },
      carriers: carrierKinds(world, this, this.#clock, this.#random),
      hold: (endpoint, held) => {
        const end = this.loopback.get(endpoint);
        if (end && !this.#missing.hold) end.held = held;
      },
    }, this.#step);
    paths.view.subscribe((view) => {
      this.onView(view.paths);
      this.#order();
    });
    return paths;
  }

  /** Timers of a machine that sleeps run when it wakes. */
  #sleepingClock(): Clock {
    const clock = this.#clock;
    const after = (delayMs: number, run: () => void) => clock.after(delayMs, () => {
      if (!this.asleep) run();
      else this.#late.push(run);
    });
    return { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs(), after };
  }
  readonly #late: (() => void)[] = [];

  sleep(): void {
    this.asleep = true;
    this.station.up = false;
  }

  wake(): void {
    this.asleep = false;
    this.station.up = this.online;
    for (const run of this.#late.splice(0)) run();
    this.moves++;
    this.tellInputs();
  }

  /** Core and helper: what is shown reaches the tunnel a little later; only the newest counts. */
  #order(): void {
    const order = ++this.#orders;
    const slow = this.world.plan.slowHelper ? 150 : 0;
    this.#clock.after(between(this.#random, 50, 200) + slow, () => {
      if (order === this.#orders || this.#orders - order < 3) this.#apply(this.paths.view.get().paths);
    });
  }

  #apply(views: readonly PathView[]): void {
    for (const view of views) {
      const before = this.applied.get(view.id);
      this.applied.set(view.id, view);
      const peer = this.wireguard.peers.get(view.publicKey);
      const endpoint = view.endpoint === '' ? (this.world.nodeOf(view.id)?.advertised()[0] ?? '') : view.endpoint;
      if (!peer || (before && before.restart !== view.restart)) this.wireguard.add(view.publicKey, endpoint);
      else if (before && (before.push !== view.push || before.endpoint !== view.endpoint)) this.wireguard.setEndpoint(view.publicKey, endpoint);
    }
  }

  #inputs(): SetPathInputsRequest {
    const { ipv4, ipv6 } = this.station;
    return {
      online: this.online, moves: BigInt(this.moves), listenPort: wireguardPort, publicKey: this.key, retry: [],
      ownAddresses: this.online ? [...(ipv4 ? [`${ipv4}/24`] : []), ...(ipv6 ? [`${ipv6}/64`] : [])] : [],
      peers: this.world.nodes.filter((one) => one !== this).map((one) => ({
        id: one.id, publicKey: one.key, ipv4: one.mesh, ipv6: '', endpoints: one.advertised(), primary: one.serves ? (one.station.ipv4 ?? '') : '', grpcPort: 8443, serves: one.serves,
      })),
    };
  }

  #leaves(): void {
    if (!this.online && !this.asleep && this.offlineSinceMs !== null && this.#clock.nowMs() - this.offlineSinceMs > 50) this.noise++;
  }

  async #ping(address: string, timeoutMs: number): Promise<number | null> {
    this.#leaves();
    const to = this.world.nodes.find((one) => one.mesh === address);
    const startedMs = this.#clock.nowMs();
    const answer = to ? await this.call(to, 'echo', timeoutMs, 0) : null;
    return answer === null ? null : this.#clock.nowMs() - startedMs;
  }

  async #signal(to: string, offer: Proposal, signal: AbortSignal): Promise<Proposal> {
    this.#leaves();
    const { world } = this;
    const target = world.nodeOf(to);
    const away = (): never => {
      throw new CarrierError('cannot-negotiate', 'nobody could carry it');
    };
    if (!target) return away();
    const lossy = world.troubled;
    if (lossy && chance(this.#random, world.plan.signalLoss)) {
      const after = chance(this.#random, 0.5);
      // The question was lost, or its answer.
      if (after) void this.#carry(target, offer).catch(() => {});
      await sleep(this.#clock, 2_000, signal);
      return away();
    }
    const first = this.#carry(target, offer, signal);
    if (lossy && chance(this.#random, world.plan.signalDuplication)) void sleep(this.#clock, between(this.#random, 1, 3_000)).then(() => this.#carry(target, offer)).catch(() => {});
    const answer = await first;
    if (lossy && chance(this.#random, world.plan.signalLate)) await sleep(this.#clock, between(this.#random, 500, 5_000));
    return answer ?? away();
  }

  async #carry(target: SimNode, offer: Proposal, signal?: AbortSignal): Promise<Proposal | null> {
    const { world } = this;
    const body = { from: this.id, offer };
    if (target.serves) return this.#overTcp(target, () => target.take(offer, this.id));
    const state = this.paths.view.get().paths.find((one) => one.id === target.id);
    if (this.serves || (state?.phase === 3 && chance(this.#random, 0.7))) {
      const answer = (await this.call(target, body, 2_500, 400, signal)) as Proposal | null;
      if (answer || this.serves) return answer;
    }
    const hosts = world.hosts().filter((one) => one.station.up);
    if (hosts.length === 0) return null;
    const host = pick(this.#random, hosts);
    return this.#overTcp(host, async () => (await host.call(target, body, 2_500, 400, signal)) as Proposal | null);
  }

  async #overTcp<T>(host: SimNode, work: () => Promise<T>): Promise<T | null> {
    const { network } = this.world;
    await sleep(this.#clock, network.delayMs());
    if (!this.station.up || !host.station.up || !canTcp(this, host)) {
      await sleep(this.#clock, 1_500);
      return null;
    }
    const answer = await work();
    await sleep(this.#clock, network.delayMs());
    return this.station.up ? answer : null;
  }

  async #observe(id: string): Promise<ObserveResponse> {
    this.#leaves();
    const host = this.world.nodeOf(id);
    const answer = host ? await this.#overTcp(host, async () => observed(this, host)) : null;
    if (!answer) throw new CarrierError('cannot-negotiate', 'no answer');
    return answer;
  }

  async #stun(list: readonly string[]): Promise<readonly StunAnswer[]> {
    this.#leaves();
    const port = this.freePort();
    const delays = 2 * this.world.network.delayMs();
    const answers = list.map((url): StunAnswer => {
      const server = url.replace('stun:', '');
      const host = this.world.hosts().find(({ station }) => [station.ipv4, station.ipv6].includes(hostOf(server)));
      const reached = this.station.up && host?.station.up === true;
      const mapped = reached ? this.world.network.seen(this.station, port, server) : null;
      return { server: url, mapped, roundTripMs: mapped === null ? null : delays, localPort: port };
    });
    await sleep(this.#clock, answers.some((one) => one.mapped === null) ? 1_000 : delays);
    return answers;
  }
}

/** What a host's tunnel knew of the caller a moment ago. */
function observed(caller: SimNode, host: SimNode): ObserveResponse {
  const peer = host.wireguard.peers.get(caller.key);
  const at = peer && peer.handshakeMs !== null && !peer.endpoint.startsWith('127.') ? peer.endpoint : '';
  return {
    tunnelEndpoint: at, handshakeAgeMs: 0n, callAddress: '',
    server: { nodeId: host.id, stun: [host.station.ipv4, host.station.ipv6].flatMap((ip) => (ip === null ? [] : [3478, 3479].map((port) => `stun:${joinHostPort(ip, port)}`))), turn: [], username: '', credential: '', expiresMs: 0n },
  };
}

function canTcp(a: SimNode, b: SimNode): boolean {
  return (a.station.ipv4 !== null && b.station.ipv4 !== null) || (a.station.ipv6 !== null && b.station.ipv6 !== null);
}

export function createWorld(plan: Plan, clock: VirtualClock, random: Random, step: StepFunction, missing: Missing): World {
  const network = createNetwork(clock, random);
  network.wires = plan.wires;
  let ports = 50_000;
  const world: World = {
    plan, network, nodes: [], troubled: plan.troubleMs > 0, meetings: new Map(), violations: [],
    nodeOf: (id) => world.nodes.find((one) => one.id === id), hosts: () => world.nodes.filter((one) => one.serves), freePort: () => ++ports,
  };
  const names = shuffled(random, ['a', 'b', 'c', 'd', 'e']);
  plan.machines.forEach((machine, index) => void world.nodes.push(createNode(world, machine, index, names[index] ?? `n${index}`, clock, random, step, missing)));
  for (const node of world.nodes) clock.after(between(random, 0, 1_000), () => node.tellInputs());
  return world;
}

function createNode(world: World, machine: MachinePlan, index: number, name: string, clock: VirtualClock, random: Random, step: StepFunction, missing: Missing): SimNode {
  const neighbour = machine.behind === null ? undefined : world.network.stations[machine.behind];
  const shared = neighbour && neighbour.router.kind !== 'open' ? neighbour : undefined;
  const router = shared?.router ?? new Router(`203.0.113.${index + 10}`, machine.kind, machine.hairpin, clock, random);
  const net = shared ? (shared.ipv4 ?? shared.ipv6 ?? '') : '';
  const lan = shared ? (/^192\.168\.(\d+)\./.exec(net)?.[1] ?? /^2001:db8:(\w+)::/.exec(net)?.[1] ?? '1') : String(index + 1);
  const station: Station = {
    name, router, up: true,
    ipv4: machine.families === '6' ? null : router.kind === 'open' ? `198.51.100.${index + 10}` : `192.168.${lan}.${index + 10}`,
    ipv6: machine.families === '4' ? null : `2001:db8:${lan}::${index + 10}`,
    spoken6: machine.firewall6 ? new Map() : null, receive: () => {},
  };
  world.network.stations.push(station);
  const node = new SimNode(world, index, station, index === 0, clock, random, step, missing);
  if (machine.mapped && !shared && station.ipv4 !== null) {
    router.forward(wireguardPort, joinHostPort(station.ipv4, wireguardPort));
    node.map(joinHostPort(router.publicIp, wireguardPort));
  }
  return node;
}

function configOf(node: SimNode): NodeConfig {
  return {
    nodeId: node.id, dataDir: '/d', socketPath: '/s', meshIpv4: parseIp(node.mesh) ?? null, meshIpv6: null, raftPort: 9443, grpcPort: 8443, wireguardPort, primaryEndpoint: '',
    endpoints: [], publicAddresses: [],
    services: { leaderProxy: false, meshApi: false, peerDiscovery: false, metrics: false, admin: false, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false },
    paths: { turnPort: 3478, dnsPort: 53, prometheusPort: 8080, relayBytesPerSecond: 0, shares: [], dnsDomain: 'x', localDomain: '', localDnsPort: 53 }, bootstrap: null, tunnel: null, identity: null,
  };
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const left = [...list];
  return list.map(() => left.splice(between(random, 0, left.length - 1), 1)[0] as T);
}

