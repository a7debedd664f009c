import { cell, type Cell } from '../../src/base/cell.ts';
import { type Cancel, type Clock } from '../../src/base/clock.ts';
import { failure, type Failure } from '../../src/base/failure.ts';
import { serve, type Port } from '../../src/contract/carrier.ts';
import type { CommandName, Handlers, Parsed } from '../../src/contract/commands.ts';
import { topicNames, type AppState, type Invitation, type InviteView, type PeerView, type ProfileView, type SessionPhase, type TopicName, type TrustTopic } from '../../src/contract/state.ts';
import { problem } from './problem.ts';
import { type FakeHistory, fakeHistory } from './history.ts';
import { fakePaths } from './paths-app.ts';
import { hostOffers, memberOffers, pathsOf } from './paths-world.ts';
import { fakeUpdates } from './update-app.ts';
import { auditOf, invitationAt, linkOf, readLink } from './trust-world.ts';
import { type FakeNetworks, fakeNetworks } from './networks-app.ts';
import { isUp, metricsAt, sceneOf, type SceneName } from './world.ts';

export { type SceneName } from './world.ts';

/**
 * A core made up for tests: it implements the whole contract over scripted topics. `show` jumps to a scene; connect and disconnect walk the
 * real phases, one `stepMs` apart on the given clock; `tick` moves metrics and, in a crowd, a hundred peers. Of the rules of trust it has
 * those that screens must cope with: an expired or used invite, the last admin, a wrong passphrase.
 */
export interface FakeApp {
  readonly handlers: Handlers;
  readonly topics: { readonly [K in TopicName]: Cell<AppState[K]> };
  /** Every call that arrived, oldest first. */
  readonly calls: readonly { readonly name: CommandName; readonly input: unknown }[];
  show(scene: SceneName, peers?: number): void;
  /** The next call of this name fails with it. */
  refuseNext(name: CommandName, why: Failure): void;
  /** The next call of this name waits until the function that comes back is called. */
  holdNext(name: CommandName): () => void;
  tick(): void;
  /** What it has of the last day; scenes begin with all of it. */
  readonly history: FakeHistory;
  close(): void;
}

export interface FakeOptions {
  readonly scene?: SceneName;
  readonly peers?: number;
  readonly stepMs?: number;
}

