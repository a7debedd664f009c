/**
 * Every way that two peers may reach each other, beside plain WireGuard on the same engine in the same run. Two engines configured by hand
 * are aimed at each other's address (plain), then at the loopback ports of each way's carriers; `direct` is our own product between two hosts.
 * In each round every way has its turn, so that a slow moment of the machine hits all; all processes share its cores.
 */
import { type CarrierMember, type CarrierName, type CarrierSetting, agree, agreePlain, agreeTurn, carrierMember } from '../../test/bench/carrier-member.ts';
import { testMesh } from '../../test/fakes/test-mesh.ts';
import { type Server } from '../../test/system/nat/member.ts';
import { median, print, quantile, roundTrips, stream, sumOf, type TunnelEnd } from './bench-figures.ts';
import { answersPing, type BenchWorld, type HandEngine } from './bench-world.ts';
import { until } from './hosts.ts';

interface Way {
  readonly name: string;
  readonly ends: readonly [TunnelEnd, TunnelEnd];
  /** Processes other than engines that every datagram of a stream passes. */
  readonly carriers: readonly CarrierMember[];
  /** Turns the engines into this way. */
  take(): Promise<void>;
}

interface Turn {
  readonly megabits: number;
  /** Round trips in milliseconds, with nothing else in the tunnel and beside the stream. */
  readonly idle: readonly number[];
  readonly busy: readonly number[];
  /** Microseconds of processor time of all carriers together for each full datagram of the stream. */
  readonly cpuMicros: number;
}

const rounds = 6;
const streamSeconds = 2;
const idlePings = { count: 60, everyMs: 5 } as const;
const busyPings = { count: 60, everyMs: 20, afterMs: 700 } as const;
/** IPv4 and TCP with its time stamps. */
const headerBytes = 52;
const [plainName, forwarderName] = ['plain WireGuard', 'UDP forwarder'];

export async function benchPaths(world: BenchWorld): Promise<void> {
  const { alpha, beta, mtu } = await world.ours();
  const hands = await world.byHand(mtu);
  const members: CarrierMember[] = [];
  const member = (host: string): CarrierMember => {
    const made = carrierMember(world.lan.namespace(host));
    members.push(made);
    return made;
  };
  try {
    const direct: Way = { name: 'direct', ends: [alpha, beta], carriers: [], take: async () => {} };
    const ways = [toward(plainName, hands, [hands[0].endpoint, hands[1].endpoint], []), direct, ...(await carried(world, hands, member))];
    const turns = new Map(ways.map(({ name }) => [name, [] as Turn[]]));
    for (let round = 0; round < rounds; round++) {
      // Each begins once, and each follows another one every second time: what a way leaves behind hits not always the same.
      const order = [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)];
      for (const way of round % 2 === 0 ? order : order.reverse()) turns.get(way.name)?.push(await measure(way, round % 4 > 1, mtu));
    }
    report(turns, mtu);
  } finally {
    for (const each of members) each.end();
  }
}

/** One engine is aimed at `ends[1]`, the other at `ends[0]`: where the other one is found. */
function toward(name: string, hands: readonly [HandEngine, HandEngine], [first, second]: readonly [string, string], carriers: readonly CarrierMember[]): Way {
  return {
    name, ends: hands, carriers,
    take: async () => {
      await hands[0].aim(second);
      await hands[1].aim(first);
      // The second engine speaks first: a relay's client follows who sent last.
      await until(() => answersPing(hands[1].namespace, hands[0].address), 20_000, `${name}: the second end hears the first`);
      await until(() => answersPing(hands[0].namespace, hands[1].address), 20_000, `${name}: the first end hears the second`);
    },
  };
}

