import { abortError, isAbort, withDeadline } from '../base/abort.ts';
import { type Cell, cell } from '../base/cell.ts';
import { asFailure, failure } from '../base/failure.ts';
import { joinHostPort } from '../base/ip.ts';
import type { Topics } from '../contract/carrier.ts';
import type { Handlers } from '../contract/commands.ts';
import type { AppState, MetricsTopic, PeerView } from '../contract/state.ts';
import { NodeMetrics } from '../gen/v1/node_metrics.ts';
import { derived, topicEveryMs } from './coalesce.ts';
import { hostAddress, hostProfile, memberProfile } from './commands.ts';
import { report } from './diagnostics.ts';
import { healthTopic } from './health.ts';
import { measureLatencies, targetsOf } from './latency.ts';
import { defaultPorts } from './mesh/roster.ts';
import { nodeTopic } from './node-topic.ts';
import { peersTopic } from './peers.ts';
import type { CorePorts } from './ports.ts';
import { loadProfiles, profilesTopic } from './profiles.ts';
import { createSession, sessionTopic, tunnelView } from './session/session.ts';
import { loadSettings } from './settings.ts';

/** The app without a shell: what a carrier serves, and how it ends. */
export interface App {
  readonly handlers: Handlers;
  readonly topics: Topics;
  /** Disconnects, keeps the wish for the next start, and ends everything. Safe to call twice. */
  close(): Promise<void>;
}

const metricsEveryMs = 1_000;
/** Ages of handshakes change without an event. */
const rereadEveryMs = 5_000;
const endMs = 8_000;
const logLinesDefault = 200;
const pingMs = 5_000;

