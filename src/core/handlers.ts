import { withDeadline } from '../base/abort.ts';
import { failure } from '../base/failure.ts';
import { joinHostPort } from '../base/ip.ts';
import type { Handlers } from '../contract/commands.ts';
import { networksAtOnceMax } from '../contract/networks.ts';
import type { PeerView } from '../contract/state.ts';
import { NodeMetrics } from '../gen/v1/node_metrics.ts';
import { memberProfile } from './commands.ts';
import { report } from './diagnostics.ts';
import type { Favourites } from './favourites.ts';
import { defaultPorts } from './mesh/roster.ts';
import type { CorePorts } from './ports.ts';
import type { Profiles } from './profiles.ts';
import type { Network } from './networks/network.ts';
import { isUp, type Networks } from './networks/networks.ts';
import { movePort } from './networks/ports.ts';
import type { Stored } from './session/stored.ts';
import type { SettingsStore } from './settings.ts';
import { type AppTopics, stateForReport } from './topics.ts';
import { isInUse } from './trust/handlers.ts';
import type { Membership } from './trust/membership.ts';

const logLinesDefault = 200;
const pingMs = 5_000;

export interface HandlerInput {
  readonly ports: CorePorts;
  readonly settings: SettingsStore;
  readonly profiles: Profiles;
  readonly favourites: Favourites;
  readonly networks: Networks;
  /** The named network, else the selected one. Throws input.unknown-profile. */
  readonly meant: (profile: string | undefined) => Network;
  readonly membership: Membership;
  readonly stored: Stored;
  readonly shown: AppTopics;
  /** Disconnects and ends everything. */
  readonly close: () => Promise<void>;
}

type Name = `session.${'connect' | 'disconnect' | 'retry'}` | 'network.view' | 'mesh.join' | `profile.${'select' | 'rename' | 'mark' | 'port' | 'remove'}` | `peer.${'ping' | 'metrics' | 'favourite'}` | 'settings.update' | `diagnostics.${'logs' | 'export'}` | 'health.dismiss' | 'helper.start' | 'app.quit';

