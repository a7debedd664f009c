import { type Cancel, type Clock } from '../../src/base/clock.ts';
import { failure } from '../../src/base/failure.ts';
import { joinHostPort, parseIp } from '../../src/base/ip.ts';
import type { Handlers, Parsed } from '../../src/contract/commands.ts';
import type { ForwardView, OffersView, PeerView } from '../../src/contract/state.ts';
import type { FakeApp } from './app.ts';
import { featuresOf, forward, netcheckOf, offerFeatures, pingsOf } from './paths-world.ts';

type PathCommands = 'peer.ping' | 'peer.paths' | 'peer.retry' | 'network.check' | 'forward.open' | 'forward.close' | 'offers.set';

/** The part of a made-up core that finds paths: what is asked shows in the topics, one `stepMs` later where the real one takes time. */
export interface FakePaths {
  readonly handlers: Pick<Handlers, PathCommands>;
  /** Traffic of forwards, and in a crowd some peers that change their way. */
  tick(round: number): void;
  close(): void;
}

export function fakePaths(topics: FakeApp['topics'], clock: Clock, stepMs: number): FakePaths {
  const pending = new Set<Cancel>();
  let opened = 0;

  const later = (run: () => void): void => {
    const cancel = clock.after(stepMs, () => { pending.delete(cancel); run(); });
    pending.add(cancel);
  };
  const peerOf = (id: string): PeerView => {
    const peer = topics.peers.get().list.find((p) => p.id === id);
    if (peer === undefined) throw failure('mesh.not-found', { id });
    if (topics.session.get().phase !== 'connected') throw failure('mesh.unreachable', { problem: 'connect first' });
    return peer;
  };
  const setPeer = (id: string, change: Partial<PeerView>): void => {
    const { source, list } = topics.peers.get();
    topics.peers.set({ source, list: list.map((p) => (p.id === id ? { ...p, ...change } : p)) });
  };
  const setForwards = (forwards: readonly ForwardView[]): void => topics.paths.set({ ...topics.paths.get(), forwards });

  const openForward = async ({ peer, protocol = 'tcp', localAddress = '127.0.0.1', localPort = 0, remoteAddress = '127.0.0.1', remotePort }: Parsed<'forward.open'>): Promise<{ forward: ForwardView }> => {
    peerOf(peer);
    for (const [field, address] of [['localAddress', localAddress], ['remoteAddress', remoteAddress]] as const) {
      if (parseIp(address) === undefined) throw failure('input.invalid', { field, problem: 'write an IP address' });
    }
    const { forwards } = topics.paths.get();
    const port = localPort === 0 ? 20_001 + opened : localPort;
    if (forwards.some((f) => f.protocol === protocol && f.localPort === port)) throw failure('node.port-in-use', { port });
    const made = forward({ id: `fwdnew${++opened}`, peer, protocol, localAddress, localPort: port, remoteAddress, remotePort });
    setForwards([...forwards, made]);
    return { forward: made };
  };

  const setOffers = async ({ profile, ...change }: Parsed<'offers.set'>): Promise<null> => {
    const { list, selected } = topics.profiles.get();
    const wanted = list.find((p) => p.id === (profile ?? selected));
    if (wanted === undefined) throw failure('input.unknown-profile', { profile: profile ?? '' });
    const offers: OffersView = { ...wanted.offers, ...(Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)) as Partial<OffersView>) };
    topics.profiles.set({ selected, list: list.map((p) => (p === wanted ? { ...p, offers } : p)) });
    if (wanted.id === selected) topics.paths.set({ ...topics.paths.get(), offers });
    if (wanted.id === topics.session.get().profile && topics.node.get().running) {
      later(() => {
        const node = topics.node.get();
        topics.node.set({ ...node, features: [...node.features.filter((f) => !offerFeatures.has(f)), ...featuresOf(offers)] });
      });
    }
    return null;
  };

  return {
    handlers: {
      'peer.ping': async ({ id }) => ({ latencyMs: id.length * 1.7 }),
      'peer.paths': async ({ id, count = 3, mtu = false }) => {
        const paths = pingsOf(peerOf(id), count);
        return { paths, mtu: mtu && paths.some((p) => p.current) ? 1420 : null };
      },
      'peer.retry': async ({ id }) => {
        const before = peerOf(id);
        const relayed = before.path.kind === 'relay';
        if (!relayed) setPeer(id, { path: { kind: 'waiting', reason: 'looking' } });
        later(() => setPeer(id, relayed ? { path: { kind: 'direct', how: 'punched' }, why: [{ code: 'best', tier: null, detail: {} }], endpoint: '203.0.113.7:51820', latencyMs: 8.4 } : { path: before.path }));
        return null;
      },
      'network.check': async () => {
        const mapping = topics.paths.get().nat?.mapping;
        const check = netcheckOf(mapping === 'hard' ? 'strict' : mapping === 'blocked' ? 'blocked' : 'easy');
        topics.paths.set({ ...topics.paths.get(), nat: check.nat });
        return { check };
      },
      'forward.open': openForward,
      'forward.close': async ({ id }) => {
        const { forwards } = topics.paths.get();
        if (!forwards.some((f) => f.id === id)) throw failure('mesh.not-found', { id });
        setForwards(forwards.filter((f) => f.id !== id));
        return null;
      },
      'offers.set': setOffers,
    },
    tick: (round) => {
      const { forwards } = topics.paths.get();
      if (forwards.length > 0) setForwards(forwards.map((f, i) => (f.problem === null ? { ...f, receivedBytes: f.receivedBytes + 61_000 * (i + 1), sentBytes: f.sentBytes + 900, connections: 1 + ((round + i) % 3) } : f)));
      const { source, list } = topics.peers.get();
      if (list.length > 500) topics.peers.set({ source, list: list.map((p, i) => (!p.self && i % 20 === round % 20 ? moved(p, i + round) : p)) });
    },
    close: () => {
      for (const cancel of pending) cancel();
    },
  };
}

/** The next way of a peer that wanders: straight, through a relay, peer to peer, looking. */
function moved(peer: PeerView, turn: number): PeerView {
  const ways: readonly PeerView['path'][] = [{ kind: 'direct', how: 'punched' }, { kind: 'relay', how: 'turn', node: 'attic' }, { kind: 'ice', how: 'raw' }, { kind: 'waiting', reason: 'looking' }];
  return { ...peer, path: ways[turn % ways.length] ?? peer.path, why: [{ code: 'hard-nat-there', tier: 'punch', detail: {} }], endpoint: joinHostPort('203.0.113.9', 41_000 + (turn % 900)) };
}
