import { type Labels } from './names.ts';

/** Where things are in a message, within bounds and without following a pointer: nothing here can loop, and nothing is copied but labels. */
export interface WalkedRecord {
  readonly index: number;
  readonly type: number;
  readonly isRoot: boolean;
  readonly start: number;
  readonly end: number;
}

/** RFC 1035 §2.3.4 */
const nameBytesMax = 255;

/** The labels of a name without pointers: before the first question there is nothing to point at. */
export function readName(bytes: Buffer, start: number): { readonly labels: Labels; readonly end: number } | null {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63 || at + 1 + length - start > nameBytesMax) return null;
    at += 1;
    if (length === 0) return { labels, end: at };
    if (at + length > bytes.length) return null;
    labels.push(bytes.toString('latin1', at, at + length));
    at += length;
  }
}

/** Where each record begins and ends; a name ends with its first pointer, which is not followed. Null: they do not fill the message exactly. */
export function walkRecords(bytes: Buffer, start: number, count: number): readonly WalkedRecord[] | null {
  const records: WalkedRecord[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const fixed = skipName(bytes, at);
    if (fixed === null || fixed + 10 > bytes.length) return null;
    const end = fixed + 10 + bytes.readUInt16BE(fixed + 8);
    if (end > bytes.length) return null;
    records.push({ index, type: bytes.readUInt16BE(fixed), isRoot: bytes[at] === 0, start: at, end });
    at = end;
  }
  return at === bytes.length ? records : null;
}

function skipName(bytes: Buffer, start: number): number | null {
  for (let at = start; ;) {
    const length = bytes[at];
    if (length === undefined || at - start > nameBytesMax) return null;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return null;
    at += 1 + length;
    if (length === 0) return at;
  }
}
