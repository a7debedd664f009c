import { expect, test } from 'vitest';
import { sceneOf } from '../../test/fakes/world.ts';
import { peerLink } from './peer-links.ts';

const { peers } = sceneOf('connected', Date.UTC(2026, 10, 22), 3);
const open = (link: string): string | null => peerLink(link, peers);

test('a web page or a terminal at a peer is opened, written anew', () => {
  expect(['http://172.16.0.11', 'https://172.16.0.11:8443/', 'http://172.16.0.11:80/', 'ssh://172.16.0.11', 'ssh://172.16.0.11:2222', 'http://[fd2a:8c1e:5b07:10::]:8080/', 'HTTP://172.16.0.11:1'].map(open)).toEqual([
    'http://172.16.0.11/', 'https://172.16.0.11:8443/', 'http://172.16.0.11/', 'ssh://172.16.0.11', 'ssh://172.16.0.11:2222', 'http://[fd2a:8c1e:5b07:10::]:8080/', 'http://172.16.0.11:1/',
  ]);
});

test('nothing else is: no other host, no other scheme, and nothing but an address and a port', () => {
  const refused = [
    'http://172.16.0.9/', 'http://172.16.9.99/', 'http://192.168.1.1/', 'http://127.0.0.1/', 'http://localhost/', 'http://attic/', 'http://172.16.0.11.evil.example/', 'http://172.16.0.11@evil.example/', 'http://evil@172.16.0.11/',
    'http://172.16.0.11/admin', 'http://172.16.0.11/?do=reboot', 'http://172.16.0.11/#x', 'http://172.16.0.11:0/', 'http://172.16.0.11:65536/', 'http://172.16.0.11:-1/',
    'ftp://172.16.0.11/', 'file://172.16.0.11/etc/passwd', 'smb://172.16.0.11/share', 'javascript:alert(1)', 'telnet://172.16.0.11', 'ssh://-oProxyCommand=x', 'ssh://root@172.16.0.11', 'ssh://172.16.0.11/x', 'ssh://172.16.0.11;x',
    'vnc://172.16.0.11', 'ms-settings:x', '', '172.16.0.11', `http://172.16.0.11/${'x'.repeat(100)}`,
  ];
  expect(refused.filter((link) => open(link) !== null)).toEqual([]);
});

test('without a mesh, or while it is not connected, there is nobody to open', () => {
  expect([peerLink('http://172.16.0.11/', { list: [] }), peerLink('http://172.16.0.11/', sceneOf('disconnected', 0, 3).peers)]).toEqual([null, null]);
});

test('another way of writing the same address opens only that address', () => {
  // The URL standard reads 0254.16.11 as 172.16.0.11; what goes out is the peer's address in its one form.
  expect([open('http://0254.16.11/'), open('http://2886729739/')]).toEqual(['http://172.16.0.11/', 'http://172.16.0.11/']);
});
