import { decode, encode, type Packet } from 'dns-packet';
import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { parseIp, parsePrefix, type Prefix } from '../../base/ip.ts';
import { silentLog } from '../../base/log.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { type NodeConfig, parseControl } from '../config.ts';
import { type DatagramSource, type DnsSockets } from '../path-ports.ts';
import { type Connection, type ListenProblem } from '../ports.ts';
import { createDnsPart, dnsLimits } from './dns-part.ts';
import { type ZoneNode } from './node-records.ts';

function config(meshIpv4: string, meshIpv6: string, meshDns = true, paths: object = {}): NodeConfig {
  const spec = { insecure: true, nodeId: 'host', meshIpv4, meshIpv6, services: { meshDns }, paths: { dnsPort: 53, ...paths } };
  return parseControl(JSON.stringify({ dataDir: '/x', socketPath: '/x/s', spec }));
}
const ports = { raftPort: 1, grpcPort: 2, wireguardPort: 3 };
const nodes: readonly ZoneNode[] = [{ id: 'host', ipv4: parseIp('10.0.0.1') ?? null, ipv6: null, ...ports, primaryEndpoint: null, endpoints: [] }];
const meshNetworks = ['10.0.0.0/8', 'fd00::/48'].flatMap((text) => parsePrefix(text) ?? []);
const query = encode({ id: 1, type: 'query', questions: [{ name: 'host.webmesh.internal', type: 'A' }] });
const framed = Buffer.concat([Buffer.from([0, query.length]), query]);

/** Sockets and a clock that do as the test says. */
function world(first = config('10.0.0.1', 'fd00::1'), trouble: Record<string, ListenProblem> = {}) {
  const timers: { atMs: number; run: () => void }[] = [];
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: (delayMs, run) => {
    const timer = { atMs: nowMs + delayMs, run };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
  } };
  const open = new Set<string>();
  const sent: string[] = [];
  const replies: Uint8Array[] = [];
  const receivers = new Map<string, (message: Uint8Array, from: DatagramSource) => void>();
  const acceptors = new Map<string, (connection: Connection) => void>();
  const bind = (kind: 'udp' | 'tcp', host: string, port: number) => {
    const name = `${kind} ${host}:${port}`;
    const problem = trouble[name] ?? (open.has(name) ? 'in-use' : undefined);
    if (problem) return { ok: false, problem, message: problem } as const;
    open.add(name);
    return { ok: true, port, close: () => void open.delete(name) } as const;
  };
  const sockets: DnsSockets = {
    listenTcp: async (host, port, accept) => {
      acceptors.set(host, accept);
      return bind('tcp', host, port);
    },
    bindUdp: async (host, port, receive) => {
      receivers.set(host, receive);
      const one = bind('udp', host, port);
      return one.ok ? { ...one, shared: false, send: (message, to) => void (replies.push(message), sent.push(to.address)) } : one;
    },
  };
  const networks = cell<readonly Prefix[]>(meshNetworks);
  const revision = cell(0);
  networks.subscribe(() => revision.set(revision.get() + 1));
  const source = { nodes: () => nodes, networks: networks.get, appliedIndex: () => 1, revision };
  const part = createDnsPart({ config: first, source, sockets, clock, log: silentLog });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
    await settle();
  };
  const ask = (address: string, times = 1): number => {
    const before = sent.length;
    for (let i = 0; i < times; i++) receivers.get('10.0.0.1')?.(query, { address, port: 5 });
    return sent.length - before;
  };
  const receive = (message: Uint8Array, address: string): void => receivers.get('10.0.0.1')?.(message, { address, port: 5 });
  const connect = (remote: string, isFull = false): Asker => asker((one) => acceptors.get('10.0.0.1')?.(one), remote, isFull);
  return { part, open, trouble, networks, settle, advance, ask, connect, receive, replies };
}

interface Asker {
  readonly seen: { readonly state: string; readonly written: number; readonly paused: boolean };
  data(bytes: Uint8Array): void;
  drained(): void;
  end(): void;
}

