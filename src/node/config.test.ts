import { expect, test } from 'vitest';
import { isFailure } from '../base/failure.ts';
import { formatIp } from '../base/ip.ts';
import { founderAddress, needsRestart, parseControl } from './config.ts';

const spec = { tunnelId: 't', nodeId: 'laptop', meshIpv4: '172.16.0.2', meshIpv6: 'fd00:1:2:3::', primaryEndpoint: '192.0.2.7', endpoints: ['10.0.0.7'], publicAddresses: ['0.0.0.0', '::'], insecure: true };
const control = { dataDir: '/data', socketPath: '/run/node.sock' };
const line = (change: object = {}, outer: object = {}): string => JSON.stringify({ ...control, ...outer, spec: { ...spec, ...change } });

function refusal(text: string): unknown {
  try {
    return parseControl(text);
  } catch (error) {
    return isFailure(error) && error.code === 'input.invalid' ? error.detail['field'] : error;
  }
}

test('reads what the helper says, with the ports of the field where none are named', () => {
  expect(parseControl(line({ grpcPort: 9000, services: { leaderProxy: true }, bootstrap: { networkName: 'home', ipv4Network: '10.9.8.7/16' } }))).toEqual({
    nodeId: 'laptop', dataDir: '/data', socketPath: '/run/node.sock',
    meshIpv4: { family: 4, value: 0xac100002n }, meshIpv6: { family: 6, value: 0xfd000001000200030000000000000000n },
    raftPort: 9443, grpcPort: 9000, wireguardPort: 51_820, primaryEndpoint: '192.0.2.7', endpoints: ['10.0.0.7'],
    publicAddresses: [{ family: 4, value: 0n }, { family: 6, value: 0n }],
    services: { leaderProxy: true, meshApi: false, peerDiscovery: false, metrics: false, admin: false, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false },
    paths: { turnPort: 3478, dnsPort: 5353, prometheusPort: 8080, relayBytesPerSecond: 0, shares: [], dnsDomain: 'webmesh.internal', localDomain: '', localDnsPort: 5353 },
    bootstrap: { networkName: 'home', ipv4Network: { ip: { family: 4, value: 0x0a090000n }, bits: 16 } },
    tunnel: null, identity: null,
  });
});

test('names the field that is wrong', () => {
  const cases: Record<string, string> = {
    'not json': 'line', '[]': 'spec', '{}': 'spec', 'null': 'line',
    [line({ nodeId: '' })]: 'node_id', [line({ nodeId: 'a\nb' })]: 'node_id', [line({ nodeId: 'x'.repeat(254) })]: 'node_id',
    [line({}, { dataDir: 'here' })]: 'data_dir', [line({}, { socketPath: '' })]: 'socket_path',
    [line({ meshIpv4: 'fd00::1' })]: 'mesh_ipv4', [line({ meshIpv4: '0.0.0.0' })]: 'mesh_ipv4', [line({ meshIpv6: '10.0.0.1' })]: 'mesh_ipv6',
    [line({ raftPort: 70_000 })]: 'raft_port', [line({ grpcPort: -1 })]: 'grpc_port', [line({ wireguardPort: 1.5 })]: 'wireguard_port',
    [line({ primaryEndpoint: 'host.example' })]: 'primary_endpoint', [line({ endpoints: [''] })]: 'endpoints', [line({ publicAddresses: ['x'] })]: 'public_addresses',
    [line({ paths: { turnPort: 70_000 } })]: 'paths.turn_port', [line({ paths: { shares: ['tcp localhost:80'] } })]: 'paths.shares', [line({ paths: { shares: ['tcp 127.0.0.1:0'] } })]: 'paths.shares',
    [line({ paths: { dnsDomain: 'a..b' } })]: 'paths.dns_domain',
    [line({ bootstrap: { networkName: 'n', ipv4Network: '10.0.0.0/31' } })]: 'bootstrap.ipv4_network',
    [line({ bootstrap: { networkName: 'n'.repeat(200), ipv4Network: '10.0.0.0/8' } })]: 'bootstrap.network_name',
  };
  expect(Object.keys(cases).map(refusal)).toEqual(Object.values(cases));
});

test('what a machine shares is addresses, and its zone is spelled in one way', () => {
  const { paths } = parseControl(line({ paths: { shares: ['tcp 127.0.0.1:8080', 'udp [fd00::1]:53'], dnsDomain: 'Home.Example.' } }));
  expect(paths).toMatchObject({
    shares: [{ protocol: 'tcp', ip: { family: 4, value: 0x7f000001n }, port: 8080 }, { protocol: 'udp', ip: { family: 6, value: 0xfd000000000000000000000000000001n }, port: 53 }],
    dnsDomain: 'home.example', relayBytesPerSecond: 0,
  });
});

test('the founder takes the first address of the network', () => {
  const { bootstrap } = parseControl(line({ bootstrap: { networkName: '', ipv4Network: '' } }));
  expect(bootstrap && formatIp(founderAddress(bootstrap))).toBe('172.16.0.1');
});

test('new addresses need no new process, a new identity, port or mesh does', () => {
  const before = parseControl(line());
  const changes = [{ meshIpv4: '' }, { publicAddresses: [] }, { endpoints: [] }, { meshIpv6: 'fd00:1:2:9::' }, { nodeId: 'other' }, { raftPort: 1 }, { grpcPort: 1 }, { meshIpv6: 'fd00:1:9:3::' }];
  expect(changes.map((change) => needsRestart(before, parseControl(line(change))))).toEqual([false, false, false, false, true, true, true, true]);
});
