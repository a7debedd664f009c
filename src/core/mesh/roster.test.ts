import { expect, test } from 'vitest';
import { MeshNode } from '../../gen/v1/mesh_messages.ts';
import { WireguardPeer } from '../../gen/v1/node_messages.ts';
import { fromJoinPeers, fromMeshNodes, fromStored, nodesMax, publicApi } from './roster.ts';

const key = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';

test('a row of an old mesh: ports 0, addresses with the bits of the network', () => {
  const [node] = fromMeshNodes([MeshNode.fromPartial({ id: 'n', publicKey: key, primaryEndpoint: '192.0.2.1', endpoints: ['2001:db8::1', '192.0.2.1'], privateIpv4: '172.16.0.3/12', privateIpv6: 'fd00:1:2:4::/64', clusterStatus: 1, createdAt: { seconds: 7n, nanos: 5_000_000 } })]);
  expect(node).toEqual({
    id: 'n', publicKey: key, ipv4: '172.16.0.3', ipv6: 'fd00:1:2:4::', ipv6Network: 'fd00:1:2:4::/64', endpoints: ['192.0.2.1:51820', '[2001:db8::1]:51820'],
    primary: '192.0.2.1', grpcPort: 8443, role: 'leader', createdAtMs: 7005, updatedAtMs: null,
  });
  expect(node && publicApi(node)).toBe('192.0.2.1:8443');
});

test("peers of a Join's answer carry their ports, IPv6 in brackets", () => {
  const [node] = fromJoinPeers([WireguardPeer.fromPartial({ id: 'n', publicKey: key, primaryEndpoint: '[2001:db8::1]:4000', endpoints: ['192.0.2.1:4000', ''], addressIpv4: '10.0.0.3/16', addressIpv6: '' })]);
  expect(node).toMatchObject({ endpoints: ['[2001:db8::1]:4000', '192.0.2.1:4000'], primary: '2001:db8::1', ipv4: '10.0.0.3', ipv6: null });
});

test('rows that cannot be used are left out without hiding the others', () => {
  const bad = [{ id: '', publicKey: key }, { id: 'x', publicKey: 'short' }, { id: 'y'.repeat(1000), publicKey: key }];
  const odd = { id: 'odd', publicKey: key, primaryEndpoint: 'host.example', endpoints: ['1.2.3.4:99999', '::ffff:1:2:3:4:5:6:7:8'], privateIpv4: '999.1.1.1/8', privateIpv6: 'fd00::/0', wireguardPort: -5, grpcPort: 70_000 };
  expect(fromMeshNodes([...bad, odd].map((row) => MeshNode.fromPartial(row)))).toEqual([
    { id: 'odd', publicKey: key, ipv4: null, ipv6: null, ipv6Network: null, endpoints: [], primary: null, grpcPort: 8443, role: 'unknown', createdAtMs: null, updatedAtMs: null },
  ]);
});

test('a mesh that names a device twice shows it once: lists, maps and notes go by the id', () => {
  const rows = [{ id: 'nas', publicKey: key, privateIpv4: '10.0.0.3/16' }, { id: 'nas', publicKey: key.replace('x', 'y'), privateIpv4: '10.0.0.4/16' }, { id: 'tv', publicKey: key }];
  const brief = (list: ReturnType<typeof fromMeshNodes>): string[] => list.map(({ id, ipv4 }) => `${id} ${ipv4}`);
  const nodes = fromMeshNodes(rows.map((row) => MeshNode.fromPartial(row)));
  expect(brief(nodes)).toEqual(['nas 10.0.0.3', 'tv null']);
  expect(brief(fromJoinPeers(rows.map(({ id, publicKey, privateIpv4 }) => WireguardPeer.fromPartial({ id, publicKey, addressIpv4: privateIpv4 ?? '' }))))).toEqual(['nas 10.0.0.3', 'tv null']);
  expect(brief(fromStored(JSON.parse(JSON.stringify([...nodes, ...nodes]))))).toEqual(['nas 10.0.0.3', 'tv null']);
});

test('no more rows than the limit are read', () => {
  expect(fromMeshNodes(Array.from({ length: nodesMax + 5 }, (_, i) => MeshNode.fromPartial({ id: `n${i}`, publicKey: key })))).toHaveLength(nodesMax);
});

test('what was stored reads back; nonsense is left out', () => {
  const nodes = fromMeshNodes([MeshNode.fromPartial({ id: 'n', publicKey: key, primaryEndpoint: '192.0.2.1', privateIpv4: '10.0.0.3/16', privateIpv6: 'fd00::/64', clusterStatus: 2 })]);
  expect(fromStored(JSON.parse(JSON.stringify(nodes)))).toEqual(nodes);
  expect(fromStored([null, 7, { id: 'x' }, ...JSON.parse(JSON.stringify(nodes))])).toEqual(nodes);
  expect(fromStored('x')).toEqual([]);
});