function asker(accept: (connection: Connection) => void, remote: string, isFull: boolean): Asker {
  const seen = { state: 'open', written: 0, paused: false };
  let events: Parameters<Connection['listen']>[0] | undefined;
  const end = (): void => {
    if (seen.state === 'closed') return;
    seen.state = 'closed';
    events?.closed(undefined);
  };
  accept({
    remote, provenId: undefined, fingerprint: undefined, listen: (given) => (events = given), end, destroy: end,
    write: () => {
      seen.written += 1;
      return !isFull;
    },
    pause: () => (seen.paused = true), resume: () => (seen.paused = false),
  });
  return { seen, data: (bytes: Uint8Array) => events?.data(Buffer.from(bytes)), drained: () => events?.drained(), end };
}

test('listens on the mesh addresses, follows them, and offers the feature only while it answers', async () => {
  const w = world();
  await w.settle();
  const first = [[...w.open].sort(), w.part.features.get()];
  w.part.update(config('10.0.0.2', 'fd00::1'));
  await w.settle();
  const moved = [...w.open].sort();
  w.networks.set([]);
  const unknown = w.part.features.get();
  w.networks.set(meshNetworks);
  w.part.update(config('10.0.0.2', 'fd00::1', false));
  expect(first).toEqual([['tcp 10.0.0.1:53', 'tcp fd00::1:53', 'udp 10.0.0.1:53', 'udp fd00::1:53'], [Feature.MESH_DNS]]);
  expect(moved).toEqual(['tcp 10.0.0.2:53', 'tcp fd00::1:53', 'udp 10.0.0.2:53', 'udp fd00::1:53']);
  // This machine's own programs go on asking.
  expect([unknown, [...w.open].sort(), w.part.features.get()]).toEqual([[], moved, []]);
});

test('a port in use is told and tried again; an absent address is waited for; a half is none', async () => {
  const w = world(config('10.0.0.1', ''), { 'udp 10.0.0.1:53': 'in-use' });
  await w.settle();
  const taken = [w.part.problem.get()?.code, [...w.open], w.part.features.get()];
  w.trouble['udp 10.0.0.1:53'] = 'no-such-address';
  await w.advance(1_000);
  delete w.trouble['udp 10.0.0.1:53'];
  await w.advance(1_000);
  expect(taken).toEqual(['node.port-in-use', [], []]);
  expect([w.part.problem.get(), [...w.open], w.part.features.get()]).toEqual([null, ['tcp 10.0.0.1:53', 'udp 10.0.0.1:53'], [Feature.MESH_DNS]]);
  w.trouble['udp 10.0.0.3:53'] = 'not-permitted';
  w.part.update(config('10.0.0.3', ''));
  await w.settle();
  const refused = w.part.problem.get()?.code;
  await w.part.close();
  expect([refused, [...w.open], w.part.problem.get()]).toEqual(['auth.not-permitted', [], null]);
});

test('what was bound too late for anybody is let go', async () => {
  const w = world(config('10.0.0.1', ''));
  await w.part.close();
  await w.settle();
  expect([[...w.open], w.part.features.get(), w.part.problem.get()]).toEqual([[], [], null]);
});

test('only members are answered, each so often', async () => {
  const w = world();
  await w.settle();
  const { burst, perSecond } = dnsLimits;
  expect([w.ask('192.0.2.1'), w.ask('fe80::1%eth0'), w.ask('nonsense'), w.ask('10.3.2.1'), w.ask('fd00:0:0:7::1')]).toEqual([0, 0, 0, 1, 1]);
  const most = [w.ask('10.3.2.1', burst), w.ask('10.3.2.2')];
  await w.advance(1_000);
  // All of a node's /64 is one source.
  expect([most, w.ask('10.3.2.1', burst), w.ask('fd00:0:0:7::2', burst + 5)]).toEqual([[burst - 1, 1], perSecond, burst]);
});

