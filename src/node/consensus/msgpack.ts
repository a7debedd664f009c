/**
 * Msgpack exactly as go-msgpack 0.5.5 writes it (raw strings only, no str8, no bin, no ext), and as leniently as it reads it:
 * any integer width, str8 and bin where bytes are wanted, nil for the zero value of anything. Everything read is bounded.
 */
export class DecodeError extends Error {
  override name = 'DecodeError';
}

/** What a value from outside may cost. Announced sizes are checked before anything is kept for them. */
export const wireLimits = { frameBytesMax: 16 * 1024 * 1024, itemsMax: 65_536, depthMax: 16 } as const;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  /** Bytes as they are, without a header. */
  verbatim(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  nil(): this {
    return this.byte(0xc0);
  }

  bool(value: boolean): this {
    return this.byte(value ? 0xc3 : 0xc2);
  }

  /** A non-negative safe integer in its shortest form. */
  uint(value: number): this {
    if (value < 0x80) return this.byte(value);
    if (value < 0x100) return this.byte(0xcc).byte(value);
    if (value < 0x10000) return this.byte(0xcd).#uint16(value);
    if (value < 2 ** 32) return this.byte(0xce).#uint32(value);
    this.byte(0xcf).#uint32(Math.floor(value / 2 ** 32));
    return this.#uint32(value % 2 ** 32);
  }

  /** A Go []byte: null is nil, everything else the raw string family. */
  bytes(value: Uint8Array | null): this {
    if (value === null) return this.nil();
    if (value.length < 32) this.byte(0xa0 | value.length);
    else if (value.length < 0x10000) this.byte(0xda).#uint16(value.length);
    else this.byte(0xdb).#uint32(value.length);
    return this.verbatim(value);
  }

  text(value: string): this {
    return this.#shortAscii(value) ? this : this.bytes(encoder.encode(value));
  }

  array(items: number): this {
    if (items < 16) return this.byte(0x90 | items);
    return items < 0x10000 ? this.byte(0xdc).#uint16(items) : this.byte(0xdd).#uint32(items);
  }

  map(pairs: number): this {
    return pairs < 16 ? this.byte(0x80 | pairs) : this.byte(0xde).#uint16(pairs);
  }

  /** Field names and ids are nearly all short and plain; for those the encoder costs more than the bytes. */
  #shortAscii(value: string): boolean {
    if (value.length > 31) return false;
    this.#room(1 + value.length);
    let at = this.#at;
    this.#bytes[at++] = 0xa0 | value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      this.#bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #uint16(value: number): this {
    this.#room(2);
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
    return this;
  }

  #uint32(value: number): this {
    this.#room(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
    return this;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** What one head byte announces: a number of items that follow, or a number of bytes that follow. */
interface Head {
  readonly kind: 'nil' | 'bool' | 'uint' | 'int' | 'float' | 'text' | 'bin' | 'ext' | 'array' | 'map';
  /** Bytes of the head that follow the first byte: a length, or the value of a number. */
  readonly headBytes: number;
}

/** The head of a first byte, or undefined for 0xc1, which means nothing. */
function headOf(first: number): Head | undefined {
  if (first < 0x80) return { kind: 'uint', headBytes: 0 };
  if (first < 0x90) return { kind: 'map', headBytes: 0 };
  if (first < 0xa0) return { kind: 'array', headBytes: 0 };
  if (first < 0xc0) return { kind: 'text', headBytes: 0 };
  if (first >= 0xe0) return { kind: 'int', headBytes: 0 };
  return heads[first - 0xc0];
}

