import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTree } from './package-build.ts';
import { forwarderDll } from './forwarder-dll.ts';
import { shipEngine } from './package-engine.ts';
import { fetchWindowsModules, makeMsi, takeWindowsAddons } from './package-msi.ts';
import { makeSingle } from './package-single.ts';
import { startWine, type Wine, windowsPath } from './wine.ts';
import { forWine, provePipe } from './wine-pipe.ts';

type Check = (what: string, right: boolean, seen?: string) => void;

const installed = 'C:\\Program Files\\Webmesh';
const program = `${installed}\\resources\\bin\\webmesh.exe`;
const service = 'WebmeshHelper';
const waitMs = 15_000;

/**
 * Makes the .msi around a stand-in for Electron, looks at its tables, and installs, uses, upgrades and removes it in Wine. What that cannot
 * show: Windows itself, a user without rights, a network adapter.
 */
export async function checkMsi(root: string, say: (line: string) => void): Promise<readonly string[]> {
  const problems: string[] = [];
  const check: Check = (what, right, seen = '') => {
    say(`${right ? '✓' : '✗'} ${what}`);
    if (!right) problems.push(`${what}\n    ${seen.split('\n').slice(-30).join('\n    ')}`);
  };
  fetchWindowsModules(root);
  const single = makeSingle(root, 'win-x64');
  const shipped = await shipEngine(root, 'win-x64', say);
  const tree = makeTree(root, 'win');
  takeWindowsAddons(root, tree);
  const msi = makeMsi(root, tree, '0.1.0');
  checkTables(msi, check);
  if (shipped) check('msi: it holds the engine', /\|?wireguard-go\.exe\t/.test(execFileSync('msiinfo', ['export', msi, 'File'], { encoding: 'utf8' })));
  const wine = startWine(join(root, 'dist/package/wine'));
  if (wine === undefined) {
    say('· not installed anywhere, for Wine is missing (apt-get install --no-install-recommends wine64)');
    return problems;
  }
  try {
    // What is installed there is not what is released, by one letter.
    writeFileSync(join(tree, 'resources/bin/webmesh.exe'), forWine(readFileSync(single)));
    const [first, second] = ['0.1.1', '0.1.2'].map((version) => makeMsi(root, tree, version));
    // Go asks for random numbers by a name that Wine 8 lacks; what it has under another name is the same.
    writeFileSync(wine.path('windows/system32/bcryptprimitives.dll'), forwarderDll('bcryptprimitives.dll', 'ProcessPrng', 'advapi32.SystemFunction036'));
    const said = await provePipe(root, wine);
    if (said === undefined) say('· our side of the engine\'s pipe was not tried, for Go is missing');
    else check('wine: wireguard-go\'s own configuration code is started, configured, read and ended through its pipe; its owner is known; routes are read', said === '', said);
    await checkInWine(wine, { first: first ?? '', second: second ?? '', shipped }, check);
    for (const path of [first, second]) rmSync(path ?? '', { force: true });
  } finally {
    await wine.end();
    renameSync(single, join(tree, 'resources/bin/webmesh.exe'));
  }
  return problems;
}

