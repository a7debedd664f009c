/** Bytes and their texts, for the layers that have no Node.js module. Results are plain arrays. */

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Pairs of upper-case hex digits joined by colons: the form in which people compare fingerprints. */
export function toFingerprint(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase().replace(/(..)(?!$)/g, '$1:');
}

/** Standard base64. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Bytes of a base64 or base64url text that is written in its one proper form; undefined for any other. */
export function fromBase(text: string, form: 'base64' | 'base64url'): Uint8Array | undefined {
  const bytes = Buffer.from(text, form);
  return bytes.toString(form) === text ? Uint8Array.from(bytes) : undefined;
}

/** True for the same bytes. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
