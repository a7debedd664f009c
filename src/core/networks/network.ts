import { type ReadCell } from '../../base/cell.ts';
import type { FailureData } from '../../base/failure.ts';
import type { NodeTopic, PathsTopic, PeersTopic, ProfileView, SessionTopic, TrustTopic } from '../../contract/state.ts';
import type { TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { derived, topicEveryMs } from '../coalesce.ts';
import type { Favourites } from '../favourites.ts';
import type { HealthFacts } from '../health/facts.ts';
import { createHealth, type Health } from '../health/health.ts';
import { measureLatencies, targetsOf } from '../latency.ts';
import { defaultPorts } from '../mesh/roster.ts';
import { nodeTopic } from '../node-topic.ts';
import { type Forwards, keepForwards } from '../paths/forwards.ts';
import { missingOffers } from '../paths/missing.ts';
import { offersOf } from '../paths/offers.ts';
import { latencyFrom, subnetsOf } from '../paths/peer-path.ts';
import { natFrom } from '../paths/view.ts';
import { peersTopic } from '../peers.ts';
import type { CorePorts, TunnelClient } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { createSession, plain, type Session, sessionTopic } from '../session/session.ts';
import type { Stored } from '../session/stored.ts';
import type { Membership } from '../trust/membership.ts';
import { trustTopic } from '../trust/topic.ts';
import { noTunnel, tunnelClient } from '../tunnel/client.ts';

/** Everything that the core knows and does of one network, whether or not it is the one that a window shows. */
export interface Network {
  /** Of its profile; null for the time in which no network is known. */
  readonly id: string | null;
  readonly profile: () => Profile | undefined;
  readonly client: TunnelClient;
  readonly session: Session;
  readonly forwards: Forwards;
  readonly tunnel: () => TunnelState | undefined;
  readonly topics: {
    readonly session: ReadCell<SessionTopic>;
    readonly peers: ReadCell<PeersTopic>;
    readonly paths: ReadCell<PathsTopic>;
    readonly node: ReadCell<NodeTopic>;
    readonly trust: ReadCell<TrustTopic>;
  };
  /** Everything that is known of its problems, for a report. */
  readonly explain: Health['explain'];
  /** The problems of this network, and those of the machine that explain some of them. */
  problems(machine: MachineFacts, view: ProfileView | undefined): ReturnType<Health['look']>['warnings'];
  /** Computes again what time alone changes. */
  mark(): void;
  /** Disconnects unless `keep`, waits for that at most `waitMs`, and ends. */
  end(waitMs: number, keep: boolean): Promise<void>;
}

export type MachineFacts = Pick<HealthFacts, 'version' | 'link' | 'online' | 'portal' | 'setAside' | 'disks'>;

export interface NetworkInput {
  readonly id: string | null;
  readonly ports: CorePorts;
  readonly profiles: Profiles;
  readonly membership: Membership;
  readonly favourites: Favourites;
  readonly stored: Stored;
  /** Something that its problems are made of changed. */
  readonly changed: () => void;
}

export function createNetwork({ id, ports, profiles, membership, favourites, stored, changed }: NetworkInput): Network {
  const { clock, network, pki, secrets } = ports;
  const { keyring } = membership;
  const log = id === null ? ports.log : ports.log.scope(id);
  const client = id === null ? noTunnel() : tunnelClient(ports.helper, id);
  const session = createSession({ ...ports, log, helper: client }, id, { profiles, membership, stored });
  let lostSinceMs = 0;

  const profile = (): Profile | undefined => profiles.document.get().list.find((known) => known.id === id);
  const connected = () => {
    const { phase } = session.view.get().state;
    return phase.name === 'connected' ? phase : null;
  };
  const tunnel = (): TunnelState | undefined => client.report.get()?.tunnel;
  const portsById = (): ((peer: string) => number) => {
    const known = new Map(session.roster.get().nodes.map((node) => [node.id, node.grpcPort]));
    return (peer) => known.get(peer) ?? defaultPorts.grpc;
  };

  const forwards = keepForwards({ ...ports, log: log.scope('forwards'), paths: session.paths, connected: () => connected() !== null });
  const echoed = (): ReadonlySet<string> => new Set((session.paths.view.get()?.paths ?? []).filter((view) => latencyFrom(view) !== null).map(({ publicKey }) => publicKey));
  const latency = measureLatencies(ports, () => (connected() ? targetsOf(peers.cell.get().list, clock.nowMs(), portsById(), echoed()) : []));
  const sessionNow = derived(clock, 0, () => sessionTopic(session.view.get(), tunnel(), lostSinceMs, (known) => named(known, profiles.document.get().list)));
  const peers = derived(clock, topicEveryMs, () => {
    const phase = connected();
    return peersTopic({
      nodeId: profile()?.nodeId ?? null,
      own: phase ? { publicKey: tunnel()?.publicKey ?? '', lease: phase.lease, hasEndpoint: network.addresses.get().some(({ loopback }) => !loopback) } : null,
      roster: session.roster.get(), tunnel: tunnel()?.peers ?? [], latencies: phase ? latency.latencies.get() : new Map(), nowMs: clock.nowMs(),
      paths: new Map((session.paths.view.get()?.paths ?? []).map((view) => [view.publicKey, view])),
      favourites: favourites.of(id ?? undefined), facts: { nat: natFrom(session.paths.view.get()?.nat), subnets: subnetsOf(network.addresses.get()) },
    });
  });
  const paths = derived(clock, topicEveryMs, (): PathsTopic => {
    const known = profile();
    return { nat: connected() ? natFrom(session.paths.view.get()?.nat) : null, forwards: forwards.list.get(), offers: known ? offersOf(known) : null };
  });
  const node = derived(clock, topicEveryMs, () => nodeTopic(client.report.get()?.node, session.replica.get(), ports.helper.link.get()));
  const trust = derived(clock, topicEveryMs, () => trustTopic({
    profile: profile(), secrets: keyring.known.get().get(id ?? '') ?? null, view: session.replica.get(), secretsIn: secrets.kept,
  }, pki, clock.nowMs()));
  const health = createHealth(clock, changed);

  let wasLost = false;
  const mark = (): void => {
    const lost = connected()?.degraded === 'control-plane-lost';
    if (lost && !wasLost) lostSinceMs = clock.nowMs();
    wasLost = lost;
    for (const topic of [sessionNow, peers, paths, node, trust]) topic.mark();
    changed();
    forwards.look();
  };
  const stops = [
    session.view.subscribe(mark),
    session.roster.subscribe(() => peers.mark()),
    session.replica.subscribe(() => {
      node.mark();
      trust.mark();
    }),
    session.paths.view.subscribe(() => {
      peers.mark();
      paths.mark();
    }),
    session.troubles.subscribe(changed),
    session.auditIntact.subscribe(changed),
    favourites.document.subscribe(() => peers.mark()),
    forwards.list.subscribe(() => paths.mark()),
    keyring.known.subscribe(() => trust.mark()),
    client.report.subscribe(mark),
    ports.helper.link.subscribe(() => node.mark()),
    latency.latencies.subscribe(() => peers.mark()),
    profiles.document.subscribe(mark),
    ...[sessionNow, peers, paths, node, trust].map((topic) => (topic.cell as ReadCell<unknown>).subscribe(changed)),
  ];

  return {
    id, profile, client, session, forwards, tunnel, mark, explain: health.explain,
    topics: { session: sessionNow.cell, peers: peers.cell, paths: paths.cell, node: node.cell, trust: trust.cell },
    problems: (machine, view) => health.look({
      ...machine, profile: view, session: sessionNow.cell.get(), node: client.report.get()?.node, peers: peers.cell.get().list, trust: trust.cell.get(),
      troubles: session.troubles.get(), auditIntact: session.auditIntact.get(), paths: paths.cell.get(),
      missing: connected() && session.replica.get() ? missingOffers(paths.cell.get().offers, node.cell.get().features) : [],
    }).warnings,
    end: async (waitMs, keep) => {
      await session.end(waitMs, keep);
      forwards.end();
      latency.close();
      health.close();
      for (const stop of stops) stop();
      for (const topic of [sessionNow, peers, paths, node, trust]) topic.close();
      client.close();
    },
  };
}

/** The helper knows the network that is in the way of another one by the id of its tunnel; people know its name. */
function named(known: FailureData, list: readonly Pick<Profile, 'id' | 'name'>[]): FailureData {
  const other = list.find(({ id }) => id === known.detail['tunnelId']);
  const failure = plain(known);
  return other ? { ...failure, detail: { ...failure.detail, other: other.name } } : failure;
}