export function createFakeApp(clock: Clock, { scene = 'first-run', peers, stepMs = 400 }: FakeOptions = {}): FakeApp {
  const topics = cellsOf(sceneOf(scene, clock.nowMs(), peers));
  const calls: { name: CommandName; input: unknown }[] = [];
  const refusals = new Map<CommandName, Failure>();
  const held = new Map<CommandName, Promise<void>>();
  const history = fakeHistory(clock);
  const paths = fakePaths(topics, clock, stepMs);
  let round = 0;
  let pending: Cancel = () => {};
  let crowd = scene === 'crowd';

  const networks: FakeNetworks = fakeNetworks(topics, clock, stepMs);
  const show = (name: SceneName, count?: number): void => {
    pending();
    networks.reset();
    crowd = name === 'crowd';
    fill(topics, sceneOf(name, clock.nowMs(), count));
  };
  const setPhase = (phase: SessionPhase, want: 'connected' | 'disconnected'): void => {
    const { profile, epoch } = topics.session.get();
    topics.session.set({ want, profile, epoch: epoch + 1, ...phase });
  };
  const walk = (phases: readonly (() => void)[]): void => {
    pending();
    const [first, ...rest] = phases;
    first?.();
    if (rest.length > 0) pending = clock.after(stepMs, () => walk(rest));
  };
  const connect = (): void => {
    const profile = selected(topics);
    const now = (): number => clock.nowMs();
    walk([
      () => setPhase({ phase: 'authorising', sinceMs: now() }, 'connected'),
      () => setPhase({ phase: 'joining', sinceMs: now() }, 'connected'),
      () => setPhase({ phase: 'configuring', sinceMs: now() }, 'connected'),
      () => arrive(topics, profile, now()),
    ]);
  };
  const disconnect = (): void => walk([() => setPhase({ phase: 'disconnecting' }, 'disconnected'), () => leave(topics, clock.nowMs())]);
  const add = (profile: ProfileView): { profile: string } => {
    topics.profiles.set({ ...topics.profiles.get(), list: [...topics.profiles.get().list, profile] });
    networks.select(profile.id);
    return { profile: profile.id };
  };

  const setTrust = (change: Partial<TrustTopic>): void => topics.trust.set({ ...topics.trust.get(), ...change });
  const setDevice = (id: string, change: (device: TrustTopic['devices'][number]) => Partial<TrustTopic['devices'][number]>): null => {
    const { devices } = topics.trust.get();
    const device = devices.find((d) => d.id === id);
    if (device === undefined) throw failure('mesh.not-found', { id });
    const next = { ...device, ...change(device) };
    const all = devices.map((d) => (d === device ? next : d));
    if (!all.some((d) => d.role === 'admin' && d.state === 'active')) throw failure('mesh.refused', { reason: 'last admin' });
    setTrust({ devices: all, role: next.self ? next.role : topics.trust.get().role });
    return null;
  };
  const readOrRefuse = (text: string): Invitation => {
    const invitation = readLink(text, clock.nowMs());
    if (invitation === null) throw failure('input.invite-damaged', { problem: 'a part is missing or was changed' });
    return invitation;
  };
  const events = auditOf(130, clock.nowMs());

  const handlers = recording(calls, refusals, held, {
    ...paths.handlers,
    ...fakeUpdates(topics.update, clock, stepMs),
    ...history.handlers,
    ...networks.handlers,
    'session.connect': async ({ profile }) => {
      if (networks.isOther(profile) && topics.session.get().want === 'connected') return networks.connectOther(profile);
      if (profile !== undefined) networks.select(profile);
      if (topics.profiles.get().selected === null) throw failure('input.unknown-profile', {});
      connect();
      return null;
    },
    'profile.port': async ({ wireguardPort = 51821 }) => {
      connect();
      return { wireguardPort };
    },
    'session.disconnect': async ({ profile, all }) => {
      if (networks.isOther(profile)) return networks.disconnectOther(profile);
      if (all) networks.disconnectOthers();
      disconnect();
      return null;
    },
    'session.retry': async ({ profile }) => {
      if (networks.isOther(profile)) return networks.connectOther(profile);
      connect();
      return null;
    },
    'mesh.create': async ({ name, nodeId, insecure = false }) => add({ ...networks.marks(), id: `net${++round}`, name, kind: 'host', nodeId: nodeId ?? 'study', address: '192.168.1.20:8443', offers: hostOffers, insecure }),
    'mesh.join': async (input) => {
      checkAddress(input);
      return add({ ...networks.marks(), id: `net${++round}`, name: input.name ?? hostOf(input.address), kind: 'member', nodeId: input.nodeId ?? 'study', address: input.address, offers: memberOffers, insecure: input.insecure });
    },
    'invite.create': async ({ role = 'member', expiresInSeconds = 86_400, uses = 1, needsApproval = false, note = '' }) => {
      const id = `inv${String(++round).padStart(13, '0')}`;
      const expiresAtMs = clock.nowMs() + expiresInSeconds * 1000;
      const invite: InviteView = { id, role, state: 'open', createdBy: 'study', createdAtMs: clock.nowMs(), expiresAtMs, uses: 0, usesMax: uses, needsApproval, note };
      setTrust({ invites: [invite, ...topics.trust.get().invites] });
      return { id, link: linkOf(invitationAt(clock.nowMs(), { inviteId: id, networkName: selected(topics)?.name ?? 'Home', invitedBy: 'Study', role, expiresAtMs, needsApproval })), expiresAtMs };
    },
    'invite.revoke': async ({ id }) => (setTrust({ invites: topics.trust.get().invites.map((i) => (i.id === id ? { ...i, state: 'revoked' } : i)) }), null),
    'invite.inspect': async ({ link }) => ({ invitation: readOrRefuse(link) }),
    'invite.open': async ({ link }) => (topics.invitation.set({ offer: readOrRefuse(link) }), null),
    'invite.dismiss': async () => (topics.invitation.set({ offer: null }), null),
    'invite.redeem': async ({ link, name, nodeId }) => {
      const invitation = readOrRefuse(link);
      if (invitation.expired) throw failure('auth.invite-expired', {});
      topics.invitation.set({ offer: null });
      return add({ ...networks.marks(), id: `net${++round}`, name: name ?? invitation.networkName, kind: 'member', nodeId: nodeId ?? 'study', address: invitation.addresses[0] ?? '', offers: memberOffers, insecure: false });
    },
    'device.approve': async ({ id }) => setDevice(id, () => ({ state: 'active', notAfterMs: clock.nowMs() + 90 * 86_400_000 })),
    'device.revoke': async ({ id }) => setDevice(id, () => ({ state: 'revoked', revokedAtMs: clock.nowMs() })),
    'device.role': async ({ id, role }) => setDevice(id, () => ({ role })),
    'certificate.renew': async () => (setTrust({ notAfterMs: clock.nowMs() + 90 * 86_400_000 }), null),
    'root.export': async () => (setTrust({ rootExported: true }), { path: '/home/ada/Home-root-key.age' }),
    'root.remove': async () => {
      if (!topics.trust.get().rootExported) throw failure('auth.not-permitted', { reason: 'export it first' });
      setTrust({ root: 'removed' });
      return null;
    },
    'root.import': async ({ passphrase }) => {
      if (passphrase !== 'correct horse battery') throw failure('input.passphrase', {});
      setTrust({ root: 'here', rootExported: true });
      return null;
    },
    'audit.list': async ({ search = '', before = Number.MAX_SAFE_INTEGER, limit = 100 }) => {
      const words = search.toLowerCase();
      const found = events.filter((e) => e.sequence < before && JSON.stringify(e).toLowerCase().includes(words)).reverse();
      return { events: found.slice(0, limit), intact: !topics.health.get().warnings.some((w) => w.code === 'audit-broken'), total: events.length };
    },
    'audit.export': async () => ({ path: '/home/ada/Home-audit-2026-11-22.jsonl' }),
    'profile.rename': async ({ profile, name }) => {
      const { list, selected } = topics.profiles.get();
      topics.profiles.set({ selected, list: list.map((p) => (p.id === profile ? { ...p, name } : p)) });
      return null;
    },
    'profile.remove': async ({ profile }) => {
      const list = topics.profiles.get().list.filter((p) => p.id !== profile);
      topics.profiles.set({ list, selected: list[0]?.id ?? null });
      return null;
    },
    'peer.metrics': async ({ id }) => ({ metrics: metricsOf(id, topics.peers.get().list) }),
    'peer.favourite': async ({ peer, on }) => {
      const { source, list } = topics.peers.get();
      if (!list.some((p) => p.id === peer && !p.self)) throw failure('mesh.not-found', { peer });
      topics.peers.set({ source, list: list.map((p) => (p.id === peer ? { ...p, favourite: on } : p)) });
      return null;
    },
    'settings.update': async (change) => (topics.settings.set({ ...topics.settings.get(), ...withoutUndefined(change) }), null),
    'health.dismiss': async ({ id }) => {
      const { warnings } = topics.health.get();
      if (!warnings.some((w) => w.id === id && w.severity === 'info')) throw failure('input.invalid', { field: 'id' });
      topics.health.set({ warnings: warnings.filter((w) => w.id !== id) });
      return null;
    },
    'helper.start': async () => (topics.health.set({ warnings: topics.health.get().warnings.filter((w) => w.code !== 'helper-missing') }), null),
    'diagnostics.logs': async ({ lines = 200 }) => ({ lines: logLines.slice(-lines) }),
    'diagnostics.export': async () => ({ path: '/home/ada/.config/webmesh/reports/webmesh-2026-11-22.json' }),
    'app.quit': async () => null,
  });

  return {
    handlers, topics, calls, show, history,
    refuseNext: (name, why) => void refusals.set(name, why),
    holdNext: (name) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(name, promise);
      return resolve;
    },
    tick: () => {
      round += 1;
      const tunnel = topics.session.get().phase === 'connected' ? metricsAt(clock.nowMs()).tunnel : null;
      topics.metrics.set({ ...metricsAt(clock.nowMs()), tunnel });
      if (crowd || topics.session.get().phase === 'connected') movePeers(topics, clock.nowMs(), round, crowd ? 100 : 3);
      paths.tick(round);
    },
    close: () => {
      pending();
      networks.close();
      paths.close();
    },
  };
}

