import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { enginePath } from './engine-build.ts';
import { ownTarget } from './package-single.ts';
import { makeStandin, type System } from './package-standin.ts';

/** What is said of a package whose window is a stand-in: its name and its version, so that nobody takes it for a release. */
const standinName = 'webmesh-desktop-standin';
const standinVersion = (number: number): string => `0.1.0-standin.${number}`;

/** True where npm could fetch the real Electron. */
export function hasElectron(root: string): boolean {
  return existsSync(join(root, 'node_modules/electron/path.txt'));
}

/**
 * A .deb from dist, for this machine's architecture: the product with the real Electron, or the stand-in under its own name. Answers its
 * path. `number` makes a newer stand-in of the same content, to upgrade to.
 */
export function makeDeb(root: string, real: boolean, number = 1): string {
  const name = real ? 'webmesh-desktop' : standinName;
  const version = real ? versionOf(root) : standinVersion(number);
  const named = real ? [] : [`-c.extraMetadata.version=${version}`, `-c.deb.packageName=${name}`, `-c.electronDist=${makeStandin(root, 'linux', electronVersion(root))}`];
  const file = `${name}_${version.replaceAll('-', '~')}_${debArchitecture()}.deb`;
  electronBuilder(root, ['--linux', 'deb', ...named, ...otherEngine(root), `-c.deb.artifactName=${file}`, '-c.deb.compression=gz']);
  return join(root, 'release', file);
}

/** The same as an .rpm, for machines whose packages those are. */
export function makeRpm(root: string, number = 1): string {
  const file = `${standinName}-${standinVersion(number).replaceAll('-', '~')}.${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.rpm`;
  const electron = makeStandin(root, 'linux', electronVersion(root));
  electronBuilder(root, ['--linux', 'rpm', `-c.extraMetadata.version=${standinVersion(number)}`, `-c.rpm.packageName=${standinName}`, `-c.electronDist=${electron}`, `-c.rpm.artifactName=${file}`]);
  return join(root, 'release', file);
}

/** The folder that an installer would hold, without the installer. */
export function makeTree(root: string, system: System): string {
  const folders = { linux: 'linux-unpacked', win: 'win-unpacked', mac: 'mac' } as const;
  electronBuilder(root, [`--${system}`, '--dir', '--x64', `-c.electronDist=${makeStandin(root, system, electronVersion(root))}`]);
  return join(root, 'release', folders[system]);
}

/** Debian's packages that the .deb depends on, and the engine for kernels without WireGuard where the .deb holds none. */
export function neededPackages(root: string): readonly string[] {
  return [...listed(root, 'depends'), ...(hasEngine(root) ? [] : ['wireguard-go'])];
}

/** A package that was made without Go asks for Debian's engine. */
function otherEngine(root: string): readonly string[] {
  return hasEngine(root) ? [] : ['wireguard-go', ...listed(root, 'recommends')].map((name) => `-c.deb.recommends=${name}`);
}

function hasEngine(root: string): boolean {
  return existsSync(enginePath(root, ownTarget()));
}

function listed(root: string, key: string): readonly string[] {
  const names = new RegExp(`^ {2}${key}: \\[(.*)\\]$`, 'm').exec(readFileSync(join(root, 'electron-builder.yml'), 'utf8'))?.[1] ?? '';
  return names.split(',').map((name) => name.trim());
}

function electronBuilder(root: string, words: readonly string[]): void {
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`, CUSTOM_FPM_PATH: join(root, 'scripts/fpm.ts'), CSC_IDENTITY_AUTO_DISCOVERY: 'false' };
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/electron-builder/cli.js'), ...words, '--publish', 'never'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`electron-builder failed:\n${(stdout + stderr).slice(-3_000)}`);
  }
}

function electronVersion(root: string): string {
  return /^electronVersion: (\S+)$/m.exec(readFileSync(join(root, 'electron-builder.yml'), 'utf8'))?.[1] ?? '';
}

/** What package.json says. */
export function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

function debArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
