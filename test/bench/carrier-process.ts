/**
 * One machine's end of a carrier, or a relay, in a process of its own: the parent says what to do and gets one answer each. Started by
 * carrier-member.ts, which also says what the questions mean.
 */
import { createHmac } from 'node:crypto';
import { type Socket } from 'node:dgram';
import { cell } from '../../src/base/cell.ts';
import { joinHostPort, splitHostPort } from '../../src/base/ip.ts';
import { silentLog } from '../../src/base/log.ts';
import { RpcError, service, status } from '../../src/base/rpc.ts';
import { PathServiceService } from '../../src/gen/webmesh/paths/v1/paths.ts';
import { type NatReport } from '../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierAttempt, type CarrierKind, type DataChannel, type PeerConnections } from '../../src/node/path-ports.ts';
import { iceCarrier } from '../../src/node/paths/carriers/ice.ts';
import { turnCarrier } from '../../src/node/paths/carriers/turn.ts';
import { type MeasuredServer } from '../../src/node/paths/ports.ts';
import { createRelayLimits } from '../../src/node/relay/limits.ts';
import { streamCarrier } from '../../src/node/relay/stream-carrier.ts';
import { createStreamSwitch } from '../../src/node/relay/stream-switch.ts';
import { channelCarrier } from '../../src/node/webrtc/carrier.ts';
import { lateBytes } from '../../src/node/webrtc/flow.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createGrpcCaller } from '../../src/platform/grpc-call.ts';
import { createGrpcServer } from '../../src/platform/grpc-server.ts';
import { createIceAgents } from '../../src/platform/ice.ts';
import { loopbackPorts } from '../../src/platform/loopback-port.ts';
import { createPeerConnections } from '../../src/platform/peer-connections.ts';
import { createTurnClients } from '../../src/platform/turn-client.ts';
import { createTurnServers } from '../../src/platform/turn-server.ts';
import { connectUdp, openUdp, sendConnected } from '../../src/platform/udp-socket.ts';
import { type CarrierAsk, type CarrierName, type CarrierSetting } from './carrier-member.ts';

const relayName = 'relay';
const noLimit = 1e12;
const never = new AbortController().signal;
const defer = (run: () => void): void => void setImmediate(run);
/** Public enough for relays to be asked; whom they let in is said by `permissive`. */
const nat: NatReport = { mapping: 0, publicIpv4: '203.0.113.1', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };

let attempt: CarrierAttempt | null = null;
let outside: Socket | null = null;
let channel: DataChannel | null = null;

process.on('message', (ask: CarrierAsk) => void answer(ask).then((value) => ({ value: value ?? null }), (error: unknown) => ({ failed: String(error) })).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));

async function answer(ask: CarrierAsk): Promise<unknown> {
  switch (ask.do) {
    case 'plain': return plain(ask.near, ask.host);
    case 'far': return outside && connectUdp(outside, splitHostPort(ask.far)?.port ?? 0, splitHostPort(ask.far)?.host ?? '');
    case 'begin':
      attempt = await kind(ask.kind, ask).begin({ id: ask.peer, publicKey: '', session: Buffer.alloc(16), wireguardPort: ask.near, nat, meshIpv4: '', meshIpv6: '' }, ask.role, ask.theirs, never);
      return attempt.mine;
    case 'proceed': {
      const result = await attempt?.proceed(ask.theirs, never);
      return result && ('localEndpoint' in result ? result.localEndpoint : result.endpoint);
    }
    case 'flood': return channel && flood(channel, ask.bytes);
    case 'count': return channel && count(channel);
    case 'counted': return counted;
    case 'serve-turn': return serveTurn(ask.host);
    case 'serve-stream': return serveStream(ask);
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
  }
}

/** What any relay in this runtime costs: two connected sockets, every datagram handed from one to the other. */
async function plain(near: number, host: string): Promise<string> {
  const [inner, outer] = [await openUdp({ family: 4, host: '127.0.0.1' }), await openUdp({ family: 4, host })];
  await connectUdp(inner, near, '127.0.0.1');
  outside = outer;
  inner.on('message', (bytes) => sendConnected(outer, bytes));
  outer.on('message', (bytes) => sendConnected(inner, bytes));
  return `127.0.0.1:${inner.address().port} ${host}:${outer.address().port}`;
}

