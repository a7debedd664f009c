import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { cell } from '../../src/base/cell.ts';
import { parsePrefix } from '../../src/base/ip.ts';
import { silentLog } from '../../src/base/log.ts';
import { parseControl } from '../../src/node/config.ts';
import { createDnsPart } from '../../src/node/dns/dns-part.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { dnsSockets } from '../../src/platform/dns-sockets.ts';
import { grpcPort, type LocalCluster, localCluster, until } from '../../test/node/local-cluster.ts';
import { checkFeatures, type FeatureCheck, featureTable, lies } from './feature-check.ts';

const ports = { grpc: grpcPort, turn: 23_478, dns: 25_355, prometheus: 28_080 };
const services = {
  leaderProxy: false, meshApi: false, peerDiscovery: false, metrics: false, admin: false, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false,
};
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function founded(): { readonly cluster: LocalCluster; readonly founder: string } {
  const cluster = localCluster();
  ends.push(() => cluster.close());
  return { cluster, founder: `${cluster.network.split('.').slice(0, 2).join('.')}.0.1` };
}

/** A member that offers what is named, and where it answers. */
async function member({ cluster, founder }: ReturnType<typeof founded>, id: string, offered: Partial<typeof services> = {}): Promise<string> {
  const { addressIpv4 } = await cluster.join(founder, id);
  const address = addressIpv4.split('/')[0] as string;
  const node = await cluster.start(id, { meshIpv4: address, services: { ...services, ...offered } });
  await until(() => node.health().ready, 3000);
  return address;
}

const check = (nodeId: string, address: string): Promise<readonly FeatureCheck[]> =>
  checkFeatures({ nodeId, address, publicAddresses: [], ports, domain: 'webmesh.internal', identity: null, askerId: 'somebody', waitMs: 300 }, null);
const answering = (checks: readonly FeatureCheck[]): string =>
  checks.filter(({ answers }) => answers !== false).map(({ feature, answers }) => `${feature}${answers === null ? '?' : ''}`).join(' ');

/** What answers where nothing is said of it. */
async function secretly(address: string): Promise<void> {
  const spec = { insecure: true, nodeId: 'quiet', meshIpv4: address, services: { meshDns: true }, paths: { dnsPort: ports.dns } };
  const nodes = [{ id: 'quiet', ipv4: null, ipv6: null, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [] }];
  const networks = [parsePrefix('127.0.0.0/8')].flatMap((each) => each ?? []);
  const source = { nodes: () => nodes, networks: () => networks, appliedIndex: () => 1, revision: cell(0) };
  const config = parseControl(JSON.stringify({ dataDir: '/x', socketPath: '/x/s', spec }));
  const dns = createDnsPart({ config, source, sockets: dnsSockets, clock: systemClock, log: silentLog });
  ends.push(() => dns.close());
  const page = createServer((_request, response) => response.end('# TYPE up gauge\nup 1\n'));
  await new Promise<void>((resolve) => page.listen(ports.prometheus, address, resolve));
  ends.push(() => new Promise((resolve) => page.close(resolve)));
  const stun = createSocket('udp4').on('message', (message, from) => {
    const reply = Buffer.from(message.subarray(0, 20));
    reply.writeUInt16BE(message.readUInt16BE(0) === 1 ? 0x0101 : 0x0113);
    stun.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => stun.bind(ports.turn, address, resolve));
  ends.push(() => new Promise<void>((resolve) => stun.close(() => resolve())));
  await until(() => dns.features.get().length > 0, 2000);
}

test('each feature is asked for by itself, and what is said and what answers are held against each other', async () => {
  const world = founded();
  await world.cluster.found('host');
  const address = await member(world, 'quiet');
  const quiet = await check('quiet', address);
  expect([answering(await check('host', world.founder)), answering(quiet), lies(quiet)]).toEqual(['NODES LEADER_PROXY? MESH_API PEER_DISCOVERY', 'NODES', []]);
  await secretly(address);
  const seen = await check('quiet', address);
  expect(featureTable(seen).filter((line) => line.includes('WRONG'))).toEqual([
    'METRICS          -        answers  WRONG 200, 1 metrics',
    `TURN_SERVER      -        answers  WRONG STUN and TURN at ${address}`,
    'MESH_DNS         -        answers  WRONG SOA over UDP and TCP',
  ]);
});

test('a follower that passes calls on is told from one that does not', async () => {
  const world = founded();
  await world.cluster.found('host');
  const seen = [];
  for (const [id, leaderProxy] of [['passes', true], ['keeps', false]] as const) {
    const row = (await check(id, await member(world, id, { leaderProxy }))).find(({ feature }) => feature === 'LEADER_PROXY');
    seen.push([row?.advertised, row?.answers, row?.seen.split(' ')[0]]);
  }
  expect(seen).toEqual([[true, true, 'invalidArgument'], [false, false, 'failedPrecondition']]);
});
