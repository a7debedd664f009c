import { expect, test } from 'vitest';
import { controlText, parseFpm, scriptFiles, specText } from './fpm-order.ts';

const words = [
  '-s', 'dir', '--force', '-t', 'deb', '-d', 'iproute2', '-d', 'wireguard-tools', '--deb-recommends', 'wireguard-go', '--deb-compression', 'gz', '--architecture', 'amd64',
  '--after-install', '/tmp/a', '--description', 'A VPN\n Anyone can start it.\n\n It is open.', '--version', '0.1.0-standin.1', '--package', '/out/x.deb', '--name', 'webmesh-desktop',
  '--before-remove=resources/prerm', '/pack/a=b/=/opt/Webmesh', 'unit=/usr/lib/systemd/system/u.service',
];

test('reads what is asked for', () => {
  const order = parseFpm(words);
  expect(order.maps).toEqual([{ from: '/pack/a=b/', to: '/opt/Webmesh' }, { from: 'unit', to: '/usr/lib/systemd/system/u.service' }]);
  expect(scriptFiles(order.options)).toEqual([{ name: 'postinst', path: '/tmp/a' }, { name: 'prerm', path: 'resources/prerm' }]);
  expect(controlText(order, 12)).toBe(
    [
      'Package: webmesh-desktop', 'Version: 0.1.0~standin.1', 'Architecture: amd64', 'Installed-Size: 12', 'Depends: iproute2, wireguard-tools', 'Recommends: wireguard-go', 'Section: net',
      'Priority: optional', 'Description: A VPN', ' Anyone can start it.', ' .', ' It is open.', '',
    ].join('\n'),
  );
});

test('no value begins a field of its own', () => {
  const { options, ...rest } = parseFpm(words);
  expect(controlText({ ...rest, options: new Map([...options, ['--maintainer', 'A\nEssential: yes']]) }, 1)).toContain('Maintainer: A Essential: yes\n');
});

test('an order that is not understood is refused', () => {
  expect(() => parseFpm([...words, '--deb-systemd', 'x'])).toThrow('--deb-systemd');
  expect(() => parseFpm(words.map((word) => (word === 'deb' ? 'pacman' : word)))).toThrow('-t deb|rpm');
});

test('the same order as rpm reads it: a percent sign is one, and nothing is guessed', () => {
  const { options, ...rest } = parseFpm(words.map((word) => (word === 'deb' ? 'rpm' : word)));
  const spec = specText({ ...rest, options }, ['/opt/a 100%'], (path) => `echo ${path} %1\n`);
  for (const part of ['Version: 0.1.0~standin.1\n', 'AutoReqProv: no\nRequires: iproute2\nRequires: wireguard-tools\n', '%post\necho /tmp/a %%1\n', '%preun\necho resources/prerm %%1\n', '"/opt/a 100%%"\n']) expect(spec).toContain(part);
  expect(spec).not.toContain('%postun');
});
