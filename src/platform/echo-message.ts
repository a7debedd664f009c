import { type Random } from '../base/random.ts';

/**
 * An echo on the wire: `wmec`, one byte of kind, three zeros, 16 random bytes, then zeros up to the wanted size. The answer is the question
 * with the other kind.
 */
export const echoBytesMin = 24;

const mark = Buffer.from('wmec');
const kindAt = 4;
const nonceAt = 8;
const kinds = { 1: 'request', 2: 'reply' } as const;

export function echoRequest(random: Random, bytes: number): Buffer {
  const message = Buffer.alloc(Math.max(bytes, echoBytesMin));
  mark.copy(message);
  message[kindAt] = 1;
  message.set(random.bytes(echoBytesMin - nonceAt), nonceAt);
  return message;
}

export function echoReply(request: Buffer): Buffer {
  const message = Buffer.from(request);
  message[kindAt] = 2;
  return message;
}

/** Null: no echo. */
export function echoKindOf(bytes: Buffer): 'request' | 'reply' | null {
  if (bytes.length < echoBytesMin || !bytes.subarray(0, kindAt).equals(mark)) return null;
  return kinds[bytes[kindAt] as 1 | 2] ?? null;
}

export function nonceOf(bytes: Buffer): string {
  return bytes.toString('latin1', nonceAt, echoBytesMin);
}
