import { expect, test } from 'vitest';
import { forward, netcheckOf } from '../../../test/fakes/paths-world.ts';
import { asFailure, failure } from '../../base/failure.ts';
import { forwardTrouble, isLoopback, localEnd, readForward, remoteEnd, usualForward, type ForwardTexts } from './forwards.ts';
import { checkFacts, checkText, mapperAnswers } from './network-words.ts';
import { offerState, offerTrouble, readRelayMbit, readShare, shareOpens, sharesMax, type ShareTexts } from './offers.ts';
import { bestOf, lossOf, rangeOf, sortedPaths } from './path-table.ts';

const refusal = (run: () => unknown): string => {
  try {
    return `took ${JSON.stringify(run())}`;
  } catch (error) {
    const { code, detail } = asFailure(error);
    return `${code} ${String(detail['field'])}`;
  }
};

test('a forward is read field by field before anything is asked', () => {
  expect(readForward('nas', { ...usualForward, remotePort: ' 80 ' })).toEqual({ peer: 'nas', protocol: 'tcp', remoteAddress: '127.0.0.1', remotePort: 80, localAddress: '127.0.0.1', localPort: 0 });
  expect(readForward('nas', { protocol: 'udp', remoteAddress: 'FD00::0:1', remotePort: '53', localAddress: '::1', localPort: '5353' })).toMatchObject({ remoteAddress: 'fd00::1', localPort: 5353 });
  const wrong = (texts: Partial<ForwardTexts>): string => refusal(() => readForward('nas', { ...usualForward, remotePort: '80', ...texts }));
  expect([wrong({ remotePort: '' }), wrong({ remotePort: '0' }), wrong({ remotePort: '65536' }), wrong({ localPort: '80a' }), wrong({ localPort: '-1' }), wrong({ remoteAddress: 'nas.local' }), wrong({ remoteAddress: 'fe80::1%eth0' }), wrong({ localAddress: '' })]).toEqual([
    'input.invalid remotePort', 'input.invalid remotePort', 'input.invalid remotePort', 'input.invalid localPort', 'input.invalid localPort', 'input.invalid remoteAddress', 'input.invalid remoteAddress', 'input.invalid localAddress',
  ]);
});

test('both ends of a forward in words', () => {
  const at = forward({ id: 'a', peer: 'nas', localAddress: '::1', localPort: 8080, remoteAddress: '192.168.7.1', remotePort: 53 });
  expect([localEnd(at), remoteEnd(at), remoteEnd(forward({ id: 'a', peer: 'nas' })), localEnd({ localAddress: 'a\u202eb', localPort: 1 })]).toEqual(['[::1]:8080', '192.168.7.1:53', 'port 80', 'ab:1']);
  expect(['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '::', 'no'].map(isLoopback)).toEqual([true, true, true, false, false, false]);
  expect(forwardTrouble(failure('node.port-in-use', { port: 80 }), 'nas').what).toBe('Another program on this device already uses the local port 80.');
  expect(forwardTrouble(failure('mesh.unreachable', {}), 'nas').what).toBe('nas does not answer at the moment.');
  expect(forwardTrouble(failure('mesh.unreachable', { problem: 'connect first' }), 'nas', true)).toEqual({ what: 'nas does not answer at the moment: connect first.', next: 'Try again in a moment; what you typed is still here.' });
  expect(forwardTrouble(failure('mesh.refused', { problem: 'it is not shared.' }), 'nas').what).toBe('nas refused: it is not shared.');
});

test('an offer is what answers, not what was wished', () => {
  expect([offerState(true, 'A', ['A']), offerState(true, 'A', []), offerState(false, 'A', ['A']), offerState(false, 'A', []), offerState(true, 'A', null), offerState(false, 'A', null)]).toEqual(['answers', 'starting', 'stopping', 'off', 'later', 'off']);
  expect([offerTrouble({ problem: 'the port is taken.', port: 1 }), offerTrouble({ problem: '', port: 5353 }), offerTrouble({})]).toEqual([
    'Wanted, but it does not answer: the port is taken. It is tried again by itself.', 'Wanted, but it does not answer: another program on this device has port 5353. It is tried again by itself.',
    'Wanted, but it does not answer. It is tried again by itself.',
  ]);
  expect(['1', ' 10000 '].map(readRelayMbit)).toEqual([1, 10_000]);
  expect(['0', '10001', '1.5', '', '-3', '1e3'].map((text) => refusal(() => readRelayMbit(text)))).toEqual(Array(6).fill('input.invalid relayMbit'));
});

test('a share is one address and one port, once', () => {
  const share = (texts: Partial<ShareTexts>, present: string[] = []): string => refusal(() => readShare({ protocol: 'tcp', address: '127.0.0.1', port: '8080', ...texts }, present));
  expect([share({}), share({ protocol: 'udp', address: 'FD00::5', port: '53' }), share({ address: 'nas' }), share({ port: '*' }), share({}, ['tcp 127.0.0.1:8080']), share({}, Array(sharesMax).fill('x'))]).toEqual([
    'took "tcp 127.0.0.1:8080"', 'took "udp [fd00::5]:53"', 'input.invalid shares', 'input.invalid shares', 'input.invalid shares', 'input.limit shares',
  ]);
  expect([shareOpens('tcp 127.0.0.1:22'), shareOpens('udp [fd00::5]:53'), shareOpens('\u202enonsense')]).toEqual([
    'Every member may reach TCP port 22 on this device, also of a program that listens for this device alone.',
    'Every member may reach UDP port 53 of fd00::5 through this device, as if this device asked. That machine cannot tell them apart.', 'nonsense',
  ]);
});

test('a check as text says what the screen says', () => {
  const text = checkText(netcheckOf('strict'), Date.UTC(2026, 10, 22));
  expect(text).toContain('- Router: A strict router. It takes another public port for each connection');
  expect(text).toContain('- workshop, Relay (UDP), 203.0.113.2:3478: no answer');
  expect(text).toContain('- UPnP: refused: not authorised');
  expect(text).toContain('- No relay of the network answers, not even workshop.');
  expect(checkFacts(netcheckOf('blocked')).filter((fact) => !fact.good).map((fact) => fact.name)).toEqual(['Router', 'IPv6', 'UDP', 'Port mapping', 'Loopback']);
  expect(mapperAnswers({ pcp: 'a\nb\u202e', 'nat-pmp': '', upnp: 'x'.repeat(500) }).map(({ said }) => said.length)).toEqual([3, 9, 120]);
});

test('measured paths: best tier first, the shortest round trip, what got lost', () => {
  const path = { tier: 'turn', current: true, endpoint: '', latenciesMs: [12, 11.5, 30], lost: 1, reason: null } as const;
  expect([bestOf(path), rangeOf(path), lossOf(path), bestOf({ latenciesMs: [] }), rangeOf({ latenciesMs: [] }), lossOf({ latenciesMs: [], lost: 0 })]).toEqual([11.5, '11.5 ms to 30.0 ms', '1 of 4', null, '', '–']);
  expect(sortedPaths([path, { ...path, tier: 'direct' }, { ...path, tier: 'ice' }]).map((p) => p.tier)).toEqual(['direct', 'ice', 'turn']);
});
