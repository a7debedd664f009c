import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mirrorUri } from './private-apt.ts';

/** A Debian of its own with systemd as its first process, in namespaces: own processes, users' files, network. Changes live in memory. */
export interface CleanDebian {
  /** Its first process, as this machine counts; undefined when it has ended. */
  pid(): number | undefined;
  /** Runs a program as root in there. */
  run(...words: readonly string[]): Answer;
  /** Runs a command line in a new login of a user. */
  as(user: string, command: string): Answer;
  end(): Promise<void>;
}

export interface Answer {
  readonly code: number;
  readonly out: string;
}

const minimal = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps'];
/** As on Ubuntu, Fedora and Arch; it comes last, because nothing can be fetched by name once it is what is asked. */
const resolver = 'systemd-resolved';
const path = '/usr/sbin:/usr/bin:/sbin:/bin';
const bootMs = 60_000;
const runMs = 90_000;
const endMs = 20_000;

/**
 * The tree that machines start from: Debian 12 with nothing but systemd, its resolver, and what a package depends on. Made once, from the mirror that
 * this machine uses, and again when the list changes. Throws where root or a tool is missing.
 */
export async function prepareTree(folder: string, depends: readonly string[]): Promise<string> {
  if (process.geteuid?.() !== 0) throw new Error('a machine of its own needs root');
  for (const [tool, from] of [['debootstrap', 'debootstrap'], ['systemd-nspawn', 'systemd-container']]) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) throw new Error(`${tool} is missing: apt-get install ${from}`);
  }
  const tree = join(folder, 'tree');
  const stamp = join(folder, 'tree.made-with');
  const madeWith = [resolver, ...depends].join(' ');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === madeWith) return tree;
  rmSync(stamp, { force: true });
  rmSync(tree, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(folder, { recursive: true });
  const mirror = await mirrorUri();
  execFileSync('debootstrap', ['--variant=minbase', `--include=${minimal.join(',')}`, 'bookworm', tree, mirror], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(join(tree, 'etc/apt/sources.list'), `deb ${mirror} bookworm main\n`);
  const install = `apt-get update -q && apt-get install -y -q --no-install-recommends ${depends.join(' ')} && apt-get install -y -q --no-install-recommends ${resolver} && apt-get clean`;
  inTree(tree, ['--bind-ro=/etc/resolv.conf', '--setenv=DEBIAN_FRONTEND=noninteractive', 'sh', '-ec', install]);
  // Its own package cannot make this link while the file is lent from outside.
  rmSync(join(tree, 'etc/resolv.conf'), { force: true });
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf'));
  writeFileSync(stamp, madeWith);
  return tree;
}

function inTree(tree: string, words: readonly string[]): void {
  execFileSync('systemd-nspawn', ['--quiet', '--register=no', '--keep-unit', '-D', tree, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Boots one. `shared` is a folder of ours that it sees, read-only, as /packages. It ends with this process, also when that is killed, and
 * leaves nothing on this machine.
 */
export async function boot(tree: string, name: string, shared: string, logFile: string): Promise<CleanDebian> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const words = [
    '--quiet', '--register=no', '--keep-unit', `--machine=${name}`, `--directory=${tree}`, '--volatile=overlay', '--private-network', '--capability=CAP_NET_ADMIN',
    '--bind=/dev/net/tun', `--bind-ro=${shared}:/packages`, '--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self', '--boot',
  ];
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'systemd-nspawn', ...words], { stdio: ['ignore', log, log] });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const machine = machineOf(child, ended);
  const untilMs = performance.now() + bootMs;
  while (!/^(running|degraded)/.test(machine.run('systemctl', 'is-system-running').out)) {
    if (child.exitCode !== null || performance.now() > untilMs) {
      await machine.end();
      throw new Error(`the machine did not boot; see ${logFile}`);
    }
    await pause(200);
  }
  return machine;
}

function machineOf(child: ChildProcess, ended: Promise<void>): CleanDebian {
  const run = (...words: readonly string[]): Answer => {
    const pid = firstProcess(child.pid);
    if (pid === undefined) return { code: 1, out: 'the machine does not run' };
    const enter = [`--target=${pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wdns=/', 'env', '-i', `PATH=${path}`, 'TERM=dumb', 'LC_ALL=C.UTF-8'];
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, ...words], { encoding: 'utf8', timeout: runMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 });
    return { code: status ?? 1, out: `${stdout}${stderr}`.trim() };
  };
  return {
    run,
    pid: () => firstProcess(child.pid),
    as: (user, command) => run('su', '-', user, '-c', command),
    end: async () => {
      run('systemctl', 'poweroff');
      await Promise.race([ended, pause(endMs)]);
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A cable between two machines, with an address at each end in a network that leads nowhere else (RFC 5737). It goes with either of them. */
export function connectMachines(machines: readonly [CleanDebian, CleanDebian]): void {
  const [one, other] = machines.map((machine) => String(machine.pid()));
  execFileSync('nsenter', [`--target=${one}`, '--net', 'ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan0', 'netns', `/proc/${other}/ns/net`]);
  machines.forEach((machine, at) => {
    for (const line of ['link set wan0 up', `address add 192.0.2.${10 + at}/24 dev wan0`, 'route add default dev wan0']) machine.run('ip', ...line.split(' '));
  });
}

/** The machine's first process, as this machine counts them: nspawn's one child. */
function firstProcess(pid: number | undefined): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    // It has ended.
    return undefined;
  }
}
