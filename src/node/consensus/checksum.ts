import { crc32 } from 'node:zlib';
import { type Entry, type HardState, type Index, type SnapshotRef } from '../../raft/types.ts';

/** CRC-32 (ISO-HDLC) over every field of an entry, lengths included, so that no byte can move between fields unseen. */
export function entryChecksum({ index, term, type, data, extensions, appendedAt }: Entry): number {
  let sum = crc32(`${index} ${term} ${type} ${data.length} ${extensions?.length ?? '-'} ${appendedAt?.length ?? '-'}`);
  for (const bytes of [data, extensions, appendedAt]) if (bytes) sum = crc32(bytes, sum);
  return sum;
}

/** The hard state beside the extent of log and snapshot. */
export interface Extent extends HardState {
  readonly first: Index;
  readonly last: Index;
  /** 0 when there is none. */
  readonly snapshot: Index;
}

export function extentChecksum({ term, votedFor, first, last, snapshot }: Extent): number {
  return crc32(JSON.stringify([term, votedFor, first, last, snapshot]));
}

export function snapshotChecksum({ index, term, configuration, configurationIndex }: SnapshotRef, bytes: Uint8Array): number {
  return crc32(bytes, crc32(JSON.stringify([index, term, configuration, configurationIndex, bytes.length])));
}
