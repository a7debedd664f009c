import { expect, test } from 'vitest';
import { FakeNameMachine } from '../../../test/fakes/name-machine.ts';
import { nrpt } from './nrpt.ts';
import { parseDomains, resolved, whyNot } from './resolved.ts';
import { resolverFiles } from './resolver-files.ts';
import { nameSystemFor } from './systems.ts';

const names = { servers: ['172.16.0.1:5353', '[fd00::1]:5353'], domains: ['home.internal', '16.172.in-addr.arpa'] };

test('resolved gets a link of its own, which is never the one for all names', async () => {
  const machine = new FakeNameMachine();
  await resolved.set(machine, 'wmhome', names);
  expect(machine.diary).toEqual([
    'resolvectl default-route wmhome no', 'resolvectl domain wmhome ~home.internal ~16.172.in-addr.arpa', 'resolvectl dnssec wmhome no', 'resolvectl dnsovertls wmhome no',
    'resolvectl dns wmhome 172.16.0.1:5353 [fd00::1]:5353',
  ]);
  expect([await resolved.isSet(machine, 'wmhome', names), await resolved.isSet(machine, 'wmother', names)]).toEqual([true, false]);
  await resolved.unset(machine, { keeper: 'systemd-resolved', device: 'wmhome', domains: [] });
  expect([machine.diary.at(-1), machine.links.size]).toEqual(['resolvectl revert wmhome', 0]);
});

test('a server at the ordinary port is found with and without it', async () => {
  const machine = new FakeNameMachine();
  const at53 = { servers: ['172.16.0.1:53', '[fd00::1]:53'], domains: ['home.internal'] };
  await resolved.set(machine, 'wmhome', at53);
  const seen: boolean[] = [];
  for (const stdout of ['172.16.0.1 fd00::1', '172.16.0.1:53 [fd00::1]:53', '172.16.0.1 fd00::2', '172.16.0.1:5353 fd00::1']) {
    machine.answers.set('dns wmhome', { code: 0, stdout: `Link 3 (wmhome): ${stdout}\n`, stderr: '' });
    seen.push(await resolved.isSet(machine, 'wmhome', at53));
  }
  expect(seen).toEqual([true, true, false, false]);
});

test('what resolved says is told with a next step; what is gone already is as wanted', async () => {
  const machine = new FakeNameMachine();
  machine.answers.set('dns wmhome', { code: 1, stdout: '', stderr: 'Failed to parse DNS server address: 172.16.0.1:5353\n' });
  await expect(resolved.set(machine, 'wmhome', names)).rejects.toThrow('older than version 246');
  machine.answers.set('dns wmhome', { code: 1, stdout: '', stderr: 'Failed to set DNS configuration: Link wmhome is managed.\n' });
  await expect(resolved.set(machine, 'wmhome', names)).rejects.toThrow('systemd-resolved says: Failed to set DNS configuration: Link wmhome is managed.');
  const undo = { keeper: 'systemd-resolved', device: 'wmhome', domains: [] } as const;
  // As printed by resolvectl 252 with the link removed, with the service masked, and with it refused.
  machine.answers.set('revert', { code: 1, stdout: '', stderr: 'Failed to resolve interface "wmhome": No such device\n' });
  await resolved.unset(machine, undo);
  machine.answers.set('revert', { code: 1, stdout: '', stderr: 'Failed to revert interface configuration: Link 3 not known\n' });
  await resolved.unset(machine, undo);
  machine.answers.set('revert', { code: 1, stdout: '', stderr: 'Unit dbus-org.freedesktop.resolve1.service failed to load properly, please adjust/correct and reload service manager: File exists\n' });
  await resolved.unset(machine, undo);
  machine.answers.set('revert', { code: 1, stdout: '', stderr: 'Access denied\n' });
  await expect(resolved.unset(machine, undo)).rejects.toThrow('Access denied');
});

test('only where programs ask resolved are names set', () => {
  const stub = 'nameserver 127.0.0.53\noptions edns0\nsearch .\n';
  const files = 'hosts:          files dns\n';
  const byLibrary = 'hosts: files mymachines resolve [!UNAVAIL=return] dns\n';
  expect([whyNot(stub, files, true), whyNot('nameserver 192.0.2.1\n', byLibrary, true)]).toEqual(['', '']);
  expect(whyNot('nameserver 192.0.2.1\n', files, true)).toContain('/run/systemd/resolve/stub-resolv.conf');
  expect(whyNot('nameserver 127.0.0.53\nnameserver 192.0.2.1\n', 'hosts: files dns resolve', true)).toContain('stub-resolv.conf');
  expect([whyNot('', '', true) === '', whyNot(stub, byLibrary, false)]).toEqual([false, 'this system has no resolver that can be told where some names go; next: install and start systemd-resolved']);
});

