import { readdirSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { seeProcess } from './processes.ts';

/**
 * The one file that an AppImage is, where we run from one: its runtime says so, and where it mounted what is inside. Whoever was started by
 * another AppImage, such as a terminal, hears of that one and lies elsewhere.
 */
export function appImageFile(env: NodeJS.ProcessEnv = process.env, program: string = process.execPath): string | undefined {
  const { APPIMAGE: file, APPDIR: mounted } = env;
  if (file === undefined || !isAbsolute(file)) return undefined;
  return mounted === undefined || program.startsWith(`${mounted}/`) ? file : undefined;
}

/** What the service needs, of what an installation holds. */
const parts = ['bin', 'node_modules'];

/** Where the service of an AppImage lies: among the person's own data (XDG base directory specification). */
export function standingFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(dataFolder(env), 'webmesh', 'service');
}

/** Where programs keep a person's data (XDG base directory specification, which says to ignore relative values). */
export function dataFolder({ XDG_DATA_HOME: data }: NodeJS.ProcessEnv = process.env): string {
  return data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local', 'share');
}

/** True while a program of that copy runs, whoever runs it: which words a process was started with is for everybody to read. */
export function serviceRuns(folder: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && seeProcess(Number(name))?.argv[0]?.startsWith(`${folder}/bin/`) === true);
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
