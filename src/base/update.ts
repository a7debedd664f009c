/** Kinds of installers, and with them who installs: a package manager, an installer that is opened, an image that is run. */
export const installerFormats = ['deb', 'rpm', 'AppImage', 'exe', 'pkg', 'dmg'] as const;
export type InstallerFormat = (typeof installerFormats)[number];

/** A newer version of this app that its makers signed. The notes are theirs; shells show them as plain text. */
export interface Release {
  readonly version: string;
  readonly notes: string;
  /** Length of its installer. */
  readonly bytes: number;
  readonly format: InstallerFormat;
}

/**
 * Newer versions of this app. Everything is verified before a word is said of it; nothing is ever run. One call at a time.
 * Rejects with update.* and with the disk's failures.
 */
export interface Updates {
  /** False: this build knows no address to ask, and never asks one. */
  readonly configured: boolean;
  /** Null: there is nothing newer for this machine. */
  check(signal: AbortSignal): Promise<Release | null>;
  /**
   * Asks again, fetches the newest and verifies it; `told` says how many bytes have come. Null: there is nothing newer any more.
   * Whatever goes wrong, nothing of it stays on the disk.
   */
  download(told: (release: Release, bytes: number) => void, signal: AbortSignal): Promise<{ readonly release: Release; readonly path: string } | null>;
  /** Removes what was downloaded. */
  discard(): Promise<void>;
}
