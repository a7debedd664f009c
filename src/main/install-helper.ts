import { basename, dirname, join } from 'node:path';
import { appImageFile, copyService, standingFolder } from '../platform/appimage.ts';
import { elevateHelper } from '../platform/elevate.ts';
import { builtFile } from '../platform/home.ts';

/** What starts the helper: the single executable of an installed app, or the bundle of a built tree and the Node that runs it. */
export type HelperFiles = { readonly helper: string; readonly entry: '@helper' } | { readonly helper: string; readonly node: string };

export function helperFiles({ packaged, resources, mainFolder }: { packaged: boolean; resources: string; mainFolder: string }): HelperFiles {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  if (packaged) return { helper: join(resources, 'bin', `webmesh${suffix}`), entry: '@helper' };
  return { helper: builtFile(mainFolder, 'helper', 'helper.mjs'), node: join(builtFile(mainFolder), '..', 'node_modules', '.bin', `node${suffix}`) };
}

/**
 * An AppImage's service is copied to where root can read it first. Asks the person once, through the system's own window, and starts the helper with one fixed command. The core finds its socket by itself.
 * Rejects with helper.declined, helper.unreachable or helper.not-trusted.
 */
export async function startHelper({ helper, ...how }: HelperFiles): Promise<void> {
  if (!('entry' in how) || appImageFile() === undefined) return elevateHelper(helper, how);
  const standing = await copyService(dirname(dirname(helper)), standingFolder());
  return elevateHelper(join(standing, 'bin', basename(helper)), how);
}