/** Builds the app on its ports, reads what an earlier life stored, and goes on with its wish. */
export async function createApp(ports: CorePorts): Promise<App> {
  const { clock, log, helper, network } = ports;
  const settings = await loadSettings(ports.documents);
  const profiles = await loadProfiles(ports.documents);
  ports.logs.setLevel(settings.cell.get().logLevel);
  const session = createSession(ports, profiles);
  const ending = new AbortController();
  let linkDownSinceMs: number | null = clock.monotonicMs();
  let lostSinceMs = 0;

  const current = () => {
    const { profile } = session.view.get().state;
    return profiles.document.get().list.find(({ id }) => id === (profile ?? profiles.document.get().selected));
  };
  const connected = () => {
    const { state } = session.view.get();
    return state.phase.name === 'connected' ? state.phase : null;
  };
  const tunnel = () => helper.report.get()?.tunnel;
  const portOf = (id: string): number => session.roster.get().nodes.find((node) => node.id === id)?.grpcPort ?? defaultPorts.grpc;

  const latency = measureLatencies(ports, () => (connected() ? targetsOf(peers.cell.get().list, clock.nowMs(), portsById()) : []));
  const sessionNow = derived(clock, 0, () => sessionTopic(session.view.get(), tunnel(), lostSinceMs));
  const peers = derived(clock, topicEveryMs, () => {
    const phase = connected();
    return peersTopic({
      nodeId: current()?.nodeId ?? null,
      own: phase ? { publicKey: tunnel()?.publicKey ?? '', lease: phase.lease, hasEndpoint: network.addresses.get().some(({ loopback }) => !loopback) } : null,
      roster: session.roster.get(), tunnel: tunnel()?.peers ?? [], latencies: phase ? latency.latencies.get() : new Map(), nowMs: clock.nowMs(),
    });
  });
  const profilesNow = derived(clock, topicEveryMs, () => profilesTopic(profiles.document.get(), (profile) => hostAddress(profile, network)));
  const node = derived(clock, topicEveryMs, () => nodeTopic(helper.report.get()?.node, session.replica.get()));
  const health = derived(clock, topicEveryMs, () => healthTopic({
    session: sessionNow.cell.get(), profile: profilesNow.cell.get().list.find(({ id }) => id === current()?.id), link: helper.link.get(),
    linkDownMs: linkDownSinceMs === null ? 0 : clock.monotonicMs() - linkDownSinceMs, node: helper.report.get()?.node, peers: peers.cell.get().list,
    setAside: ports.documents.setAside.get(),
  }, clock.nowMs()));
  const metrics: Cell<MetricsTopic> = cell<MetricsTopic>({ atMs: clock.nowMs(), host: null, tunnel: null });
  const topics: Topics = { session: sessionNow.cell, peers: peers.cell, profiles: profilesNow.cell, settings: settings.cell, node: node.cell, metrics, health: health.cell };

  function portsById(): (id: string) => number {
    const known = new Map(session.roster.get().nodes.map(({ id, grpcPort }) => [id, grpcPort]));
    return (id) => known.get(id) ?? defaultPorts.grpc;
  }

  let wasLost = false;
  const markAll = (): void => {
    const lost = connected()?.degraded === 'control-plane-lost';
    if (lost && !wasLost) lostSinceMs = clock.nowMs();
    wasLost = lost;
    for (const topic of [sessionNow, peers, node, health]) topic.mark();
  };
  const stops = [
    session.view.subscribe(markAll),
    session.roster.subscribe(() => peers.mark()),
    session.replica.subscribe(() => node.mark()),
    helper.report.subscribe(markAll),
    helper.link.subscribe(({ state }) => {
      linkDownSinceMs = state === 'up' ? null : (linkDownSinceMs ?? clock.monotonicMs());
      health.mark();
    }),
    latency.latencies.subscribe(() => peers.mark()),
    network.addresses.subscribe(() => profilesNow.mark()),
    profiles.document.subscribe(() => {
      profilesNow.mark();
      markAll();
    }),
    sessionNow.cell.subscribe(() => health.mark()),
    peers.cell.subscribe(() => health.mark()),
    ports.documents.setAside.subscribe(() => health.mark()),
    settings.cell.subscribe(({ logLevel }) => ports.logs.setLevel(logLevel)),
  ];
  if (helper.link.get().state === 'up') linkDownSinceMs = null;

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

  function peer(id: string): PeerView {
    const found = peers.cell.get().list.find((row) => row.id === id);
    if (!found) throw failure('mesh.not-found', { peer: id });
    return found;
  }

  function meshAddress({ id, ipv4, ipv6 }: PeerView): { host: string; port: number } {
    const host = ipv4 ?? ipv6;
    if (!connected() || host === null) throw failure('mesh.unreachable', { address: id });
    return { host, port: portOf(id) };
  }

  let ended: Promise<void> | null = null;
  const close = (): Promise<void> => {
    ended ??= (async () => {
      await session.end(endMs);
      ending.abort(abortError());
      cancelMetrics();
      cancelReread();
      latency.close();
      for (const stop of stops) stop();
      for (const topic of [sessionNow, peers, profilesNow, node, health]) topic.close();
      helper.close();
    })();
    return ended;
  };

  const handlers: Handlers = {
    'session.connect': async ({ profile }) => {
      const { id } = profiles.choose(profile);
      if (profiles.document.get().selected !== id) await profiles.select(id);
      await session.connect(id);
      return null;
    },
    'session.disconnect': async () => {
      await session.disconnect();
      return null;
    },
    'session.retry': async () => {
      session.retryNow();
      return null;
    },
    'mesh.create': async (input) => {
      const profile = await hostProfile(input, ports);
      await profiles.add(profile);
      return { profile: profile.id };
    },
    'mesh.join': async (input) => {
      const profile = await memberProfile(input, ports);
      await profiles.add(profile);
      return { profile: profile.id };
    },
    'profile.select': async ({ profile }) => {
      await profiles.select(profile);
      if (session.view.get().state.phase.name === 'disconnected') await session.show(profile);
      return null;
    },
    'profile.rename': async ({ profile, name }) => {
      await profiles.rename(profile, name);
      return null;
    },
    'profile.remove': async ({ profile }) => {
      const { state } = session.view.get();
      profiles.get(profile);
      if (state.profile === profile && state.phase.name !== 'disconnected' && state.phase.name !== 'blocked') throw failure('app.busy', { problem: 'disconnect first', profile });
      await profiles.remove(profile);
      await session.stored.forget(profile);
      return null;
    },
    'peer.ping': async ({ id }, signal) => {
      const { host, port } = meshAddress(peer(id));
      return { latencyMs: await deadline('ping', signal, (inner) => ports.probe.connect(host, port, inner)) };
    },
    'peer.metrics': async ({ id }, signal) => {
      const row = peer(id);
      const socketPath = helper.report.get()?.node?.socketPath;
      if (row.self && socketPath) return { metrics: NodeMetrics.toJSON(await ports.node.metrics(socketPath, signal)) };
      const { host, port } = meshAddress(row);
      return { metrics: NodeMetrics.toJSON(await deadline('metrics', signal, (inner) => ports.peerMetrics.get(joinHostPort(host, port), inner))) };
    },
    'settings.update': async (change) => {
      await settings.update(change);
      return null;
    },
    'diagnostics.logs': async ({ lines }) => ({ lines: [...(await ports.logs.newest(lines ?? logLinesDefault))] }),
    'diagnostics.export': async (_input, signal) => ({ path: await ports.documents.report(`webmesh-report-${clock.nowMs()}.json`, await report(ports, stateOf(topics), signal)) }),
    'app.quit': async () => {
      await session.disconnect();
      await close();
      // After the reply: whoever asked hears that it was done.
      clock.after(50, () => ports.quit());
      return null;
    },
  };

  function deadline<T>(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(clock, pingMs, what, signal, work);
  }

  const wish = await session.stored.loadWish();
  const known = profiles.document.get().list.find(({ id }) => id === (wish.profile ?? profiles.document.get().selected));
  if (known && (wish.want === 'connected' || settings.cell.get().connectAtStart)) await session.connect(known.id);
  else if (known) await session.show(known.id);
  return { handlers, topics, close };
}

function stateOf(topics: Topics): AppState {
  return {
    session: topics.session.get(), peers: topics.peers.get(), profiles: topics.profiles.get(), settings: topics.settings.get(),
    node: topics.node.get(), metrics: topics.metrics.get(), health: topics.health.get(),
  };
}
