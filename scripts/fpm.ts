#!/usr/bin/env node
/**
 * Stands in fpm's place (CUSTOM_FPM_PATH of electron-builder), which Debian does not have: packs a folder as a .deb with dpkg-deb, or as an
 * .rpm with rpmbuild.
 * Knows the words that electron-builder 26 says and no others. What it packs belongs to root, and nobody else can write it.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { controlText, type FpmOrder, parseFpm, scriptFiles, specText } from './lib/fpm-order.ts';

const compressions: Readonly<Record<string, string>> = { gz: 'gzip', xz: 'xz', zst: 'zstd', none: 'none' };

const order = parseFpm(process.argv.slice(2));
const tree = mkdtempSync(join(tmpdir(), 'webmesh-deb-'));
try {
  pack(order, tree);
} finally {
  rmSync(tree, { recursive: true, force: true });
}

function pack({ maps, options, ...rest }: FpmOrder, root: string): void {
  chmodSync(root, 0o755);
  for (const { from, to } of maps) place(from, join(root, to));
  const files = setModes(root);
  if (options.get('-t') === 'rpm') return packRpm({ options, ...rest }, root, files);
  const control = join(root, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  writeFileSync(join(control, 'control'), controlText({ options, ...rest }, kilobytes(files)), { mode: 0o644 });
  writeFileSync(join(control, 'md5sums'), files.map((file) => `${md5(file)}  ${relative(root, file)}\n`).join(''), { mode: 0o644 });
  for (const { name, path } of scriptFiles(options)) {
    copyFileSync(path, join(control, name));
    chmodSync(join(control, name), 0o755);
  }
  const compression = compressions[options.get('--deb-compression') ?? 'xz'] ?? 'xz';
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', root, options.get('--package') ?? ''], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Folders of ours alone are listed too, so that they go with the package; others belong to other packages as well. */
function packRpm(order: Omit<FpmOrder, 'maps'>, root: string, files: readonly string[]): void {
  const work = mkdtempSync(join(tmpdir(), 'webmesh-rpm-'));
  try {
    const own = ['opt', 'usr/share/licenses'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isDirectory()).map((entry) => `%dir "${join(entry.parentPath, entry.name).slice(root.length)}"`);
    const listed = files.map((file) => `/${relative(root, file)}`);
    const spec = join(work, 'package.spec');
    writeFileSync(spec, [specText(order, listed, (path) => readFileSync(path, 'utf8')), ...own, ''].join('\n'));
    const words = ['-bb', '--target', order.options.get('--architecture') ?? '', '--buildroot', root, '--define', `_topdir ${work}`, '--define', '_build_name_fmt out.rpm', '--noclean', spec];
    execFileSync('rpmbuild', words, { stdio: ['ignore', 'ignore', 'inherit'] });
    copyFileSync(join(work, 'RPMS/out.rpm'), order.options.get('--package') ?? '');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A source that ends with a slash means what is in it. */
function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (from.endsWith('/')) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  else copyFileSync(from, to);
}

/** Folders and programs 0755, other files 0644, addons too, which are loaded and not started: whatever the umask of whoever packs. Answers the plain files. */
function setModes(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return [];
    chmodSync(path, entry.isDirectory() || ((lstatSync(path).mode & 0o111) !== 0 && !entry.name.endsWith('.node')) ? 0o755 : 0o644);
    return entry.isDirectory() ? setModes(path) : [path];
  });
}

function kilobytes(files: readonly string[]): number {
  return Math.ceil(files.reduce((sum, file) => sum + lstatSync(file).size, 0) / 1024);
}

/** What dpkg compares with, to find a damaged file; it is no protection. */
function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}
