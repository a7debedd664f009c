/** The outside of STUN and TURN messages (RFC 8489 section 5, RFC 8656 section 12.4): what is looked at before the library gets any of it. */

/** Bytes of a request: long names and all addresses of one permission request fit. */
const requestBytesMax = 1_024;
/** Bytes of anything. WireGuard's datagrams fit any path's MTU; jumbo frames need no relay. */
export const frameBytesMax = 4_096;
const headerBytes = 20;
const cookie = 0x2112a442;
const passwordAlgorithms = 0x8002;
const fingerprint = 0x8028;

/** binding: a question that needs no proof. request: one that needs it. data: for who has an allocation, as an indication or on a channel. */
export type FrameKind = 'binding' | 'request' | 'data';

/** By message type: binding, allocate, refresh, create permission, channel bind, send. */
const kindOf: Readonly<Record<number, FrameKind>> = { 1: 'binding', 3: 'request', 4: 'request', 8: 'request', 9: 'request', 22: 'data' };

/** What one whole frame is; null for what is not served: TCP relays (RFC 6062), responses, anything broken or too long. */
export function classify(bytes: Buffer): FrameKind | null {
  if (bytes.length < 4 || bytes.length > frameBytesMax) return null;
  const first = bytes.readUInt8(0);
  // Over TCP a channel's data is filled up to four bytes; over UDP it may be.
  if (first >= 0x40 && first <= 0x4f) return [0, 1, 2, 3].includes(bytes.length - 4 - bytes.readUInt16BE(2)) ? 'data' : null;
  if (bytes.length < headerBytes || bytes.readUInt32BE(4) !== cookie || bytes.readUInt16BE(2) !== bytes.length - headerBytes || bytes.length % 4 !== 0) return null;
  const kind = kindOf[bytes.readUInt16BE(0)] ?? null;
  return kind !== 'data' && bytes.length > requestBytesMax ? null : kind;
}

/** Cuts a stream into frames. False: this is no STUN or TURN, or a frame is too long; nothing after it can be understood. */
export function frameCutter(take: (frame: Buffer) => void): (chunk: Buffer) => boolean {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = frameLength(bytes, at);
      if (length === null) return false;
      if (bytes.length - at < length) break;
      take(bytes.subarray(at, at + length));
      at += length;
    }
    // A copy: a view would keep the whole chunk alive for a few bytes.
    rest = Buffer.from(bytes.subarray(at));
    return true;
  };
}

function frameLength(bytes: Buffer, at: number): number | null {
  const first = bytes.readUInt8(at);
  if (first < 0x40 && bytes.length - at >= 8 && bytes.readUInt32BE(at + 4) !== cookie) return null;
  const body = bytes.readUInt16BE(at + 2);
  const length = first < 0x40 ? headerBytes + body : first <= 0x4f ? 4 + Math.ceil(body / 4) * 4 : null;
  return length !== null && length <= frameBytesMax ? length : null;
}

/** Fills a channel's data up to four bytes, as streams need it (RFC 8656 section 12.5). Everything else has such a length already. */
export function padded(bytes: Buffer): Buffer {
  return bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

export interface RawMessage {
  readonly type: number;
  readonly transactionId: Buffer;
  readonly attributes: readonly { readonly type: number; readonly raw: Buffer }[];
  readonly fingerprint: boolean;
}

/**
 * A challenge (401, 438) without its list of password algorithms, or null for any other message. The list makes the answer longer than three
 * times the shortest request, and no client may heed it without the mark in the nonce that announces it (RFC 8489 section 9.2.1).
 */
export function shortChallenge(bytes: Buffer): RawMessage | null {
  if (bytes.length < headerBytes || (bytes.readUInt16BE(0) & 0x0110) !== 0x0110) return null;
  const attributes: { type: number; raw: Buffer }[] = [];
  for (let at = headerBytes; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    attributes.push({ type: bytes.readUInt16BE(at), raw: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  if (!attributes.some(({ type }) => type === passwordAlgorithms)) return null;
  return {
    type: bytes.readUInt16BE(0),
    transactionId: bytes.subarray(8, headerBytes),
    attributes: attributes.filter(({ type }) => type !== passwordAlgorithms && type !== fingerprint),
    fingerprint: attributes.some(({ type }) => type === fingerprint),
  };
}
