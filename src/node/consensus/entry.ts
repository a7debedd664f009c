import { compress } from 'snappyjs';
import { failure } from '../../base/failure.ts';
import { RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { DecodeError } from './msgpack.ts';
import { unsnappy } from './snappy.ts';

/** Nothing that a mesh writes comes near it; it bounds what one entry may cost every member. Equal on all replicas. */
export const entryBytesMax = 1024 * 1024;

/** A command as it stands in the log: one snappy block of the protobuf message. Fails with input.limit beyond entryBytesMax. */
export function encodeEntry(entry: RaftLogEntry): Uint8Array {
  const message = RaftLogEntry.encode(entry).finish();
  if (message.length > entryBytesMax) throw failure('input.limit', { what: 'log entry', bytes: message.length, bytesMax: entryBytesMax });
  return compress(message);
}

/** Reads a command. Throws DecodeError with the same words on every replica. */
export function decodeEntry(data: Uint8Array): RaftLogEntry {
  const message = unsnappy(data, entryBytesMax);
  try {
    return RaftLogEntry.decode(message);
  } catch {
    // The library's own words may change with its version; replicas of two versions must still agree.
    throw new DecodeError('not a RaftLogEntry');
  }
}