const heads: readonly (Head | undefined)[] = [
  { kind: 'nil', headBytes: 0 }, undefined, { kind: 'bool', headBytes: 0 }, { kind: 'bool', headBytes: 0 },
  { kind: 'bin', headBytes: 1 }, { kind: 'bin', headBytes: 2 }, { kind: 'bin', headBytes: 4 },
  { kind: 'ext', headBytes: 1 }, { kind: 'ext', headBytes: 2 }, { kind: 'ext', headBytes: 4 },
  { kind: 'float', headBytes: 4 }, { kind: 'float', headBytes: 8 },
  { kind: 'uint', headBytes: 1 }, { kind: 'uint', headBytes: 2 }, { kind: 'uint', headBytes: 4 }, { kind: 'uint', headBytes: 8 },
  { kind: 'int', headBytes: 1 }, { kind: 'int', headBytes: 2 }, { kind: 'int', headBytes: 4 }, { kind: 'int', headBytes: 8 },
  { kind: 'ext', headBytes: 0 }, { kind: 'ext', headBytes: 0 }, { kind: 'ext', headBytes: 0 }, { kind: 'ext', headBytes: 0 }, { kind: 'ext', headBytes: 0 },
  { kind: 'text', headBytes: 1 }, { kind: 'text', headBytes: 2 }, { kind: 'text', headBytes: 4 },
  { kind: 'array', headBytes: 2 }, { kind: 'array', headBytes: 4 }, { kind: 'map', headBytes: 2 }, { kind: 'map', headBytes: 4 },
];

