import { DecodeError } from './msgpack.ts';

/** Seconds from 0001-01-01T00:00:00Z to 1970. */
const unixOffsetSeconds = 62_135_596_800n;

/** The binary form of Go's zero time, which the first entry of a log carries. */
export const goZeroTime: Uint8Array = goBinaryTime({ seconds: -unixOffsetSeconds, nanoseconds: 0 });

/**
 * Go's binary time: version 1, seconds since year 1, nanoseconds, zone offset in minutes (-1 means UTC). 15 bytes.
 * Entries carry it as `appendedAt`. Seconds are since 1970.
 */
export function goBinaryTime({ seconds, nanoseconds, offsetMinutes = -1 }: { seconds: bigint; nanoseconds: number; offsetMinutes?: number }): Uint8Array {
  const view = new DataView(new ArrayBuffer(15));
  view.setUint8(0, 1);
  view.setBigInt64(1, seconds + unixOffsetSeconds);
  view.setUint32(9, nanoseconds);
  view.setInt16(13, offsetMinutes);
  return new Uint8Array(view.buffer);
}

/** The same from milliseconds since 1970, in UTC. */
export function goBinaryTimeFromMs(epochMs: number): Uint8Array {
  const seconds = Math.floor(epochMs / 1000);
  return goBinaryTime({ seconds: BigInt(seconds), nanoseconds: Math.floor(epochMs - seconds * 1000) * 1_000_000 });
}

/** Version 1 has 15 bytes, version 2 (zones with odd seconds) has 16. The bytes are not looked into further: they travel unchanged. */
export function checkGoTime(bytes: Uint8Array): void {
  const fits = (bytes[0] === 1 && bytes.length === 15) || (bytes[0] === 2 && bytes.length === 16);
  if (!fits) throw new DecodeError('not a Go binary time');
}
