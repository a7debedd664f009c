import { abortError, isAbort, withDeadline } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { asFailure, failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import type { Door } from '../mesh/door.ts';
import { hearsLeader } from '../mesh/replica.ts';
import { type Roster, watchMesh } from '../mesh/watch.ts';
import { pace } from '../pace.ts';
import { pathInputs } from '../paths/inputs.ts';
import { offersOf } from '../paths/offers.ts';
import type { Overrides } from '../paths/overrides.ts';
import type { Telling } from '../paths/tell.ts';
import type { CorePorts, Network, TunnelClient } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import type { Membership } from '../trust/membership.ts';
import type { Trouble } from '../trust/upkeep.ts';
import type { Advertised } from '../tunnel/endpoints.ts';
import { askHelper, assertNode, assertUp, generation, helperMs, nodeProblem, nodeSpec, tunnelPhase } from '../tunnel/helper.ts';
import { namesPortDefault, tunnelSpec } from '../tunnel/spec.ts';
import type { Actions, Seen } from './driver.ts';
import { keepMembership } from './keep.ts';
import { createPresence, type Tunnel } from './presence.ts';
import type { Lease } from './state.ts';
import type { Stored } from './stored.ts';

export interface ActionPorts extends Pick<CorePorts, 'mesh' | 'node' | 'pki' | 'random' | 'namesPort'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly helper: TunnelClient;
  readonly network: Network;
  readonly profiles: Profiles;
  readonly membership: Membership;
  readonly replica: ReadCell<WatchReplicaResponse | null>;
  readonly stored: Stored;
  readonly paths: SessionPaths;
  /** Tells the session which generation the helper has seen. */
  readonly fence: (epoch: number) => void;
}

/** The path finder, as far as the session has to do with it. */
export interface SessionPaths extends Pick<Telling, 'inputs'> {
  readonly overrides: ReadCell<Overrides>;
  /** Grows with every wake, change of the network, and new tunnel. */
  readonly moves: ReadCell<bigint>;
  move(): void;
}

export interface RealActions extends Actions {
  readonly roster: ReadCell<Roster>;
  /** What should renew itself and does not. */
  readonly troubles: ReadCell<readonly Trouble[]>;
  readonly auditIntact: ReadCell<boolean | null>;
  advertised(profile: Profile, lease: Lease | null): Advertised;
  /** Puts what is stored of a network into the roster, for a person to look at while nothing is connected. */
  show(profile: string): Promise<void>;
  door(profile: Profile): Promise<Door>;
  /** Renews certificate and tunnel key now. Throws app.busy while nothing is connected. */
  renewNow(signal: AbortSignal): Promise<void>;
}

/** How long a host's node may take until it has a leader; a mesh with other voters may be without them. */
const leaderMs = 15_000;
const leaveMs = 3_000;
const portPatienceMs = 2_000;
/** Changes of the roster within this time become one order to the helper. */
const coalesceMs = 100;
/** A path that was found is used at once; orders to the helper keep this distance all the same. */
const pathSoonMs = 20;
const orderEveryMs = 50;
/** How long the helper's reports may be behind its answers. */
const reportMs = 3_000;
/** A network that just changed changes again. */
const settleMs = 1_000;
/** How soon what this machine offers is told again to a node process that did not take it. */
const offersAgainMs = 2_000;

