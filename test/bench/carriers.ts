/**
 * How many tunnel datagrams a second each carrier takes, beside plain UDP sockets in the same run: `node test/bench/carriers.ts [seconds]`.
 * The way is always the same: a made-up tunnel, a process at each side (for TURN: a process and a relay), and the made-up tunnel at the far end;
 * everything on loopback and on this machine's cores, so read the ratios. The load keeps a window in flight, as TCP inside of a tunnel does.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { type Socket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { cell } from '../../src/base/cell.ts';
import { splitHostPort } from '../../src/base/ip.ts';
import { type NatReport, type Proposal } from '../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierAttempt, type CarrierKind } from '../../src/node/path-ports.ts';
import { iceCarrier } from '../../src/node/paths/carriers/ice.ts';
import { turnCarrier } from '../../src/node/paths/carriers/turn.ts';
import { type MeasuredServer } from '../../src/node/paths/ports.ts';
import { channelCarrier } from '../../src/node/webrtc/carrier.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIceAgents } from '../../src/platform/ice.ts';
import { loopbackPorts } from '../../src/platform/loopback-port.ts';
import { createPeerConnections } from '../../src/platform/peer-connections.ts';
import { createTurnClients } from '../../src/platform/turn-client.ts';
import { createTurnServers } from '../../src/platform/turn-server.ts';
import { connectUdp, openUdp, sendConnected } from '../../src/platform/udp-socket.ts';
import { proposal } from '../system/nat/member.ts';

type Ask =
  | { readonly do: 'plain'; readonly near: number; readonly far: string | null }
  | { readonly do: 'begin'; readonly kind: 'ice' | 'channel' | 'turn'; readonly role: 'offering' | 'answering'; readonly near: number; readonly theirs: Proposal | null; readonly servers: readonly Server[] }
  | { readonly do: 'proceed'; readonly theirs: Proposal | null }
  | { readonly do: 'far'; readonly far: string }
  | { readonly do: 'serve' | 'cpu' };
type Server = Omit<MeasuredServer['server'], 'expiresMs'>;
interface Rate {
  /** Datagrams a second that arrived. */
  readonly packets: number;
  /** Microseconds of processor time that the first process took for each: on a busy machine the truer figure. */
  readonly cpuMicros: number;
}

const datagramBytes = 1_420;
const windowPackets = 512;
const never = new AbortController().signal;
const nat: NatReport = { mapping: 0, publicIpv4: '198.51.100.1', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };

if (process.send) child();
else await main(Number(process.argv[2] ?? 3));

async function main(seconds: number): Promise<void> {
  const ways = [['plain UDP sockets', plain], ['ICE', (seconds: number) => agreed('ice', seconds)], ['data channel', (seconds: number) => agreed('channel', seconds)], ['TURN over UDP, one side', turn]] as const;
  console.log(`${datagramBytes} bytes, ${seconds} s each; per core: what one process could carry if it had a core for itself`);
  let base: Rate | undefined;
  for (const [name, run] of ways) {
    const rate = await run(seconds);
    base ??= rate;
    const perCore = 1e6 / rate.cpuMicros;
    console.log([
      name.padEnd(24), `${whole(rate.packets)} pkt/s ${whole(megabits(rate.packets))} Mbit/s (${(rate.packets / base.packets).toFixed(2)})`,
      `${rate.cpuMicros.toFixed(1).padStart(6)} us each, per core ${whole(perCore)} pkt/s ${whole(megabits(perCore))} Mbit/s (${(base.cpuMicros / rate.cpuMicros).toFixed(2)})`,
    ].join('  '));
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en').padStart(8);
}

function megabits(packets: number): number {
  return (packets * datagramBytes * 8) / 1e6;
}

async function plain(seconds: number): Promise<Rate> {
  return withChildren(2, async ([a, b]) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const [endA, endB] = [String(await tell(a, { do: 'plain', near: near.address().port, far: null })), String(await tell(b, { do: 'plain', near: far.address().port, far: null }))];
    const [nearA, farA = ''] = endA.split(' ');
    const [, farB = ''] = endB.split(' ');
    await Promise.all([tell(a, { do: 'far', far: farB }), tell(b, { do: 'far', far: farA })]);
    return load(a, near, nearA ?? '', far, seconds);
  });
}

