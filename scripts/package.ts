/**
 * Packages from dist/, which each of these makes first.
 *   npm run package -- single   the executable that holds helper, node process, web page and command line; proves that each starts
 *   npm run package -- engine   wireguard-go of three systems from its pinned source, with Go, twice, and used in namespaces (root on Linux; minutes).
 *                               engine TARGET…: those alone, and not used
 *   npm run package -- deb      the .deb for this machine's architecture: with the stand-in for a window where npm has no Electron
 *   npm run package -- check    two versions of the stand-in, installed, used, broken, upgraded, removed and purged in a clean Debian (root; minutes)
 *   npm run package -- rpm      two .rpms around the stand-in, with rpmbuild; installed, used, upgraded and removed by rpm in a Debian (root; minutes)
 *   npm run package -- msi      the .msi around a stand-in, with wixl; its tables, and where Wine is: installed, used, upgraded, removed (minutes).
 *                               On Windows: the .msi of release/win-unpacked, with WiX 3
 *   npm run package -- trees    the folders of Linux, Windows and macOS around a stand-in for Electron; archive, fuses, scripts are looked at
 */
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { boot, type CleanDebian, connectMachines, prepareTree } from './lib/clean-debian.ts';
import { hasElectron, makeDeb, makeRpm, neededPackages, versionOf } from './lib/package-build.ts';
import { checkPackage } from './lib/package-check.ts';
import { checkEngine, makeEngines, shipEngine } from './lib/package-engine.ts';
import { proveSingle } from './lib/package-proof.ts';
import { makeMsi } from './lib/package-msi.ts';
import { checkRpm } from './lib/package-rpm.ts';
import { makeSingle, megabytes, ownTarget } from './lib/package-single.ts';
import { checkMsi } from './lib/package-windows.ts';
import { checkTrees } from './lib/package-trees.ts';

const root = join(import.meta.dirname, '..');
const commands: Readonly<Record<string, () => Promise<readonly string[]> | readonly string[]>> = { single, engine, deb, check, rpm, msi, trees };
/** Where the tree of a clean Debian is kept between runs. */
const cache = '/var/tmp/webmesh-package';
const [name = '', ...more] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`usage: npm run package -- ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
const problems = await (async () => command())().catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
for (const problem of problems) console.error(`✗ ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function single(): readonly string[] {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'inherit' });
  const path = timed('single', () => makeSingle(root, ownTarget()));
  return proveSingle(path, console.log);
}

async function engine(): Promise<readonly string[]> {
  const problems: string[] = [];
  await makeEngines(root, more, teller(problems), console.log);
  return problems;
}

async function deb(): Promise<readonly string[]> {
  const problems = single();
  await shipEngine(root, ownTarget(), console.log);
  if (problems.length === 0) timed('deb', () => makeDeb(root, hasElectron(root)));
  return problems;
}

async function trees(): Promise<readonly string[]> {
  const problems = single();
  return problems.length === 0 ? checkTrees(root, console.log) : problems;
}

async function rpm(): Promise<readonly string[]> {
  await shipEngine(root, ownTarget(), console.log);
  const tree = await prepareTree(`${cache}-rpm`, [...neededPackages(root), 'rpm']);
  const problems = [...single()];
  if (problems.length > 0) return problems;
  const [first, second] = [1, 2].map((number) => timed('rpm', () => makeRpm(root, number)));
  const machine = await boot(tree, 'webmesh-rpm', join(root, 'release'), join(root, 'dist/package/rpm.log'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void machine.end().then(() => process.exit(130)));
  try {
    await checkRpm(machine, first ?? '', second ?? '', teller(problems));
  } finally {
    await machine.end();
  }
  return problems;
}

async function msi(): Promise<readonly string[]> {
  // There the folder is the release's own, packed and signed before.
  if (process.platform === 'win32') {
    const [tree, wrong] = [join(root, 'release/win-unpacked'), [] as string[]];
    checkEngine(join(tree, 'resources/bin'), 'win-x64', teller(wrong), console.log);
    timed('msi', () => makeMsi(root, tree, versionOf(root)));
    return wrong;
  }
  const problems = single();
  return problems.length === 0 ? checkMsi(root, console.log) : problems;
}

async function check(): Promise<readonly string[]> {
  await shipEngine(root, ownTarget(), console.log);
  const tree = await prepareTree(cache, neededPackages(root));
  const problems = [...single()];
  if (problems.length > 0) return problems;
  const [first, second] = [1, 2].map((number) => timed('deb', () => makeDeb(root, false, number)));
  const machines: CleanDebian[] = [];
  const end = (): Promise<unknown> => Promise.all(machines.map((machine) => machine.end()));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end().then(() => process.exit(130)));
  try {
    const start = async (name: string): Promise<CleanDebian> => {
      const machine = await boot(tree, `webmesh-${name}`, join(root, 'release'), join(root, `dist/package/${name}.log`));
      machines.push(machine);
      return machine;
    };
    const [machine, peer] = [await start('first'), await start('second')];
    connectMachines([machine, peer]);
    const inMachine = (path = ''): string => `/packages/${basename(path)}`;
    const name = basename(first ?? '').split('_')[0] ?? '';
    await checkPackage(machine, peer, { name, first: inMachine(first), second: inMachine(second) }, teller(problems));
  } finally {
    await end();
  }
  return problems;
}

/** Prints each finding, and keeps those that are wrong with the last of what was seen. */
function teller(problems: string[]): (what: string, right: boolean, seen?: string) => void {
  return (what, right, seen = '') => {
    console.log(`${right ? '✓' : '✗'} ${what}`);
    if (!right) problems.push(`${what}\n${seen.split('\n').slice(-40).map((line) => `    ${line}`).join('\n')}`);
  };
}

function timed(what: string, make: () => string): string {
  const startMs = performance.now();
  const path = make();
  console.log(`${what}: ${path}, ${megabytes(path)}, in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return path;
}
