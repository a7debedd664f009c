import { type Clock } from '../../../src/base/clock.ts';
import { joinHostPort } from '../../../src/base/ip.ts';
import { between, chance, type Random } from '../../../src/base/random.ts';
import { familyOf, hostOf, portOf, type Router } from './nat.ts';
import { type Packet } from './wireguard.ts';

/** How bad the wires are. */
export interface Wires {
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplication: number;
}

export const calmWires: Wires = { latencyMs: 30, jitterMs: 10, loss: 0, duplication: 0 };
export const wireguardPort = 51_820;

/** A machine as the network sees it. */
export interface Station {
  readonly name: string;
  router: Router;
  /** Bare addresses; null: it has none of that family. */
  ipv4: string | null;
  ipv6: string | null;
  /** Firewall of IPv6: what was spoken to, with the time. Null: everything comes in. */
  readonly spoken6: Map<string, number> | null;
  /** Has a network and is awake. */
  up: boolean;
  receive(packet: Packet, from: string): void;
}

export interface Network {
  wires: Wires;
  readonly stations: Station[];
  /** Relayed addresses: who takes what comes there. */
  readonly relays: Map<string, (packet: Packet, from: string) => void>;
  /** From a machine's tunnel port, or another one. */
  send(from: Station, to: string, packet: Packet, port?: number): void;
  /** From a relay's own address, which nothing translates. */
  sendFrom(from: string, to: string, packet: Packet): void;
  /** How a server sees a socket of the machine; null: nothing arrives. */
  seen(from: Station, port: number, server: string): string | null;
  /** One way, as drawn now. */
  delayMs(): number;
  lost(): boolean;
}

export function createNetwork(clock: Clock, random: Random): Network {
  const stations: Station[] = [];
  const relays: Network['relays'] = new Map();
  const network: Network = { wires: calmWires, stations, relays, send, sendFrom, seen, delayMs, lost };

  function delayMs(): number {
    return network.wires.latencyMs + between(random, 0, network.wires.jitterMs);
  }

  function lost(): boolean {
    return network.wires.loss > 0 && chance(random, network.wires.loss);
  }

  function send(from: Station, to: string, packet: Packet, port = wireguardPort): void {
    if (!from.up || lost()) return;
    const family = familyOf(to);
    const own = family === 4 ? from.ipv4 : from.ipv6;
    if (own === null) return;
    const neighbour = stations.find((one) => one !== from && one.router === from.router && (family === 4 ? one.ipv4 : one.ipv6) === hostOf(to));
    if (neighbour) return travel(2, () => arrive(neighbour, to, joinHostPort(own, port), packet));
    const outside = seen(from, port, to);
    if (outside === null || isPrivate(hostOf(to))) return;
    if (family === 4 && hostOf(to) === from.router.publicIp && from.router.kind !== 'open') {
      if (from.router.hairpin) travel(4, () => throughRouter(from.router, to, outside, packet));
      return;
    }
    sendFrom(outside, to, packet);
  }

  function sendFrom(from: string, to: string, packet: Packet): void {
    const times = network.wires.duplication > 0 && chance(random, network.wires.duplication) ? 2 : 1;
    for (let i = 0; i < times; i++) travel(delayMs(), () => route(from, to, packet));
  }

  function travel(afterMs: number, arrive: () => void): void {
    clock.after(afterMs, arrive);
  }

  function route(from: string, to: string, packet: Packet): void {
    const relay = relays.get(to);
    if (relay) return relay(packet, from);
    const host = hostOf(to);
    const open = stations.find((one) => one.ipv6 === host || (one.ipv4 === host && one.router.kind === 'open'));
    if (open) return arrive(open, to, from, packet);
    const router = stations.find((one) => one.router.publicIp === host && one.router.kind !== 'open' && one.ipv4 !== null)?.router;
    if (router) throughRouter(router, to, from, packet);
  }

  function throughRouter(router: Router, to: string, from: string, packet: Packet): void {
    const inside = router.in(portOf(to), from);
    const station = inside === null ? undefined : stations.find((one) => one.router === router && one.ipv4 === hostOf(inside));
    if (station && inside !== null) arrive(station, inside, from, packet);
  }

  function arrive(station: Station, to: string, from: string, packet: Packet): void {
    if (!station.up || portOf(to) !== wireguardPort) return;
    if (familyOf(to) === 6 && station.spoken6) {
      const spokenMs = station.spoken6.get(from);
      const near = stations.some((one) => one.router === station.router && one.ipv6 === hostOf(from));
      if (!near && (spokenMs === undefined || clock.nowMs() - spokenMs > 90_000)) return;
    }
    station.receive(packet, from);
  }

  function seen(from: Station, port: number, server: string): string | null {
    if (familyOf(server) === 4) return from.ipv4 === null ? null : from.router.out(joinHostPort(from.ipv4, port), server);
    if (from.ipv6 === null || from.router.kind === 'blocked') return null;
    from.spoken6?.set(server, clock.nowMs());
    return joinHostPort(from.ipv6, port);
  }

  return network;
}

function isPrivate(host: string): boolean {
  return host.startsWith('192.168.') || host.startsWith('10.');
}