async function agreed(kind: 'ice' | 'channel', seconds: number): Promise<Rate> {
  return withChildren(2, async ([a, b]) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const begin = (one: ChildProcess, role: 'offering' | 'answering', port: number, theirs: Proposal | null): Promise<unknown> => tell(one, { do: 'begin', kind, role, near: port, theirs, servers: [] });
    const offer = proposal((await begin(a, 'offering', near.address().port, null)) as CarrierAttempt['mine'], nat);
    const answer = proposal((await begin(b, 'answering', far.address().port, offer)) as CarrierAttempt['mine'], nat);
    const [endA] = await Promise.all([tell(a, { do: 'proceed', theirs: answer }), tell(b, { do: 'proceed', theirs: offer })]);
    return load(a, near, String(endA), far, seconds);
  });
}

async function turn(seconds: number): Promise<Rate> {
  return withChildren(2, async ([a, relay]) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const server = (await tell(relay, { do: 'serve' })) as Server;
    const offer = proposal((await tell(a, { do: 'begin', kind: 'turn', role: 'offering', near: near.address().port, theirs: null, servers: [server] })) as CarrierAttempt['mine'], nat);
    const end = String(await tell(a, { do: 'proceed', theirs: proposal({}, { ...nat }) }));
    const relayed = splitHostPort(offer.turnEndpoint);
    // The far tunnel speaks first: the carrier follows who sent last.
    for (let i = 0; i < 20; i++) far.send('hello', relayed?.port ?? 0, relayed?.host ?? '');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return load(a, near, end, far, seconds);
  });
}

/** Datagrams a second that arrive, with no more than a window on the way. */
async function load(carrying: ChildProcess, near: Socket, to: string, far: Socket, seconds: number): Promise<Rate> {
  const at = splitHostPort(to);
  await connectUdp(near, at?.port ?? 0, at?.host ?? '');
  const datagram = Buffer.alloc(datagramBytes, 4);
  let [sent, received, measured] = [0, 0, 0];
  const fill = (): void => {
    while (sent - received < windowPackets && sendConnected(near, datagram)) sent++;
  };
  far.on('message', (bytes) => {
    if (bytes.length !== datagramBytes) return;
    received++;
    measured++;
    if (received % 32 === 0) fill();
  });
  // What was lost gives its place in the window back.
  const stalled = setInterval(() => {
    sent = received;
    fill();
  }, 100);
  await new Promise((resolve) => setTimeout(resolve, 500));
  measured = 0;
  const cpuBefore = Number(await tell(carrying, { do: 'cpu' }));
  const startedMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const [packets, tookMs] = [measured, performance.now() - startedMs];
  const cpuMicros = (Number(await tell(carrying, { do: 'cpu' })) - cpuBefore) / packets;
  clearInterval(stalled);
  near.close();
  far.close();
  return { packets: (packets / tookMs) * 1_000, cpuMicros };
}

function tunnel(): Promise<Socket> {
  return openUdp({ family: 4, host: '127.0.0.1' });
}

async function withChildren<T>(count: number, run: (children: readonly [ChildProcess, ChildProcess]) => Promise<T>): Promise<T> {
  const children = Array.from({ length: count }, () => fork(fileURLToPath(import.meta.url)));
  try {
    return await run(children as unknown as readonly [ChildProcess, ChildProcess]);
  } finally {
    for (const each of children) each.disconnect();
  }
}

