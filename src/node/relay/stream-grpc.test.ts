import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { testMesh } from '../../../test/fakes/test-mesh.ts';
import { cell } from '../../base/cell.ts';
import { type Identity } from '../../base/identity.ts';
import { silentLog } from '../../base/log.ts';
import { createGrpcCaller } from '../../platform/grpc-call.ts';
import { createGrpcServer } from '../../platform/grpc-server.ts';
import { loopbackPorts } from '../../platform/loopback-port.ts';
import { systemClock } from '../../platform/clock.ts';
import { type RaftView } from '../../raft/types.ts';
import { createPathService } from '../rpc/paths.ts';
import { type Carrier, type CarrierPeer } from '../path-ports.ts';
import { type Proposal } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { createRelayLimits } from './limits.ts';
import { streamCarrier } from './stream-carrier.ts';
import { createStreamSwitch } from './stream-switch.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const session = Buffer.alloc(16, 5);
const never = new AbortController().signal;
const defer = (run: () => void): void => void setImmediate(run);

/** Something at a UDP port that counts what comes, as WireGuard's port would get it. */
async function engine(): Promise<{ port: number; got: number[]; send(text: Buffer, endpoint: string): void }> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  ends.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const got: number[] = [];
  socket.on('message', (bytes) => got.push(bytes.readUInt32BE(0)));
  return { port: socket.address().port, got, send: (bytes, endpoint) => socket.send(bytes, Number(endpoint.split(':')[1]), '127.0.0.1', () => {}) };
}

/** A host over mTLS that relays so much, and what its other end is called from. */
async function host(rate: number, wireguardPort = 9) {
  const mesh = await testMesh();
  const limits = createRelayLimits(systemClock);
  limits.set(rate);
  const sw = createStreamSwitch({ nodeId: 'host', limits, loopback: loopbackPorts, wireguardPort: () => wireguardPort, keeps: () => true, defer, clock: systemClock });
  const service = createPathService({
    nodeId: 'host', secure: true, clock: systemClock, remote: { unary: () => Promise.reject(new Error('not asked')) },
    consensus: { view: cell({ configuration: { servers: [] } } as unknown as RaftView) }, answer: () => Promise.reject(new Error('not asked')), tunnel: () => null, serverFor: () => null, relay: sw, reached: () => true, defer,
    reads: { node: () => undefined, nodes: () => [], revision: cell(0), trust: { device: () => ({ role: 'guest', state: 'active' }) as never, certificate: (fingerprint) => ({ deviceId: names.get(fingerprint), notAfterMs: Infinity }) as never } },
  });
  const names = new Map<string, string>();
  const identities: Record<string, Identity> = {};
  for (const name of ['host', 'ann', 'bob']) identities[name] = await mesh.device(name);
  const server = createGrpcServer({
    services: [service], log: silentLog, identity: () => identities['host'] ?? null,
    authorize: async (_path, caller) => {
      if (caller.kind === 'certified') names.set(caller.fingerprint, caller.id);
    },
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  ends.push(() => server.close(50));
  const carrierOf = (id: string) => {
    const remote = createGrpcCaller(() => identities[id] ?? null);
    ends.push(() => remote.close());
    return streamCarrier({ nodeId: id, remote, loopback: loopbackPorts, relays: () => [{ nodeId: 'host', address: `127.0.0.1:${port}`, roundTripMs: 1 }], own: null, clock: systemClock, defer });
  };
  return { sw, limits, server, carrierOf };
}

async function between(world: Awaited<ReturnType<typeof host>>, annPort: number, bobPort: number): Promise<readonly [Carrier, Carrier]> {
  const peer = (id: string, wireguardPort: number): CarrierPeer => ({ id, publicKey: '', session, wireguardPort, nat: null, meshIpv4: '', meshIpv6: '' });
  const offer = await world.carrierOf('ann').begin(peer('bob', annPort), 'offering', null, never);
  const theirs = { relayNode: 'host' } as Proposal;
  const answer = await world.carrierOf('bob').begin(peer('ann', bobPort), 'answering', theirs, never);
  return (await Promise.all([offer.proceed(theirs, never), answer.proceed(theirs, never)])) as [Carrier, Carrier];
}

const packet = (n: number, bytes = 1_312): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUInt32BE(n, 0);
  return buffer;
};

test('carries datagrams both ways over mTLS, whole and in order, and both ends hear when the node goes', async () => {
  const world = await host(1e9);
  const [ann, bob] = [await engine(), await engine()];
  const [a, b] = await between(world, ann.port, bob.port);
  for (let n = 0; n < 600; n++) {
    ann.send(packet(n), a.localEndpoint);
    bob.send(packet(n, 64), b.localEndpoint);
    if (n % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await expect.poll(() => [bob.got.length, ann.got.length], { timeout: 10_000 }).toEqual([600, 600]);
  expect(bob.got).toEqual(Array.from({ length: 600 }, (_, n) => n));
  expect([a.counters(), world.limits.stats().stream.bytes]).toEqual([{ sentBytes: 600 * 1_312, receivedBytes: 600 * 64, droppedDatagrams: 0 }, 600 * (1_312 + 64)]);
  await world.server.close(0);
  expect((await Promise.all([a.ended, b.ended])).map(({ code }) => code)).toEqual(['carrier-failed', 'carrier-failed']);
  await expect.poll(() => world.sw.stats().streams).toBe(0);
});

test('what is beyond the limit is dropped at the node, and the rest is not late', async () => {
  const world = await host(400_000);
  const [ann, bob] = [await engine(), await engine()];
  const [a] = await between(world, ann.port, bob.port);
  for (let n = 0; n < 800; n++) {
    ann.send(packet(n, 1_000), a.localEndpoint);
    if (n % 40 === 39) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expect.poll(() => world.limits.stats().stream.datagrams + world.limits.stats().stream.droppedDatagrams, { timeout: 10_000 }).toBe(800);
  const { datagrams, droppedDatagrams } = world.limits.stats().stream;
  expect(droppedDatagrams).toBeGreaterThan(100);
  await expect.poll(() => bob.got.length).toBe(datagrams);
});
