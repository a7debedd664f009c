import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';
import { hardenContents, isHelpLink, isInviteFile, isOurPage } from './hardening.ts';
import { isTrusted } from './ipc.ts';

test('only https links to the help sites leave the app', () => {
  const links = [
    'https://github.com/x', 'https://www.wireguard.com/install/', 'http://github.com/', 'https://github.com.evil.example/', 'https://user@github.com/', 'https://github.com:444/',
    'file:///etc/passwd', 'javascript:alert(1)', 'smb://github.com/x', 'https://evil.example/?github.com', '', 'github.com',
  ];
  expect(links.filter(isHelpLink)).toEqual(links.slice(0, 2));
});

test('a page opens help links and what the shell knows, one a second, and no window of its own', () => {
  const opened: string[] = [];
  let nowMs = 0;
  let ask: (asked: { url: string }) => unknown = () => {};
  const contents = { on: () => {}, setWindowOpenHandler: (handler: typeof ask) => (ask = handler) };
  const app = { on: (_event: string, made: (event: unknown, of: unknown) => void) => made({}, contents) };
  hardenContents(app as never, { openExternal: async (url: string) => void opened.push(url) }, { monotonicMs: () => nowMs }, (link) => (link === 'http://wifi.example/in' ? link : null));
  for (const url of ['http://wifi.example/in', 'http://wifi.example/other', 'https://evil.example/', 'https://github.com/x', 'https://github.com/y']) {
    expect(ask({ url })).toEqual({ action: 'deny' });
    nowMs += url.endsWith('x') ? 10 : 1_000;
  }
  expect(opened).toEqual(['http://wifi.example/in', 'https://github.com/x']);
});

test('only the top frame of our own page is listened to', () => {
  const frame = (url: string, parent: unknown = null): never => ({ senderFrame: { url, parent } }) as never;
  const events = [frame('app://webmesh/index.html'), frame('app://webmesh.evil/index.html'), frame('app://evil/'), frame('https://webmesh/'), frame('file:///x'), frame('about:blank'), frame('app://webmesh/index.html', {}), { senderFrame: null } as never];
  expect(events.map(isTrusted)).toEqual([true, ...Array(7).fill(false)]);
  expect([isOurPage('app://webmesh'), isOurPage('app://webmesh@evil/')]).toEqual([true, false]);
});

test('our options are found among those of others', () => {
  expect(readArguments(['electron', '--inspect=0', '.', '--home', '/h', '--helper-socket=/s', '--hidden'])).toEqual({ home: '/h', helperSocket: '/s', hidden: true, uninstall: 'no' });
  expect(readArguments(['electron', '.', '--home', '--hidden'])).toEqual({ home: undefined, helperSocket: undefined, hidden: true, uninstall: 'no' });
  // Behind a link nothing is an option, least of all this one.
  const asked = (...argv: readonly string[]): string => readArguments(['app', ...argv]).uninstall;
  expect([asked('--uninstall'), asked('--uninstall', '--purge'), asked('--purge'), asked('webmesh://join/x', '--uninstall'), asked('--', '--uninstall')]).toEqual(['keep', 'purge', 'no', 'no', 'no']);
});

test('the only download is an invite that our page made', () => {
  const good = { url: 'blob:app://webmesh/0b5f', name: 'home.webmesh-invite', bytes: 400 };
  const others = [{ url: 'https://evil.example/x.webmesh-invite' }, { url: 'blob:app://webmesh.evil/1' }, { url: 'blob:https://evil.example/1' }, { name: 'home.webmesh-invite.exe' }, { name: '../.webmesh-invite' }, { name: '.webmesh-invite' }, { bytes: 5_000 }, { bytes: 0 }];
  expect([isInviteFile(good), ...others.map((change) => isInviteFile({ ...good, ...change }))]).toEqual([true, ...others.map(() => false)]);
});
