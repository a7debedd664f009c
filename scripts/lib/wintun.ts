import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineTarget } from './engine-build.ts';
import { engineFolder } from './engine-go.ts';

/**
 * The adapter of Windows that wireguard-go speaks to: WireGuard LLC's own signed library, which it looks for beside itself and in System32 only. The sums
 * of archive and libraries are those that several unrelated projects have in their build scripts.
 */
const address = 'https://www.wintun.net/builds/wintun-0.14.1.zip';
const archiveSum = '07c256185d6ee3652e09fa55c0b673e2624b565e02c4b9091c79ca7d2f24ef51';
const librarySums = {
  'win-x64': ['amd64', 'e5da8447dc2c320edc0fc52fa01885c103de8c118481f683643cacc3220dafce'],
  'win-arm64': ['arm64', 'f7ba89005544be9d85231a9e0d5f23b2d15b3311667e2dad0debd344918a3f80'],
} as const;
const fetchMs = 60_000;
const archiveBytesMax = 8 << 20;

export function needsWintun(target: EngineTarget): target is keyof typeof librarySums {
  return target in librarySums;
}

/**
 * Lays wintun.dll and its terms beside an engine of Windows, from .cache/wintun, where it is put once: by this, or by a person. Answers why
 * it is not there, or undefined.
 */
export async function layWintun(root: string, target: keyof typeof librarySums): Promise<string | undefined> {
  const [name, sum] = librarySums[target];
  const kept = join(root, '.cache/wintun', name, 'wintun.dll');
  if (!existsSync(kept)) {
    const problem = await fetchInto(root);
    if (problem !== undefined) return `${address} could not be fetched (${problem}); next: put its bin/${name}/wintun.dll into .cache/wintun/${name}`;
  }
  if (sumOf(readFileSync(kept)) !== sum) return `${kept} is not wintun.dll 0.14.1; next: remove it`;
  const folder = join(root, 'dist/engine', target);
  mkdirSync(folder, { recursive: true });
  copyFileSync(kept, join(folder, 'wintun.dll'));
  copyFileSync(join(engineFolder(root), 'wintun.license.txt'), join(folder, 'wintun.license.txt'));
  return undefined;
}

/** True for the very library, unchanged: its terms ask for that. */
export function isWintun(target: keyof typeof librarySums, bytes: Buffer): boolean {
  return sumOf(bytes) === librarySums[target][1];
}

async function fetchInto(root: string): Promise<string | undefined> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(fetchMs) });
    if (!response.ok) return `it was answered with ${response.status}`;
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length > archiveBytesMax || sumOf(bytes) !== archiveSum) return 'what came is not what it should be';
    unpack(root, bytes);
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` : String(error);
  }
}

/** By unzip, or by the tar of Windows itself and of macOS, which read such archives; GNU's, which comes with Git, does not. */
function unpack(root: string, bytes: Buffer): void {
  const folder = join(root, '.cache/wintun');
  const archive = join(folder, 'wintun.zip');
  for (const [name] of Object.values(librarySums)) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(archive, bytes);
  for (const [name] of Object.values(librarySums)) {
    const member = `wintun/bin/${name}/wintun.dll`;
    const tar = process.platform === 'win32' ? join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'tar.exe') : 'tar';
    const [program, words] = process.platform === 'linux' ? ['unzip', ['-p', archive, member]] : [tar, ['-xOf', archive, member]];
    writeFileSync(join(folder, name, 'wintun.dll'), execFileSync(program, words, { maxBuffer: archiveBytesMax, stdio: ['ignore', 'pipe', 'inherit'] }));
  }
}

function sumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
