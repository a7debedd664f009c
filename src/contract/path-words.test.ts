import { expect, test } from 'vitest';
import { pathReasonCodes, pathTiers } from '../base/path-reasons.ts';
import type { PathReasonView, PeerPath } from './state.ts';
import { pathWords, whyWords } from './words.ts';

const rich = { endpoint: '203.0.113.7:51820', node: 'attic', code: 'udp-blocked-here', problem: 'DTLS ended.', silentMs: '2300', retryInMs: '300000' };
const hostile = { endpoint: 'a\u202eb\nc', node: '\u2066', code: '<b>', problem: 'x'.repeat(9000), silentMs: 'soon', retryInMs: '-4' };

test.each(pathReasonCodes)('%s reads as two sentences whatever comes along', (code) => {
  for (const tier of [...pathTiers, null]) {
    for (const detail of [{}, rich, hostile]) {
      for (const text of Object.values(whyWords({ code, tier, detail }))) {
        expect(text).toMatch(/^[A-Z][^]*[.]$/);
        expect(text).not.toMatch(/undefined|null|NaN|\[object| {2}|\.\.|: *\.|\(\)|[\n\u202e\u2066]/);
        expect(text).not.toMatch(code === 'waiting' || code === 'best' ? /^$/ : new RegExp(code));
        expect(text.length).toBeLessThan(320);
      }
    }
  }
});

test('says what is known, and the peer\'s no from this side', () => {
  const what = (reason: Partial<PathReasonView> & Pick<PathReasonView, 'code'>): string => whyWords({ tier: null, detail: rich, ...reason }).what;
  expect([
    what({ code: 'no-answer', tier: 'direct' }), what({ code: 'refused-there', tier: 'punch' }), what({ code: 'went-silent', tier: 'turn' }), what({ code: 'waiting' }), what({ code: 'relay-full' }),
  ]).toEqual([
    'Nothing answered at 203.0.113.7:51820.', 'The peer said no to this way: the network of the peer lets no UDP through.', 'Relay worked, then nothing came back for 2 s.',
    'The next try is in 5 min.', 'The relay attic carries as much as it may.',
  ]);
});

test('every path has words of its own', () => {
  const paths: PeerPath[] = [
    { kind: 'self' }, { kind: 'direct' }, { kind: 'direct', how: 'lan' }, { kind: 'direct', how: 'public' }, { kind: 'direct', how: 'mapped' }, { kind: 'direct', how: 'punched' },
    { kind: 'ice', how: 'raw' }, { kind: 'ice', how: 'channel' }, { kind: 'relay', how: 'turn', node: 'attic' }, { kind: 'relay', how: 'stream', node: 'attic' },
    { kind: 'waiting', reason: 'no-handshake-yet' }, { kind: 'waiting', reason: 'peer-has-no-endpoint' }, { kind: 'waiting', reason: 'both-behind-nat' }, { kind: 'waiting', reason: 'looking' },
    { kind: 'waiting', reason: 'no-path' }, { kind: 'silent', reason: 'no-handshake-lately' }, { kind: 'down', reason: 'not-connected' },
  ];
  expect(new Set(paths.map((path) => pathWords(path).what)).size).toBe(paths.length);
  expect(pathWords({ kind: 'relay', how: 'turn', node: 'a\u202ettic' }).word).toBe('Relayed by attic');
});