function kind(name: CarrierName, { host, peerHost, id, identity, servers, relay }: CarrierSetting): CarrierKind {
  const measured = cell<readonly MeasuredServer[]>(servers.map((server) => ({ server: { ...server, expiresMs: 0n }, roundTripMs: 1 })));
  const hosts = (): readonly string[] => [host];
  switch (name) {
    case 'ice': return iceCarrier({ ice: createIceAgents(systemClock), loopback: loopbackPorts, servers: measured, hosts });
    case 'channel': return channelCarrier({
      connections: watched(createPeerConnections()), loopback: loopbackPorts, hosts, mayTry: () => true, stun: () => [], wireguardPortOf: () => 0,
      dial: () => Promise.reject(new Error('not asked')), defer, clock: systemClock,
    });
    case 'turn': return turnCarrier({ turn: permissive(peerHost), loopback: loopbackPorts, servers: measured, nat: () => nat, clock: systemClock });
    case 'stream': return streamCarrier({
      nodeId: id, remote: createGrpcCaller(() => identity), loopback: loopbackPorts, relays: () => [{ nodeId: relayName, address: relay, roundTripMs: 1 }], own: null, clock: systemClock, defer,
    });
  }
}

/** Keeps hold of the channel of the last connection. */
function watched(real: PeerConnections): PeerConnections {
  return {
    create: (options) => {
      const connection = real.create(options);
      return { ...connection, createChannel: (label, how) => (channel = connection.createChannel(label, how)) };
    },
  };
}

/** The library alone: messages as large as a full batch, as fast as it takes them. */
function flood(to: DataChannel, bytes: number): void {
  const message = Buffer.alloc(bytes, 4);
  const fill = (): void => {
    let room = 8; // The library's threads empty it meanwhile: without an end, nothing else would have its turn.
    while (room > 0 && to.buffered() <= lateBytes && to.send(message)) room--;
    if (room === 0) setImmediate(fill);
  };
  to.onDrained(lateBytes / 2, fill);
  fill();
}

let counted = 0;

function count(from: DataChannel): void {
  from.onMessage(({ length }) => {
    counted += length;
  });
}

/** The other end is on this machine or its test network, which no peer would say of itself: so it is let in by hand. */
function permissive(peerHost: string): ReturnType<typeof createTurnClients> {
  const real = createTurnClients(systemClock);
  return {
    allocate: async (server, options, signal) => {
      const allocation = await real.allocate(server, options, signal);
      await allocation.permit(peerHost);
      return allocation;
    },
  };
}

async function serveTurn(host: string): Promise<CarrierSetting['servers'][number]> {
  const [port, secret] = [23_478, 'a secret of this bench'];
  await createTurnServers(systemClock).start({
    port, hosts: [host], realm: 'webmesh', secret, external: { ipv4: host, ipv6: null }, relayPorts: [51_000, 51_100],
    take: () => true, allocationsMax: 8, allocationsPerUserMax: 8, mayUse: () => true, mayRelayTo: () => true,
  });
  const username = `${Math.floor(Date.now() / 1000) + 600}:bench`;
  return { nodeId: relayName, username, credential: createHmac('sha1', secret).update(username).digest('base64'), stun: [], turn: [`turn:${host}:${port}?transport=udp`] };
}

/** The relay of datagrams on gRPC streams, with mutual TLS as in every mesh; the session alone joins the two ends. */
async function serveStream({ host, identity }: Extract<CarrierAsk, { do: 'serve-stream' }>): Promise<string> {
  const limits = createRelayLimits(systemClock);
  limits.set(noLimit);
  const relay = createStreamSwitch({ nodeId: relayName, limits, loopback: loopbackPorts, wireguardPort: () => 0, keeps: () => true, defer, clock: systemClock });
  const unasked = (): never => {
    throw new RpcError(status.unimplemented, 'not asked here');
  };
  const server = createGrpcServer({
    services: [service(PathServiceService, { negotiate: unasked, observe: unasked, relay: (requests, call) => relay.serve(null, requests, call) })],
    log: silentLog, identity: () => identity, authorize: async () => {},
  });
  return joinHostPort(host, await server.listen({ host, port: 0 }));
}
