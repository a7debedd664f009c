import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Several hosts on one machine: network namespaces joined by a bridge. Names carry a prefix; all of it goes at the end. */
export interface Lan {
  readonly prefix: string;
  readonly names: readonly string[];
  /** Namespace name of a host. */
  namespace(name: string): string;
  /** The address of a host on the bridge. */
  address(name: string): string;
  remove(): void;
}

const run = promisify(execFile);
/** 198.18.0.0/15 is set aside for benchmarks between test hosts (RFC 2544). */
const subnet = '198.18.77';

/** Makes one namespace per name and a bridge between them. What an earlier run left under the prefix goes first. */
export function createLan(prefix: string, names: readonly string[]): Lan {
  removeLan(prefix);
  const bridge = `${prefix}-lan`;
  ip('netns', 'add', bridge);
  ip('-n', bridge, 'link', 'set', 'lo', 'up');
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', bridge, 'link', 'set', 'br0', 'up');
  names.forEach((name, index) => addHost(prefix, bridge, name, index));
  return {
    prefix,
    names,
    namespace: (name) => `${prefix}-${name}`,
    address: (name) => `${subnet}.${names.indexOf(name) + 1}`,
    remove: () => removeLan(prefix),
  };
}

function addHost(prefix: string, bridge: string, name: string, index: number): void {
  const namespace = `${prefix}-${name}`;
  ip('netns', 'add', namespace);
  ip('-n', namespace, 'link', 'set', 'lo', 'up');
  ip('-n', namespace, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `p${index}`, 'netns', bridge);
  ip('-n', bridge, 'link', 'set', `p${index}`, 'master', 'br0', 'up');
  ip('-n', namespace, 'addr', 'add', `${subnet}.${index + 1}/24`, 'dev', 'eth0');
  ip('-n', namespace, 'link', 'set', 'eth0', 'up');
}

export function removeLan(prefix: string): void {
  const list = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const line of list.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    if (!name.startsWith(`${prefix}-`)) continue;
    for (const pid of pidsIn(name)) kill(pid);
    spawnSync('ip', ['netns', 'del', name]);
  }
}

/** The processes that live in a namespace. */
export function pidsIn(namespace: string): number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean).map(Number);
}

/** Runs a command in a namespace and gives its output; rejects on a non-zero exit. */
export async function inNamespace(namespace: string, command: string, args: readonly string[], timeoutMs = 30_000): Promise<string> {
  const { stdout } = await run('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8', timeout: timeoutMs });
  return stdout;
}

/** Round-trip times of `count` pings in milliseconds; empty when none came back. Takes `ping -c` or stops at the first answer. */
export async function ping(namespace: string, address: string, { count = 3, waitSeconds = 2 } = {}): Promise<number[]> {
  try {
    const out = await inNamespace(namespace, 'ping', ['-n', '-c', String(count), '-i', '0.2', '-W', String(waitSeconds), address]);
    return [...out.matchAll(/time=([\d.]+) ms/g)].map((m) => Number(m[1]));
  } catch {
    return [];
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the listing and here.
  }
}
