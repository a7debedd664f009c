/** One machine's carriers without a mesh: a made-up tunnel (a UDP port) and the real sockets, told and telling in JSON lines. */
import { createHmac } from 'node:crypto';
import { type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { cell } from '../../../src/base/cell.ts';
import { silentLog } from '../../../src/base/log.ts';
import { type NatReport, type RelayServer } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type Carrier, type CarrierAttempt, CarrierError, type CarrierKind } from '../../../src/node/path-ports.ts';
import { iceCarrier } from '../../../src/node/paths/carriers/ice.ts';
import { turnCarrier } from '../../../src/node/paths/carriers/turn.ts';
import { createNetcheck } from '../../../src/node/paths/netcheck.ts';
import { type MeasuredServer } from '../../../src/node/paths/ports.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createIceAgents } from '../../../src/platform/ice.ts';
import { loopbackPorts } from '../../../src/platform/loopback-port.ts';
import { createPortMapper } from '../../../src/platform/port-mapper.ts';
import { createStunProbe } from '../../../src/platform/stun-client.ts';
import { createTurnClients } from '../../../src/platform/turn-client.ts';
import { createTurnServers } from '../../../src/platform/turn-server.ts';
import { openUdp } from '../../../src/platform/udp-socket.ts';
import { type MemberAsk } from './member.ts';

const never = new AbortController().signal;
const servers = cell<readonly MeasuredServer[]>([]);
let hosts: readonly string[] = [];
let nat: NatReport = { mapping: 0, publicIpv4: '', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };
const tunnel: Socket = await openUdp({ family: 4 });
const heard: { from: string; text: string }[] = [];
tunnel.on('message', (bytes, { address, port }) => heard.push({ from: `${address}:${port}`, text: bytes.toString() }));
const turn = createTurnClients(systemClock);
const kinds: Readonly<Record<'ice' | 'turn', CarrierKind>> = {
  ice: iceCarrier({ ice: createIceAgents(systemClock), loopback: loopbackPorts, servers, hosts: () => hosts }),
  turn: turnCarrier({ turn, loopback: loopbackPorts, servers, nat: () => nat, clock: systemClock }),
};
const mapper = createPortMapper({ clock: systemClock, log: silentLog });
let attempt: CarrierAttempt | null = null;
let carrier: Carrier | null = null;
let endpoint = '';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, ask } = JSON.parse(line) as { id: number; ask: MemberAsk };
  answer(ask).then((value) => ({ value: value ?? null }), (error: unknown) => ({ failed: error instanceof CarrierError ? error.code : String(error) }))
    .then((result) => process.stdout.write(`${JSON.stringify({ id, ...result })}\n`));
}).on('close', () => process.exit(0));

async function answer(ask: MemberAsk): Promise<unknown> {
  switch (ask.do) {
    case 'know':
      servers.set(ask.servers.map((server) => ({ server: { ...server, expiresMs: 0n }, roundTripMs: 1 })));
      hosts = ask.hosts;
      nat = ask.nat;
      return null;
    case 'serve': return serve(ask.hosts, ask.nodeId);
    case 'begin':
      attempt = await kinds[ask.kind].begin({
        id: 'peer', publicKey: '', session: Buffer.alloc(16), wireguardPort: tunnel.address().port, nat: ask.peerNat, meshIpv4: '', meshIpv6: '',
      }, ask.role, ask.theirs, never);
      return attempt.mine;
    case 'proceed': {
      const result = await attempt?.proceed(ask.theirs, never);
      carrier = result && 'localEndpoint' in result ? result : null;
      endpoint = result ? ('localEndpoint' in result ? result.localEndpoint : result.endpoint) : '';
      return { endpoint, via: result?.via ?? '' };
    }
    case 'send': return new Promise((resolve) => {
      const colon = endpoint.lastIndexOf(':');
      tunnel.send(ask.text, Number(endpoint.slice(colon + 1)), endpoint.slice(0, colon), () => resolve(null));
    });
    case 'heard':
      await setImmediate(); // What the socket holds already is read first.
      return heard.splice(0);
    case 'close':
      carrier?.close();
      attempt?.cancel();
      carrier = attempt = null;
      return null;
    case 'netcheck': return netcheck();
    case 'map':
      mapper.want(tunnel.address().port, ask.moves);
      return null;
    case 'mapped': return { mapped: mapper.mapped.get(), answers: mapper.answers.get(), port: tunnel.address().port };
    case 'unmap': return mapper.close();
  }
}

async function netcheck(): Promise<unknown> {
  const startedMs = performance.now();
  const check = createNetcheck({
    clock: systemClock, stun: createStunProbe(systemClock), turn, mapper, hosts: () => hosts, nat: () => nat, servers, peers: () => [],
    sockets: { connectTcp: () => Promise.reject(new Error('nobody listens')) },
  });
  return { ...(await check(never)), tookMs: performance.now() - startedMs };
}

/** A relay of this machine, as its mesh would tell of it. */
async function serve(addresses: readonly string[], nodeId: string): Promise<Omit<RelayServer, 'expiresMs'>> {
  const secret = 'a secret of this test';
  await createTurnServers(systemClock).start({
    port: 3478, hosts: addresses, realm: 'webmesh', secret, relayPorts: [50_000, 50_200],
    external: { ipv4: addresses.find((each) => !each.includes(':')) ?? null, ipv6: addresses.find((each) => each.includes(':')) ?? null },
    take: () => true, allocationsMax: 64, allocationsPerUserMax: 32, mayUse: () => true, mayRelayTo: () => true,
  });
  const username = `${Math.floor(Date.now() / 1000) + 600}:member`;
  const bracketed = addresses.map((each) => (each.includes(':') ? `[${each}]` : each));
  return {
    nodeId, username, credential: createHmac('sha1', secret).update(username).digest('base64'),
    stun: bracketed.flatMap((each) => [`stun:${each}:3478`, `stun:${each}:3479`]),
    turn: bracketed.flatMap((each) => [`turn:${each}:3478?transport=udp`, `turn:${each}:3478?transport=tcp`]),
  };
}
