import { isAbort } from '../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { asFailure } from '../base/failure.ts';
import { lookEvery } from '../base/looks.ts';
import type { Topics } from '../contract/carrier.ts';
import type { AppState, InvitationTopic, MetricsTopic } from '../contract/state.ts';
import type { UpdateTopic } from '../contract/update.ts';
import { derived, topicEveryMs } from './coalesce.ts';
import { hostAddress } from './commands.ts';
import { networksHealth, type NetworksHealth } from './networks/health.ts';
import type { Network } from './networks/network.ts';
import type { Networks } from './networks/networks.ts';
import { portalHosts } from './portal-hosts.ts';
import { watchPortal } from './portal.ts';
import type { CorePorts } from './ports.ts';
import { type Profile, type Profiles, profilesTopic, standingOf } from './profiles.ts';
import { tunnelView } from './session/session.ts';
import type { SettingsStore } from './settings.ts';
import type { Keyring } from './trust/keyring.ts';

const metricsEveryMs = 1_000;
/** Ages of handshakes change without an event. */
const rereadEveryMs = 5_000;

export interface TopicInput {
  readonly ports: CorePorts;
  readonly settings: SettingsStore;
  readonly profiles: Profiles;
  readonly networks: Networks;
  readonly keyring: Keyring;
  readonly invitation: ReadCell<InvitationTopic>;
  readonly update: ReadCell<UpdateTopic>;
}

export interface AppTopics {
  readonly topics: Topics;
  readonly health: Pick<NetworksHealth, 'dismiss' | 'explain'>;
  close(): void;
}

/** Everything that a shell may know: of one network, the shown one, in full; of the others how they stand, and what is wrong with them. */
export function createTopics({ ports, settings, profiles, networks, keyring, invitation, update }: TopicInput): AppTopics {
  const { clock, log, helper, network } = ports;
  const ending = new AbortController();

  const session = follow(networks.shown, ({ topics }) => topics.session);
  const peers = follow(networks.shown, ({ topics }) => topics.peers);
  const paths = follow(networks.shown, ({ topics }) => topics.paths);
  const node = follow(networks.shown, ({ topics }) => topics.node);
  const trust = follow(networks.shown, ({ topics }) => topics.trust);
  const profilesNow = derived(clock, topicEveryMs, () => profilesTopic(profiles.document.get(), {
    hostAddress: (profile) => hostAddress(profile, network),
    standing: (profile) => standingOf(networks.find(profile.id)?.topics.session.get()),
  }));
  const metrics: Cell<MetricsTopic> = cell<MetricsTopic>({ atMs: clock.nowMs(), host: null, tunnel: null });
  const centre = networksHealth(networks);
  const portal = watchPortal({ clock, probe: ports.portal });
  const lookForPortal = (): void => portal.look(network.online.get() ? portalHosts(networks.list()) : null);
  const health = derived(clock, topicEveryMs, () => centre.look(profilesNow.cell.get(), {
    link: helper.link.get(), version: ports.version, online: network.online.get(), portal: portal.portal.get(), setAside: ports.documents.setAside.get(), disks: metrics.get().host?.disks ?? [],
  }));

  /** The keys of the network that is shown; a session that needs them says what is wrong with them. */
  const readKeys = (): void => {
    const profile: Profile | undefined = networks.shown.get().profile();
    if (profile?.trust !== 'mtls' || keyring.known.get().has(profile.id)) return;
    void keyring.load(profile.id).catch((error: unknown) => log.warn('keys-not-read', { code: asFailure(error).code }));
  };
  const stops = [
    networks.subscribe(() => {
      profilesNow.mark();
      health.mark();
      lookForPortal();
    }),
    portal.portal.subscribe((link) => {
      health.mark();
      // Somebody signed in: what waited for its next try need not wait.
      if (link === null) for (const { session: waiting } of networks.list()) waiting.retryNow();
    }),
    networks.shown.subscribe(() => {
      readKeys();
      health.mark();
    }),
    helper.link.subscribe(() => health.mark()),
    network.online.subscribe(() => health.mark()),
    network.addresses.subscribe(() => {
      profilesNow.mark();
      // Another network: what stood in the way of the last one is not in the way of this one.
      portal.look(null);
      lookForPortal();
    }),
    profiles.document.subscribe(() => {
      profilesNow.mark();
      readKeys();
    }),
    profilesNow.cell.subscribe(() => health.mark()),
    ports.documents.setAside.subscribe(() => health.mark()),
    settings.cell.subscribe(({ logLevel }) => ports.logs.setLevel(logLevel)),
  ];
  readKeys();

  stops.push(
    lookEvery(clock, rereadEveryMs, () => {
      for (const one of [...networks.list(), networks.shown.get()]) one.mark();
      lookForPortal();
    }),
    lookEvery(clock, metricsEveryMs, measure),
    clock.after(0, measure),
  );

  let measuring = false;
  function measure(): void {
    health.mark();
    if (measuring) return;
    measuring = true;
    void sample().finally(() => (measuring = false));
  }

  async function sample(): Promise<void> {
    try {
      const host = await ports.hostMetrics.sample(ending.signal);
      const { session: of, tunnel } = networks.shown.get();
      const view = of.view.get().state.phase.name === 'connected' ? tunnelView(tunnel()) : null;
      metrics.set({ atMs: clock.nowMs(), host, tunnel: view && { receiveBytes: view.receiveBytes, transmitBytes: view.transmitBytes } });
    } catch (error) {
      if (!isAbort(error)) log.debug('no-metrics', { code: asFailure(error).code });
    }
  }

  return {
    topics: {
      session: session.cell, peers: peers.cell, profiles: profilesNow.cell, settings: settings.cell, node: node.cell, metrics, health: health.cell,
      trust: trust.cell, invitation, paths: paths.cell, update,
    },
    health: {
      dismiss: (id) => {
        centre.dismiss(id);
        health.mark();
      },
      explain: centre.explain,
    },
    close: () => {
      ending.abort();
      portal.close();
      for (const stop of stops) stop();
      for (const topic of [session, peers, paths, node, trust, profilesNow, health]) topic.close();
    },
  };
}

/** The topic of whichever network is shown. */
function follow<T>(shown: ReadCell<Network>, of: (network: Network) => ReadCell<T>): { readonly cell: ReadCell<T>; close(): void } {
  const value: Cell<T> = cell(of(shown.get()).get());
  let stop = of(shown.get()).subscribe(value.set);
  const end = shown.subscribe((network) => {
    stop();
    stop = of(network).subscribe(value.set);
    value.set(of(network).get());
  });
  return {
    cell: { get: () => of(shown.get()).get(), subscribe: value.subscribe },
    close: () => {
      end();
      stop();
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
