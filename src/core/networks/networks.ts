import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { asFailure, type FailureData, failure } from '../../base/failure.ts';
import { networksAtOnceMax } from '../../contract/networks.ts';
import type { Favourites } from '../favourites.ts';
import type { CorePorts } from '../ports.ts';
import type { Profiles } from '../profiles.ts';
import type { Stored, Wish } from '../session/stored.ts';
import type { Membership } from '../trust/membership.ts';
import { createNetwork, type Network } from './network.ts';
import { portsBeside } from './ports.ts';

/** The networks of this core: one session each, made when it is wanted, shown, or found to hold something in the helper. */
export interface Networks {
  /** The one that a window shows: the selected profile's. */
  readonly shown: ReadCell<Network>;
  /** Those that exist now, wanted or not. */
  list(): readonly Network[];
  /** Ids of those that are to be connected, in the order in which they were wished for. */
  wanted(): readonly string[];
  /** Made when there is none. Throws input.unknown-profile. */
  of(profile: string): Network;
  find(profile: string): Network | undefined;
  /** Throws input.unknown-profile, input.limit. What comes of it is read from its session. */
  connect(profile: string): Promise<void>;
  disconnect(profile: string): Promise<void>;
  disconnectAll(): Promise<void>;
  /** Calls `see` whenever anything of any network changed. */
  subscribe(see: () => void): () => void;
  /** Goes on with what an earlier life wished for, connects what is to be connected at the start, then removes what a helper holds and nobody wants. */
  begin(): Promise<void>;
  /** Disconnects all without forgetting the wish, and waits for that at most `waitMs`. With `keep` what is connected stays in the helper. */
  end(waitMs: number, keep: boolean): Promise<void>;
}

export interface NetworksInput {
  readonly ports: CorePorts;
  readonly profiles: Profiles;
  readonly membership: Membership;
  readonly favourites: Favourites;
  readonly stored: Stored;
}

export function createNetworks(input: NetworksInput): Networks {
  const { ports, profiles, stored } = input;
  const made = new Map<string, Network>();
  const watchers = new Set<() => void>();
  let wish: Wish = { wanted: [] };
  const settlePorts = portsBeside(profiles, ports.network);
  let begun = false;
  let ended = false;
  const tell = (): void => {
    for (const see of [...watchers]) see();
  };

  const nowhere = createNetwork({ ...input, id: null, changed: tell });
  const shown: Cell<Network> = cell(nowhere);

  function make(id: string): Network {
    const network = createNetwork({ ...input, id, changed: tell });
    made.set(id, network);
    network.session.view.subscribe(({ state: { phase } }) => {
      if (phase.name === 'blocked') void giveWay(id, phase.failure).catch((error: unknown) => ports.log.warn('port-not-moved', { code: asFailure(error).code }));
      void Promise.resolve().then(prune);
    });
    return network;
  }

  /** Two that were connected at the same moment may both have asked for one port: the one that was refused takes another, if nobody chose it. */
  async function giveWay(id: string, { code, detail }: FailureData): Promise<void> {
    const { tunnelId } = detail;
    if (code !== 'tunnel.port-in-use' || typeof tunnelId !== 'string' || !(await settlePorts(id, [tunnelId]))) return;
    if (wish.wanted.includes(id)) await made.get(id)?.session.connect();
  }

  /** One that has nothing to do ends; what it did is kept in documents. */
  function prune(): void {
    if (ended) return;
    for (const [id, network] of made) {
      const { state } = network.session.view.get();
      const resting = state.phase.name === 'disconnected' && !state.dirty;
      if (wish.wanted.includes(id)) continue;
      const gone = network.profile() === undefined && (resting || state.phase.name === 'blocked');
      if (gone || (resting && network !== shown.get() && network.forwards.list.get().length === 0)) drop(id, network);
    }
  }

  function drop(id: string, network: Network): void {
    made.delete(id);
    void network.end(0, true);
    tell();
  }

  function use(id: string): Network {
    const known = made.get(id);
    if (known) return known;
    const network = make(id);
    void network.session.idle();
    return network;
  }

  function show(): void {
    if (!begun || ended) return;
    const { list, selected } = profiles.document.get();
    const profile = list.find(({ id }) => id === selected);
    const next = profile ? use(profile.id) : nowhere;
    if (next === shown.get()) return;
    shown.set(next);
    void next.session.idle();
    prune();
  }

  /** A tunnel or a node process that no session knows of: of an earlier life, or of a network that was forgotten meanwhile. */
  function sweep(): void {
    if (!begun || ended) return;
    for (const { tunnelId } of ports.helper.report.get()?.networks ?? []) if (tunnelId !== '') use(tunnelId);
  }

  function save(wanted: readonly string[]): Promise<void> {
    wish = { wanted };
    return stored.saveWish(wish);
  }

  async function connect(id: string): Promise<void> {
    profiles.get(id);
    if (wish.wanted.includes(id)) return start(id);
    if (wish.wanted.length >= networksAtOnceMax) throw failure('input.limit', { what: 'networks at once', most: networksAtOnceMax });
    // Before anything is waited for: two that come at once must not both take the last place.
    const kept = save([...wish.wanted, id]);
    try {
      await start(id);
    } catch (error) {
      await save(wish.wanted.filter((other) => other !== id));
      throw error;
    }
    await kept;
  }

  /** A wish that was taken back meanwhile is not carried out. */
  async function start(id: string): Promise<void> {
    if (!isUp(made.get(id))) await settlePorts(id, wish.wanted);
    if (wish.wanted.includes(id)) await (made.get(id) ?? make(id)).session.connect();
  }

  const stops = [
    profiles.document.subscribe(({ list }) => {
      show();
      const gone = wish.wanted.filter((id) => !list.some((profile) => profile.id === id));
      if (gone.length > 0) void save(wish.wanted.filter((id) => !gone.includes(id)));
      prune();
    }),
    ports.helper.report.subscribe(sweep),
  ];

  return {
    shown,
    list: () => [...made.values()],
    wanted: () => wish.wanted,
    of: (id) => use(profiles.get(id).id),
    find: (id) => made.get(id),
    connect,
    disconnect: async (id) => {
      made.get(id)?.session.disconnect();
      if (wish.wanted.includes(id)) await save(wish.wanted.filter((other) => other !== id));
    },
    disconnectAll: async () => {
      for (const { session } of made.values()) session.disconnect();
      await save([]);
    },
    subscribe: (see) => {
      watchers.add(see);
      return () => watchers.delete(see);
    },
    begin: async () => {
      const earlier = await stored.loadWish();
      const known = (ids: readonly string[]): readonly string[] => ids.filter((id) => profiles.document.get().list.some((profile) => profile.id === id));
      const atStart = profiles.document.get().list.flatMap(({ id, autoConnect }) => (autoConnect === true ? [id] : []));
      // All before the first of them: a life that ends meanwhile leaves the whole wish to the next.
      await save([...new Set([...known(earlier.wanted), ...atStart])].slice(0, networksAtOnceMax));
      for (const id of wish.wanted) await start(id);
      begun = true;
      show();
      sweep();
    },
    end: async (waitMs, keep) => {
      ended = true;
      for (const stop of stops) stop();
      await Promise.all([...made.values(), nowhere].map((network) => network.end(waitMs, keep)));
      await stored.flush();
    },
  };
}

/** Its tunnel stands, or is being set up: its ports are settled. */
export function isUp(network: Network | undefined): boolean {
  const { name } = network?.session.view.get().state.phase ?? {};
  return name === 'configuring' || name === 'connected';
}
