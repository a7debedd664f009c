import { DecodeError } from './msgpack.ts';

/**
 * Unpacks one block of the snappy format (format_description.txt of google/snappy). The announced length is checked before anything is
 * kept for it, every copy is checked against it, and a block that ends short is refused, as Go refuses it. Our own reader, because the
 * library's one follows negative lengths backwards and never ends on some hostile blocks.
 */
export function unsnappy(block: Uint8Array, lengthMax: number): Uint8Array {
  const { length, at: start } = announced(block);
  if (length > lengthMax) throw new DecodeError(`block of ${length} bytes is longer than ${lengthMax}`);
  const out = new Uint8Array(length);
  let to = 0;
  let at = start;
  while (at < block.length) {
    const tag = block[at++] as number;
    if ((tag & 3) === 0) {
      const { count, at: from } = literalLength(block, tag >>> 2, at);
      if (count > block.length - from || count > length - to) throw new DecodeError('literal reaches beyond its block');
      out.set(block.subarray(from, from + count), to);
      at = from + count;
      to += count;
    } else {
      const { offset, count, at: next } = copyOf(block, tag, at);
      if (offset === 0 || offset > to || count > length - to) throw new DecodeError('copy reaches beyond its block');
      // Byte by byte: a copy may overlap what it writes.
      for (let i = 0; i < count; i++) out[to + i] = out[to - offset + i] as number;
      at = next;
      to += count;
    }
  }
  if (to !== length) throw new DecodeError('block is shorter than it announces');
  return out;
}

function announced(block: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at];
    if (byte === undefined) throw new DecodeError('block without a length');
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, at: at + 1 };
  }
  throw new DecodeError('block length is out of range');
}

/** Up to 60 bytes in the tag itself; 60 to 63 say how many bytes of length follow. */
function literalLength(block: Uint8Array, code: number, at: number): { count: number; at: number } {
  if (code < 60) return { count: code + 1, at };
  const bytes = code - 59;
  return { count: littleEndian(block, at, bytes) + 1, at: at + bytes };
}

function copyOf(block: Uint8Array, tag: number, at: number): { offset: number; count: number; at: number } {
  switch (tag & 3) {
    case 1:
      return { count: ((tag >>> 2) & 7) + 4, offset: ((tag >>> 5) << 8) + littleEndian(block, at, 1), at: at + 1 };
    case 2:
      return { count: (tag >>> 2) + 1, offset: littleEndian(block, at, 2), at: at + 2 };
    default:
      return { count: (tag >>> 2) + 1, offset: littleEndian(block, at, 4), at: at + 4 };
  }
}

function littleEndian(block: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const byte = block[at + i];
    if (byte === undefined) throw new DecodeError('block is cut short');
    value += byte * 2 ** (8 * i);
  }
  return value;
}