/** Serves the fake on one end of a pair of ports and gives the other. */
export function fakePort(app: Pick<FakeApp, 'handlers' | 'topics'>): Port {
  const [near, far] = portPair();
  serve(far, app.handlers, app.topics);
  return near;
}

/** Two joined ports; messages pass through JSON as on every real carrier and arrive in a later microtask. */
export function portPair(): readonly [Port, Port] {
  const receivers: ((message: unknown) => void)[][] = [[], []];
  const closers: (() => void)[] = [];
  let open = true;
  const end = (mine: 0 | 1): Port => ({
    send: (message) => {
      const text = JSON.stringify(message);
      queueMicrotask(() => open && receivers[1 - mine]?.forEach((receive) => receive(JSON.parse(text))));
    },
    onMessage: (receive) => void receivers[mine]?.push(receive),
    onClose: (closed) => void closers.push(closed),
    close: () => {
      if (!open) return;
      open = false;
      for (const closed of closers) closed();
    },
  });
  return [end(0), end(1)];
}

type Cells = FakeApp['topics'];

function cellsOf(state: AppState): Cells {
  return Object.fromEntries(topicNames.map((name) => [name, cell<unknown>(state[name])])) as unknown as Cells;
}

function fill(topics: Cells, state: AppState): void {
  for (const name of topicNames) (topics[name] as Cell<unknown>).set(state[name]);
}

