import type { ReadCell } from '../../base/cell.ts';
import { asFailure } from '../../base/failure.ts';
import { lookEvery } from '../../base/looks.ts';
import { type HistoryAbout, historyColumns, historyKind, historyMinutesMax, historyStepMs, type HistoryView } from '../../contract/history.ts';
import type { MetricsTopic, PeerView } from '../../contract/state.ts';
import type { CorePorts } from '../ports.ts';
import { createCounters, noGrowth } from './counters.ts';
import { choosePlaces, talkBytes } from './places.ts';
import { addMinute, addPeer, isKnown, readColumn, type Ring } from './ring.ts';
import { createShelf, hostName, networkName } from './shelf.ts';
import { createHostTally, createNetworkTally, type HostTally, type NetworkTally } from './tally.ts';

/** How often tunnel and peers are looked at. */
const lookEveryMs = 5_000;
const saveEveryMs = 300_000;

export interface HistoryInput {
  readonly ports: Pick<CorePorts, 'clock' | 'documents' | 'helper' | 'log'>;
  readonly metrics: ReadCell<MetricsTopic>;
  /** Ids of the networks that have a tunnel now. */
  readonly live: () => readonly string[];
  readonly peersOf: (network: string) => readonly PeerView[];
  /** Ids of the networks that this machine knows. Of one that is gone the history goes, too. */
  readonly known: ReadCell<readonly string[]>;
}

export interface History {
  /** Whole minutes of the last day, within the given times. `profile` null: no network, no values. */
  read(about: HistoryAbout, profile: string | null, fromMs?: number, toMs?: number): Promise<HistoryView>;
  /** Forgets this machine's and the network's. */
  clear(profile: string | null): Promise<void>;
  /** Writes what was measured until now, and ends. */
  close(): Promise<void>;
}

interface Open {
  readonly minute: number;
  readonly host: HostTally;
  /** By profile. */
  readonly networks: ReadonlyMap<string, NetworkTally>;
}

