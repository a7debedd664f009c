import { cell, type ReadCell } from '../../base/cell.ts';
import { asFailure, type FailureData } from '../../base/failure.ts';
import type { Degraded, SessionTopic, TunnelView } from '../../contract/state.ts';
import type { TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { unreachable } from '../../base/assert.ts';
import type { CorePorts, TunnelClient } from '../ports.ts';
import type { Profiles } from '../profiles.ts';
import type { Membership } from '../trust/membership.ts';
import { followReplica } from '../mesh/replica.ts';
import { followPaths, type PathsView } from '../paths/follow.ts';
import { tellPaths, type Telling } from '../paths/tell.ts';
import { createActions, type RealActions } from './actions.ts';
import { createDriver, type Driver, type SessionView } from './driver.ts';
import { initial } from './state.ts';
import { step } from './step.ts';
import type { Stored } from './stored.ts';

/** The session of one network with everything that it needs from the world plugged in. */
export interface Session {
  readonly view: ReadCell<SessionView>;
  readonly roster: RealActions['roster'];
  readonly replica: ReturnType<typeof followReplica>['replica'];
  readonly troubles: RealActions['troubles'];
  readonly auditIntact: RealActions['auditIntact'];
  readonly advertised: RealActions['advertised'];
  readonly door: RealActions['door'];
  readonly renewNow: RealActions['renewNow'];
  /** What the path finder of the node process here says, and how it is asked to look again. */
  readonly paths: Pick<PathsView, 'view' | 'stream'> & Pick<Telling, 'retry'>;
  /** Throws input.unknown-profile. What comes of it is read from the view. */
  connect(): Promise<void>;
  disconnect(): void;
  retryNow(): void;
  /** Looks at the world without a wish: what a helper may hold of this network is cleared, and what is stored of it shows. */
  idle(): Promise<void>;
  /** Disconnects and waits for it at most `waitMs`. With `keep` a wish to be connected stays as it is in the helper. */
  end(waitMs: number, keep: boolean): Promise<void>;
}

export interface SessionPorts extends Omit<CorePorts, 'helper'> {
  readonly helper: TunnelClient;
}

/** Nothing happens before `connect` or `idle`: a core that goes on with its wish must not clear the tunnel first. `id` null: of no network. */
export function createSession(ports: SessionPorts, id: string | null, { profiles, membership, stored }: { readonly profiles: Profiles; readonly membership: Membership; readonly stored: Stored }): Session {
  const { clock, log, helper, network, system } = ports;
  const following = followReplica({ ...ports, log: log.scope('replica') });
  const followed = followPaths({ ...ports, log: log.scope('paths') });
  const telling = tellPaths({ ...ports, log: log.scope('paths') }, followed);
  // From the wall clock on, so that the number grows from one life of this core to the next as well.
  const moves = cell(BigInt(Math.max(0, Math.floor(clock.nowMs()))));
  const move = (): void => moves.set(moves.get() + 1n);
  const actions = createActions({ ...ports, paths: { ...telling, overrides: followed.overrides, moves, move }, log: log.scope('session'), profiles, membership, replica: following.replica, stored, fence: (fence) => driver.send({ kind: 'fence', fence }) });
  const driver: Driver = createDriver({ step, actions, clock, random: ports.random, log: log.scope('session'), initial: { ...initial, profile: id } });
  let begun = false;
  /** Counts what a person said: a connect that waits for the disk is over when another word came. */
  let word = 0;

  /** A host's mesh is this machine: it needs no network to be joined. */
  const tellOnline = (): void => {
    const host = profiles.document.get().list.some((profile) => profile.id === id && profile.kind === 'host');
    driver.send({ kind: 'online', online: host || network.online.get() });
  };
  const tellHelper = (): void => {
    const link = helper.link.get();
    if (begun) driver.send(link.state === 'up' ? { kind: 'helper', up: true, fence: Number(link.hello.generation?.epoch ?? 0n) } : { kind: 'helper', up: false, fence: 0 });
  };
  const stops = [
    network.online.subscribe(tellOnline),
    network.addresses.subscribe(() => {
      move();
      driver.send({ kind: 'network' });
    }),
    helper.link.subscribe(tellHelper),
    system.on('resume', () => {
      move();
      driver.send({ kind: 'wake' });
    }),
    following.close,
    telling.close,
    followed.close,
  ];
  const begin = (): void => {
    if (begun) return;
    begun = true;
    tellOnline();
    tellHelper();
  };

  return {
    view: driver.view,
    roster: actions.roster,
    replica: following.replica,
    troubles: actions.troubles,
    auditIntact: actions.auditIntact,
    advertised: actions.advertised,
    door: actions.door,
    renewNow: actions.renewNow,
    paths: { view: followed.view, stream: followed.stream, retry: telling.retry },
    connect: async () => {
      const profile = profiles.get(id ?? '');
      const mine = ++word;
      const { lease } = await stored.load(profile.id);
      if (mine !== word) return;
      tellOnline();
      driver.send({ kind: 'connect', profile: profile.id, stored: lease });
      begin();
    },
    disconnect: () => {
      word++;
      driver.send({ kind: 'disconnect' });
    },
    retryNow: () => driver.send({ kind: 'retryNow' }),
    idle: async () => {
      begin();
      const { phase } = driver.view.get().state;
      if (id !== null && (phase.name === 'disconnected' || phase.name === 'blocked')) await actions.show(id);
    },
    end: async (waitMs, keep) => {
      word++;
      if (!keep || driver.view.get().state.want !== 'connected') {
        driver.send({ kind: 'disconnect' });
        await until(driver.view, ({ state }) => state.phase.name === 'disconnected', ports, waitMs);
      }
      for (const stop of stops) stop();
      driver.close();
    },
  };
}

/** The session as a shell sees it. `told` puts a failure into what people know things by. */
export function sessionTopic({ state, sinceMs, retryAtMs }: SessionView, tunnel: TunnelState | undefined, lostSinceMs: number, told: (failure: FailureData) => FailureData = plain): SessionTopic {
  const { phase, want, profile, epoch } = state;
  const head = { want, profile, epoch };
  switch (phase.name) {
    case 'disconnected': case 'disconnecting': return { ...head, phase: phase.name };
    case 'authorising': case 'joining': case 'configuring': return { ...head, phase: phase.name, sinceMs };
    case 'reconnecting': return { ...head, phase: phase.name, cause: told(phase.cause), attempt: state.attempt, retryAtMs: retryAtMs === null ? null : Math.round(retryAtMs) };
    case 'blocked': return { ...head, phase: phase.name, failure: told(phase.failure) };
    case 'connected': return { ...head, phase: phase.name, sinceMs, lease: phase.lease, tunnel: tunnelView(tunnel), degraded: degradedView(phase.degraded, phase.stored, lostSinceMs) };
    default: return unreachable(phase);
  }
}

/** Totals over the peers: the counters of the interface itself are not the helper's to tell. */
export function tunnelView(tunnel: TunnelState | undefined): TunnelView {
  const sum = (of: 'receiveBytes' | 'transmitBytes'): number => Number((tunnel?.peers ?? []).reduce((total, peer) => total + peer[of], 0n));
  return {
    interfaceName: tunnel?.interfaceName ?? '', engine: tunnel?.engine ?? '', publicKey: tunnel?.publicKey ?? '',
    listenPort: tunnel?.listenPort ?? 0, mtu: tunnel?.mtu ?? 0, receiveBytes: sum('receiveBytes'), transmitBytes: sum('transmitBytes'),
    names: { keeper: tunnel?.dnsKeeper ?? '', problem: tunnel?.dnsProblem ?? '' },
  };
}

function degradedView(degraded: 'control-plane-lost' | 'polling' | null, storedLease: boolean, sinceMs: number): Degraded | null {
  if (degraded === null) return null;
  return degraded === 'polling' ? { kind: 'polling', detail: 'node-does-not-replicate' } : { kind: 'control-plane-lost', sinceMs, storedLease };
}

export function plain({ code, retry, detail }: FailureData): FailureData {
  return { code, retry, detail };
}

/** Resolves when the cell's value satisfies `holds`, or when the time is over. */
function until<T>(cell: ReadCell<T>, holds: (value: T) => boolean, { clock, log }: Pick<CorePorts, 'clock' | 'log'>, waitMs: number): Promise<void> {
  if (holds(cell.get())) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      stop();
      resolve();
    };
    const stop = cell.subscribe((value) => holds(value) && end());
    const cancel = clock.after(waitMs, () => {
      log.warn('ended-without-disconnecting', { failure: asFailure('time is over').code });
      end();
    });
  });
}
