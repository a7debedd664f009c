import { expect, test } from 'vitest';
import { compareVersions, isPlainName } from './choose.ts';
import { formatsOf, thisMachine } from './machine.ts';
import { payloadDeadlineMs } from './limits.ts';

test('versions are compared by number, and a build from the sources is older than all', () => {
  const sorted = ['1.0.0', '0.10.0', '0.9.9', '0.9.10', '0.0.0-source', '0.9.9-next'].sort(compareVersions);
  expect(sorted).toEqual(['0.0.0-source', '0.9.9', '0.9.9-next', '0.9.10', '0.10.0', '1.0.0']);
});

test('what installers are called is plain', () => {
  expect(['webmesh-desktop_0.2.0_amd64.deb', 'Webmesh-Setup-0.2.0.exe', 'webmesh-desktop-0.2.0.x86_64.rpm'].map(isPlainName)).toEqual([true, true, true]);
});

test('each system installs what it can', () => {
  const none = { appImage: false, has: () => false };
  const at = (path: string) => ({ appImage: false, has: (asked: string) => asked === path });
  expect([
    formatsOf('win32', none), formatsOf('darwin', none), formatsOf('linux', at('/usr/bin/dpkg')), formatsOf('linux', at('/usr/bin/rpm')), formatsOf('linux', none),
    formatsOf('linux', { appImage: true, has: () => true }), formatsOf('freebsd', none),
  ]).toEqual([['exe'], ['pkg', 'dmg'], ['deb'], ['rpm'], ['AppImage'], ['AppImage'], []]);
  expect(thisMachine({ APPIMAGE: '/home/ada/Webmesh.AppImage' }).arch).toBe(process.arch);
});

test('a hundred megabytes may take an hour and three quarters, not a day', () => {
  expect(Math.round(payloadDeadlineMs(100 * 2 ** 20) / 60_000)).toBe(108);
});