/** The commands about sessions, networks, peers and this app itself. */
export function appHandlers({ ports, settings, profiles, favourites, networks, meant, membership, stored, shown: { topics, health }, close }: HandlerInput): Pick<Handlers, Name> {
  const { clock } = ports;
  let startingHelper = false;

  function peer({ topics: of }: Network, id: string): PeerView {
    const found = of.peers.get().list.find((row) => row.id === id);
    if (!found) throw failure('mesh.not-found', { peer: id });
    return found;
  }

  function meshAddress({ session }: Network, { id, ipv4, ipv6 }: PeerView): { host: string; port: number } {
    const host = ipv4 ?? ipv6;
    if (session.view.get().state.phase.name !== 'connected' || host === null) throw failure('mesh.unreachable', { address: id });
    return { host, port: session.roster.get().nodes.find((node) => node.id === id)?.grpcPort ?? defaultPorts.grpc };
  }

  async function peerMetrics(network: Network, id: string, signal: AbortSignal): Promise<NodeMetrics> {
    const row = peer(network, id);
    const socketPath = network.client.report.get()?.node?.socketPath;
    if (row.self && socketPath) return ports.node.metrics(socketPath, signal);
    const { host, port } = meshAddress(network, row);
    const profile = network.profile();
    if (!profile) throw failure('input.unknown-profile', { profile: '' });
    const security = await membership.security(profile);
    return deadline('metrics', signal, (inner) => ports.peerMetrics.get(joinHostPort(host, port), security(id), inner));
  }

  /** Where nobody says which: the given network while it is wanted, else the only one that is. */
  function inUseOr(selected: string): string {
    const wanted = networks.wanted();
    return wanted.length === 1 && !wanted.includes(selected) ? (wanted[0] ?? selected) : selected;
  }

  function deadline<T>(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(clock, pingMs, what, signal, work);
  }

  return {
    'session.connect': async ({ profile }) => {
      const { id } = profiles.choose(profile);
      await networks.connect(id);
      // A window goes on showing a network that is in use.
      const { selected } = profiles.document.get();
      if (selected !== id && !networks.wanted().includes(selected ?? '')) await profiles.select(id);
      return null;
    },
    'session.disconnect': async ({ profile, all = false }) => {
      if (profile !== undefined) await networks.disconnect(profiles.get(profile).id);
      else if (all) await networks.disconnectAll();
      else await networks.disconnect(inUseOr(profiles.document.get().selected ?? ''));
      return null;
    },
    'session.retry': async ({ profile }) => {
      const selected = profile ?? inUseOr(profiles.document.get().selected ?? '');
      if (profile !== undefined) profiles.get(profile);
      networks.find(selected)?.session.retryNow();
      return null;
    },
    'network.view': async ({ profile }) => {
      const { topics: of } = meant(profile);
      return { view: { session: of.session.get(), peers: of.peers.get(), node: of.node.get(), trust: of.trust.get(), paths: of.paths.get() } };
    },
    'mesh.join': async (input) => {
      const profile = await memberProfile(input, profiles.document.get().list, ports);
      await profiles.add(profile);
      return { profile: profile.id };
    },
    'profile.select': async ({ profile }) => {
      await profiles.select(profile);
      return null;
    },
    'profile.rename': async ({ profile, name }) => {
      await profiles.rename(profile, name);
      return null;
    },
    'profile.mark': async ({ profile, colour, suffix, names, autoConnect }) => {
      if (autoConnect === true) checkAutoConnect(profiles, profile);
      await profiles.mark(profile, { ...(colour === undefined ? {} : { colour }), ...(suffix === undefined ? {} : { suffix }) });
      if (names !== undefined || autoConnect !== undefined) await profiles.update(profile, { ...(names === undefined ? {} : { names }), ...(autoConnect === undefined ? {} : { autoConnect }) });
      return null;
    },
    // Disconnecting has left the mesh; what is forgotten here is how to come back. The device stays enrolled there: see DESIGN.md.
    'profile.port': async ({ profile, wireguardPort }) => {
      const meantProfile = profiles.choose(profile);
      if (isUp(networks.find(meantProfile.id))) throw failure('app.busy', { problem: 'disconnect first' });
      const now = await movePort(profiles, ports.network, meantProfile, wireguardPort);
      if (networks.wanted().includes(meantProfile.id)) await networks.connect(meantProfile.id);
      return { wireguardPort: now };
    },
    'profile.remove': async ({ profile }) => {
      profiles.get(profile);
      if (isInUse(networks.find(profile))) throw failure('app.busy', { problem: 'disconnect first', profile });
      // The keys first: whoever cannot remove them still sees the network, and can try again.
      await membership.keyring.remove(profile);
      await profiles.remove(profile);
      await stored.forget(profile);
      await favourites.forget(profile);
      return null;
    },
    'peer.ping': async ({ id, profile }, signal) => {
      const network = meant(profile);
      const { host, port } = meshAddress(network, peer(network, id));
      return { latencyMs: await deadline('ping', signal, (inner) => ports.probe.connect(host, port, inner)) };
    },
    'peer.metrics': async ({ id, profile }, signal) => ({ metrics: NodeMetrics.toJSON(await peerMetrics(meant(profile), id, signal)) }),
    'peer.favourite': async ({ peer: id, on, profile }) => {
      const network = meant(profile);
      // Who left the mesh has no row any more, and can still be taken off.
      if (on && peer(network, id).self) throw failure('input.invalid', { field: 'peer', problem: 'this device itself is no peer', given: id });
      await favourites.set(network.id ?? '', id, on);
      return null;
    },
    'settings.update': async (change) => {
      await settings.update(change);
      return null;
    },
    'health.dismiss': async ({ id }) => {
      health.dismiss(id);
      return null;
    },
    // One window of the system at a time: a page could ask as often as it likes.
    'helper.start': async () => {
      if (startingHelper) throw failure('app.busy', { problem: 'the system asks for permission already' });
      startingHelper = true;
      try {
        await ports.startHelper();
      } finally {
        startingHelper = false;
      }
      return null;
    },
    'diagnostics.logs': async ({ lines }) => ({ lines: [...(await ports.logs.newest(lines ?? logLinesDefault))] }),
    'diagnostics.export': async (_input, signal) => ({ path: await ports.documents.report(`webmesh-report-${clock.nowMs()}.json`, await report(ports, stateForReport(topics), health.explain(), signal)) }),
    'app.quit': async () => {
      await networks.disconnectAll();
      await close();
      // After the reply: whoever asked hears that it was done.
      clock.after(50, () => ports.quit());
      return null;
    },
  };
}

/** More than can be connected at once cannot all be connected at the start. */
function checkAutoConnect(profiles: Profiles, profile: string): void {
  const others = profiles.document.get().list.filter(({ id, autoConnect }) => autoConnect === true && id !== profile);
  if (others.length >= networksAtOnceMax) throw failure('input.limit', { what: 'networks at once', most: networksAtOnceMax });
}
