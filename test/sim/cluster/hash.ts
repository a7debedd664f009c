import { seeded, type Random } from '../../../src/base/random.ts';
import { type Entry } from '../../../src/raft/types.ts';

/** Cheap 32-bit hashes: enough to tell logs apart in a run of some thousand entries, with exact contents compared where it matters. */
export function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) | 0;
}

export function hashBytes(hash: number, bytes: Uint8Array): number {
  let h = mix(hash, bytes.length);
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return mix(h, 0);
}

/** The hash of a log up to and with `entry`, given the hash up to the entry before. */
export function chain(before: number, entry: Entry): number {
  return hashBytes(mix(mix(mix(before, entry.index), entry.term), entry.type), entry.data);
}

export function hashText(hash: number, text: string): number {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h, text.length);
}

/** An independent stream of dice for one purpose, so that a draw added in one place does not reshuffle the others. */
export function stream(seed: number, purpose: string): Random {
  return seeded(hashText(mix(0x2545f491, seed), purpose));
}
