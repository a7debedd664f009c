import { historyMinutesMax } from '../../contract/history.ts';
import { type Column, merged, wholeOf } from './columns.ts';

/** Peers of one network whose history is kept. */
export const peersMax = 256;

/** What was measured of one thing, minute for minute: value plus one, and zero where nothing is known. */
export interface Track {
  readonly columns: readonly Column[];
  readonly cells: readonly (Float64Array | Uint16Array)[];
}

export interface PeerTrack extends Track {
  /** The last minute with traffic worth the name; what decides who keeps a place. */
  talked: number;
}

/** Values in the order of the columns; null where nothing is known. */
export type Point = readonly (number | null)[];

/**
 * A day of minutes. The slot of a minute is its number modulo a day, and its stamp says which minute stands there: a clock that jumps to
 * and fro overwrites slots, but a value is never read as another minute's. Times are minutes since 1970.
 */
export interface Ring {
  readonly stamps: Uint32Array;
  /** How often it was looked within the minute; 0: the slot is empty. */
  readonly weights: Uint16Array;
  readonly own: Track;
  readonly peerColumns: readonly Column[];
  readonly peers: Map<string, PeerTrack>;
}

export function createRing(own: readonly Column[], peerColumns: readonly Column[] = []): Ring {
  return { stamps: new Uint32Array(historyMinutesMax), weights: new Uint16Array(historyMinutesMax), own: createTrack(own), peerColumns, peers: new Map() };
}

export function createTrack(columns: readonly Column[]): Track {
  return { columns, cells: columns.map(({ kind }) => (kind === 'sum' ? new Float64Array(historyMinutesMax) : new Uint16Array(historyMinutesMax))) };
}

/** A place for a peer; the caller keeps the bound of `peersMax`. */
export function addPeer(ring: Ring, id: string, talked = 0): PeerTrack {
  const track = { ...createTrack(ring.peerColumns), talked };
  ring.peers.set(id, track);
  return track;
}

const weightMost = 65_535;
const minuteMost = 0xffff_ffff;

/** Adds what a minute measured, to what it measured before if it was begun already. Peers without a place are left out. */
export function addMinute(ring: Ring, minute: number, weight: number, own: Point, peers: ReadonlyMap<string, Point> = new Map()): void {
  if (!Number.isInteger(minute) || minute < 0 || minute > minuteMost || weight < 1) return;
  const slot = minute % historyMinutesMax;
  if (ring.stamps[slot] !== minute) emptySlot(ring, slot);
  const before = ring.weights[slot] ?? 0;
  put(ring.own, slot, own, before, weight);
  for (const [id, point] of peers) {
    const track = ring.peers.get(id);
    if (track) put(track, slot, point, before, weight);
  }
  ring.stamps[slot] = minute;
  ring.weights[slot] = Math.min(weightMost, before + weight);
}

/** One column from the first to the last minute, both included, in its unit. */
export function readColumn(ring: Ring, track: Track, index: number, first: number, last: number): (number | null)[] {
  const cells = track.cells[index];
  const steps = track.columns[index]?.steps ?? 1;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => {
    const kept = isKnown(ring, first + i) ? (cells?.[(first + i) % historyMinutesMax] ?? 0) : 0;
    return kept === 0 ? null : (kept - 1) / steps;
  });
}

/** True when the minute stands in the ring. */
export function isKnown({ stamps, weights }: Ring, minute: number): boolean {
  const slot = minute % historyMinutesMax;
  return minute >= 0 && stamps[slot] === minute && (weights[slot] ?? 0) > 0;
}

/** Takes away peers of whom nothing is known any more. */
export function prune(ring: Ring): void {
  for (const [id, { cells }] of ring.peers) {
    if (cells.every((column) => column.every((value: number) => value === 0))) ring.peers.delete(id);
  }
}

function emptySlot(ring: Ring, slot: number): void {
  ring.weights[slot] = 0;
  for (const { cells } of [ring.own, ...ring.peers.values()]) for (const column of cells) column[slot] = 0;
}

function put({ columns, cells }: Track, slot: number, point: Point, before: number, weight: number): void {
  columns.forEach((column, i) => {
    const value = wholeOf(column, point[i]);
    const into = cells[i];
    if (value === null || into === undefined) return;
    const kept = into[slot] ?? 0;
    into[slot] = 1 + (kept === 0 ? value : Math.min(column.most, merged(column, kept - 1, before, value, weight)));
  });
}
