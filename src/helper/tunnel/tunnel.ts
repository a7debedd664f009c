import { type Cell, type ReadCell, cell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { asFailure, failure } from '../../base/failure.ts';
import { inTurns } from '../../base/in-turn.ts';
import { type Log } from '../../base/log.ts';
import { TunnelPhase, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type Names, type NamesState } from '../dns/names.ts';
import { type Keys, type MachineFacts, type TunnelPlace } from '../ports.ts';
import { type CountedPeer, createByteCounts } from './byte-counts.ts';
import { type Claims } from './claims.ts';
import { refuseConflicts } from './conflict.ts';
import { type Device, kernelCannot, touchesRoutes } from './device.ts';
import { type Fence, type Generation } from './fence.ts';
import { type Journal } from './journal.ts';
import { type Applied, type Step, after, isRemoval, reconcile, suspect } from './reconcile.ts';
import { type WantedTunnel, withoutIpv6 } from './spec.ts';
import { type EngineName } from './system.ts';

export interface TunnelPorts {
  readonly place: TunnelPlace;
  readonly device: Device;
  readonly facts: Pick<MachineFacts, 'ipv6' | 'udpPortFree' | 'deviceExists'>;
  readonly keys: Pick<Keys, 'of' | 'named' | 'promote'>;
  readonly journal: Journal;
  readonly names: Pick<Names, 'want' | 'forget' | 'of' | 'look'>;
  readonly fence: Fence;
  readonly claims: Claims;
  readonly clock: Clock;
  readonly log: Log;
}

/** The tunnel of one tunnel id. Orders run one after the other; each either succeeds or leaves the machine as it was. */
export interface Tunnel {
  readonly state: ReadCell<TunnelState>;
  apply(generation: Generation | undefined, wanted: WantedTunnel): Promise<TunnelState>;
  clear(generation: Generation | undefined): Promise<void>;
  /** True while there is a tunnel. */
  present(): boolean;
  /** An engine process ended that nobody asked to end. */
  engineEnded(device: string, sentence: string): void;
  /** Removes the tunnel without asking the fence, and refuses what comes later. */
  close(): Promise<void>;
}

interface Live extends Remains {
  readonly generation: Generation;
  readonly wanted: WantedTunnel;
}

/** What is, or may be, on the machine. */
interface Remains {
  readonly applied: Applied;
  readonly engine: EngineName;
}

const readEveryMs = 1_000;
const notRemoved = 'not everything could be removed: see the log of the helper';

export function createTunnel(ports: TunnelPorts): Tunnel {
  const { place, device, facts, keys, journal, names, fence, claims, clock, log } = ports;
  const noTunnel = TunnelState.fromPartial({ tunnelId: place.tunnelId, phase: TunnelPhase.TUNNEL_PHASE_NONE });
  const state: Cell<TunnelState> = cell(noTunnel);
  let live: Live | null = null;
  /** What could not be removed: tried again by the next order, and by the next start of the helper. */
  let owed: Remains | null = null;
  /** The order that the state answers for: a watcher must know whose tunnel was lost. */
  let newest: Generation | undefined;
  let closed = false;
  /** One order at a time; a failed order does not stop the next. */
  const inTurn = inTurns();
  let cancelRead = (): void => {};
  const counts = createByteCounts();

  async function applyNow(generation: Generation, asked: WantedTunnel): Promise<TunnelState> {
    if (closed) throw failure('helper.lost', { reason: 'shutting down' });
    const { publicKey } = asked.publicKey === '' ? await keys.of(asked.place) : await keys.named(asked.place, asked.publicKey);
    const wanted = { ...((await facts.ipv6()) ? asked : withoutIpv6(asked)), publicKey };
    // Nobody needs thousands of addresses and routes in one connection; who asks for them pays with a new one, not with root's disk.
    if (live !== null && journal.isFull()) await clearNow('');
    const handshakes = await shaken();
    if (owed !== null && !(await clearNow(''))) throw failure('tunnel.failed', { step: 'remove', problem: notRemoved });
    claims.take(wanted);
    try {
      await change(generation, wanted, handshakes);
    } finally {
      if (owed === null) claims.settle(place.tunnelId, wantedNow());
    }
    return state.get();
  }

  /** A function, because the steps of an order change it meanwhile. */
  function wantedNow(): WantedTunnel | null {
    return live?.wanted ?? null;
  }

  async function change(generation: Generation, wanted: WantedTunnel, handshakes: ReadonlySet<string>): Promise<void> {
    const applied = await withKnownPeers(live?.applied ?? null);
    const steps = reconcile(applied, wanted, handshakes);
    // Before anything is written down: what is there under our name and is not ours must not be removed as ours when a step fails.
    if (live === null && (await facts.deviceExists(wanted.device))) throw failure('tunnel.conflict', { what: wanted.device });
    if (touchesRoutes(steps)) refuseConflicts(wanted, (await device.routes()).filter((route) => route.device !== live?.applied.device));
    // An engine that comes up after it was told its port loses the port in silence, so it is asked before.
    const moves = wanted.listenPort !== 0 && wanted.listenPort !== live?.applied.listenPort;
    if (moves && !(await facts.udpPortFree(wanted.listenPort))) throw failure('tunnel.port-in-use', { port: wanted.listenPort });
    const engine = live?.engine ?? (await chooseEngine());
    const done = await runAll(steps, applied, engine);
    live = { generation, wanted, applied: done.applied, engine: done.engine };
    counts.keep(wanted.peers.map((peer) => peer.publicKey));
    await settleKey(wanted.publicKey);
    names.want(wanted.device, wanted.names);
    if (steps.length > 0) log.info('tunnel-applied', { engine: done.engine, steps: steps.length, peers: wanted.peers.length, epoch: generation.epoch, revision: generation.revision });
    await refresh();
  }

  /**
   * The engine has the key: if it was the next one, it is the present one now. A disk that refuses costs nothing yet: both keys stay, and
   * the next order tries again.
   */
  async function settleKey(publicKey: string): Promise<void> {
    await keys.promote(place, publicKey).catch((error: unknown) => log.error('key-not-promoted', { failure: asFailure(error) }));
  }

  async function chooseEngine(): Promise<EngineName> {
    const choice = await device.choose();
    if ('problem' in choice) throw failure(choice.code, { problem: choice.problem });
    return choice.engine;
  }

  async function perform(step: Step, engine: EngineName): Promise<void> {
    const anew = madeAnew(step);
    if (anew.length > 0) counts.seen(await device.read(step.device, engine));
    await device.perform(step, engine);
    counts.forgotten(anew);
    if (step.kind === 'remove-device') counts.clear();
  }

  /** Runs the steps; when one fails, goes back to what was there before and throws that step's Failure. */
  async function runAll(steps: readonly Step[], from: Applied | null, engine: EngineName): Promise<{ applied: Applied; engine: EngineName }> {
    await journal.record(steps, engine);
    let applied = from;
    for (const step of steps) {
      try {
        await perform(step, engine);
        applied = after(applied, step);
      } catch (error) {
        if (step.kind === 'add-device' && engine === 'kernel' && kernelCannot(error)) return runAll(steps, from, 'wireguard-go');
        log.warn('step-failed', { step: step.kind, failure: asFailure(error) });
        if (isRemoval(step)) await device.perform(step, engine).catch(() => {}); // Once more, so that it is gone for sure; the first error is the one that is told.
        await goBack(suspect(applied, step), engine, asFailure(error));
        throw asFailure(error);
      }
    }
    if (applied === null) throw failure('internal.unexpected', { message: 'a wanted tunnel ended as none' });
    return { applied, engine };
  }

  async function goBack(applied: Applied | null, engine: EngineName, cause: Error): Promise<void> {
    const before = live;
    try {
      let now = await withKnownPeers(applied, engine);
      for (const step of reconcile(now, before?.wanted ?? null, new Set())) {
        await perform(step, engine);
        now = after(now, step);
      }
      if (before !== null && now !== null) live = { ...before, applied: now };
      else await nothingLeft(cause.message, null);
    } catch (error) {
      if (before !== null) await names.forget(before.applied.device);
      log.error('rollback-failed', { failure: asFailure(error) });
      await nothingLeft(cause.message, applied && (await removeAll({ applied, engine })));
    }
  }

  /** Peers that a failed step left unknown are read from the engine, which has not heard of the numbers of their last good wish. */
  async function withKnownPeers(applied: Applied | null, engine = live?.engine): Promise<Applied | null> {
    if (applied === null || applied.peers !== null || engine === undefined) return applied;
    const stats = await device.read(applied.device, engine);
    const wishes = new Map(live?.wanted.peers.map((peer) => [peer.publicKey, peer]));
    const peers = stats.peers.map(({ publicKey, endpoint, allowedIps, keepaliveSeconds }) => {
      const { push, restart } = wishes.get(publicKey) ?? { push: 0, restart: 0 };
      return { publicKey, endpoint, allowedIps, keepaliveSeconds, push, restart };
    });
    return { ...applied, peers };
  }

  /** The peers that have had a handshake. An engine that does not answer is swept away, so that the order builds a new one. */
  async function shaken(): Promise<ReadonlySet<string>> {
    if (live === null) return new Set();
    try {
      const stats = await device.read(live.applied.device, live.engine);
      return new Set(stats.peers.filter((peer) => peer.lastHandshakeMs > 0n).map((peer) => peer.publicKey));
    } catch (error) {
      await clearNow(`the engine does not answer: ${asFailure(error).message}`);
      return new Set();
    }
  }

  /** Removes everything that may be there, whatever fails on the way. Answers what it had to remove when something failed, else null. */
  async function removeAll(remains: Remains): Promise<Remains | null> {
    let left: Remains | null = null;
    for (const step of reconcile(remains.applied, null, new Set())) {
      await device.perform(step, remains.engine).catch((error: unknown) => {
        left = remains;
        log.error('removal-failed', { step: step.kind, failure: asFailure(error) });
      });
    }
    return left;
  }

  /** What could not be removed stays in the journal, and keeps other tunnels from its place. */
  async function nothingLeft(problem: string, left: Remains | null): Promise<void> {
    live = null;
    owed = left;
    counts.clear();
    cancelRead();
    if (left === null) {
      // The disk may refuse: undos that are not needed are harmless, and what is gone must not be told as being there.
      await journal.clear().catch((error: unknown) => log.error('journal-not-cleared', { failure: asFailure(error) }));
      claims.settle(place.tunnelId, null);
    }
    const why = problem === '' && left !== null ? notRemoved : problem;
    state.set({ ...noTunnel, generation: newest, phase: why === '' ? noTunnel.phase : TunnelPhase.TUNNEL_PHASE_FAILED, problem: why });
  }

  /** Answers whether nothing failed. */
  async function clearNow(problem: string): Promise<boolean> {
    const remains = live ?? owed;
    // While the link is there: the resolver takes it by its name.
    if (remains !== null) await names.forget(remains.applied.device);
    const left = remains && (await removeAll(remains));
    if (remains !== null) log.info('tunnel-removed', { problem });
    await nothingLeft(problem, left);
    return left === null;
  }

  /** Reads the engine, tells watchers, and comes again in a second. An engine that does not answer has died. */
  async function refresh(): Promise<void> {
    cancelRead();
    if (live === null) return;
    try {
      const stats = await device.read(live.applied.device, live.engine);
      names.look();
      state.set(stateOf(live, stats.listenPort, counts.seen(stats), names.of(live.applied.device)));
      // At the same moment as other tunnels: a machine wakes up once, and a watcher hears of all in one event.
      cancelRead = clock.after(readEveryMs - (clock.monotonicMs() % readEveryMs), () => void inTurn(refresh));
    } catch (error) {
      await clearNow(`the engine does not answer: ${asFailure(error).message}`);
    }
  }

  return {
    state,
    apply: async (order, wanted) => {
      const generation = await fence.pass('tunnel', order);
      return inTurn(() => {
        newest = generation;
        return applyNow(generation, wanted);
      });
    },
    clear: async (order) => {
      const generation = await fence.pass('tunnel', order);
      return inTurn(async () => {
        newest = generation;
        if (!(await clearNow(''))) throw failure('tunnel.failed', { step: 'remove', problem: notRemoved });
      });
    },
    present: () => live !== null,
    engineEnded: (name, sentence) => {
      void inTurn(async () => {
        if (live?.applied.device === name) await clearNow(sentence);
      });
    },
    close: () => {
      closed = true;
      return inTurn(async () => void (await clearNow('')));
    },
  };
}

function madeAnew(step: Step): readonly string[] {
  if (step.kind !== 'set-peers') return [];
  const set = new Set(step.set.map((peer) => peer.publicKey));
  return step.remove.filter((key) => set.has(key));
}

function stateOf({ generation, wanted, applied, engine }: Live, listenPort: number, peers: readonly CountedPeer[], names: NamesState): TunnelState {
  return {
    phase: TunnelPhase.TUNNEL_PHASE_UP,
    generation,
    tunnelId: applied.place.tunnelId,
    interfaceName: applied.device,
    engine,
    publicKey: wanted.publicKey,
    listenPort,
    addresses: applied.addresses,
    mtu: wanted.mtu,
    peers,
    problem: '',
    dnsKeeper: names.keeper,
    dnsProblem: names.problem,
  };
}
