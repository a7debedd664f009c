import { nrpt } from './nrpt.ts';
import { resolved } from './resolved.ts';
import { resolverFiles } from './resolver-files.ts';
import { type NameKeeper, type NameSystem } from './system.ts';

const all = [resolved, resolverFiles, nrpt];

/** By Node's name of the platform; every other Unix is taken for a Linux and says soon what it lacks. */
export function nameSystemFor(platform: string): NameSystem {
  return platform === 'darwin' ? resolverFiles : platform === 'win32' ? nrpt : resolved;
}

export function isKeeper(text: unknown): text is NameKeeper {
  return all.some(({ keeper }) => keeper === text);
}
