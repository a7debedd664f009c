import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTree } from './package-build.ts';
import { checkEngine, shipEngine } from './package-engine.ts';
import { fetchMacParts, isMacSingle } from './package-mac.ts';
import { fuse, makeSingle } from './package-single.ts';
import { type System } from './package-standin.ts';

interface Shape {
  /** Below the tree. */
  readonly program: string;
  readonly resources: string;
  readonly holds: readonly string[];
}

const shapes: Readonly<Record<System, Shape>> = {
  linux: { program: 'webmesh-desktop', resources: 'resources', holds: ['bin/webmesh', 'linux/webmesh-helper.service', 'renderer/index.html'] },
  win: { program: 'Webmesh.exe', resources: 'resources', holds: ['windows/webmesh.ico', 'bin', 'renderer/index.html'] },
  mac: { program: 'Webmesh.app', resources: 'Webmesh.app/Contents/Resources', holds: ['macos/org.webmesh.helper.plist', 'macos/uninstall', 'renderer/index.html', 'icon.icns'] },
};
/** As scripts/after-pack.cjs wants them. */
const fuses = ['RunAsNode is Disabled', 'EnableNodeOptionsEnvironmentVariable is Disabled', 'EnableNodeCliInspectArguments is Disabled', 'EnableEmbeddedAsarIntegrityValidation is Enabled', 'OnlyLoadAppFromAsar is Enabled'];

/** Packs the folder of each system with a stand-in for Electron, and looks at what is in it. Answers what is wrong. */
export async function checkTrees(root: string, say: (line: string) => void): Promise<readonly string[]> {
  const problems: string[] = [];
  const check = (what: string, right: boolean, seen = ''): void => {
    say(`${right ? '✓' : '✗'} ${what}`);
    if (!right) problems.push(`${what}: ${seen}`);
  };
  for (const system of ['linux', 'win', 'mac'] as const) {
    const target = `${system}-x64` as const;
    const shipped = await shipEngine(root, target, say);
    const single = system === 'mac' && makeMacSingle(root, say);
    const tree = makeTree(root, system);
    checkTree(root, system, tree, check);
    if (single) check('mac: the executable is a program of macOS with the bundles inside', isMacSingle(readFileSync(join(tree, shapes.mac.resources, 'bin/webmesh')), target, fuse));
    if (shipped) checkEngine(join(tree, shapes[system].resources, 'bin'), target, check, say);
  }
  checkInstaller(root, check);
  for (const script of ['linux/deb/postinst', 'linux/deb/prerm', 'linux/deb/postrm', 'macos/pkg-scripts/postinstall', 'macos/uninstall']) {
    const { status, stderr } = spawnSync('sh', ['-n', join(root, 'resources', script)], { encoding: 'utf8' });
    check(`${script} can be read by a shell`, status === 0, stderr);
  }
  return problems;
}

/** Where its parts can be fetched; what is made here nobody has signed, and its Node is not the pinned one. */
function makeMacSingle(root: string, say: (line: string) => void): boolean {
  try {
    if (process.platform !== 'darwin') fetchMacParts(root);
    makeSingle(root, 'mac-x64');
    if (process.platform !== 'darwin') say('· mac: its executable is unsigned, around npm\'s Node; the release makes it on macOS, of the pinned one, and signs it');
    return true;
  } catch (error) {
    rmSync(join(root, 'dist/single/mac-x64'), { recursive: true, force: true });
    say(`· mac: no executable in the folder, which a release makes on macOS: ${error instanceof Error ? error.message.trim().split('\n').slice(0, 3).join(' ') : String(error)}`);
    return false;
  }
}

type Check = (what: string, right: boolean, seen?: string) => void;

function checkTree(root: string, system: System, tree: string, check: Check): void {
  const { program, resources, holds } = shapes[system];
  const missing = [...holds, 'LICENSE.txt', 'licences.txt'].filter((path) => !existsSync(join(tree, resources, path)));
  check(`${system}: the folder holds what it should`, missing.length === 0, missing.join(' '));
  const archive = run(root, '@electron/asar/bin/asar.js', ['list', join(tree, resources, 'app.asar')]);
  const inside = ['/dist/main/main.cjs', '/dist/main/preload.cjs', '/dist/renderer/index.html', '/package.json'];
  check(`${system}: the archive holds main, preload and page, and nothing of node_modules`, inside.every((path) => archive.split('\n').includes(path)) && !archive.includes('node_modules'), archive);
  const said = run(root, '@electron/fuses/dist/bin.js', ['read', '--app', join(tree, program)]);
  check(`${system}: fuses are closed`, fuses.every((line) => said.includes(line)), said);
  if (system === 'mac') check('mac: the archive\'s hash is in Info.plist', readFileSync(join(tree, 'Webmesh.app/Contents/Info.plist'), 'utf8').includes('ElectronAsarIntegrity'));
  if (system === 'win') check('win: the archive\'s hash is in the program', readFileSync(join(tree, program)).includes(Buffer.from('"alg"')) || readFileSync(join(tree, program)).includes(Buffer.from('INTEGRITY', 'utf16le')));
}

/** What we add to the Windows installer, alone: the installer itself needs plug-ins that Debian's makensis lacks. */
function checkInstaller(root: string, check: Check): void {
  if (spawnSync('makensis', ['-VERSION']).status !== 0) return check('nsis: not compiled, for makensis is missing (apt-get install nsis)', true);
  const folder = join(root, 'dist/package');
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'installer.nsi');
  const lines = [
    '!include LogicLib.nsh', '!define isUpdated "1 == 0"', 'Name Webmesh', `OutFile "${join(folder, 'installer.exe')}"`, `!include "${join(root, 'resources/windows/installer.nsh')}"`,
    'Section', '!insertmacro customInit', '!insertmacro customInstall', 'WriteUninstaller "$INSTDIR\\uninstall.exe"', 'SectionEnd', 'Section Uninstall', '!insertmacro customUnInstall', 'SectionEnd',
  ];
  writeFileSync(script, `${lines.join('\n')}\n`);
  const { status, stdout, stderr } = spawnSync('makensis', ['-V2', '-WX', script], { encoding: 'utf8' });
  check('nsis: what we add to the installer compiles without a warning', status === 0, `${stdout}${stderr}`);
}

function run(root: string, tool: string, args: readonly string[]): string {
  return execFileSync(process.execPath, [join(root, 'node_modules', tool), ...args], { encoding: 'utf8' });
}
