import { join } from 'node:path';
import { elevateHelper } from '../platform/elevate.ts';
import { builtFile } from '../platform/home.ts';

/** Where the helper and the Node that runs it are: beside an installed app, or in the tree that it was built from. */
export interface HelperFiles {
  readonly helper: string;
  readonly node: string;
}

export function helperFiles({ packaged, resources, mainFolder }: { packaged: boolean; resources: string; mainFolder: string }): HelperFiles {
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  if (packaged) return { helper: join(resources, 'helper', 'helper.mjs'), node: join(resources, 'runtime', program) };
  return { helper: builtFile(mainFolder, 'helper', 'helper.mjs'), node: join(builtFile(mainFolder), '..', 'node_modules', '.bin', program) };
}

/**
 * Asks the person once, through the system's own window, and starts the helper with one fixed command. The core finds its socket by itself.
 * Rejects with helper.declined, helper.unreachable or helper.not-trusted.
 */
export function startHelper({ helper, node }: HelperFiles): Promise<void> {
  return elevateHelper(helper, { node });
}
