import { randomBytes } from 'node:crypto';
import { type Random } from '../base/random.ts';

/** The system's cryptographic generator. */
export const systemRandom: Random = {
  next: () => {
    const bytes = randomBytes(7);
    // 53 bits, the width of a double's fraction, so that every value in [0, 1) is equally likely.
    return (bytes.readUIntBE(0, 6) * 32 + (bytes.readUInt8(6) & 31)) / 2 ** 53;
  },
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