/** What the session machine asks for, done with the real mesh and the real helper. */
export function createActions(ports: ActionPorts): RealActions {
  const { clock, log, mesh, helper, network, profiles, membership, replica, stored, paths, namesPort = 0 } = ports;
  const roster: Cell<Roster> = cell<Roster>({ source: 'none', nodes: [] });
  const presence = createPresence(ports, roster);
  const keeping = keepMembership(ports, presence);
  let appliedText = '';
  let newest = { epoch: 0, revision: 0 };

  /** A refused order means that somebody else gave newer ones: the next try must be above them. */
  async function order<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const tunnel = presence.tunnel();
      if (!isAbort(error) && asFailure(error).code === 'helper.stale' && tunnel) await presence.hello(tunnel.profile, signal);
      throw error;
    }
  }

  function spec(of: Tunnel, lease: Lease): TunnelSpec {
    const { suffix, names = true } = profiles.document.get().list.find(({ id }) => id === of.profile.id) ?? of.profile;
    return tunnelSpec({
      tunnelId: of.profile.id, nodeId: of.profile.nodeId, publicKey: of.publicKey, listenPort: of.profile.wireguardPort,
      lease, nodes: roster.get().nodes, own: network.addresses.get(), overrides: paths.overrides.get(),
      names: names ? { suffix, port: namesPort || namesPortDefault } : null,
    });
  }

  async function apply(of: Tunnel, lease: Lease, epoch: number, revision: number, signal: AbortSignal): Promise<void> {
    const wanted = spec(of, lease);
    newest = { epoch, revision };
    appliedText = JSON.stringify(wanted);
    await order(signal, async () => assertUp(await askHelper(clock, helperMs.apply, 'ApplyTunnel', signal, (inner) => helper.applyTunnel(generation(epoch, revision), wanted, inner))));
  }

  async function setNode(profile: Profile, lease: Lease | null, signal: AbortSignal): Promise<void> {
    const wanted = nodeSpec(profile, lease, presence.advertised(profile, lease), await membership.identity(profile), namesPort);
    await order(signal, async () => assertNode(await askHelper(clock, helperMs.node, 'SetNode', signal, (inner) => helper.setNode(generation(newest.epoch, newest.revision), wanted, inner))));
  }

  /** Waits until the node here has a leader. Without one in time the Join will say so. A port that another program keeps is an end. */
  async function leaderHere(signal: AbortSignal): Promise<void> {
    const dueMs = clock.monotonicMs() + leaderMs;
    let takenSinceMs: number | null = null;
    while (clock.monotonicMs() < dueMs) {
      const node = helper.report.get()?.node;
      if (node) assertNode(node);
      const problem = node ? nodeProblem(node) : null;
      const taken = problem?.code === 'node.port-in-use';
      takenSinceMs = taken ? (takenSinceMs ?? clock.monotonicMs()) : null;
      // Joining would reach that other program. A node that just ended may hold its port for a moment, so it gets one.
      if (problem && takenSinceMs !== null && clock.monotonicMs() - takenSinceMs > portPatienceMs) throw problem;
      if (!taken && hearsLeader(replica.get())) return;
      await sleep(clock, 50, signal);
    }
  }

  /** A host starts its node before it joins. Its own node renews a certificate that ended; nobody else could be asked first. */
  async function startHost(profile: Profile, lease: Lease | null, epoch: number, signal: AbortSignal): Promise<void> {
    await presence.hello(profile, signal);
    newest = { epoch, revision: 0 };
    await setNode(profile, lease, signal);
    await leaderHere(signal);
    if (!(await membership.ended(profile))) return;
    await membership.renew(profile, { socketPath: helper.report.get()?.node?.socketPath || null, door: await presence.door(profile) }, signal);
    await setNode(profile, lease, signal);
  }

  async function show(id: string): Promise<Lease | null> {
    const { lease, nodes } = await stored.load(id);
    roster.set({ source: nodes.length > 0 ? 'stored' : 'none', nodes });
    return lease;
  }

  /** What the mesh says of this device for good is kept: only a new invite helps then. */
  async function heard<T>(profile: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error)) await membership.heard(profile, asFailure(error).code);
      throw error;
    }
  }

  return {
    roster,
    troubles: keeping.troubles,
    auditIntact: keeping.auditIntact,
    advertised: presence.advertised,
    renewNow: keeping.renewNow,
    door: presence.door,
    show: async (id) => void (await show(id)),
    authorise: ({ epoch, profile: id }, signal) => heard(id, async () => {
      const lease = await show(id);
      await membership.authorise(id, () => presence.door(profiles.get(id)), signal);
      const profile = profiles.get(id);
      if (profile.kind === 'host') await startHost(profile, lease, epoch, signal);
    }),
    join: ({ profile: id }, signal) => heard(id, async () => {
      const { profile } = await presence.hello(profiles.get(id), signal);
      return presence.join(profile, null, signal);
    }),
    configure: async ({ epoch, profile: id, lease }, signal) => {
      const of = await presence.of(id, signal);
      // The tunnel first: the node process listens on addresses that come with it.
      await apply(of, lease, epoch, 0, signal);
      await setNode(of.profile, lease, signal);
    },
    apply: async ({ epoch, profile: id, lease, revision }, signal) => apply(await presence.of(id, signal), lease, epoch, revision, signal),
    refresh: ({ profile: id, lease, force }, signal) => heard(id, async () => {
      const { profile } = await presence.of(id, signal);
      if (!force) await sleep(clock, settleMs, signal);
      if (!force && !presence.moved(profile, lease)) return lease;
      const next = await presence.join(profile, lease, signal);
      await setNode(profile, next, signal);
      return next;
    }),
    clear: async ({ epoch, leave: id }, signal) => {
      presence.forget();
      roster.set({ source: roster.get().nodes.length > 0 ? 'stored' : 'none', nodes: roster.get().nodes });
      const cleared = await settled(clearHelper(epoch, signal));
      const profile = id === null ? undefined : profiles.document.get().list.find((known) => known.id === id);
      if (profile?.kind === 'member') await settled(withDeadline(clock, leaveMs, 'Leave', signal, (inner) => presence.leave(profile, inner)));
      if (cleared) throw cleared;
    },
    watch: ({ profile: id, lease, epoch }, see) => watch(profiles.get(id), lease, epoch, see),
    store: ({ profile, lease }) => stored.save(profile, { lease, nodes: roster.get().nodes }),
  };

  async function clearHelper(epoch: number, signal: AbortSignal): Promise<void> {
    newest = { epoch, revision: 0 };
    appliedText = '';
    await askHelper(clock, helperMs.clear, 'ClearTunnel', signal, (inner) => helper.clearTunnel(generation(epoch, 0), inner));
    await askHelper(clock, helperMs.node, 'SetNode', signal, (inner) => helper.setNode(generation(epoch, 0), null, inner));
  }

  function watch(profile: Profile, lease: Lease, epoch: number, tell: (seen: Seen) => void): () => void {
    const see = (seen: Seen): void => {
      if (seen.kind === 'refused') void membership.heard(profile.id, seen.failure.code);
      tell(seen);
    };
    /** Orders a new revision when what the tunnel should be is not what was last ordered. */
    const orders = pace(clock, orderEveryMs, () => {
      const tunnel = presence.tunnel();
      if (tunnel && JSON.stringify(spec(tunnel, lease)) !== appliedText) see({ kind: 'peers' });
    });
    let listenPort = 0;
    const tellPaths = (): void => {
      const { publicKey } = presence.tunnel() ?? {};
      if (publicKey === undefined) return;
      listenPort = helper.report.get()?.tunnel?.listenPort ?? 0;
      paths.inputs(pathInputs({
        nodeId: profile.nodeId, doors: profile.endpoints.map(({ nodeId }) => nodeId), lease, publicKey, nodes: roster.get().nodes, own: network.addresses.get(),
        online: network.online.get(), moves: paths.moves.get(), listenPort: listenPort || profile.wireguardPort,
      }));
    };
    const compare = (): void => {
      orders.soon(coalesceMs);
      tellPaths();
    };
    /** What the helper reports of our tunnel. A report may be older than our order: that a tunnel is missing counts once it was seen, or was due. */
    let shown = false;
    let late = false;
    const look = (): void => {
      const report = helper.report.get();
      const state = report?.tunnel;
      if (!report) return;
      if (state && state.listenPort !== listenPort) tellPaths();
      const ours = Number(state?.generation?.epoch ?? 0n);
      shown ||= state?.phase === tunnelPhase.up && ours === epoch;
      if (state?.phase === tunnelPhase.failed && ours === epoch) see({ kind: 'tunnelLost', failure: failure('tunnel.failed', { problem: state.problem.slice(0, 300) }) });
      if (state === undefined ? shown || late : state.phase === tunnelPhase.none && ours >= epoch) see({ kind: 'tunnelLost', failure: failure('tunnel.failed', { problem: 'the tunnel was removed' }) });
    };
    // A new tunnel: nothing that was found for the one before need be true of it.
    paths.move();
    const stops = [
      watchMesh({ profile, lease, replica, roster, door: () => presence.door(profile), publicKey: () => presence.tunnel()?.publicKey }, { clock, mesh, log }, see),
      keeping.start({ profile, lease, sendIdentity: (signal) => setNode(profiles.get(profile.id), lease, signal), turned: compare, see }),
      roster.subscribe(({ source, nodes }) => {
        compare();
        if (source === 'replica' || source === 'polling') stored.save(profile.id, { lease, nodes });
      }),
      network.addresses.subscribe(compare),
      network.online.subscribe(tellPaths),
      paths.moves.subscribe(tellPaths),
      paths.overrides.subscribe(() => orders.soon(pathSoonMs)),
      // Another suffix, or no names any more.
      profiles.document.subscribe(() => orders.soon(coalesceMs)),
      keepOffers(profile, lease),
      helper.report.subscribe(look),
      clock.after(reportMs, () => {
        late = true;
        look();
      }),
    ];
    compare();
    return () => {
      orders.close();
      paths.inputs(null);
      for (const stop of stops) stop();
    };
  }

  /** Tells the node process what this machine offers, and under which suffix it asks, when a person changed that, until it took it. Returns what ends it. */
  function keepOffers(profile: Profile, lease: Lease): () => void {
    const ending = new AbortController();
    const wish = (of: Profile): string => JSON.stringify([offersOf(of), of.suffix]);
    let told = wish(profile);
    const follow = async (): Promise<void> => {
      for (;;) {
        const now = profiles.document.get().list.find(({ id }) => id === profile.id);
        if (!now || wish(now) === told) return;
        try {
          await setNode(now, lease, ending.signal);
          told = wish(now);
        } catch (error) {
          if (isAbort(error) || ending.signal.aborted) return;
          log.warn('offers-not-taken', { code: asFailure(error).code });
          await sleep(clock, offersAgainMs, ending.signal);
        }
      }
    };
    let turn: Promise<unknown> = Promise.resolve();
    const stop = profiles.document.subscribe(() => {
      turn = turn.then(follow).catch(() => {}); // Aborted in its sleep: nobody waits for it any more.
    });
    return () => {
      ending.abort(abortError());
      stop();
    };
  }
}

/** The error of a best-effort call, or undefined. */
async function settled(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}
