// What a fresh machine lacks, put in place. Plain JavaScript: it runs on any Node from 20 on, before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** Says one line about set-up, apart from the program's own output. */
export function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

/** Ends the set-up with one clear sentence. */
export class SetUpError extends Error {}

/** Installs the npm packages of the lock file, unless the installed ones came from this very lock file. */
export function ensurePackages() {
  const stamp = join(root, 'node_modules/.webmesh-lock');
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing the npm packages of package-lock.json (about a minute, once)');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], 'npm ci failed: check the network and the free disk space, then run the command again');
  writeFileSync(stamp, lock);
}

/** The Node that the project pins; the machine's own Node only starts it. */
export function pinnedNode() {
  const path = join(root, 'node_modules/.bin/node');
  const seen = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (seen.status === 0 && Number(seen.stdout.slice(1).split('.')[0]) >= 24) return path;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new SetUpError(`this machine (${process.platform} ${process.arch}) has no pinned Node in the npm packages: install Node 24 and run the command again`);
}

/**
 * Installs Debian packages for the commands that are missing. Asks for sudo only then, and says why.
 * `wanted`: [{ command, package, why }]. Returns the commands that are still missing.
 */
export function ensureDebian(wanted, { required }) {
  const missing = wanted.filter(({ command }) => !findCommand(command));
  if (missing.length === 0) return [];
  const names = [...new Set(missing.map((m) => m.package))];
  const reasons = missing.map((m) => `${m.package} (${m.why})`).join(', ');
  if (!findCommand('apt-get')) return giveUp(missing, required, `this machine has no apt-get: install ${reasons} by hand`);
  const prefix = process.getuid?.() === 0 ? [] : findCommand('sudo') && process.stdin.isTTY ? ['sudo'] : undefined;
  if (!prefix) return giveUp(missing, required, `needs Debian packages: run "apt-get install ${names.join(' ')}" as root, then run the command again`);
  say(`installing with apt${prefix.length ? ' through sudo' : ''}: ${reasons}`);
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['inherit', 'ignore', 'inherit'] };
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', ...args];
    return spawnSync(command, rest, quiet).status === 0;
  };
  const install = () => apt('install', '-y', '--no-install-recommends', ...names);
  const startAgain = prefix.length === 0 ? startNothing() : () => {};
  let installed = false;
  try {
    installed = apt('update') && install();
  } finally {
    startAgain();
  }
  if (!installed) return giveUp(missing, required, `apt-get could not install ${names.join(' ')}: run it by hand to see why`);
  return wanted.filter(({ command }) => !findCommand(command));
}

/** Some packages bring a service that would start and listen: only their programs are wanted. Debian asks this file first; one that is there is left alone. */
function startNothing() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(policy, { force: true });
}

/** Where a command is, looking also where Debian keeps administrators' tools. */
export function findCommand(command) {
  if (command.startsWith('/')) return existsSync(command) ? command : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

export function run(command, args, problem, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) throw new SetUpError(problem);
}

/** The environment in which the project's own commands find the pinned Node and the administrators' tools. */
export function environment() {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);
  return { ...process.env, PATH: path };
}

function giveUp(missing, required, problem) {
  if (required) throw new SetUpError(problem);
  say(problem);
  return missing;
}
