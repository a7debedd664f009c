import { type Clock } from '../../../src/base/clock.ts';
import { joinHostPort } from '../../../src/base/ip.ts';
import { between, chance, type Random } from '../../../src/base/random.ts';
import { type Carrier, type CarrierAttempt, type CarrierEnd, CarrierError, type CarrierKind } from '../../../src/node/path-ports.ts';
import { sleep } from '../../../src/base/clock.ts';
import { hostOf } from './nat.ts';
import { portsWork } from './theory.ts';
import { type SimNode, type World } from './world.ts';
import { type Packet } from './wireguard.ts';

/** One end of a carrier: a loopback port that faces the machine's WireGuard. */
export class End implements Carrier {
  readonly tier: Carrier['tier'];
  readonly localEndpoint: string;
  readonly via: string;
  readonly remote = '';
  readonly ended: Promise<CarrierEnd>;
  readonly node: SimNode;
  held = false;
  open = true;
  /** Where what WireGuard sends goes. */
  pass: (packet: Packet) => void = () => {};
  onClose: () => void = () => {};
  #end: (end: CarrierEnd) => void = () => {};

  constructor(node: SimNode, tier: Carrier['tier'], via: string) {
    this.node = node;
    this.tier = tier;
    this.via = via;
    this.localEndpoint = joinHostPort('127.0.0.1', node.freePort());
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    node.loopback.set(this.localEndpoint, this);
  }

  fromWireguard(packet: Packet): void {
    if (this.open && !this.held && this.node.station.up) this.pass(packet);
  }

  toWireguard(packet: Packet): void {
    if (this.open && !this.held && this.node.station.up) this.node.wireguard.receive(packet, this.localEndpoint);
  }

  counters() {
    return { sentBytes: 0, receivedBytes: 0, droppedDatagrams: 0 };
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.node.loopback.delete(this.localEndpoint);
    this.onClose();
  }

  die(problem: string): void {
    if (!this.open) return;
    this.close();
    this.#end({ code: 'carrier-failed', problem });
  }
}

interface Meeting {
  readonly ends: End[];
}

export function carrierKinds(world: World, node: SimNode, clock: Clock, random: Random): readonly CarrierKind[] {
  const kinds: CarrierKind[] = [];
  if (world.plan.ice) kinds.push(ice(world, node, clock, random));
  if (world.plan.turn) kinds.push(turn(world, node, clock, random));
  kinds.push(stream(world, node, clock, random));
  return kinds;
}

/** Sometimes a carrier cannot be had although it could be. */
async function mayFail(world: World, clock: Clock, random: Random, signal: AbortSignal): Promise<void> {
  if (world.troubled && chance(random, world.plan.carrierFailure)) {
    await sleep(clock, between(random, 1, 3_000), signal);
    throw new CarrierError('carrier-failed', 'drawn to fail');
  }
}

/** Two ends that pass packets to each other while `works`. */
function meet(world: World, session: Uint8Array, mine: End, delayMs: () => number, works: () => boolean, endAfterMs: number, clock: Clock): void {
  const key = Buffer.from(session).toString('hex') + mine.tier;
  const meeting: Meeting = world.meetings.get(key) ?? { ends: [] };
  world.meetings.set(key, meeting);
  meeting.ends.push(mine);
  mine.pass = (packet) => {
    const other = meeting.ends.find((one) => one !== mine && one.node !== mine.node);
    if (other && works() && !world.network.lost()) clock.after(delayMs(), () => {
      if (works()) other.toWireguard(packet);
    });
  };
  mine.onClose = () => {
    for (const other of meeting.ends) if (other !== mine) clock.after(endAfterMs, () => other.die('the other side closed'));
  };
}

function ice(world: World, node: SimNode, clock: Clock, random: Random): CarrierKind {
  return {
    tier: 'ice',
    begin: async (peer, _role, _theirs, signal): Promise<CarrierAttempt> => {
      await sleep(clock, between(random, 20, 200), signal);
      await mayFail(world, clock, random, signal);
      return {
        mine: { ice: { ufrag: 'u', pwd: 'p', candidates: [] } },
        proceed: async (_their, inner) => {
          const other = world.nodeOf(peer.id);
          await sleep(clock, between(random, 100, 900), inner);
          if (!other || !portsWork(node, other)) {
            await sleep(clock, 5_000, inner);
            throw new CarrierError('no-answer', 'no pair answered');
          }
          const lives = [node, other].map((one) => one.placeLife());
          const end = new End(node, 'ice', 'srflx-srflx');
          const works = (): boolean => [node, other].every((one, i) => one.placeLife() === lives[i] && one.station.up);
          meet(world, peer.session, end, () => world.network.delayMs(), works, 3_000, clock);
          const look = (): void => {
            if (!end.open) return;
            if (works()) clock.after(3_000, look);
            else clock.after(4_000, () => end.die('no consent'));
          };
          clock.after(3_000, look);
          return end;
        },
        cancel: () => {},
      };
    },
  };
}

