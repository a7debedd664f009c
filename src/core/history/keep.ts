import type { ReadCell } from '../../base/cell.ts';
import { asFailure } from '../../base/failure.ts';
import { type HistoryAbout, historyColumns, historyKind, historyMinutesMax, historyStepMs, type HistoryView } from '../../contract/history.ts';
import type { MetricsTopic, PeersTopic } from '../../contract/state.ts';
import type { CorePorts } from '../ports.ts';
import { createCounters } from './counters.ts';
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
  readonly peers: ReadCell<PeersTopic>;
  /** The network that the session holds a tunnel of, or null. */
  readonly live: () => string | null;
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
  readonly profile: string | null;
  readonly host: HostTally;
  readonly network: NetworkTally;
}

/** Measures minute by minute, keeps a day of it, and writes it at most every five minutes. */
export function keepHistory({ ports: { clock, documents, helper, log }, metrics, peers, live, known }: HistoryInput): History {
  const shelf = createShelf({ documents, log });
  const counters = createCounters();
  /** Who has a place in the live network, known without waiting for the disk. */
  let places: ReadonlySet<string> = new Set();
  let open = begin();
  let savedMs = clock.monotonicMs();
  let work: Promise<void> = Promise.resolve();
  let closed = false;

  function begin(): Open {
    return { minute: Math.floor(clock.nowMs() / historyStepMs), profile: live(), host: createHostTally(), network: createNetworkTally() };
  }

  /** Ends the minute when the wall clock or the session did; where the clock was put back, a minute is gone on with later. */
  function turn(): void {
    const next = begin();
    if (next.minute === open.minute && next.profile === open.profile) return;
    if (next.profile !== open.profile) places = new Set();
    commit(open);
    open = next;
  }

  function look(): void {
    turn();
    const growth = counters(helper.report.get());
    if (open.profile !== null) open.network.look(peers.get().list, growth, places);
    if (clock.monotonicMs() - savedMs >= saveEveryMs) save();
  }

  /** Minutes go into the rings in the order in which they ended. */
  function inOrder(next: () => Promise<void>): Promise<void> {
    work = work.then(next).catch((error: unknown) => log.warn('history', { code: asFailure(error).code }));
    return work;
  }

  function commit({ minute, profile, host, network }: Open): void {
    if (host.weight() > 0) void inOrder(async () => {
      addMinute(await shelf.open(hostName), minute, host.weight(), host.point());
      shelf.changed(hostName);
    });
    if (profile !== null && network.weight() > 0) void inOrder(async () => {
      if (!known.get().includes(profile)) return;
      const ring = await shelf.open(networkName(profile));
      settle(ring, network, minute);
      addMinute(ring, minute, network.weight(), network.point(), network.peers());
      shelf.changed(networkName(profile));
      if (open.profile === profile) places = new Set(ring.peers.keys());
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
    const inUse = [hostName, ...(open.profile === null ? [] : [networkName(open.profile)])];
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

  let cancel = clock.after(0, function again() {
    look();
    cancel = clock.after(lookEveryMs, again);
  });
  void inOrder(async () => {
    const profile = open.profile;
    if (profile !== null) places = new Set((await shelf.open(networkName(profile))).peers.keys());
  });

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
      open = begin();
      places = new Set();
      await work;
      await shelf.remove(hostName);
      if (profile !== null) await shelf.remove(networkName(profile));
    },
    close: async () => {
      if (closed) return;
      closed = true;
      cancel();
      for (const stop of stops) stop();
      const growth = counters(helper.report.get());
      if (open.profile !== null) open.network.look(peers.get().list, growth, places);
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