/** Measures minute by minute, keeps a day of it, and writes it at most every five minutes. */
export function keepHistory({ ports: { clock, documents, helper, log }, metrics, live, peersOf, known }: HistoryInput): History {
  const shelf = createShelf({ documents, log });
  const counters = createCounters();
  /** Who has a place in each live network, known without waiting for the disk. */
  const places = new Map<string, ReadonlySet<string>>();
  let open = begin(new Map());
  let savedMs = clock.monotonicMs();
  let work: Promise<void> = Promise.resolve();
  let closed = false;

  /** `going`: the tallies of this minute that are gone on with. */
  function begin(going: Open['networks']): Open {
    return { minute: minuteNow(), host: createHostTally(), networks: new Map(live().map((id) => [id, going.get(id) ?? createNetworkTally()])) };
  }

  function minuteNow(): number {
    return Math.floor(clock.nowMs() / historyStepMs);
  }

  /** Ends the minute when the wall clock did, and a network's when its tunnel went; where the clock was put back, a minute is gone on with later. */
  function turn(): void {
    if (minuteNow() !== open.minute) {
      commit(open);
      open = begin(new Map());
    } else {
      const ids = live();
      const same = ids.length === open.networks.size && ids.every((id) => open.networks.has(id));
      if (same) return;
      const { minute, host, networks } = open;
      open = { ...begin(networks), host };
      for (const [id, network] of networks) if (!open.networks.has(id)) commitNetwork(minute, id, network);
    }
    for (const id of [...places.keys()]) if (!open.networks.has(id)) places.delete(id);
    for (const id of open.networks.keys()) if (!places.has(id)) learnPlaces(id);
  }

  function learnPlaces(id: string): void {
    places.set(id, new Set());
    void inOrder(async () => {
      const { peers } = await shelf.open(networkName(id));
      if (places.has(id)) places.set(id, new Set(peers.keys()));
    });
  }

  function count(): void {
    const growth = counters(helper.report.get());
    for (const [id, network] of open.networks) network.look(peersOf(id), growth.get(id) ?? noGrowth, places.get(id) ?? new Set());
  }

  function look(): void {
    turn();
    count();
    if (clock.monotonicMs() - savedMs >= saveEveryMs) save();
  }

  /** Minutes go into the rings in the order in which they ended. */
  function inOrder(next: () => Promise<void>): Promise<void> {
    work = work.then(next).catch((error: unknown) => log.warn('history', { code: asFailure(error).code }));
    return work;
  }

  function commit({ minute, host, networks }: Open): void {
    if (host.weight() > 0) void inOrder(async () => {
      addMinute(await shelf.open(hostName), minute, host.weight(), host.point());
      shelf.changed(hostName);
    });
    for (const [id, network] of networks) commitNetwork(minute, id, network);
  }

  function commitNetwork(minute: number, profile: string, network: NetworkTally): void {
    if (network.weight() > 0) void inOrder(async () => {
      if (!known.get().includes(profile)) return;
      const ring = await shelf.open(networkName(profile));
      settle(ring, network, minute);
      addMinute(ring, minute, network.weight(), network.point(), network.peers());
      shelf.changed(networkName(profile));
      if (places.has(profile)) places.set(profile, new Set(ring.peers.keys()));
    });
  }

  function settle(ring: Ring, network: NetworkTally, minute: number): void {
    const candidates = network.candidates();
    const favourites = new Set(candidates.flatMap(({ id, favourite }) => (favourite ? [id] : [])));
    const held = new Map([...ring.peers].map(([id, { talked }]) => [id, talked]));
    const { add, drop } = choosePlaces(held, candidates.filter(({ bytes }) => bytes > 0), minute, (id) => favourites.has(id));
    for (const id of drop) ring.peers.delete(id);
    for (const id of add) addPeer(ring, id);
    for (const { id, bytes } of candidates) {
      const track = ring.peers.get(id);
      if (track && bytes >= talkBytes) track.talked = minute;
    }
  }

  function save(): void {
    savedMs = clock.monotonicMs();
    const inUse = [hostName, ...[...open.networks.keys()].map(networkName)];
    void inOrder(() => shelf.save(inUse));
  }

  const stops = [
    metrics.subscribe(({ host }) => {
      turn();
      if (host) open.host.add(host);
    }),
    known.subscribe(forgetUnknown),
  ];
  let before = known.get();
  function forgetUnknown(now: readonly string[]): void {
    const gone = before.filter((id) => !now.includes(id));
    before = now;
    for (const id of gone) void inOrder(() => shelf.remove(networkName(id)));
  }

  stops.push(clock.after(0, look), lookEvery(clock, lookEveryMs, look));
  for (const id of open.networks.keys()) learnPlaces(id);

  return {
    read: async (about, profile, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER) => {
      turn();
      const kind = historyKind(about);
      const name = kind === 'host' ? hostName : profile === null ? null : networkName(profile);
      await work;
      const ring = name === null ? null : await shelf.open(name);
      return viewOf(ring, about, Math.floor(clock.nowMs() / historyStepMs), fromMs, toMs);
    },
    clear: async (profile) => {
      open = begin(new Map([...open.networks].filter(([id]) => id !== profile)));
      if (profile !== null && places.has(profile)) places.set(profile, new Set());
      await work;
      await shelf.remove(hostName);
      if (profile !== null) await shelf.remove(networkName(profile));
    },
    close: async () => {
      if (closed) return;
      closed = true;
      for (const stop of stops) stop();
      count();
      commit(open);
      save();
      await work;
    },
  };
}

/** The whole minutes before `nowMinute` that lie within the times, from the first known one on. */
export function viewOf(ring: Ring | null, about: HistoryAbout, nowMinute: number, fromMs: number, toMs: number): HistoryView {
  const kind = historyKind(about);
  const last = Math.min(nowMinute - 1, Math.floor(toMs / historyStepMs));
  let first = Math.max(nowMinute - historyMinutesMax, Math.ceil(fromMs / historyStepMs), 0);
  while (ring && first <= last && !isKnown(ring, first)) first++;
  const track = ring && (typeof about === 'string' ? ring.own : ring.peers.get(about.peer));
  const names: readonly string[] = historyColumns[kind];
  const columns = names.map((name, i) => [name, ring && track ? readColumn(ring, track, i, first, last) : []] as const);
  return { kind, startMs: first * historyStepMs, stepMs: historyStepMs, columns: Object.fromEntries(columns) };
}