/** Reads values from a buffer that holds them whole. Throws DecodeError on anything else. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A copy of bytes as Go reads a []byte: raw string, str8 or bin; nil is null. */
  bytes(): Uint8Array | null {
    const { kind, value } = this.#head();
    if (kind === 'nil') return null;
    if (kind !== 'text' && kind !== 'bin') throw new DecodeError(`bytes wanted, ${kind} found`);
    return this.#take(value).slice();
  }

  /** Text of the raw string family. Bin is refused as Go refuses it; nil is the empty string. */
  text(): string {
    const { kind, value } = this.#head();
    if (kind === 'nil') return '';
    if (kind !== 'text') throw new DecodeError(`text wanted, ${kind} found`);
    return textOf(this.#take(value));
  }

  /** A non-negative safe integer of any width, signed forms included; nil is 0. */
  uint(): number {
    const { kind, value } = this.#head();
    if (kind === 'nil') return 0;
    if (kind !== 'uint' && kind !== 'int') throw new DecodeError(`integer wanted, ${kind} found`);
    if (value < 0 || !Number.isSafeInteger(value)) throw new DecodeError('integer out of range');
    return value;
  }

  bool(): boolean {
    const { kind, value } = this.#head();
    if (kind === 'nil') return false;
    if (kind !== 'bool') throw new DecodeError(`boolean wanted, ${kind} found`);
    return value === 1;
  }

  /** True, and consumed, when the next value is nil. */
  nil(): boolean {
    if (this.#bytes[this.#at] !== 0xc0) return false;
    this.#at++;
    return true;
  }

  /** An array of things, or null for nil. */
  array<T>(item: (reader: Reader) => T): T[] | null {
    const { kind, value } = this.#head();
    if (kind === 'nil') return null;
    if (kind !== 'array') throw new DecodeError(`array wanted, ${kind} found`);
    const items: T[] = [];
    for (let i = 0; i < value; i++) items.push(item(this));
    return items;
  }

  /**
   * A Go struct: a map with exact field names in any order (unknown ones are skipped, missing ones stay zero), an array in
   * declaration order, or nil. `field` reads the value of the field that it is told; `names` is in declaration order.
   */
  struct<K extends string>(names: readonly K[], field: (name: K, reader: Reader) => void): void {
    const { kind, value } = this.#head();
    if (kind === 'nil') return;
    if (kind !== 'map' && kind !== 'array') throw new DecodeError(`struct wanted, ${kind} found`);
    for (let i = 0; i < value; i++) {
      const key = kind === 'array' ? names[i] : this.text();
      const name = names.find((n) => n === key);
      if (name === undefined) this.skip();
      else field(name, this);
    }
  }

  /** Passes over one value of any kind. */
  skip(): void {
    const scan = new Scanner();
    const rest = this.#bytes.subarray(this.#at);
    const length = scan.feed(rest);
    if (length === undefined) throw new DecodeError('value is cut short');
    this.#at += length;
  }

  #head(): { kind: Head['kind']; value: number } {
    const first = this.#bytes[this.#at];
    if (first === undefined) throw new DecodeError('value is cut short');
    const head = headOf(first);
    if (!head) throw new DecodeError('0xc1 is no value');
    if (this.#at + 1 + head.headBytes > this.#bytes.length) throw new DecodeError('value is cut short');
    const value = headValue(head, first, this.#view, this.#at + 1);
    this.#at += 1 + head.headBytes;
    if ((head.kind === 'array' || head.kind === 'map') && value > this.#bytes.length - this.#at) throw new DecodeError('more items than bytes');
    return { kind: head.kind, value };
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw new DecodeError('value is cut short');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

/** UTF-8 or a DecodeError: ids and addresses are text, whatever family their bytes travelled in. */
export function textOf(bytes: Uint8Array): string {
  const plain = bytes.length < 32 ? shortAsciiOf(bytes) : undefined;
  if (plain !== undefined) return plain;
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DecodeError('text is not UTF-8');
  }
}

function shortAsciiOf(bytes: Uint8Array): string | undefined {
  let text = '';
  for (const byte of bytes) {
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Finds where one value, or several in a row, end while their bytes still arrive, in one pass over them: a stream of msgpack
 * has no frame lengths. Feed it the same growing buffer again; it continues where it stopped.
 */
export class Scanner {
  #at = 0;
  /** How many values are still to come at each level of nesting. */
  readonly #left: number[];

  constructor(values = 1) {
    this.#left = [values];
  }

  /** The length in bytes, or undefined when more bytes are needed. Throws DecodeError beyond the limits. */
  feed(bytes: Uint8Array): number | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (this.#left.length > 0) {
      const first = bytes[this.#at];
      if (first === undefined) return undefined;
      const head = headOf(first);
      if (!head) throw new DecodeError('0xc1 is no value');
      const bodyAt = this.#at + 1 + head.headBytes;
      if (bodyAt > bytes.length) return undefined;
      const value = headValue(head, first, view, this.#at + 1);
      const bodyBytes = head.kind === 'text' || head.kind === 'bin' ? value : head.kind === 'ext' ? value + 1 : 0;
      if (bodyAt + bodyBytes > wireLimits.frameBytesMax) throw new DecodeError('frame is too long');
      if (bodyAt + bodyBytes > bytes.length) return undefined;
      this.#at = bodyAt + bodyBytes;
      this.#consumed(head.kind === 'array' ? value : head.kind === 'map' ? value * 2 : 0);
    }
    return this.#at;
  }

  /** One value was read that announces `children` more. */
  #consumed(children: number): void {
    this.#left[this.#left.length - 1] = (this.#left.at(-1) ?? 0) - 1;
    if (children > 0) {
      if (children > wireLimits.itemsMax || this.#left.length >= wireLimits.depthMax) throw new DecodeError('too many items or levels');
      this.#left.push(children);
    }
    while (this.#left.at(-1) === 0) this.#left.pop();
  }
}

/** The number in a head: the value of numbers and booleans, the count of everything else. 64-bit values may be unsafe integers. */
function headValue({ kind, headBytes }: Head, first: number, view: DataView, at: number): number {
  switch (headBytes) {
    case 0:
      if (kind === 'bool') return first === 0xc3 ? 1 : 0;
      if (kind === 'int') return first - 0x100;
      if (kind === 'ext') return 1 << (first - 0xd4);
      return kind === 'text' ? first & 0x1f : kind === 'array' || kind === 'map' ? first & 0x0f : first;
    case 1:
      return kind === 'int' ? view.getInt8(at) : view.getUint8(at);
    case 2:
      return kind === 'int' ? view.getInt16(at) : view.getUint16(at);
    case 4:
      return kind === 'int' ? view.getInt32(at) : view.getUint32(at);
    default:
      return (kind === 'int' ? view.getInt32(at) : view.getUint32(at)) * 2 ** 32 + view.getUint32(at + 4);
  }
}