function tell(to: ChildProcess, ask: Ask): Promise<unknown> {
  return new Promise((resolve, reject) => {
    to.once('message', (answer: { value?: unknown; failed?: string }) => (answer.failed === undefined ? resolve(answer.value) : reject(new Error(answer.failed))));
    to.send(ask);
  });
}

function child(): void {
  let attempt: CarrierAttempt | null = null;
  let outside: Socket | null = null;
  const servers = cell<readonly MeasuredServer[]>([]);
  const kinds: Readonly<Record<'ice' | 'channel' | 'turn', CarrierKind>> = {
    ice: iceCarrier({ ice: createIceAgents(systemClock), loopback: loopbackPorts, servers, hosts: () => ['127.0.0.1'] }),
    channel: channelCarrier({
      connections: createPeerConnections(), loopback: loopbackPorts, hosts: () => ['127.0.0.1'], mayTry: () => true, stun: () => [], wireguardPortOf: () => 0,
      dial: () => Promise.reject(new Error('not asked')), defer: (run) => void setImmediate(run), clock: systemClock,
    }),
    // The far tunnel is on loopback too, which no peer would say of itself: so the relay alone is asked, and lets it in.
    turn: turnCarrier({ turn: permissive(), loopback: loopbackPorts, servers, nat: () => nat, clock: systemClock }),
  };
  const answer = async (ask: Ask): Promise<unknown> => {
    switch (ask.do) {
      case 'plain': {
        const [inner, outer] = [await tunnel(), await tunnel()];
        await connectUdp(inner, ask.near, '127.0.0.1');
        outside = outer;
        inner.on('message', (bytes) => sendConnected(outer, bytes));
        outer.on('message', (bytes) => sendConnected(inner, bytes));
        return `127.0.0.1:${inner.address().port} 127.0.0.1:${outer.address().port}`;
      }
      case 'far': return outside && connectUdp(outside, splitHostPort(ask.far)?.port ?? 0, '127.0.0.1');
      case 'begin':
        servers.set(ask.servers.map((server) => ({ server: { ...server, expiresMs: 0n }, roundTripMs: 1 })));
        attempt = await kinds[ask.kind].begin({ id: 'peer', publicKey: '', session: Buffer.alloc(16), wireguardPort: ask.near, nat, meshIpv4: '', meshIpv6: '' }, ask.role, ask.theirs, never);
        return attempt.mine;
      case 'proceed': {
        const result = await attempt?.proceed(ask.theirs, never);
        return result && ('localEndpoint' in result ? result.localEndpoint : result.endpoint);
      }
      case 'serve': return serve();
      case 'cpu': {
        const { user, system } = process.cpuUsage();
        return user + system;
      }
    }
  };
  process.on('message', (ask: Ask) => void answer(ask).then((value) => ({ value: value ?? null }), (error: unknown) => ({ failed: String(error) })).then((result) => process.send?.(result)));
  process.on('disconnect', () => process.exit(0));
}

function permissive(): ReturnType<typeof createTurnClients> {
  const real = createTurnClients(systemClock);
  return {
    allocate: async (server, options, signal) => {
      const allocation = await real.allocate(server, options, signal);
      await allocation.permit('127.0.0.1');
      return allocation;
    },
  };
}

async function serve(): Promise<Server> {
  const secret = 'a secret of this bench';
  await createTurnServers(systemClock).start({
    port: 23_478, hosts: ['127.0.0.1'], realm: 'webmesh', secret, external: { ipv4: '127.0.0.1', ipv6: null }, relayPorts: [51_000, 51_100],
    take: () => true, allocationsMax: 8, allocationsPerUserMax: 8, mayUse: () => true, mayRelayTo: () => true,
  });
  const username = `${Math.floor(Date.now() / 1000) + 600}:bench`;
  return { nodeId: 'relay', username, credential: createHmac('sha1', secret).update(username).digest('base64'), stun: [], turn: ['turn:127.0.0.1:23478?transport=udp'] };
}
