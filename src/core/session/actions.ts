import { isAbort, withDeadline } from '../../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { type Cancel, type Clock, sleep } from '../../base/clock.ts';
import { asFailure, failure } from '../../base/failure.ts';
import { splitHostPort } from '../../base/ip.ts';
import type { Log } from '../../base/log.ts';
import type { TunnelSpec } from '../../gen/webmesh/helper/v1/helper.ts';
import type { WatchReplicaResponse } from '../../gen/webmesh/local/v1/local.ts';
import { type Door, join, leave } from '../mesh/join.ts';
import { hearsLeader } from '../mesh/replica.ts';
import { publicApi } from '../mesh/roster.ts';
import { type Roster, watchMesh } from '../mesh/watch.ts';
import type { HelperClient, MeshClient, Network } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { advertise, type Advertised } from '../tunnel/endpoints.ts';
import { askHelper, assertNode, assertUp, generation, helperMs, nodeProblem, nodeSpec, tunnelPhase } from '../tunnel/helper.ts';
import { tunnelSpec } from '../tunnel/spec.ts';
import type { Actions, Seen } from './driver.ts';
import type { Lease } from './state.ts';
import type { Stored } from './stored.ts';

export interface ActionPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly mesh: MeshClient;
  readonly helper: HelperClient;
  readonly network: Network;
  readonly profiles: Profiles;
  readonly replica: ReadCell<WatchReplicaResponse | null>;
  readonly stored: Stored;
  /** Tells the session which generation the helper has seen. */
  readonly fence: (epoch: number) => void;
}

export interface RealActions extends Actions {
  readonly roster: ReadCell<Roster>;
  /** Puts what is stored of a network into the roster, for a person to look at while nothing is connected. */
  show(profile: string): Promise<void>;
}

/** How long a host's node may take until it has a leader; a mesh with other voters may be without them. */
const leaderMs = 15_000;
const leaveMs = 3_000;
const portPatienceMs = 2_000;
/** Changes of the roster within this time become one order to the helper. */
const coalesceMs = 100;
/** A network that just changed changes again. */
const settleMs = 1_000;

interface Tunnel {
  readonly profile: Profile;
  readonly publicKey: string;
}