/** The ways with something in between. Each has processes of its own. */
async function carried({ lan }: BenchWorld, hands: readonly [HandEngine, HandEngine], member: (host: string) => CarrierMember): Promise<readonly Way[]> {
  const mesh = await testMesh();
  const relays = { turn: member('relay'), stream: member('relay') };
  const servers = [await relays.turn.ask<Server>({ do: 'serve-turn', host: lan.address('relay') })];
  const relay = await relays.stream.ask<string>({ do: 'serve-stream', host: lan.address('relay'), identity: await mesh.device('relay') });
  const settingOf = async (own: string, other: string, near: number): Promise<CarrierSetting> => ({
    id: own, peer: other, host: lan.address(own), peerHost: lan.address(other), near, servers, relay, identity: await mesh.device(own),
  });
  const settings = [await settingOf('hand1', 'hand2', hands[0].port), await settingOf('hand2', 'hand1', hands[1].port)] as const;
  const pair = async (name: string, kind: Exclude<CarrierName, 'turn'> | 'plain', between: readonly CarrierMember[] = []): Promise<Way> => {
    const both = [member('hand1'), member('hand2')] as const;
    const [near, far] = kind === 'plain' ? await agreePlain(both, settings) : await agree(kind, both, settings);
    return toward(name, hands, [far, near], [...both, ...between]);
  };
  const allocating = member('hand1');
  const [near, relayed] = await agreeTurn(allocating, settings[0]);
  return [
    await pair(forwarderName, 'plain'),
    await pair('ICE', 'ice'),
    toward('relay, TURN over UDP', hands, [relayed, near], [allocating, relays.turn]),
    await pair('data channel', 'channel'),
    await pair('relay, gRPC stream', 'stream', [relays.stream]),
  ];
}

async function measure({ name, ends, carriers, take }: Way, back: boolean, mtu: number): Promise<Turn> {
  await take();
  const [to, from] = back ? [ends[1], ends[0]] : ends;
  const idle = await roundTrips(from.namespace, to.address, idlePings.count, idlePings.everyMs);
  const cpu = async (): Promise<number> => sumOf(await Promise.all(carriers.map((each) => each.cpuMicros())));
  const before = await cpu();
  const [{ megabits, bytes }, busy] = await Promise.all([stream(from, to, streamSeconds), later(() => roundTrips(from.namespace, to.address, busyPings.count, busyPings.everyMs))]);
  if (idle.length === 0) throw new Error(`${name}: no ping came back`);
  return { megabits, idle, busy, cpuMicros: ((await cpu()) - before) / (bytes / (mtu - headerBytes)) };
}

async function later<T>(work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, busyPings.afterMs));
  return work();
}

function report(turns: ReadonlyMap<string, readonly Turn[]>, mtu: number): void {
  const ratioTo = (own: readonly Turn[], base: string): string => median(own.map(({ megabits }, round) => megabits / (turns.get(base)?.[round]?.megabits ?? Number.NaN))).toFixed(2);
  const pings = (name: string, kind: 'idle' | 'busy', q: number): number => quantile((turns.get(name) ?? []).flatMap((turn) => turn[kind]), q);
  const added = (name: string, kind: 'idle' | 'busy'): string => [0.5, 0.95].map((q) => (pings(name, kind, q) - pings(plainName, kind, q)).toFixed(2)).join(' / ');
  print(`paths: TCP through the tunnel, MTU ${mtu}, ${rounds} rounds of ${streamSeconds} s, either direction in turn; medians, ratios by round; delay added to a round trip, p50 / p95 in ms`);
  const rows = [...turns].map(([name, own]) => [
    name, median(own.map(({ megabits }) => megabits)).toFixed(0), ratioTo(own, plainName), ratioTo(own, forwarderName),
    name === plainName ? `(${pings(name, 'idle', 0.5).toFixed(2)} / ${pings(name, 'idle', 0.95).toFixed(2)})` : added(name, 'idle'),
    name === plainName ? `(${pings(name, 'busy', 0.5).toFixed(2)} / ${pings(name, 'busy', 0.95).toFixed(2)})` : added(name, 'busy'),
    median(own.map(({ cpuMicros }) => cpuMicros)).toFixed(0),
  ]);
  const table = [['way', 'Mbit/s', 'of plain', 'of forwarder', 'delay, idle', 'delay, loaded', 'CPU us/datagram'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) print(`  ${row.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('  ')}`);
}
