import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { formatIp, formatPrefix } from '../../base/ip.ts';
import { type MeshReads, type NodeRow } from '../state/reads.ts';
import { ipv4PrefixKey, ulaPrefixKey } from '../statements/keys.ts';
import { zoneSource } from './zone-source.ts';

const row = (id: string, leaseIpv4: string | null, networkIpv6: string | null): NodeRow => ({
  id, leaseIpv4, networkIpv6, publicKey: null, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [],
  createdAt: {} as never, updatedAt: {} as never,
});

test('names what the replica knows, in a secured mesh only devices that are let in, and looks again when it changed', () => {
  const values: Record<string, string> = { [ipv4PrefixKey]: '172.16.0.0/12', [ulaPrefixKey]: 'fd12:3456:789a::/48' };
  const rows = [row('host', '172.16.0.1/12', 'fd12:3456:789a:1::/64'), row('gone', '172.16.0.2/12', null), row('odd', 'nonsense', 'fd12:3456:789a:2::7/64')];
  const revision = cell(1);
  let asked = 0;
  const trust = { secure: () => true, device: (id: string) => ({ state: id === 'gone' ? 'revoked' : 'active' }) } as unknown as MeshReads['trust'];
  const reads = { nodes: () => (asked++, rows), get: (key: string) => values[key], trust, revision };
  const source = zoneSource(reads, () => 9);
  const addresses = (): (readonly (string | null)[])[] => source.nodes().map(({ id, ipv4, ipv6 }) => [id, ipv4 && formatIp(ipv4), ipv6 && formatIp(ipv6)]);
  expect(addresses()).toEqual([['host', '172.16.0.1', 'fd12:3456:789a:1::'], ['odd', null, 'fd12:3456:789a:2::']]);
  expect([source.networks().map(formatPrefix), source.appliedIndex()]).toEqual([['172.16.0.0/12', 'fd12:3456:789a::/48'], 9]);
  const kept = source.nodes();
  const same = source.nodes() === kept && asked === 1;
  delete values[ipv4PrefixKey];
  revision.set(2);
  expect([same, source.networks().length, asked]).toEqual([true, 1, 2]);
});
