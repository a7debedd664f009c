import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import type { Release, Updates } from '../../base/update.ts';
import { type Chosen, chooseRelease, type Machine } from './choose.ts';
import { download, emptyFolder } from './download.ts';
import { createRecord } from './record.ts';
import { refresh, type RefreshParts } from './refresh.ts';
import { httpSource, releaseAddress, type UpdateSource } from './source.ts';

export interface UpdatesOptions {
  /** A folder of this user's: what was believed, and what was downloaded. */
  readonly folder: string;
  /** Where releases lie; empty: nowhere, and nothing is ever asked. */
  readonly address: string;
  /** Text of the root of trust. */
  readonly root: string;
  readonly machine: Machine;
  /** Version of this app. */
  readonly current: string;
  readonly clock: Clock;
  /** Instead of a web server. */
  readonly source?: UpdateSource;
}

/** Updates for real: metadata by The Update Framework, files of the user's own. See docs/security.md. */
export function createUpdates(options: UpdatesOptions): Updates {
  const address = releaseAddress(options.address);
  const source = options.source ?? (address && httpSource(address, options.clock));
  const files = join(options.folder, 'download');
  const parts = (): RefreshParts => {
    if (source === undefined) throw failure('update.off');
    return { source, record: createRecord(options.folder), root: options.root, clock: options.clock };
  };
  const newest = async (signal: AbortSignal) => {
    const trust = await refresh(parts(), signal);
    return { trust, chosen: chooseRelease(trust.offered(), options.machine, options.current) };
  };
  return {
    configured: source !== undefined,
    check: async (signal) => {
      const { chosen } = await newest(signal);
      return chosen && releaseOf(chosen);
    },
    // Asked anew: between a check and a click on it lie days in which metadata ends, and a better version comes.
    download: async (told, signal) => {
      const { trust, chosen } = await newest(signal);
      if (chosen === null || source === undefined) return null;
      const release = releaseOf(chosen);
      const path = await download({ source, folder: files, target: chosen.target, consistent: trust.consistent, told: (bytes) => told(release, bytes) }, signal);
      return { release, path };
    },
    discard: () => emptyFolder(files),
  };
}

function releaseOf({ version, format, notes, target }: Chosen): Release {
  return { version, format, notes, bytes: target.length };
}
