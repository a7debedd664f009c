import { expect, test } from 'vitest';
import { between, chance, pick, type Random, seeded } from '../../base/random.ts';
import { entryType } from '../../raft/types.ts';
import { decodeAnswer, decodeRequest, encodeAnswer, encodeConfiguration, encodeRequest, type RequestMessage } from './codec.ts';
import { goZeroTime } from './go-time.ts';
import { DecodeError, Scanner } from './msgpack.ts';

const configuration = { servers: [{ id: 'a', address: '10.0.0.1:1', voter: true }, { id: 'b', address: '10.0.0.2:1', voter: false }] };
const common = { from: 'a', to: 'b', term: 7 } as const;
const entry = { term: 7, extensions: null, appendedAt: goZeroTime };
const requests: readonly RequestMessage[] = [
  { kind: 'heartbeat', ...common },
  { kind: 'append', ...common, prevIndex: 1, prevTerm: 1, commit: 1, entries: [
    { ...entry, index: 2, type: entryType.command, data: new Uint8Array(300) },
    { ...entry, index: 3, type: entryType.configuration, data: encodeConfiguration(configuration) },
  ] },
  { kind: 'vote', ...common, lastIndex: 9, lastTerm: 6, transfer: true, pre: false },
  { kind: 'snapshot', ...common, snapshot: { index: 9, term: 6, configuration, configurationIndex: 3 } },
  { kind: 'timeout-now', ...common },
];
const answer = encodeAnswer({ kind: 'appended', from: 'b', to: 'a', term: 7, requestTerm: 7, success: true, matched: 3, lastIndex: 1 }, '10.0.0.2:1');
/** First bytes that mean something special, where mutations bite. */
const spicy = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc9, 0xca, 0xcf, 0xd3, 0xd9, 0xdb, 0xdd, 0xdf, 0xff];

test('50,000 broken frames end in a value or a DecodeError, and in nothing else', () => {
  const random = seeded(20260401);
  const outcomes = { read: 0, refused: 0, short: 0 };
  for (let round = 0; round < 50_000; round++) {
    const asAnswer = chance(random, 0.2);
    const request = pick(random, requests);
    const frame = mutate(asAnswer ? answer : encodeRequest(request, '10.0.0.1:1', 5), random);
    outcomes[decode(frame, asAnswer, request)]++;
  }
  // All three ends are met often, or the mutations are too wild or too tame to prove anything.
  expect(Math.min(outcomes.read, outcomes.refused, outcomes.short)).toBeGreaterThan(2_000);
});

test('20,000 frames of pure noise do no harm', () => {
  const random = seeded(7);
  for (let round = 0; round < 20_000; round++) decode(random.bytes(between(random, 0, 64)), chance(random, 0.5), pick(random, requests));
});

function decode(frame: Uint8Array, asAnswer: boolean, request: RequestMessage): 'read' | 'refused' | 'short' {
  const body = asAnswer ? frame : frame.subarray(1);
  try {
    if (!asAnswer && new Scanner().feed(body) === undefined) return 'short';
    if (asAnswer) decodeAnswer(body, request);
    else decodeRequest(frame[0] ?? 0, body, 'b');
    return 'read';
  } catch (error) {
    if (error instanceof DecodeError) return 'refused';
    throw error;
  }
}

function mutate(frame: Uint8Array, random: Random): Uint8Array {
  const copy = frame.slice();
  for (let i = between(random, 1, 4); i > 0; i--) {
    const at = between(random, 0, copy.length - 1);
    copy[at] = chance(random, 0.5) ? pick(random, spicy) : between(random, 0, 255);
  }
  return chance(random, 0.15) ? copy.subarray(0, between(random, 0, copy.length)) : copy;
}