function stream(world: World, node: SimNode, clock: Clock, random: Random): CarrierKind {
  return {
    tier: 'stream',
    begin: async (peer, role, theirs, signal): Promise<CarrierAttempt> => {
      const relay = role === 'answering' ? world.nodeOf(theirs?.relayNode ?? '') : world.hosts().find((host) => host.station.up);
      await sleep(clock, world.network.delayMs(), signal);
      await mayFail(world, clock, random, signal);
      if (!relay?.station.up) throw new CarrierError('no-relay', 'no host answers');
      return {
        mine: { relayNode: relay.id },
        proceed: async (_their, inner) => {
          const other = world.nodeOf(peer.id);
          await sleep(clock, 2 * world.network.delayMs(), inner);
          if (!other || !relay.station.up || !node.station.up) throw new CarrierError('carrier-failed', 'the stream did not open');
          const end = new End(node, 'stream', relay.id);
          const places = [node, other].map((one) => one.placeLife());
          const works = (): boolean => relay.station.up && [node, other].every((one, i) => one.station.up && one.placeLife() === places[i]);
          meet(world, peer.session, end, () => 2 * world.network.delayMs(), works, 100, clock);
          const look = (): void => {
            if (!end.open) return;
            if (works()) clock.after(1_000, look);
            else end.die('the stream ended');
          };
          clock.after(1_000, look);
          return end;
        },
        cancel: () => {},
      };
    },
  };
}

/** One side allocates at a host and permits the other's public address; the other one simply sends there. */
function turn(world: World, node: SimNode, clock: Clock, random: Random): CarrierKind {
  return {
    tier: 'turn',
    begin: async (peer, role, theirs, signal): Promise<CarrierAttempt> => {
      if (node.kind() === 'blocked') throw new CarrierError('udp-blocked-here', 'no UDP');
      if (node.station.ipv4 === null) throw new CarrierError('no-common-family', 'no IPv4');
      if (role === 'answering') {
        return { mine: {}, cancel: () => {}, proceed: () => Promise.resolve({ endpoint: theirs?.turnEndpoint ?? '', via: theirs?.relayNode ?? '' }) };
      }
      const relay = world.hosts().find((host) => host.station.up && host !== node && host.id !== peer.id) ?? world.hosts().find((host) => host.station.up);
      await sleep(clock, 2 * world.network.delayMs(), signal);
      await mayFail(world, clock, random, signal);
      if (!relay?.station.up || relay.station.ipv4 === null) throw new CarrierError('no-relay', 'no host answers');
      const relayed = joinHostPort(relay.station.ipv4, world.freePort());
      return {
        mine: { turnEndpoint: relayed, relayNode: relay.id },
        cancel: () => void world.network.relays.delete(relayed),
        proceed: () => Promise.resolve(allocate(world, node, relay, relayed, () => world.nodeOf(peer.id)?.publicIp() ?? '', clock)),
      };
    },
  };
}

function allocate(world: World, node: SimNode, relay: SimNode, relayed: string, permitted: () => string, clock: Clock): End {
  const end = new End(node, 'turn', relay.id);
  const life = node.placeLife();
  const works = (): boolean => relay.station.up && node.station.up && node.placeLife() === life;
  let target: string | null = null;
  // The permission is of the address that was told when it was made.
  const allowed = permitted();
  world.network.relays.set(relayed, (packet, from) => {
    if (!works() || hostOf(from) !== allowed) return;
    target = from;
    clock.after(world.network.delayMs(), () => end.toWireguard(packet));
  });
  end.pass = (packet) => {
    const to = target;
    if (works() && to !== null && !world.network.lost()) clock.after(world.network.delayMs(), () => world.network.sendFrom(relayed, to, packet));
  };
  end.onClose = () => void world.network.relays.delete(relayed);
  const look = (): void => {
    if (!end.open) return;
    if (works()) clock.after(5_000, look);
    else clock.after(3_000, () => end.die('the allocation ended'));
  };
  clock.after(5_000, look);
  return end;
}
