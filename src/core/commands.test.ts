import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { asFailure } from '../base/failure.ts';
import { contains, parsePrefix } from '../base/ip.ts';
import { seeded } from '../base/random.ts';
import { hostProfile, memberProfile } from './commands.ts';
import { checkAddress } from './mesh/address.ts';
import type { OwnAddress } from './ports.ts';

const network = (addresses: readonly OwnAddress[], hostname = 'Büro-PC.example') => ({ hostname, online: cell(true), addresses: cell(addresses), freePort: async (_kind: string, wanted: number) => wanted + 1 });
const lan = { interfaceName: 'eth0', address: '192.168.1.5', bits: 24, loopback: false };

test.each([
  ['mesh.example', 'mesh.example:8443'], ['mesh.example:9000', 'mesh.example:9000'], [' 192.0.2.1 ', '192.0.2.1:8443'], ['192.0.2.1:1', '192.0.2.1:1'],
  ['2001:db8::1', '[2001:db8::1]:8443'], ['[2001:db8::1]', '[2001:db8::1]:8443'], ['[2001:db8::1]:7', '[2001:db8::1]:7'], ['localhost', 'localhost:8443'],
])('%s is the address %s', (text, expected) => {
  expect(checkAddress(text)).toBe(expected);
});

test.each(['', 'a b', 'http://x', 'x:0', 'x:99999', 'x:', '999.1.1.1', '1.2.3', '[::1', 'a/b:1', '-x', `${'a'.repeat(64)}.example`, 'user@host:1', '::1:99999x'])('%j is no address, and what was typed comes back', (text) => {
  let caught: unknown;
  try {
    checkAddress(text);
  } catch (error) {
    caught = error;
  }
  expect(asFailure(caught)).toMatchObject({ code: 'input.invalid', detail: { field: 'address', given: text.slice(0, 100) } });
});

test('a new network keeps clear of our own networks, names its node after the machine and takes free ports', async () => {
  const own = [lan, ...Array.from({ length: 250 }, (_, i) => ({ interfaceName: `e${i}`, address: `10.${i + 1}.0.1`, bits: 16, loopback: false }))];
  const profile = await hostProfile({ name: 'home' }, [], { network: network(own), random: seeded(1) });
  expect(profile).toMatchObject({ name: 'home', kind: 'host', address: '192.168.1.5:8444', grpcPort: 8444, raftPort: 9444, wireguardPort: 51821, trust: 'mtls' });
  expect(profile.nodeId).toMatch(/^b-ro-pc-[a-z0-9]{5}$/);
  for (const { address } of own) expect(contains(parsePrefix(profile.ipv4Network ?? '') as never, { family: 4, value: address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) })).toBe(false);
});

test('a new network takes no port and no range of the others of this machine, connected or not', async () => {
  const free = { ...network([lan]), freePort: async (_kind: string, wanted: number) => wanted };
  const others = Array.from({ length: 253 }, (_, n) => ({ grpcPort: 8443 + n, raftPort: 9443, wireguardPort: n < 2 ? 51820 + n : 60_000, ipv4Network: `10.${n + 1}.0.0/16` }));
  const profile = await hostProfile({ name: 'work' }, others, { network: free, random: seeded(1) });
  expect(profile).toMatchObject({ grpcPort: 8696, raftPort: 9444, wireguardPort: 51822, ipv4Network: expect.stringMatching(/^(10\.254|100\.64)\.0\.0\/16$/) });
  expect(await hostProfile({ name: 'work', wireguardPort: 51820 }, others, { network: free, random: seeded(1) })).toMatchObject({ wireguardPort: 51820 });
});

test.each([['8.8.8.0/24'], ['10.0.0.0/7'], ['10.0.0.0/30'], ['fd00::/48'], ['10.0.0.0'], ['x']])('%s is no network to make', async (ipv4Network) => {
  const work = hostProfile({ name: 'n', ipv4Network }, [], { network: network([lan]), random: seeded(1) });
  await expect(work).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'ipv4Network', given: ipv4Network } });
});

test('clear text must be asked for by name', async () => {
  const ports = { network: network([lan]), random: seeded(1) };
  await expect(memberProfile({ address: '192.0.2.1', insecure: false }, [], ports)).rejects.toMatchObject({ code: 'mesh.incompatible', retry: 'never' });
  expect(await memberProfile({ address: '192.0.2.1', insecure: true, nodeId: 'me' }, [], ports)).toMatchObject({ kind: 'member', name: '192.0.2.1:8443', address: '192.0.2.1:8443', nodeId: 'me', asVoter: false, trust: 'clear-text' });
  expect(await hostProfile({ name: 'n', insecure: true }, [], ports)).toMatchObject({ trust: 'clear-text' });
  await expect(memberProfile({ address: '192.0.2.1', insecure: true, nodeId: 'm e' }, [], ports)).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'nodeId', given: 'm e' } });
});

test.each(['home\u202egnp.exe', 'a\u200bb', 'a\nb', 'a\u2028b'])('%j is no name for a network: others read it beside a fingerprint', async (name) => {
  await expect(hostProfile({ name }, [], { network: network([lan]), random: seeded(1) })).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'name', given: name } });
});