/** What the session machine asks for, done with the real mesh and the real helper. */
export function createActions(ports: ActionPorts): RealActions {
  const { clock, log, mesh, helper, network, profiles, replica, stored, fence } = ports;
  const roster: Cell<Roster> = cell<Roster>({ source: 'none', nodes: [] });
  /** The tunnel of the present session, from the helper's Hello on. */
  let tunnel: Tunnel | null = null;
  let appliedText = '';
  let newest = { epoch: 0, revision: 0 };
  let advertisedText = '';

  async function hello(profile: Profile, signal: AbortSignal): Promise<Tunnel> {
    const answer = await askHelper(clock, helperMs.hello, 'Hello', signal, (inner) => helper.hello(profile.id, inner));
    fence(Number(answer.generation?.epoch ?? 0n));
    if (answer.publicKey === '') throw failure('helper.version', { version: answer.version });
    tunnel = { profile, publicKey: answer.publicKey };
    return tunnel;
  }

  /** A refused order means that somebody else gave newer ones: the next try must be above them. */
  async function order<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error) && asFailure(error).code === 'helper.stale' && tunnel) await hello(tunnel.profile, signal);
      throw error;
    }
  }

  function advertised(profile: Profile, lease: Lease | null): Advertised {
    return advertise(network.addresses.get(), lease, hostOf(profile));
  }

  function door(profile: Profile): Door {
    if (profile.kind === 'host') return { addresses: [`127.0.0.1:${profile.grpcPort}`], insecure: true };
    const others = roster.get().nodes.filter((node) => node.role === 'leader' || node.role === 'voter').flatMap((node) => publicApi(node) ?? []);
    return { addresses: [...new Set([profile.address, ...others])], insecure: profile.insecure };
  }

  async function joinMesh(profile: Profile, publicKey: string, lease: Lease | null, signal: AbortSignal): Promise<Lease> {
    const { primary, others } = advertised(profile, lease);
    const request = {
      id: profile.nodeId, publicKey, raftPort: profile.raftPort, grpcPort: profile.grpcPort, wireguardPort: profile.wireguardPort,
      // An old leader ends itself when a node that it lists with several endpoints joins again with several.
      primaryEndpoint: primary, endpoints: roster.get().source === 'polling' ? [] : [...others],
      assignIpv4: true, preferRaftIpv6: false, asVoter: profile.asVoter,
    };
    const joined = await join(request, door(profile), { mesh, clock }, signal);
    advertisedText = JSON.stringify(advertised(profile, joined.lease));
    if (roster.get().source !== 'replica' || joined.peers.length > roster.get().nodes.length) roster.set({ source: 'none', nodes: joined.peers });
    return joined.lease;
  }

  function spec(of: Tunnel, lease: Lease): TunnelSpec {
    return tunnelSpec({
      tunnelId: of.profile.id, nodeId: of.profile.nodeId, publicKey: of.publicKey, listenPort: of.profile.wireguardPort,
      lease, nodes: roster.get().nodes, own: network.addresses.get(),
    });
  }

  async function apply(of: Tunnel, lease: Lease, epoch: number, revision: number, signal: AbortSignal): Promise<void> {
    const wanted = spec(of, lease);
    newest = { epoch, revision };
    appliedText = JSON.stringify(wanted);
    await order(signal, async () => assertUp(await askHelper(clock, helperMs.apply, 'ApplyTunnel', signal, (inner) => helper.applyTunnel(generation(epoch, revision), wanted, inner))));
  }

  async function setNode(profile: Profile, lease: Lease | null, signal: AbortSignal): Promise<void> {
    const wanted = nodeSpec(profile, lease, advertised(profile, lease));
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

  async function present(id: string, signal: AbortSignal): Promise<Tunnel> {
    const profile = profiles.get(id);
    return tunnel?.profile === profile ? tunnel : hello(profile, signal);
  }

  async function show(id: string): Promise<Lease | null> {
    const { lease, nodes } = await stored.load(id);
    roster.set({ source: nodes.length > 0 ? 'stored' : 'none', nodes });
    return lease;
  }

  return {
    roster,
    show: async (id) => void (await show(id)),
    authorise: async ({ epoch, profile: id }, signal) => {
      const profile = profiles.get(id);
      const lease = await show(id);
      if (profile.kind === 'member') return;
      await hello(profile, signal);
      newest = { epoch, revision: 0 };
      await setNode(profile, lease, signal);
      await leaderHere(signal);
    },
    join: async ({ profile: id }, signal) => {
      const { profile, publicKey } = await hello(profiles.get(id), signal);
      return joinMesh(profile, publicKey, null, signal);
    },
    configure: async ({ epoch, profile: id, lease }, signal) => {
      const of = await present(id, signal);
      // The tunnel first: the node process listens on addresses that come with it.
      await apply(of, lease, epoch, 0, signal);
      await setNode(of.profile, lease, signal);
    },
    apply: async ({ epoch, profile: id, lease, revision }, signal) => apply(await present(id, signal), lease, epoch, revision, signal),
    refresh: async ({ profile: id, lease, force }, signal) => {
      const { profile, publicKey } = await present(id, signal);
      if (!force) await sleep(clock, settleMs, signal);
      if (!force && JSON.stringify(advertised(profile, lease)) === advertisedText) return lease;
      const next = await joinMesh(profile, publicKey, lease, signal);
      await setNode(profile, next, signal);
      return next;
    },
    clear: async ({ epoch, leave: id }, signal) => {
      tunnel = null;
      roster.set({ source: roster.get().nodes.length > 0 ? 'stored' : 'none', nodes: roster.get().nodes });
      const cleared = await settled(clearHelper(epoch, signal));
      const profile = id === null ? undefined : profiles.document.get().list.find((known) => known.id === id);
      if (profile?.kind === 'member') await settled(withDeadline(clock, leaveMs, 'Leave', signal, (inner) => leave(profile.nodeId, { addresses: [profile.address], insecure: profile.insecure }, { mesh, clock }, inner)));
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

  function watch(profile: Profile, lease: Lease, epoch: number, see: (seen: Seen) => void): () => void {
    let pending: Cancel | null = null;
    /** Orders a new revision when what the tunnel should be is not what was last ordered. */
    const compare = (): void => {
      pending ??= clock.after(coalesceMs, () => {
        pending = null;
        if (tunnel && JSON.stringify(spec(tunnel, lease)) !== appliedText) see({ kind: 'peers' });
      });
    };
    const stops = [
      watchMesh({ profile, lease, replica, roster }, { clock, mesh, log }, see),
      roster.subscribe(({ source, nodes }) => {
        compare();
        if (source === 'replica' || source === 'polling') stored.save(profile.id, { lease, nodes });
      }),
      network.addresses.subscribe(compare),
      helper.report.subscribe((report) => {
        const state = report?.tunnel;
        if (!state) return;
        const ours = Number(state.generation?.epoch ?? 0n);
        if (state.phase === tunnelPhase.failed && ours === epoch) see({ kind: 'tunnelLost', failure: failure('tunnel.failed', { problem: state.problem.slice(0, 300) }) });
        if (state.phase === tunnelPhase.none && ours >= epoch) see({ kind: 'tunnelLost', failure: failure('tunnel.failed', { problem: 'the tunnel was removed' }) });
      }),
    ];
    compare();
    return () => {
      pending?.();
      for (const stop of stops) stop();
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

function hostOf(profile: Profile): string {
  return profile.kind === 'host' ? '' : (splitHostPort(profile.address)?.host ?? '');
}
