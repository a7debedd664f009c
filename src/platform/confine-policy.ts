import { dirname, extname, join, parse } from 'node:path';

/** What a confined process may touch. Paths that are missing on this machine are skipped. */
export interface ConfinePolicy {
  /** Files and whole folders to read. */
  readonly read: readonly string[];
  /** Files to read and to write: devices that hold nothing. */
  readonly device: readonly string[];
  /** Folders of its own: to read, write, make and remove in. */
  readonly write: readonly string[];
  /** The one program that may be started. */
  readonly program: string;
  readonly args: readonly string[];
}

/** One line that the launcher, or the process itself, says about what holds and what this machine lacks. */
export interface ConfineReport {
  readonly layers: readonly string[];
  /** `layer: reason` */
  readonly missing: readonly string[];
}

/** One thing that keeps a process in, and how it is put on. */
export type Layer = readonly [name: string, apply: () => void];

/** Puts each layer on: where one is not to be had the others hold, and the report says why. */
export function applyLayers(layers: readonly Layer[]): ConfineReport {
  const done: string[] = [];
  const missing: string[] = [];
  for (const [name, apply] of layers) {
    try {
      apply();
      done.push(name);
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { layers: done, missing };
}

/** The descriptor on which reports are written; it is closed before any byte of the network is read. */
export const reportDescriptor = 3;

/** Shared libraries and what finds them; the loader may be started by the kernel, nothing else of it (see confine-linux). */
const libraries = ['/lib', '/lib32', '/lib64', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/local/lib', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d'];
/** Names, certificates and time zones. Where resolv.conf is a link, what it points at is replaced when the network changes: so its folder. */
const settings = [
  '/etc/resolv.conf', '/etc/hosts', '/etc/host.conf', '/etc/gai.conf', '/etc/nsswitch.conf', '/etc/services', '/etc/protocols', '/etc/ssl', '/etc/pki/tls', '/etc/ca-certificates',
  '/etc/localtime', '/etc/timezone', '/etc/os-release', '/usr/share/zoneinfo', '/run/systemd/resolve', '/run/resolvconf', '/run/NetworkManager/resolv.conf',
];
/** What metrics and Node itself read of the kernel: of other processes only what everybody may see of the first one's control group. */
const kernel = [
  '/proc/self', '/proc/stat', '/proc/meminfo', '/proc/loadavg', '/proc/uptime', '/proc/cpuinfo', '/proc/version', '/proc/version_signature', '/proc/sys', '/proc/1/cgroup',
  '/sys/fs/cgroup', '/sys/devices/system', '/sys/kernel/mm/transparent_hugepage',
];
const devices = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

export interface NodePaths {
  readonly program: string;
  readonly args: readonly string[];
  /** What it runs, and what runs in it before. */
  readonly script: string;
  readonly preload: string;
  /** What it may change. */
  readonly own: readonly string[];
}

/** The policy of the node process: its code, the system's libraries and names, its own two folders. */
export function nodePolicy({ program, args, script, preload, own }: NodePaths): ConfinePolicy {
  // A bundle is whole; a source needs the folders beside its own.
  const code = [script, preload].flatMap((path) => (extname(path) === '.ts' ? [dirname(dirname(path))] : [dirname(path)]));
  return { read: [program, ...code, ...modulesAbove(script), ...libraries, ...settings, ...kernel], device: devices, write: own, program, args };
}

/** Where Node looks for packages of a script: in every folder above it. The package files there say what kind of module it is. */
function modulesAbove(script: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = dirname(script); folder !== parse(folder).root; folder = dirname(folder)) folders.push(join(folder, 'node_modules'), join(folder, 'package.json'));
  return folders;
}
