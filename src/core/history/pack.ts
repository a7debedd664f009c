import { z } from 'zod';
import { historyMinutesMax } from '../../contract/history.ts';
import { readAs } from '../../contract/read-as.ts';
import { type Column } from './columns.ts';
import { addPeer, createRing, peersMax, type Ring, type Track } from './ring.ts';

/**
 * A ring as a JSON document: each column one base64 text of varints (LEB128: seven bits a byte, the least first), in the order of the
 * minutes. Zeros, that is nothing, are counted: a zero and how many. A busy peer's day takes about 20 KB, an idle one's some hundred bytes.
 */
export interface Packed {
  readonly format: 1;
  /** The first minute, then the distance of each from the one before. */
  readonly minutes: string;
  readonly weights: string;
  readonly own: readonly string[];
  readonly peers: readonly { readonly id: string; readonly talked: number; readonly columns: readonly string[] }[];
}

/** Eight bytes hold what a double counts exactly; base64 makes four letters of three bytes. */
const lettersMax = Math.ceil((historyMinutesMax * 8) / 3) * 4;
const text = z.string().max(lettersMax).regex(/^[A-Za-z0-9+/]*={0,2}$/);
const schema = z.object({
  format: z.literal(1),
  minutes: text,
  weights: text,
  own: z.array(text).max(16),
  peers: z.array(z.object({ id: z.string().min(1).max(253), talked: z.number().int().min(0), columns: z.array(text).max(16) })).max(peersMax),
});

export function pack(ring: Ring): Packed {
  // By their weight: the stamp of an empty slot is zero, which is the first minute of 1970 and where a machine without a clock begins.
  const minutes = [...ring.stamps].filter((_, slot) => (ring.weights[slot] ?? 0) > 0).sort((a, b) => a - b);
  const slots = minutes.map((minute) => minute % historyMinutesMax);
  const columns = ({ cells }: Track): string[] => cells.map((column) => write(slots.map((slot) => column[slot] ?? 0)));
  return {
    format: 1,
    minutes: write(minutes.map((minute, i) => minute - (minutes[i - 1] ?? 0))),
    weights: write(slots.map((slot) => ring.weights[slot] ?? 0)),
    own: columns(ring.own),
    peers: [...ring.peers].map(([id, track]) => ({ id, talked: track.talked, columns: columns(track) })),
  };
}

/** Undefined when the document is not one of ours, whole and in order. */
export function unpack(value: unknown, own: readonly Column[], peerColumns: readonly Column[] = []): Ring | undefined {
  const parsed = readAs(schema, value);
  if (!parsed.success) return undefined;
  const minutes = minutesOf(read(parsed.data.minutes, historyMinutesMax));
  const weights = minutes && read(parsed.data.weights, minutes.length);
  if (!minutes || weights?.length !== minutes.length || weights.some((weight) => weight < 1 || weight > 65_535)) return undefined;
  const slots = minutes.map((minute) => minute % historyMinutesMax);
  if (new Set(slots).size !== slots.length) return undefined;
  const ring = createRing(own, peerColumns);
  slots.forEach((slot, i) => {
    ring.stamps[slot] = minutes[i] ?? 0;
    ring.weights[slot] = weights[i] ?? 0;
  });
  if (!fill(ring.own, parsed.data.own, slots)) return undefined;
  const whole = parsed.data.peers.every(({ id, talked, columns }) => !ring.peers.has(id) && fill(addPeer(ring, id, talked), columns, slots));
  return whole ? ring : undefined;
}

/** The distances as minutes since 1970, or undefined when they do not rise or leave the range of a stamp. */
function minutesOf(distances: readonly number[] | undefined): number[] | undefined {
  let minute = 0;
  const minutes: number[] = [];
  for (const [i, distance] of (distances ?? [0, 0]).entries()) {
    minute += distance;
    if ((i > 0 && distance === 0) || minute > 0xffff_ffff) return undefined;
    minutes.push(minute);
  }
  return minutes;
}

function fill({ columns, cells }: Track, texts: readonly string[], slots: readonly number[]): boolean {
  return texts.length === columns.length && columns.every(({ most }, c) => {
    const values = read(texts[c] ?? '', slots.length);
    const into = cells[c];
    if (values?.length !== slots.length || into === undefined || values.some((value) => value > most + 1)) return false;
    slots.forEach((slot, i) => {
      into[slot] = values[i] ?? 0;
    });
    return true;
  });
}

function write(values: readonly number[]): string {
  const bytes: number[] = [];
  const varint = (value: number): void => {
    // By division: shifts would cut at 32 bits.
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return void bytes.push(rest);
      bytes.push((rest % 128) | 128);
    }
  };
  for (let i = 0; i < values.length; ) {
    const value = values[i] ?? 0;
    varint(value);
    let next = i + 1;
    if (value === 0) {
      while (next < values.length && values[next] === 0) next++;
      varint(next - i);
    }
    i = next;
  }
  return Buffer.from(bytes).toString('base64');
}

/** At most so many values; undefined when the text holds more, ends in the middle of one, or holds one too large to be exact. */
function read(letters: string, most: number): number[] | undefined {
  const bytes = Buffer.from(letters, 'base64');
  const values: number[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let unit = 1; at < bytes.length; unit *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * unit;
      if (!Number.isSafeInteger(value)) return Number.NaN;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const value = varint();
    const times = value === 0 ? varint() : 1;
    if (Number.isNaN(value) || !(times >= 1) || values.length + times > most) return undefined;
    for (let i = 0; i < times; i++) values.push(value);
  }
  return values;
}
