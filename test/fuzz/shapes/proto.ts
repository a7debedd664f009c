import { between, chance, pick } from '../../../src/base/random.ts';
import { bytes, joined } from './bytes.ts';
import { type Help, type Shape } from './shape.ts';

/** One field as it stands on the wire (protobuf.dev/programming-guides/encoding), whatever its message is. */
interface Field {
  number: number;
  kind: 0 | 1 | 2 | 5;
  /** A varint, or 8, 4 or any number of bytes. */
  value: bigint | Uint8Array;
}

const spicyVarints = [0n, 1n, 2n, 3n, 7n, 127n, 128n, 255n, 65_535n, 65_536n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const depthMax = 6;

/** One change somewhere in a message without its schema: a field goes, comes, is doubled, or gets another value. Every sixth is to the bytes. */
export const proto: Shape = (input, help) => {
  const fields = chance(help.random, 0.17) ? undefined : fieldsOf(input);
  return fields === undefined ? bytes(input, help) : written(changed(fields, help, 0));
};

function changed(fields: Field[], help: Help, depth: number): Field[] {
  const { random } = help;
  const at = between(random, 0, Math.max(0, fields.length - 1));
  const field = fields[at];
  const copies = chance(random, 0.03) ? between(random, 50, 2_000) : 1;
  switch (field === undefined ? 0 : between(random, 0, 9)) {
    case 0: return [...fields, newField(help)];
    case 1: return fields.filter((_, i) => i !== at);
    case 2: return [...fields, ...Array.from({ length: copies }, () => field as Field)];
    case 3: return fields.map((one, i) => (i === at ? { ...one, number: between(random, 1, 16) } : one));
    default: return fields.map((one, i) => (i === at ? { ...one, value: freshValue(one, help, depth) } : one));
  }
}

function newField(help: Help): Field {
  const { random, words, other } = help;
  const number = between(random, 1, 20);
  if (chance(random, 0.4)) return { number, kind: 0, value: pick(random, spicyVarints) };
  return { number, kind: 2, value: chance(random, 0.6) ? Buffer.from(pick(random, words)) : other.subarray(0, 200) };
}

function freshValue({ kind, value }: Field, help: Help, depth: number): bigint | Uint8Array {
  const { random, words } = help;
  if (typeof value === 'bigint') return chance(random, 0.6) ? pick(random, spicyVarints) : BigInt.asUintN(64, value + BigInt(between(random, -2, 2)));
  if (kind !== 2) return random.bytes(value.length);
  const inner = depth < depthMax && value.length > 1 && chance(random, 0.6) ? fieldsOf(value) : undefined;
  if (inner !== undefined) return written(changed(inner, help, depth + 1));
  return chance(random, 0.3) ? Buffer.from(pick(random, words)) : bytes(value, help);
}

/** The fields of a message, or undefined when the bytes are none. Groups are none either: nothing of ours has them. */
export function fieldsOf(input: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  while (at < input.length && fields.length < 5_000) {
    const tag = varintAt(input, at);
    if (tag === undefined) return undefined;
    at = tag.next;
    const [number, kind] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    if (number < 1 || number > 1e6) return undefined;
    if (kind === 0) {
      const body = varintAt(input, at);
      if (body === undefined) return undefined;
      fields.push({ number, kind, value: body.value });
      at = body.next;
    } else if (kind === 1 || kind === 2 || kind === 5) {
      const length = kind === 2 ? varintAt(input, at) : { value: kind === 1 ? 8n : 4n, next: at };
      if (length === undefined || length.value > BigInt(input.length - length.next)) return undefined;
      at = length.next + Number(length.value);
      fields.push({ number, kind, value: input.subarray(length.next, at) });
    } else return undefined;
  }
  return fields;
}

function varintAt(input: Uint8Array, at: number): { value: bigint; next: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = input[at + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: at + i + 1 };
  }
  return undefined;
}

function written(fields: readonly Field[]): Uint8Array {
  return joined(...fields.flatMap(({ number, kind, value }) => {
    const tag = varint((BigInt(number) << 3n) | BigInt(kind));
    if (typeof value === 'bigint') return [tag, varint(value)];
    return kind === 2 ? [tag, varint(BigInt(value.length)), value] : [tag, value];
  }));
}

function varint(value: bigint): Uint8Array {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...out, Number(rest)]);
    out.push(Number(rest & 0x7fn) | 0x80);
  }
}
