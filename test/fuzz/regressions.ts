import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'regressions');

/** Inputs that once failed, oldest name first. Each is a file of a target's folder. */
export function regressionsOf(target: string): readonly Uint8Array[] {
  const own = join(folder, target);
  return existsSync(own) ? readdirSync(own).sort().map((name) => readFileSync(join(own, name))) : [];
}

/** Folders with regressions: each must be a target's. */
export function regressionFolders(): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Keeps an input that failed. Answers the file's path. */
export function keepRegression(target: string, input: Uint8Array): string {
  const own = join(folder, target);
  mkdirSync(own, { recursive: true });
  const path = join(own, createHash('sha256').update(input).digest('hex').slice(0, 12));
  writeFileSync(path, input);
  return path;
}
