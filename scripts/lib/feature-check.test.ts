import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { cell } from '../../src/base/cell.ts';
import { parsePrefix } from '../../src/base/ip.ts';
import { silentLog } from '../../src/base/log.ts';
import { parseControl } from '../../src/node/config.ts';
import { createDnsPart } from '../../src/node/dns/dns-part.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { dnsSockets } from '../../src/platform/dns-sockets.ts';
import { grpcPort, localCluster, until } from '../../test/node/local-cluster.ts';
import { checkFeatures, featureTable, type FeatureTarget, lies } from './feature-check.ts';

const ports = { grpc: grpcPort, turn: 23_478, dns: 25_355, prometheus: 28_080 };
/** Nothing besides what a test asks for. */
const off = { admin: false, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false };
const services = { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: false };

test('each feature is asked for by itself, and what is said and what answers are held against each other', async () => {
  const cluster = localCluster();
  const ends: (() => unknown)[] = [() => cluster.close()];
  try {
    const founder = `${cluster.network.split('.').slice(0, 2).join('.')}.0.1`;
    await cluster.found('host');
    await cluster.joinAndStart(founder, 'follower');
    const { addressIpv4 } = await cluster.join(founder, 'quiet');
    await cluster.start('quiet', { meshIpv4: addressIpv4.split('/')[0] ?? '', services: { ...services, leaderProxy: false, meshApi: false, peerDiscovery: false, ...off } });
    const target = (nodeId: string, address: string): FeatureTarget => ({ nodeId, address, publicAddresses: [], ports, domain: 'webmesh.internal', identity: null, askerId: 'somebody', waitMs: 300 });
    const quietAddress = addressIpv4.split('/')[0] as string;
    const truth = async (nodeId: string, address: string): Promise<string> => (await checkFeatures(target(nodeId, address), null)).filter(({ answers }) => answers !== false).map(({ feature, answers }) => `${feature}${answers === null ? '?' : ''}`).join(' ');
    await until(() => cluster.at(quietAddress) === 'quiet', 1000);
    expect([await truth('host', founder), await truth('quiet', quietAddress)]).toEqual(['NODES LEADER_PROXY? MESH_API PEER_DISCOVERY', 'NODES']);
    expect(lies(await checkFeatures(target('quiet', quietAddress), null))).toEqual([]);

    // Everything answers beside a node that says nothing of it, and a node that passes calls on.
    const control = { dataDir: '/x', socketPath: '/x/s', spec: { insecure: true, nodeId: 'quiet', meshIpv4: quietAddress, services: { meshDns: true }, paths: { dnsPort: ports.dns } } };
    const source = { nodes: () => [{ id: 'quiet', ipv4: null, ipv6: null, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [] }], networks: () => [parsePrefix('127.0.0.0/8')].filter((each) => each !== undefined), appliedIndex: () => 1, revision: cell(0) };
    const dns = createDnsPart({ config: parseControl(JSON.stringify(control)), source, sockets: dnsSockets, clock: systemClock, log: silentLog });
    ends.push(() => dns.close());
    const page = createServer((_request, response) => response.end('# TYPE up gauge\nup 1\n'));
    await new Promise<void>((resolve) => page.listen(ports.prometheus, quietAddress, resolve));
    ends.push(() => new Promise((resolve) => page.close(resolve)));
    const stun = createSocket('udp4').on('message', (message, from) => {
      const reply = Buffer.from(message.subarray(0, 20));
      reply.writeUInt16BE(message.readUInt16BE(0) === 1 ? 0x0101 : 0x0113);
      stun.send(reply, from.port, from.address);
    });
    await new Promise<void>((resolve) => stun.bind(ports.turn, quietAddress, resolve));
    ends.push(() => new Promise<void>((resolve) => stun.close(() => resolve())));
    await until(() => dns.features.get().length > 0, 2000);
    const seen = await checkFeatures(target('quiet', quietAddress), null);
    expect(lies(seen).map(({ feature }) => feature)).toEqual(['METRICS', 'TURN_SERVER', 'MESH_DNS']);
    expect(featureTable(seen).filter((line) => line.includes('WRONG'))).toEqual([
      'METRICS          -        answers  WRONG 200, 1 metrics', `TURN_SERVER      -        answers  WRONG STUN and TURN at ${quietAddress}`, 'MESH_DNS         -        answers  WRONG SOA over UDP and TCP',
    ]);
  } finally {
    for (const end of ends.reverse()) await end();
  }
});

test('a follower that passes calls on is told from one that does not', async () => {
  const cluster = localCluster();
  try {
    const founder = `${cluster.network.split('.').slice(0, 2).join('.')}.0.1`;
    await cluster.found('host');
    const seen: unknown[] = [];
    for (const [id, leaderProxy] of [['passes', true], ['keeps', false]] as const) {
      const { addressIpv4 } = await cluster.join(founder, id);
      const address = addressIpv4.split('/')[0] as string;
      const node = await cluster.start(id, { meshIpv4: address, services: { ...services, leaderProxy, ...off } });
      await until(() => node.health().ready, 3000);
      const row = (await checkFeatures({ nodeId: id, address, publicAddresses: [], ports, domain: 'x', identity: null, askerId: 'somebody', waitMs: 300 }, null)).find(({ feature }) => feature === 'LEADER_PROXY');
      seen.push([row?.advertised, row?.answers, row?.seen.split(' ')[0]]);
    }
    expect(seen).toEqual([[true, true, 'invalidArgument'], [false, false, 'failedPrecondition']]);
  } finally {
    await cluster.close();
  }
});