function recording(calls: { name: CommandName; input: unknown }[], refusals: Map<CommandName, Failure>, held: Map<CommandName, Promise<void>>, handlers: Handlers): Handlers {
  const wrapped = Object.entries(handlers).map(([key, run]) => {
    const name = key as CommandName;
    return [name, async (input: never, signal: AbortSignal) => {
      // Reading what topics hold is no act of a person.
      if (name !== 'network.view') calls.push({ name, input });
      const wait = held.get(name);
      held.delete(name);
      await wait;
      const why = refusals.get(name);
      refusals.delete(name);
      if (why !== undefined) throw why;
      return (run as (input: never, signal: AbortSignal) => Promise<unknown>)(input, signal);
    }] as const;
  });
  return Object.fromEntries(wrapped) as unknown as Handlers;
}

function selected(topics: Cells): ProfileView | undefined {
  const { list, selected: id } = topics.profiles.get();
  return list.find((p) => p.id === id);
}

/** The end of a walk: connected with the chosen network; a host made just now is alone and leads. */
function arrive(topics: Cells, profile: ProfileView | undefined, nowMs: number): void {
  const fresh = profile?.id.startsWith('net') ?? false;
  const scene = sceneOf(profile?.kind === 'host' ? 'host' : 'connected', nowMs, fresh && profile?.kind === 'host' ? 0 : 11);
  const { epoch } = topics.session.get();
  if (scene.session.phase !== 'connected') return;
  topics.session.set({ ...scene.session, profile: profile?.id ?? null, epoch: epoch + 1, sinceMs: nowMs });
  topics.peers.set(scene.peers);
  topics.node.set({ ...scene.node, networkName: profile?.name ?? scene.node.networkName, startedAtMs: nowMs });
  topics.paths.set(pathsOf(profile?.offers ?? memberOffers, []));
  topics.trust.set(profile?.insecure ? sceneOf('clear-text', nowMs).trust : fresh && profile?.kind === 'host' ? sceneOf('alone', nowMs).trust : scene.trust);
  topics.health.set({ warnings: profile?.insecure ? [problem('clear-text', { profile: profile.name })] : [] });
}

