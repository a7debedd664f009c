import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The one file that an AppImage is, where we run from one: its runtime says so. What is inside of it lies in a folder that ends with us. */
export function appImageFile(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { APPIMAGE: file } = env;
  return file !== undefined && isAbsolute(file) ? file : undefined;
}

/** What the service needs, of what an installation holds. */
const parts = ['bin', 'node_modules'];

/** Where the service of an AppImage lies: among the person's own data (XDG base directory specification). */
export function standingFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_DATA_HOME: data } = env;
  return join(data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local', 'share'), 'webmesh', 'service');
}

/**
 * Copies what the service needs out of an AppImage, and answers the folder: what is mounted there root may not read, and it is gone when the
 * app is. One that runs from an older copy goes on.
 */
export async function copyService(resources: string, folder: string): Promise<string> {
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  for (const part of parts) await cp(join(resources, part), join(fresh, part), { recursive: true, verbatimSymlinks: true });
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  return folder;
}