test('connections are few, each ends when it is idle, too large, or no question', async () => {
  const w = world();
  await w.settle();
  const { connectionsPerSourceMax, connectionsMax, idleMs } = dnsLimits;
  const states = (list: readonly Asker[]): number => list.filter(({ seen }) => seen.state === 'open').length;
  const own = Array.from({ length: connectionsPerSourceMax + 3 }, () => w.connect('10.0.0.9:1'));
  const all = Array.from({ length: connectionsMax }, (_, i) => w.connect(`10.0.1.${i}:1`));
  expect([states([w.connect('192.0.2.1:1')]), states(own), states(all)]).toEqual([0, connectionsPerSourceMax, connectionsMax - connectionsPerSourceMax]);
  for (const one of [...own, ...all]) one.end();
  const from = '[fd00::9]:1';
  const five = { slow: w.connect(from), large: w.connect(from), scrap: w.connect(from), good: w.connect(from), answer: w.connect(from) };
  const { slow, large, scrap, good, answer } = five;
  large.data(Buffer.from([0xff, 0xff]));
  scrap.data(Buffer.from([0, 3, 1, 2, 3]));
  answer.data(Buffer.concat([Buffer.from([0, 12]), Buffer.from([0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0])]));
  slow.data(framed.subarray(0, 1));
  await w.advance(idleMs / 2);
  slow.data(framed.subarray(1, 4));
  good.data(framed);
  await w.advance(idleMs / 2);
  const ends = Object.fromEntries(Object.entries(five).map(([name, { seen }]) => [name, seen.state]));
  expect(ends).toEqual({ slow: 'closed', large: 'closed', scrap: 'closed', good: 'open', answer: 'closed' });
});

test('an asker that does not read its answers is not read from, and ends when it never does', async () => {
  const w = world();
  await w.settle();
  const full = w.connect('10.0.0.9:1', true);
  full.data(Buffer.concat([framed, framed, framed]));
  const stuck = { ...full.seen };
  full.drained();
  expect([stuck, full.seen]).toEqual([{ state: 'open', written: 1, paused: true }, { state: 'open', written: 2, paused: true }]);
  await w.advance(dnsLimits.idleMs);
  expect(full.seen.state).toBe('closed');
});

test('this machine is answered also where nothing is offered to others, and at the port that its resolver wants', async () => {
  const w = world(config('10.0.0.1', '', false, { localDnsPort: 530 }));
  await w.settle();
  expect([...w.open].sort()).toEqual(['tcp 10.0.0.1:53', 'tcp 10.0.0.1:530', 'udp 10.0.0.1:53', 'udp 10.0.0.1:530']);
  expect([w.ask('10.0.0.1'), w.ask('10.3.2.1'), w.ask('127.0.0.1'), w.connect('10.0.0.1:9').seen.state, w.connect('10.3.2.1:9').seen.state]).toEqual([1, 0, 0, 'open', 'closed']);
});

test('the domain that this machine uses is answered to this machine alone, beside the mesh\'s own', async () => {
  const w = world(config('10.0.0.1', '', true, { localDomain: 'Home.internal' }));
  await w.settle();
  const asked = (name: string, type: 'A' | 'PTR', from: string): string => {
    w.receive(encode({ id: 7, type: 'query', questions: [{ name, type }] }), from);
    const { answers = [], ...packet } = decode(w.replies.at(-1) as Buffer) as unknown as Packet & { readonly rcode: string };
    return `${packet.rcode} ${answers.map((each) => ('data' in each ? String(each.data) : '')).join()}`.trim();
  };
  expect(['host.home.internal', 'host.webmesh.internal', 'no.home.internal', 'host.example.com'].map((name) => asked(name, 'A', '10.0.0.1'))).toEqual(['NOERROR 10.0.0.1', 'NOERROR 10.0.0.1', 'NXDOMAIN', 'REFUSED']);
  expect(['host.home.internal', 'host.webmesh.internal'].map((name) => asked(name, 'A', '10.3.2.1'))).toEqual(['REFUSED', 'NOERROR 10.0.0.1']);
  expect(['10.0.0.1', '10.3.2.1'].map((from) => asked('1.0.0.10.in-addr.arpa', 'PTR', from))).toEqual(['NOERROR host.home.internal', 'NOERROR host.webmesh.internal']);
});
