import type { HostView, PeerView } from '../../contract/state.ts';
import type { Growth, Traffic } from './counters.ts';
import type { Candidate } from './places.ts';
import { peersMax, type Point } from './ring.ts';

/** This machine within a minute, sample by sample. */
export interface HostTally {
  add(host: HostView): void;
  /** Samples so far. */
  weight(): number;
  point(): Point;
}

export function createHostTally(): HostTally {
  const cpu = meanAndMost();
  const memory = meanAndMost();
  const load = meanAndMost();
  let weight = 0;
  return {
    add: (host) => {
      weight++;
      // The first sample of a life has nothing to compare with.
      if (host.cpuUsed !== null) cpu.add(host.cpuUsed);
      if (host.memory.total > 0) memory.add(host.memory.used / host.memory.total);
      load.add(host.load[0]);
    },
    weight: () => weight,
    point: () => [...cpu.both(), ...memory.both(), ...load.both()],
  };
}

function meanAndMost(): { add(value: number): void; both(): readonly [number | null, number | null] } {
  let count = 0;
  let sum = 0;
  let most = 0;
  return {
    add: (value) => {
      count++;
      sum += value;
      most = Math.max(most, value);
    },
    both: () => (count === 0 ? [null, null] : [sum / count, most]),
  };
}

/** A network within a minute, look by look. */
export interface NetworkTally {
  /** `places`: of whom a history is kept already; the others become candidates by what passed. */
  look(peers: readonly PeerView[], growth: Growth, places: ReadonlySet<string>): void;
  /** Looks so far. */
  weight(): number;
  point(): Point;
  candidates(): readonly Candidate[];
  peers(): ReadonlyMap<string, Point>;
}

interface PeerTally {
  favourite: boolean;
  receivedBytes: number;
  sentBytes: number;
  looks: number;
  direct: number;
  relayed: number;
  readonly latencies: number[];
}

/** Newcomers of one minute; more wait for the next one. */
const newcomersMax = 1_024;
/** Where every place is taken, less than this in one look is no reason to ask for one. */
const noticeBytes = 1_024;
const latenciesMax = 60;

export function createNetworkTally(): NetworkTally {
  const tallies = new Map<string, PeerTally>();
  let [weight, receivedBytes, sentBytes, direct, relayed, away, newcomers] = [0, 0, 0, 0, 0, 0, 0];

  function tallyOf(peer: PeerView, traffic: Traffic | undefined, places: ReadonlySet<string>): PeerTally | undefined {
    const known = tallies.get(peer.id);
    if (known) return known;
    if (!places.has(peer.id)) {
      const bytes = (traffic?.receivedBytes ?? 0) + (traffic?.sentBytes ?? 0);
      if (newcomers >= newcomersMax || bytes === 0 || (places.size >= peersMax && !peer.favourite && bytes < noticeBytes)) return undefined;
      newcomers++;
    }
    const fresh: PeerTally = { favourite: peer.favourite, receivedBytes: 0, sentBytes: 0, looks: 0, direct: 0, relayed: 0, latencies: [] };
    tallies.set(peer.id, fresh);
    return fresh;
  }

  return {
    look: (peers, growth, places) => {
      weight++;
      for (const traffic of growth.values()) {
        receivedBytes += traffic.receivedBytes;
        sentBytes += traffic.sentBytes;
      }
      for (const peer of peers) {
        if (peer.self) continue;
        const way = wayOf(peer);
        if (way === 'direct') direct++;
        else if (way === 'relayed') relayed++;
        else away++;
        const traffic = growth.get(peer.publicKey);
        const tally = tallyOf(peer, traffic, places);
        if (!tally) continue;
        tally.looks++;
        tally.receivedBytes += traffic?.receivedBytes ?? 0;
        tally.sentBytes += traffic?.sentBytes ?? 0;
        if (way !== 'away') tally[way]++;
        if (way !== 'away' && peer.latencyMs !== null && tally.latencies.length < latenciesMax) tally.latencies.push(peer.latencyMs);
      }
    },
    weight: () => weight,
    point: () => (weight === 0 ? [] : [receivedBytes, sentBytes, direct / weight, relayed / weight, away / weight]),
    candidates: () => [...tallies].map(([id, tally]) => ({ id, favourite: tally.favourite, bytes: tally.receivedBytes + tally.sentBytes })),
    peers: () => new Map([...tallies].map(([id, tally]) => [id, pointOf(tally)])),
  };
}

function pointOf({ receivedBytes, sentBytes, looks, direct, relayed, latencies }: PeerTally): Point {
  const sorted = [...latencies].sort((a, b) => a - b);
  return [receivedBytes, sentBytes, sorted[Math.floor((sorted.length - 1) / 2)] ?? null, sorted.at(-1) ?? null, direct / Math.max(1, looks), relayed / Math.max(1, looks)];
}

/** From device to device, however; through a member; or not at all. */
function wayOf({ path }: PeerView): 'direct' | 'relayed' | 'away' {
  return path.kind === 'direct' || path.kind === 'ice' ? 'direct' : path.kind === 'relay' ? 'relayed' : 'away';
}
