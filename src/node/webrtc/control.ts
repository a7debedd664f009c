/**
 * Channel 0. What everybody speaks is one message: four bytes that announce a stream (wire reference: CHANNELS). Between nodes of ours, which
 * know each other by the session description, there are longer ones; they never have four bytes.
 *   id u32 | 1 | text           like an announcement, but to this destination: `tcp 10.0.0.1:80`
 *   id u32 | 2 | bytes u32      the sender of this takes so many bytes more of this stream
 *   id u32 | 3 | bytes u64      nothing follows in this stream; so many bytes were sent in all
 *   id u32 | 4 | text           the stream was not opened, and why
 */
export type Frame =
  | { readonly kind: 'announce'; readonly number: number }
  | { readonly kind: 'open'; readonly number: number; readonly destination: string }
  | { readonly kind: 'credit'; readonly number: number; readonly bytes: number }
  | { readonly kind: 'end'; readonly number: number; readonly bytes: number }
  | { readonly kind: 'refused'; readonly number: number; readonly problem: string };

export const textBytesMax = 300;
const kinds = { open: 1, credit: 2, end: 3, refused: 4 } as const;

/** The channel that an announced number stands for: its low 16 bits. 0 stands for none. */
export function channelOf(number: number): number {
  return number & 0xffff;
}

/** Undefined: a breach, which ends the connection. */
export function readFrame(message: Uint8Array, ours: boolean): Frame | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length === 4) return { kind: 'announce', number: bytes.readUInt32BE() };
  if (!ours || bytes.length < 6 || bytes.length > 5 + textBytesMax) return undefined;
  const number = bytes.readUInt32BE();
  switch (bytes[4]) {
    case kinds.open: return { kind: 'open', number, destination: bytes.toString('utf8', 5) };
    case kinds.credit: return bytes.length === 9 ? { kind: 'credit', number, bytes: bytes.readUInt32BE(5) } : undefined;
    case kinds.end: return bytes.length === 13 ? { kind: 'end', number, bytes: Number(bytes.readBigUInt64BE(5)) } : undefined;
    case kinds.refused: return { kind: 'refused', number, problem: bytes.toString('utf8', 5) };
    default: return undefined;
  }
}

export function writeFrame(frame: Frame): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(frame.number);
  switch (frame.kind) {
    case 'announce': return head;
    case 'open': return Buffer.concat([head, Buffer.from([kinds.open]), text(frame.destination)]);
    case 'refused': return Buffer.concat([head, Buffer.from([kinds.refused]), text(frame.problem)]);
    case 'credit': return Buffer.concat([head, Buffer.from([kinds.credit]), word(frame.bytes)]);
    case 'end': return Buffer.concat([head, Buffer.from([kinds.end]), long(frame.bytes)]);
  }
}

function text(value: string): Buffer {
  return Buffer.from(value === '' ? '?' : value).subarray(0, textBytesMax);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
