import { between, chance, pick } from '../../../src/base/random.ts';
import { type Help, inputBytesMax, type Shape } from './shape.ts';

/** Bytes on which binary formats and integer arithmetic change their mind. */
const spicyBytes = [0, 1, 0x0a, 0x1f, 0x20, 0x22, 0x2f, 0x30, 0x3f, 0x40, 0x5b, 0x7b, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xcf, 0xd3, 0xd9, 0xdb, 0xdd, 0xdf, 0xfe, 0xff];
const spicyNumbers = [0, 1, 2, 15, 16, 127, 128, 255, 256, 1023, 4096, 32_767, 32_768, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** One change to bytes of which nothing is known, in the manner of AFL's havoc stage. */
export const bytes: Shape = (input, help) => {
  const { random } = help;
  const change = input.length === 0 ? insertWord : pick(random, changes);
  const changed = change(input, help);
  return changed.length > inputBytesMax ? changed.subarray(0, inputBytesMax) : changed;
};

const changes: readonly Shape[] = [flipBit, setByte, setByte, setNumber, addToByte, dropBlock, dropBlock, copyBlock, repeatBlock, insertWord, overwriteWord, splice, cut];

function flipBit(input: Uint8Array, { random }: Help): Uint8Array {
  const copy = new Uint8Array(input);
  const at = between(random, 0, copy.length - 1);
  copy[at] = (copy[at] as number) ^ (1 << between(random, 0, 7));
  return copy;
}

function setByte(input: Uint8Array, { random }: Help): Uint8Array {
  const copy = new Uint8Array(input);
  copy[between(random, 0, copy.length - 1)] = chance(random, 0.6) ? pick(random, spicyBytes) : between(random, 0, 255);
  return copy;
}

function setNumber(input: Uint8Array, { random }: Help): Uint8Array {
  const copy = new Uint8Array(input);
  const width = pick(random, [2, 4]);
  if (copy.length < width) return copy;
  const view = new DataView(copy.buffer, between(random, 0, copy.length - width), width);
  const value = pick(random, spicyNumbers);
  if (width === 2) view.setUint16(0, value & 0xffff, chance(random, 0.5));
  else view.setUint32(0, value, chance(random, 0.5));
  return copy;
}

function addToByte(input: Uint8Array, { random }: Help): Uint8Array {
  const copy = new Uint8Array(input);
  const at = between(random, 0, copy.length - 1);
  copy[at] = (copy[at] as number) + between(random, -8, 8);
  return copy;
}

/** A block's ends: mostly short ones, sometimes half of the input. */
function block(input: Uint8Array, { random }: Help): [number, number] {
  const from = between(random, 0, input.length - 1);
  const length = chance(random, 0.8) ? between(random, 1, 16) : between(random, 1, input.length);
  return [from, Math.min(input.length, from + length)];
}

function dropBlock(input: Uint8Array, help: Help): Uint8Array {
  const [from, to] = block(input, help);
  return joined(input.subarray(0, from), input.subarray(to));
}

function copyBlock(input: Uint8Array, help: Help): Uint8Array {
  const [from, to] = block(input, help);
  return inserted(input, input.subarray(from, to), help);
}

/** Where the cost of an input grows faster than its length, this shows it. */
function repeatBlock(input: Uint8Array, help: Help): Uint8Array {
  const { random } = help;
  const [from, to] = block(input, help);
  const times = chance(random, 0.05) ? between(random, 100, 4_000) : between(random, 2, 8);
  const part = Buffer.from(input.subarray(from, to));
  return inserted(input, Buffer.alloc(Math.min(part.length * times, inputBytesMax), part), help);
}

function insertWord(input: Uint8Array, help: Help): Uint8Array {
  return inserted(input, word(help), help);
}

function overwriteWord(input: Uint8Array, help: Help): Uint8Array {
  const part = word(help);
  const at = between(help.random, 0, input.length);
  return joined(input.subarray(0, at), part, input.subarray(Math.min(input.length, at + part.length)));
}

/** A text as it is. A number every other time as the bytes that a binary format has for it. */
function word({ random, words }: Help): Uint8Array {
  const text = pick(random, words);
  if (!/^\d{1,10}$/.test(text) || chance(random, 0.5)) return Buffer.from(text);
  const value = Number(text) >>> 0;
  const bytes = Buffer.alloc(value < 256 && chance(random, 0.7) ? 1 : value < 65_536 ? 2 : 4);
  if (chance(random, 0.5)) bytes.writeUIntBE(value, 0, bytes.length);
  else bytes.writeUIntLE(value, 0, bytes.length);
  return bytes;
}

function splice(input: Uint8Array, { random, other }: Help): Uint8Array {
  return joined(input.subarray(0, between(random, 0, input.length)), other.subarray(between(random, 0, other.length)));
}

function cut(input: Uint8Array, { random }: Help): Uint8Array {
  return input.subarray(0, between(random, 0, input.length));
}

function inserted(input: Uint8Array, part: Uint8Array, { random }: Help): Uint8Array {
  const at = between(random, 0, input.length);
  return joined(input.subarray(0, at), part, input.subarray(at));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