function checkTables(msi: string, check: Check): void {
  const table = (name: string): string => execFileSync('msiinfo', ['export', msi, name], { encoding: 'utf8' });
  const order = [...table('InstallExecuteSequence').matchAll(/^(StopServices|undo|forget|DeleteServices|RemoveFiles)\t.*\t(\d+)/gm)].sort((a, b) => Number(a[2]) - Number(b[2])).map(([, name]) => name).join(' ');
  check('msi: the service is stopped, what it left undone, and then it is deleted, before its files go', order === 'StopServices undo forget DeleteServices RemoveFiles', order);
  check('msi: the service starts with the machine and with the installation, and goes with the program', /\tWebmeshHelper\t.*\t16\t2\t/.test(table('ServiceInstall')) && /\tWebmeshHelper\t163\t/.test(table('ServiceControl')), table('ServiceControl'));
  // Wine does not tell an upgrade from a removal, Windows does.
  check('msi: an upgrade undoes and keeps, a removal forgets', /^undo\tREMOVE="ALL" AND UPGRADINGPRODUCTCODE\t/m.test(table('InstallExecuteSequence')) && /^forget\tREMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE\t/m.test(table('InstallExecuteSequence')));
  check('msi: links and invites open the window, behind the mark that ends all options', [...table('Registry').matchAll(/Webmesh\.exe" -- "%1"/g)].length === 2, table('Registry'));
  check('msi: it is for all users of a 64-bit machine', /^Template: x64/m.test(execFileSync('msiinfo', ['suminfo', msi], { encoding: 'utf8' })) && /^ALLUSERS\t1/m.test(table('Property')));
}

interface Installers {
  readonly first: string;
  readonly second: string;
  /** The engine is in them. */
  readonly shipped: boolean;
}

async function checkInWine(wine: Wine, { first, second, shipped }: Installers, check: Check): Promise<void> {
  const install = wine.run('msiexec', '/i', windowsPath(first), '/qn');
  check('wine: it installs without a question', install.code === 0 && existsSync(wine.path('Program Files/Webmesh/Webmesh.exe')), install.out);
  check('wine: the service runs: it answered the service manager', await becomes(wine, 'RUNNING'), wine.run('sc', 'query', service).out);
  const config = wine.run('reg', 'query', `HKLM\\System\\CurrentControlSet\\Services\\${service}`).out;
  check('wine: it starts with the machine, as the system\'s own account', / Start +REG_DWORD +0x2$/m.test(config) && / ObjectName +REG_SZ +LocalSystem$/m.test(config), config);
  check('wine: the command line says its version', /^webmesh \d/.test(wine.run(program, '--version').out), wine.run(program, '--version').out);
  const again = wine.run(program, '@helper', '--run', 'C:\\ProgramData\\Webmesh\\run', '--state', 'C:\\ProgramData\\Webmesh\\state');
  check('wine: a second helper finds the first, and ends (code 3)', again.code === 3 && /already running/.test(again.out), again.out);
  checkPerson(wine, shipped, check);
  wine.run('sc', 'stop', service);
  check('wine: it stops when asked', await becomes(wine, 'STOPPED'), wine.run('sc', 'query', service).out);
  check('wine: with code 0', /WIN32_EXIT_CODE\s+: 0/.test(wine.run('sc', 'query', service).out), wine.run('sc', 'query', service).out);
  wine.run('sc', 'start', service);
  const upgrade = wine.run('msiexec', '/i', windowsPath(second), '/qn');
  check('wine: a newer version installs over it, and its service runs', upgrade.code === 0 && (await becomes(wine, 'RUNNING')), upgrade.out);
  const remove = wine.run('msiexec', '/x', windowsPath(second), '/qn');
  check('wine: it is removed', remove.code === 0, remove.out);
  check('wine: no service is left', wine.run('sc', 'query', service).code !== 0);
  const left = ['Program Files/Webmesh', 'ProgramData/Webmesh'].filter((path) => existsSync(wine.path(path)));
  check('wine: no program, no key, no network is left', left.length === 0, left.join(' '));
  const links = wine.run('reg', 'query', 'HKLM\\Software\\Classes\\webmesh');
  check('wine: links belong to nobody again', links.code !== 0, links.out);
}

/** Wine has no drivers for a network adapter, so this is as far as a connection goes: the engine runs, and says that it could make none. */
function checkPerson(wine: Wine, shipped: boolean, check: Check): void {
  wine.run(program, 'up');
  const made = wine.run(program, 'profile', 'create', 'Home');
  wine.run(program, 'up', '--timeout', '20');
  const status = wine.run(program, 'status');
  const missing = shipped ? 'Failed to create TUN device' : 'wireguard-go.exe';
  check(`wine: the app starts, hosts a network, and reaches the service through its pipe; the tunnel fails with a sentence (${missing})`, made.code === 0 && status.out.includes(missing), `${made.out}\n${status.out}`);
  const metrics = wine.run(program, 'metrics');
  check('wine: the node process answers its user through its own pipe', metrics.code === 0 && /^machine /m.test(metrics.out), metrics.out);
  const log = readFileSync(wine.path('ProgramData/Webmesh/state/helper.log'), 'utf8');
  check('wine: the node process gave up its privileges and starts no programs; of low integrity Wine knows nothing', /"missing":\["low-integrity: [^"]*"\]/.test(log), log);
  const quit = wine.run(program, 'quit');
  check('wine: the app ends when asked', quit.code === 0, quit.out);
}

async function becomes(wine: Wine, wanted: string): Promise<boolean> {
  const untilMs = performance.now() + waitMs;
  while (performance.now() < untilMs) {
    if (wine.run('sc', 'query', service).out.includes(wanted)) return true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return false;
}
