import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where it is pinned which wireguard-go is built, and by which Go. */
export function engineFolder(root: string): string {
  return join(root, 'resources/engine');
}

export interface Go {
  readonly version: string;
  /** The version that makes the very bytes of resources/engine/checksums. */
  readonly pinned: boolean;
}

/** The Go that would build the engine, or one sentence with the next step. Only who makes packages needs one. */
export function findGo(root: string): Go | { readonly problem: string } {
  const { go: oldest, toolchain } = pinsOf(readFileSync(join(engineFolder(root), 'go.mod'), 'utf8'));
  const { status, stdout, error } = spawnSync('go', ['env', 'GOVERSION'], { cwd: engineFolder(root), encoding: 'utf8' });
  if (error !== undefined || status !== 0) return { problem: `wireguard-go is built with Go, which is missing; next: install Go ${oldest} or later (apt-get install golang, from Debian 13 on)` };
  const version = stdout.trim().replace(/^go/, '');
  if (isOlder(version, oldest)) return { problem: `Go ${version} is too old to build wireguard-go; next: install Go ${oldest} or later` };
  return { version, pinned: version === toolchain };
}

/** The versions that a go.mod names: the oldest that can build it, and the one that does. */
export function pinsOf(module: string): { readonly go: string; readonly toolchain: string } {
  const value = (name: RegExp): string => name.exec(module)?.[1] ?? '';
  return { go: value(/^go (\S+)$/m), toolchain: value(/^toolchain go(\S+)$/m) };
}

/** By their numbers alone: 1.9 is older than 1.23.1, and 1.26rc1 counts as 1.26. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string): readonly number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [one, other] = [numbers(version), numbers(than)];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