test('whose domains are whose is read from the client\'s own words', async () => {
  // As resolvectl 252 prints it: it breaks long lists, also where nobody looks.
  const text = 'Global: corp.example\nLink 2 (eth0): lan\nLink 3 (wmhome): ~home.internal\n        ~16.172.in-addr.arpa\nLink 4 (tun0): ~.\n';
  expect(parseDomains(text)).toEqual([
    { link: 'the system', domains: ['corp.example'] }, { link: 'eth0', domains: ['lan'] }, { link: 'wmhome', domains: ['home.internal', '16.172.in-addr.arpa'] }, { link: 'tun0', domains: [''] },
  ]);
  const machine = new FakeNameMachine();
  machine.answers.set('domain', { code: 0, stdout: text, stderr: '' });
  expect((await resolved.taken(machine, ['wmhome'], ['lan'])).get('lan')).toBe('eth0');
});

test('macOS: a file a domain with a line that says whose it is; files of others stay', async () => {
  const machine = new FakeNameMachine();
  machine.files.set('/etc/resolver/16.172.in-addr.arpa', 'nameserver 10.0.0.1\n');
  const own = ['utun1234'];
  expect([...(await resolverFiles.taken(machine, own, names.domains))]).toEqual([['16.172.in-addr.arpa', 'the file /etc/resolver/16.172.in-addr.arpa']]);
  const one = { ...names, domains: ['home.internal'] };
  await resolverFiles.set(machine, 'utun1234', one);
  expect(machine.files.get('/etc/resolver/home.internal')).toBe('# Webmesh utun1234: made while connected, removed after. Changes are lost.\nnameserver 172.16.0.1\nnameserver fd00::1\nport 5353\n');
  expect([await resolverFiles.isSet(machine, 'utun1234', one), [...(await resolverFiles.taken(machine, own, one.domains))]]).toEqual([true, []]);
  await resolverFiles.unset(machine, { keeper: '/etc/resolver', device: 'utun9', domains: names.domains });
  expect(machine.files.has('/etc/resolver/home.internal')).toBe(true);
  await resolverFiles.unset(machine, { keeper: '/etc/resolver', device: 'utun1234', domains: names.domains });
  expect([...machine.files.keys()]).toEqual(['/etc/resolv.conf', '/etc/resolver/16.172.in-addr.arpa']);
});

test('Windows: rules that carry our name in their comment, at port 53 alone', async () => {
  const machine = new FakeNameMachine();
  const at53 = { servers: ['172.16.0.1:53', '[fd00::1]:5353'], domains: ['home.internal'] };
  await nrpt.set(machine, 'wmhome', at53);
  expect(machine.diary).toEqual([
    "powershell -NoProfile -NonInteractive -Command $ErrorActionPreference = 'Stop'; Get-DnsClientNrptRule | Where-Object { $_.Comment -eq 'Webmesh wmhome' } | Remove-DnsClientNrptRule -Force; " +
    "Add-DnsClientNrptRule -Namespace '.home.internal' -NameServers '172.16.0.1' -Comment 'Webmesh wmhome'; Clear-DnsClientCache",
  ]);
  await expect(nrpt.set(machine, 'wmhome', names)).rejects.toThrow('port 53 alone');
  machine.answers.set('Get-DnsClientNrptRule', { code: 0, stdout: '.home.internal\r\n.corp.example\r\n', stderr: '' });
  expect([await nrpt.isSet(machine, 'wmhome', at53), (await nrpt.taken(machine, [], [])).get('corp.example')]).toEqual([true, 'another rule of Windows']);
  machine.answers.set('Get-DnsClientNrptRule', { code: 1, stdout: '', stderr: 'Access is denied.' });
  await expect(nrpt.unset(machine, { keeper: 'NRPT', device: 'wmhome', domains: [] })).rejects.toThrow('Windows says: Access is denied.');
});

test('each system has its way', () => {
  expect(['linux', 'darwin', 'win32', 'freebsd'].map((name) => nameSystemFor(name).keeper)).toEqual(['systemd-resolved', '/etc/resolver', 'NRPT', 'systemd-resolved']);
});