function leave(topics: Cells, nowMs: number): void {
  const gone = sceneOf('disconnected', nowMs, topics.peers.get().list.length - 1);
  const { profile, epoch } = topics.session.get();
  topics.session.set({ want: 'disconnected', profile, epoch: epoch + 1, phase: 'disconnected' });
  topics.peers.set(gone.peers);
  topics.node.set({ ...gone.node, networkName: topics.node.get().networkName });
  topics.paths.set({ ...gone.paths, offers: topics.paths.get().offers });
  topics.health.set({ warnings: [] });
}

function movePeers(topics: Cells, nowMs: number, round: number, count: number): void {
  const { source, list } = topics.peers.get();
  const from = (round * count) % Math.max(1, list.length);
  topics.peers.set({
    source,
    list: list.map((p, i) => {
      const moves = (i - from + list.length) % list.length < count;
      if (!moves || !isUp(p.path)) return p;
      return { ...p, receiveBytes: p.receiveBytes + 48_000, transmitBytes: p.transmitBytes + 9_000, lastHandshakeMs: nowMs - (i % 40) * 1000, latencyMs: Math.round(((p.latencyMs ?? 9) + Math.sin(round + i)) * 10) / 10 };
    }),
  });
}

/** The same checks as the real core makes, so that the screens' sentences can be tried. */
function checkAddress({ address, insecure }: Parsed<'mesh.join'>): void {
  if (!/^(\[[0-9a-f:.]+\]|[^\s:/]+):\d{1,5}$/i.test(address)) throw failure('input.invalid', { field: 'address', problem: 'write it as host:port, for example mesh.example.net:8443' });
  if (!insecure) throw failure('mesh.incompatible', { address, message: 'it only speaks clear text' });
  if (address.startsWith('nobody.')) throw failure('mesh.unreachable', { address });
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

function withoutUndefined<T extends object>(value: T): Partial<{ [K in keyof T]: Exclude<T[K], undefined> }> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}

/** A peer sees every other one that is reached from here, and knows an old handshake of one more. */
function metricsOf(id: string, list: readonly PeerView[]): unknown {
  const seen = list.filter((p, i) => p.id !== id && (p.self || (isUp(p.path) && i % 2 === 0))).map((p) => ({ publicKey: p.publicKey, lastHandshakeTime: '2026-11-22T09:03:10Z' }));
  return {
    deviceName: 'wm0', addressV4: '172.16.0.11/32', totalReceiveBytes: '48211004', totalTransmitBytes: '9120331', listenPort: 51820, type: 'Linux kernel', peers: [...seen, ...list.slice(-1).map((p) => ({ publicKey: p.publicKey, lastHandshakeTime: '2026-11-22T07:00:00Z' }))],
    system: {
      host: { hostname: id, architecture: 'arm64', kernelVersion: '6.6.51', os: { name: 'Debian GNU/Linux', version: '12' }, uptime: '212h4m9s', containerized: false },
      cpu: { loadAverage: { one: 0.31, five: 0.27, fifteen: 0.22 } },
      memory: { total: '4102111232', used: '1231043584', available: '2871067648' },
      disks: [{ filesystemPath: '/', device: '/dev/mmcblk0p2', total: '62725623808', used: '20312948736', usedPercent: 32.4 }],
    },
  };
}

const logLines: readonly string[] = Array.from({ length: 240 }, (_, i) => {
  const level = i % 41 === 0 ? 'warn' : i % 7 === 0 ? 'debug' : 'info';
  const [scope, event] = ([['core.session', 'phase'], ['core.peers', 'snapshot'], ['helper.tunnel', 'applied'], ['node.raft', 'commit']] as const)[i % 4] ?? ['core', 'start'];
  return JSON.stringify({ t: new Date(Date.UTC(2026, 10, 22, 9, 0, i)).toISOString(), level, scope, event, index: 4000 + i });
});
