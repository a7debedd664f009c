import { isAbort } from '../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { asFailure } from '../base/failure.ts';
import type { Topics } from '../contract/carrier.ts';
import type { AppState, InvitationTopic, MetricsTopic, PathsTopic } from '../contract/state.ts';
import type { UpdateTopic } from '../contract/update.ts';
import { derived, topicEveryMs } from './coalesce.ts';
import { hostAddress } from './commands.ts';
import type { Favourites } from './favourites.ts';
import { createHealth, type Health } from './health/health.ts';
import { measureLatencies, targetsOf } from './latency.ts';
import { defaultPorts } from './mesh/roster.ts';
import { nodeTopic } from './node-topic.ts';
import type { Forwards } from './paths/forwards.ts';
import { missingOffers } from './paths/missing.ts';
import { offersOf } from './paths/offers.ts';
import { latencyFrom, subnetsOf } from './paths/peer-path.ts';
import { natFrom } from './paths/view.ts';
import { peersTopic } from './peers.ts';
import type { CorePorts } from './ports.ts';
import { type Profile, type Profiles, profilesTopic } from './profiles.ts';
import { type Session, sessionTopic, tunnelView } from './session/session.ts';
import type { SettingsStore } from './settings.ts';
import type { Keyring } from './trust/keyring.ts';
import { trustTopic } from './trust/topic.ts';

const metricsEveryMs = 1_000;
/** Ages of handshakes change without an event. */
const rereadEveryMs = 5_000;

export interface TopicInput {
  readonly ports: CorePorts;
  readonly settings: SettingsStore;
  readonly profiles: Profiles;
  readonly favourites: Favourites;
  readonly session: Session;
  readonly keyring: Keyring;
  readonly invitation: ReadCell<InvitationTopic>;
  readonly forwards: Forwards;
  readonly update: ReadCell<UpdateTopic>;
}

export interface AppTopics {
  readonly topics: Topics;
  /** The network that is meant where none is named: the session's, else the selected one. */
  readonly current: () => Profile | undefined;
  readonly health: Pick<Health, 'dismiss' | 'explain'>;
  close(): void;
}

