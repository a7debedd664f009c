import { Scanner } from './msgpack.ts';

/** Bytes that arrived and were not used yet. Whole things are taken from its front; a half thing stays until the rest comes. */
export class Frames {
  #buffer = new Uint8Array(4096);
  #from = 0;
  #to = 0;
  #scanner: Scanner | undefined;

  get length(): number {
    return this.#to - this.#from;
  }

  push(bytes: Uint8Array): void {
    if (this.#to + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  byte(): number | undefined {
    return this.length === 0 ? undefined : this.#buffer[this.#from++];
  }

  /** So many msgpack values in a row, as one copy, or undefined when they are not all here. Throws DecodeError beyond the limits. */
  values(count: number): Uint8Array | undefined {
    this.#scanner ??= new Scanner(count);
    const length = this.#scanner.feed(this.#buffer.subarray(this.#from, this.#to));
    if (length === undefined) return undefined;
    this.#scanner = undefined;
    return this.raw(length);
  }

  /** At most so many bytes, as a copy. */
  raw(max: number): Uint8Array {
    const count = Math.min(max, this.length);
    this.#from += count;
    return this.#buffer.slice(this.#from - count, this.#from);
  }

  #makeRoom(count: number): void {
    const kept = this.#buffer.subarray(this.#from, this.#to);
    const needed = kept.length + count;
    const target = needed > this.#buffer.length || needed < this.#buffer.length / 4 ? new Uint8Array(Math.max(4096, needed * 2)) : this.#buffer;
    if (target === this.#buffer) target.copyWithin(0, this.#from, this.#to);
    else target.set(kept);
    this.#buffer = target;
    this.#from = 0;
    this.#to = kept.length;
  }
}
