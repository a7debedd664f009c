import { expect, test } from 'vitest';
import { type ByteCounts, createByteCounts } from './byte-counts.ts';

const peer = (publicKey: string, receive: number, transmit: number) => ({
  publicKey, endpoint: '', allowedIps: [], keepaliveSeconds: 0, lastHandshakeMs: 0n, receiveBytes: BigInt(receive), transmitBytes: BigInt(transmit),
});
const see = (counts: ByteCounts, ...peers: ReturnType<typeof peer>[]): string =>
  counts.seen({ listenPort: 1, peers }).map((counted, i) => {
    // Without what was forgotten it is always what the engine says.
    expect([counted.receiveBytes - counted.forgottenReceiveBytes, counted.transmitBytes - counted.forgottenTransmitBytes]).toEqual([peers[i]?.receiveBytes, peers[i]?.transmitBytes]);
    return `${counted.publicKey} ${counted.receiveBytes}/${counted.transmitBytes}`;
  }).join(', ');

test('counts on after the engine forgot a peer, told or not, and as often as it happens', () => {
  const counts = createByteCounts();
  expect(see(counts, peer('ann', 100, 200), peer('bob', 7, 7))).toBe('ann 100/200, bob 7/7');
  counts.forgotten(['ann']);
  expect(see(counts, peer('ann', 0, 148), peer('bob', 7, 7))).toBe('ann 100/348, bob 7/7');
  // Nobody told, but one of both counters went back.
  expect(see(counts, peer('ann', 5, 0), peer('bob', 8, 8))).toBe('ann 105/348, bob 8/8');
  counts.forgotten(['ann']);
  expect(see(counts, peer('ann', 500, 500))).toBe('ann 605/848');
});

test('a peer that left and came back is a new one; a new tunnel begins at zero', () => {
  const counts = createByteCounts();
  see(counts, peer('ann', 1, 1), peer('bob', 2, 2));
  counts.keep(['bob']);
  expect(see(counts, peer('ann', 0, 0), peer('bob', 0, 0))).toBe('ann 0/0, bob 2/2');
  counts.clear();
  expect(see(counts, peer('bob', 0, 0))).toBe('bob 0/0');
});