/** Everything that a shell may know, computed from what the parts of the core know. */
export function createTopics({ ports, settings, profiles, favourites, session, keyring, invitation, forwards, update }: TopicInput): AppTopics {
  const { clock, log, helper, network } = ports;
  const ending = new AbortController();
  let lostSinceMs = 0;

  const current = (): Profile | undefined => {
    const { list, selected } = profiles.document.get();
    const { profile } = session.view.get().state;
    return list.find(({ id }) => id === profile) ?? list.find(({ id }) => id === selected);
  };
  const connected = () => {
    const { state } = session.view.get();
    return state.phase.name === 'connected' ? state.phase : null;
  };
  const tunnel = () => helper.report.get()?.tunnel;
  const portsById = (): ((id: string) => number) => {
    const known = new Map(session.roster.get().nodes.map(({ id, grpcPort }) => [id, grpcPort]));
    return (id) => known.get(id) ?? defaultPorts.grpc;
  };

  const echoed = (): ReadonlySet<string> => new Set((session.paths.view.get()?.paths ?? []).filter((view) => latencyFrom(view) !== null).map(({ publicKey }) => publicKey));
  const latency = measureLatencies(ports, () => (connected() ? targetsOf(peers.cell.get().list, clock.nowMs(), portsById(), echoed()) : []));
  const sessionNow = derived(clock, 0, () => sessionTopic(session.view.get(), tunnel(), lostSinceMs));
  const peers = derived(clock, topicEveryMs, () => {
    const phase = connected();
    return peersTopic({
      nodeId: current()?.nodeId ?? null,
      own: phase ? { publicKey: tunnel()?.publicKey ?? '', lease: phase.lease, hasEndpoint: network.addresses.get().some(({ loopback }) => !loopback) } : null,
      roster: session.roster.get(), tunnel: tunnel()?.peers ?? [], latencies: phase ? latency.latencies.get() : new Map(), nowMs: clock.nowMs(),
      paths: new Map((session.paths.view.get()?.paths ?? []).map((view) => [view.publicKey, view])),
      favourites: favourites.of(current()?.id), facts: { nat: natFrom(session.paths.view.get()?.nat), subnets: subnetsOf(network.addresses.get()) },
    });
  });
  const profilesNow = derived(clock, topicEveryMs, () => profilesTopic(profiles.document.get(), (profile) => hostAddress(profile, network)));
  const paths = derived(clock, topicEveryMs, (): PathsTopic => {
    const profile = current();
    return { nat: connected() ? natFrom(session.paths.view.get()?.nat) : null, forwards: forwards.list.get(), offers: profile ? offersOf(profile) : null };
  });
  const node = derived(clock, topicEveryMs, () => nodeTopic(helper.report.get()?.node, session.replica.get(), helper.link.get()));
  const trust = derived(clock, topicEveryMs, () => {
    const profile = current();
    const shown = profile?.id === session.view.get().state.profile;
    return trustTopic({
      profile, secrets: (profile && keyring.known.get().get(profile.id)) ?? null, view: shown ? session.replica.get() : null, secretsIn: ports.secrets.kept,
    }, ports.pki, clock.nowMs());
  });
  const metrics: Cell<MetricsTopic> = cell<MetricsTopic>({ atMs: clock.nowMs(), host: null, tunnel: null });
  const centre = createHealth(clock, () => health.mark());
  const health = derived(clock, topicEveryMs, () => centre.look({
    session: sessionNow.cell.get(), profile: profilesNow.cell.get().list.find(({ id }) => id === current()?.id), link: helper.link.get(), version: ports.version, online: network.online.get(),
    node: helper.report.get()?.node, peers: peers.cell.get().list, setAside: ports.documents.setAside.get(), trust: trust.cell.get(), troubles: session.troubles.get(),
    auditIntact: session.auditIntact.get(), paths: paths.cell.get(), disks: metrics.get().host?.disks ?? [],
    missing: connected() && session.replica.get() ? missingOffers(paths.cell.get().offers, node.cell.get().features) : [],
  }));

  let wasLost = false;
  const markAll = (): void => {
    const lost = connected()?.degraded === 'control-plane-lost';
    if (lost && !wasLost) lostSinceMs = clock.nowMs();
    wasLost = lost;
    for (const topic of [sessionNow, peers, paths, node, trust, health]) topic.mark();
    forwards.look();
  };
  /** The keys of the network that is shown; a session that needs them says what is wrong with them. */
  const readKeys = (): void => {
    const profile = current();
    if (profile?.trust !== 'mtls' || keyring.known.get().has(profile.id)) return;
    void keyring.load(profile.id).catch((error: unknown) => log.warn('keys-not-read', { code: asFailure(error).code }));
  };
  const stops = [
    session.view.subscribe(markAll),
    session.roster.subscribe(() => peers.mark()),
    session.replica.subscribe(() => {
      node.mark();
      trust.mark();
    }),
    session.paths.view.subscribe(() => {
      peers.mark();
      paths.mark();
    }),
    favourites.document.subscribe(() => peers.mark()),
    forwards.list.subscribe(() => paths.mark()),
    session.troubles.subscribe(() => health.mark()),
    session.auditIntact.subscribe(() => health.mark()),
    keyring.known.subscribe(() => trust.mark()),
    helper.report.subscribe(markAll),
    helper.link.subscribe(() => {
      health.mark();
      node.mark();
    }),
    network.online.subscribe(() => health.mark()),
    latency.latencies.subscribe(() => peers.mark()),
    network.addresses.subscribe(() => profilesNow.mark()),
    profiles.document.subscribe(() => {
      profilesNow.mark();
      readKeys();
      markAll();
    }),
    sessionNow.cell.subscribe(() => health.mark()),
    peers.cell.subscribe(() => health.mark()),
    trust.cell.subscribe(() => health.mark()),
    paths.cell.subscribe(() => health.mark()),
    ports.documents.setAside.subscribe(() => health.mark()),
    settings.cell.subscribe(({ logLevel }) => ports.logs.setLevel(logLevel)),
  ];
  readKeys();

  let cancelReread = clock.after(rereadEveryMs, function again() {
    markAll();
    cancelReread = clock.after(rereadEveryMs, again);
  });
  let cancelMetrics = clock.after(0, function again() {
    health.mark();
    void sample().finally(() => {
      if (!ending.signal.aborted) cancelMetrics = clock.after(metricsEveryMs, again);
    });
  });

  async function sample(): Promise<void> {
    try {
      const host = await ports.hostMetrics.sample(ending.signal);
      const view = connected() ? tunnelView(tunnel()) : null;
      metrics.set({ atMs: clock.nowMs(), host, tunnel: view && { receiveBytes: view.receiveBytes, transmitBytes: view.transmitBytes } });
    } catch (error) {
      if (!isAbort(error)) log.debug('no-metrics', { code: asFailure(error).code });
    }
  }

  return {
    topics: {
      session: sessionNow.cell, peers: peers.cell, profiles: profilesNow.cell, settings: settings.cell, node: node.cell, metrics, health: health.cell,
      trust: trust.cell, invitation, paths: paths.cell, update,
    },
    current,
    health: centre,
    close: () => {
      ending.abort();
      cancelMetrics();
      cancelReread();
      latency.close();
      centre.close();
      for (const stop of stops) stop();
      for (const topic of [sessionNow, peers, paths, profilesNow, node, trust, health]) topic.close();
    },
  };
}

/** The whole state for a report: an invite that waits for consent holds a token, so it stays out. */
export function stateForReport(topics: Topics): AppState {
  return {
    session: topics.session.get(), peers: topics.peers.get(), profiles: topics.profiles.get(), settings: topics.settings.get(),
    node: topics.node.get(), metrics: topics.metrics.get(), health: topics.health.get(), trust: topics.trust.get(), invitation: { offer: null }, paths: topics.paths.get(), update: topics.update.get(),
  };
}
