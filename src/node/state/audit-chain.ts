import { sha256 } from '@noble/hashes/sha2.js';

/** One event with its place in the chain. */
export interface AuditEvent {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly actor: string;
  readonly node: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export const hashBytes = 32;
/** What the first event's hash is chained to. */
export const noHash: Uint8Array = new Uint8Array(hashBytes);

/**
 * SHA-256 (FIPS 180-4) over the hash before and the event:
 * 32 bytes the hash before · 8 bytes sequence, unsigned · 8 bytes at_ms, two's complement · then of actor, node, action, subject and
 * detail, each: 4 bytes length in bytes, unsigned, and the text in UTF-8. All numbers big-endian.
 */
export function auditHash(before: Uint8Array, { sequence, atMs, actor, node, action, subject, detail }: AuditEvent): Uint8Array {
  const texts = [actor, node, action, subject, detail].map((text) => encoder.encode(text));
  const bytes = new Uint8Array(hashBytes + 16 + texts.reduce((sum, text) => sum + 4 + text.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set(before, 0);
  view.setBigUint64(hashBytes, BigInt(sequence));
  view.setBigInt64(hashBytes + 8, BigInt(atMs));
  let at = hashBytes + 16;
  for (const text of texts) {
    view.setUint32(at, text.length);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return sha256(bytes);
}

const encoder = new TextEncoder();
