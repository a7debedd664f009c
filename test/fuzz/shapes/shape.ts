import { type Random } from '../../../src/base/random.ts';

/** What a mutation may draw on besides its input. */
export interface Help {
  readonly random: Random;
  /** Another input that was worth keeping. */
  readonly other: Uint8Array;
  /** Literals of the sources that the inputs reached so far, and of the target. Never empty. */
  readonly words: readonly string[];
}

/** Knows how inputs of one kind are built, so that a change of a part leaves the rest readable. */
export type Shape = (input: Uint8Array, help: Help) => Uint8Array;

/** Largest input that mutations make. Beyond it parsers only meet their limits, which have seeds of their own. */
export const inputBytesMax = 64 * 1024;
