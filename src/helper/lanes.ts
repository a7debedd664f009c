import { type Cell, type ReadCell, cell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import { type NetworkState, TunnelPhase } from '../gen/webmesh/helper/v1/helper.ts';
import { type Confinement, type HostNode } from './host-node.ts';
import { type TunnelPlace } from './ports.ts';
import { type Tunnel } from './tunnel/tunnel.ts';

/** One network as the helper has it: a tunnel and a node process under one tunnel id, of one user. They share nothing with another lane. */
export interface Lane {
  readonly place: TunnelPlace;
  readonly tunnel: Tunnel;
  readonly node: HostNode;
}

/** The networks of this machine side by side, by tunnel id. A lane is made by the first order for it and forgotten when nothing is left in it. */
export interface Lanes {
  /**
   * Runs an order in the lane of this place, made now when there is none. When all are taken, those give way that only tell of a
   * failure. Throws input.limit when none does.
   */
  order<T>(place: TunnelPlace, work: (lane: Lane) => Promise<T>): Promise<T>;
  /** The same where there is a lane of this place already; undefined otherwise. */
  orderIn<T>(place: TunnelPlace, work: (lane: Lane) => Promise<T>): Promise<T> | undefined;
  has(place: TunnelPlace): boolean;
  all(): readonly Lane[];
  /** True while there is a tunnel, or a node process is wanted. */
  inUse(): boolean;
  /** Another number whenever any of what `statesOf` says changed. */
  readonly changes: ReadCell<number>;
  statesOf(lanes: readonly Lane[]): readonly NetworkState[];
  /** Takes away what is in these lanes, and the lanes. */
  end(which: (lane: Lane) => boolean): Promise<void>;
  /** Ends all, and refuses what comes later. */
  close(): Promise<void>;
  engineEnded(device: string, sentence: string): void;
  /** What keeps the node processes in: what holds for all of them, and what is missing for any. */
  confinement(tunnelId: string): Confinement;
}

const lanesMax = 8;

interface Entry {
  readonly lane: Lane;
  readonly forget: () => void;
  running: number;
}

/** `make` builds what a lane is made of; it may not change the machine. */
export function createLanes(make: (place: TunnelPlace) => Lane): Lanes {
  const entries = new Map<string, Entry>();
  const changes: Cell<number> = cell(0);
  let closed = false;
  /** Lanes come and go one at a time, so that two first orders for one id find one lane. */
  const inTurn = inTurns();

  async function enter(place: TunnelPlace): Promise<Entry> {
    if (closed) throw failure('helper.lost', { reason: 'shutting down' });
    const known = entries.get(place.tunnelId);
    // Another user's has nothing in it any more: the holder saw to that.
    if (known !== undefined && known.lane.place.uid !== place.uid) await remove(known);
    else if (known !== undefined) return busy(known);
    const giving = [...entries.values()].find(({ lane, running }) => entries.size >= lanesMax && running === 0 && !isUsed(lane));
    if (giving !== undefined) await remove(giving);
    if (entries.size >= lanesMax) throw failure('input.limit', { field: 'tunnel_id', what: 'networks at once', max: lanesMax, got: entries.size + 1 });
    const lane = make(place);
    const forget = [lane.tunnel.state, lane.node.state].map((state: ReadCell<unknown>) => state.subscribe(changed));
    const entry: Entry = { lane, running: 0, forget: () => forget.forEach((end) => end()) };
    entries.set(place.tunnelId, entry);
    return busy(entry);
  }

  function busy(entry: Entry): Entry {
    entry.running++;
    return entry;
  }

  /** Runs the work of an entered lane, and forgets the lane when nothing is left in it. */
  async function within<T>(entry: Entry, work: (lane: Lane) => Promise<T>): Promise<T> {
    try {
      return await work(entry.lane);
    } finally {
      entry.running--;
      if (entry.running === 0 && isEmpty(entry.lane)) drop(entry);
    }
  }

  async function remove(entry: Entry): Promise<void> {
    await Promise.allSettled([entry.lane.node.close(), entry.lane.tunnel.close()]);
    drop(entry);
  }

  function drop(entry: Entry): void {
    if (entries.get(entry.lane.place.tunnelId) !== entry) return;
    entries.delete(entry.lane.place.tunnelId);
    entry.forget();
    changed();
  }

  const end = (which: (lane: Lane) => boolean): Promise<void> =>
    inTurn(async () => void (await Promise.all([...entries.values()].filter(({ lane }) => which(lane)).map(remove))));

  function changed(): void {
    changes.set(changes.get() + 1);
  }

  const all = (): readonly Lane[] => [...entries.values()].map(({ lane }) => lane);

  return {
    order: async (place, work) => within(await inTurn(() => enter(place)), work),
    orderIn: (place, work) => {
      const known = entries.get(place.tunnelId);
      return known?.lane.place.uid === place.uid ? within(busy(known), work) : undefined;
    },
    has: ({ uid, tunnelId }) => entries.get(tunnelId)?.lane.place.uid === uid,
    all,
    inUse: () => all().some(isUsed),
    changes,
    statesOf: (lanes) => lanes.filter((lane) => !isEmpty(lane)).map(stateOf),
    end,
    close: () => {
      closed = true;
      return end(() => true);
    },
    engineEnded: (device, sentence) => all().forEach(({ tunnel }) => tunnel.engineEnded(device, sentence)),
    confinement: (tunnelId) => together(all().filter(({ place }) => tunnelId === '' || place.tunnelId === tunnelId).map(({ node }) => node.confinement())),
  };
}

/** A failure that is only told holds nobody up. */
function isUsed({ tunnel, node }: Lane): boolean {
  return tunnel.present() || node.wanted();
}

function isEmpty(lane: Lane): boolean {
  return !isUsed(lane) && !lane.node.state.get().running && lane.tunnel.state.get().phase === TunnelPhase.TUNNEL_PHASE_NONE;
}

function stateOf({ place, tunnel, node }: Lane): NetworkState {
  return { tunnelId: place.tunnelId, tunnel: tunnel.state.get(), node: node.state.get() };
}

/** A process that has not said anything yet counts for nothing. */
function together(parts: readonly Confinement[]): Confinement {
  const said = parts.filter(({ layers, missing }) => layers.length + missing.length > 0);
  const [first, ...others] = said;
  const layers = first?.layers.filter((layer) => others.every((other) => other.layers.includes(layer))) ?? [];
  return { layers, missing: [...new Set(said.flatMap(({ missing }) => missing))] };
}
