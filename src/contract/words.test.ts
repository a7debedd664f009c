import { expect, test } from 'vitest';
import { failureCodes } from '../base/failure.ts';
import { warningCodes } from './state.ts';
import { plainText, sentence, warningSentence } from './words.ts';

const rich = {
  address: 'mesh.example:8443', port: 51820, path: '/home/ada/.config/webmesh/profiles.json', message: 'it said no', node: 'attic', what: 'joining',
  deadlineMs: 5000, field: 'address', problem: 'a port is missing', calls: 64, name: 'nonsense', interface: 'wg0', network: '172.16.0.0/12', count: 3, hint: 'create it first', days: 3, sequence: 41, id: 'nas', device: 'nas', file: '/tmp/x', reason: 'too late',
};

const all = [
  ...failureCodes.map((code) => ({ code, say: (detail = {}) => sentence({ code, detail }) })),
  ...warningCodes.map((code) => ({ code, say: (detail = {}) => warningSentence({ code, detail }) })),
];

test.each(all)('$code reads as two sentences, with and without details', ({ code, say }) => {
  for (const { what, next } of [say(), say(rich)]) {
    for (const text of [what, next]) {
      expect(text).toMatch(/^[A-Z0-9“][^]*[.]$/);
      expect(text).not.toMatch(/undefined|null|NaN|\[object| {2}|\.\.|: *\.|\(\)/);
      expect(text).not.toContain(code);
      expect(text.length).toBeLessThan(420);
    }
  }
});

test('fills in what is known', () => {
  expect(sentence({ code: 'mesh.unreachable', detail: { address: '10.0.0.7:8443' } })).toEqual({
    what: 'No answer from 10.0.0.7:8443. Traffic to this network is off; the rest of your traffic is not touched.',
    next: 'Check the address and that the other machine is on and reachable from here. The app keeps trying.',
  });
  expect(sentence({ code: 'node.port-in-use', detail: { port: 8443 } }).what).toBe('Another program on this device already uses TCP port 8443, which the network needs.');
  expect(sentence({ code: 'input.invalid', detail: { field: 'nodeId', problem: 'too long' } }).what).toBe('The device name cannot be used as it is: too long.');
  expect(sentence({ code: 'mesh.timeout', detail: { what: 'join', deadlineMs: 1500 } }).what).toBe('Join took too long (more than 1.5 seconds).');
});

test('uses what the parts of the app send along', () => {
  const what = (code: Parameters<typeof sentence>[0]['code'], detail: Parameters<typeof sentence>[0]['detail']): string => sentence({ code, detail }).what;
  expect(what('mesh.incompatible', { address: 'a:1', reason: 'clear text was not asked for by name' })).toMatch(/^This app and the network at a:1 do not fit together: clear text was not asked for by name\. /);
  expect(what('tunnel.conflict', { what: '10.0.0.0/8', device: 'eth0' })).toMatch(/^Something on this device already uses what the tunnel needs \(10\.0\.0\.0\/8\) by eth0\. /);
  expect(what('input.limit', { what: 'profiles', most: 32 })).toBe('Profiles is larger than allowed (at most 32).');
  expect(what('app.busy', { problem: 'disconnect first', profile: 'x' })).toBe('The app is still working on an earlier request: disconnect first.');
  expect(sentence({ code: 'input.unknown-profile', detail: { hint: 'create a network with "webmesh profile create NAME"' } }).next).toBe('Create a network with "webmesh profile create NAME".');
  expect(warningSentence({ code: 'peer-unreachable', detail: { count: 3, peer: 'nas' } }).what).toBe('3 peers cannot be reached at the moment. The others are not affected.');
});

test('a helper that runs but not for us is not told to be started', () => {
  const detail = { path: '/run/webmesh/helper.sock', problem: 'this user may not use the system service', failure: 'auth.not-permitted' };
  expect(warningSentence({ code: 'helper-missing', detail }).what).toBe('This is not allowed at /run/webmesh/helper.sock: this user may not use the system service.');
});

test('never shows a stack trace or an endless text from elsewhere', () => {
  const message = `boom\n    at Object.<anonymous> (/srv/node.js:1:1)\n${'x'.repeat(9000)}`;
  expect(sentence({ code: 'internal.unexpected', detail: { message } }).what).toBe('Something went wrong that the app did not expect: boom. Nothing you saved is lost.');
  expect(sentence({ code: 'mesh.refused', detail: { message: 'y'.repeat(9000) } }).what.length).toBeLessThan(220);
});

test('one is named, several are counted', () => {
  const what = (detail: Parameters<typeof warningSentence>[0]['detail']): string => warningSentence({ code: 'device-pending', detail }).what;
  expect([what({}), what({ count: 1, name: 'Grace' }), what({ count: 3, name: 'Grace' })]).toEqual([
    'A device would like to join and waits for an admin.', '“Grace” would like to join and waits for an admin.', '3 devices would like to join and wait for an admin.',
  ]);
  const certificate = (days: number): string => warningSentence({ code: 'certificate-expiring', detail: { days } }).what;
  expect([certificate(6), certificate(0), certificate(-1)]).toEqual([
    'The certificate of this device ends in 6 days. Everything works until then.', 'The certificate of this device ends today. Everything works until then.',
    'The certificate of this device has ended. It is good for its own renewal only.',
  ]);
});

test('text from elsewhere cannot turn, hide or break the line it stands in', () => {
  expect(plainText('Home\u202egnp.exe\u2066\u200b\r\n\u001b[31mred\ufeff ')).toBe('Homegnp.exe [31mred');
  expect(plainText('👩‍🚀 Zoë עברית')).toBe('👩‍🚀 Zoë עברית');
  // The window's places for names and links in a sentence: see renderer/words/slots.
  expect(plainText('granted admin to \ue001 \ue00f\ue010')).toBe('granted admin to  \ue010');
  expect(sentence({ code: 'node.id-taken', detail: { node: 'a\u202eb' } }).what).toContain('“ab”');
});

test('a degraded network is told calmly', () => {
  expect(warningSentence({ code: 'control-plane-lost', detail: {} }).what).toMatch(/^Changes are frozen, traffic is fine/);
});
