/** What an update server may cost us, however it behaves. Sizes in bytes, times in milliseconds. */
export const updateLimits = {
  /** Of one metadata file. Ours have two to fifteen thousand; parsing is quadratic in the library, and comes before the signature. */
  metadataBytesMax: 64 * 1024,
  /** Of all metadata files of one check. */
  checkBytesMax: 512 * 1024,
  /** Of one installer, whatever is signed. */
  payloadBytesMax: 512 * 1024 * 1024,
  /** A root that was replaced more often than this since our own is followed further at the next check. */
  rootsMax: 16,
  /** Nesting of metadata. */
  depthMax: 16,
  metadataMs: 10_000,
  checkMs: 60_000,
  /** Without one byte. */
  stallMs: 30_000,
  /** For a whole installer: this, and the time that its signed length takes at the least rate. */
  payloadMs: 60_000,
  bytesPerSecondMin: 16 * 1024,
} as const;

/** How long an installer of this length may take. */
export function payloadDeadlineMs(bytes: number): number {
  return updateLimits.payloadMs + (bytes / updateLimits.bytesPerSecondMin) * 1000;
}
