import { existsSync, readFileSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { type DiskSample, type HostSample } from '../node/ports.ts';

/** What Linux tells in its own files; the rest is the same on every system. */
export type LinuxPart = Pick<HostSample, 'bootTimeMs' | 'cpuMs' | 'load' | 'memory' | 'disks' | 'os' | 'containerized'>;

/** The texts that a sample is made of. A missing file reads as empty. */
export interface LinuxTexts {
  readonly stat: string;
  readonly meminfo: string;
  readonly loadavg: string;
  readonly mounts: string;
  readonly osRelease: string;
  readonly cgroup: string;
}

/** Sizes of a file system as statfs gives them. */
export interface FileSystem {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly files: number;
  readonly filesFree: number;
}

const mountsMax = 64;

/** What changes seldom, and what a disk or a network file system has to be asked for. */
export interface LinuxBackground {
  readonly mounts: string;
  readonly osRelease: string;
  readonly cgroup: string;
  readonly disks: readonly DiskSample[];
  readonly marked: boolean;
}

/** What the kernel tells from its own memory: a few microseconds each, less than a turn of the thread pool. */
export function readLinux({ mounts, osRelease, cgroup, disks, marked }: LinuxBackground): LinuxPart {
  const [stat, meminfo, loadavg] = ['/proc/stat', '/proc/meminfo', '/proc/loadavg'].map(textNow) as [string, string, string];
  return linuxSample({ stat, meminfo, loadavg, mounts, osRelease, cgroup }, disks, marked);
}

export async function readLinuxBackground(): Promise<LinuxBackground> {
  const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const [mounts, osRelease, fallback, cgroup] = await Promise.all(['/proc/self/mounts', '/etc/os-release', '/usr/lib/os-release', '/proc/1/cgroup'].map(text)) as [string, string, string, string];
  const systems = await Promise.all(parseMounts(mounts).map(async (mount) => ({ mount, system: await fileSystem(mount.path) })));
  const disks = systems.flatMap(({ mount, system }) => (system && system.blocks > 0 ? [diskFrom(mount, system)] : []));
  return { mounts, osRelease: osRelease || fallback, cgroup, disks, marked: existsSync('/.dockerenv') || existsSync('/run/.containerenv') };
}

function textNow(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a missing file reads as empty
  }
}

/** Pure: the sample that these texts stand for. */
export function linuxSample({ stat, meminfo, loadavg, osRelease, cgroup }: LinuxTexts, disks: readonly DiskSample[], marked: boolean): LinuxPart {
  return {
    bootTimeMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    cpuMs: parseCpu(stat),
    load: parseLoad(loadavg),
    memory: parseMemory(meminfo),
    disks,
    os: osOf(osRelease),
    containerized: marked || /docker|lxc|kubepods|containerd|libpod/.test(cgroup),
  };
}

/** proc_stat(5) counts in USER_HZ, which is 100 on every Linux that runs Node: ten milliseconds each. */
function parseCpu(stat: string): HostSample['cpuMs'] {
  const ticks = (/^cpu +([\d ]+)$/m.exec(stat)?.[1] ?? '').split(' ').filter((part) => part !== '').map(Number);
  const at = (index: number): number | null => (ticks[index] === undefined ? null : ticks[index] * 10);
  return { user: at(0), nice: at(1), system: at(2), idle: at(3), ioWait: at(4), irq: at(5), softIrq: at(6), steal: at(7) };
}

function parseLoad(text: string): readonly [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = text.split(' ').slice(0, 3).map(Number);
  return [one, five, fifteen];
}

function parseMemory(text: string): HostSample['memory'] {
  const bytes = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const free = bytes('MemFree') ?? 0;
  // Kernels before 3.14 do not say what is available.
  const available = bytes('MemAvailable') ?? free + (bytes('Buffers') ?? 0) + (bytes('Cached') ?? 0);
  return { total: bytes('MemTotal') ?? 0, available, free, swapTotal: bytes('SwapTotal') ?? 0, swapFree: bytes('SwapFree') ?? 0 };
}

/** Mounts that are on a device or in memory, and the root whatever holds it (a container's is an overlay); each path once, the last mount on it winning. */
export function parseMounts(text: string): readonly { readonly device: string; readonly path: string }[] {
  const byPath = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device = '', path = ''] = line.split(' ');
    if (device === 'tmpfs' || device.startsWith('/dev/') || path === '/') byPath.set(unescaped(path), unescaped(device));
  }
  return [...byPath].slice(0, mountsMax).map(([path, device]) => ({ device, path }));
}

/** fstab(5): blanks and backslashes are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

export function diskFrom({ path, device }: { path: string; device: string }, { blockBytes, blocks, blocksFree, files, filesFree }: FileSystem): DiskSample {
  const [total, free] = [blocks * blockBytes, blocksFree * blockBytes];
  return { path, device, total, free, used: total - free, inodesTotal: files, inodesFree: filesFree };
}

/** Asked each second, and the same for months. */
let lastOs: { readonly text: string; readonly os: HostSample['os'] } | undefined;

function osOf(text: string): HostSample['os'] {
  if (lastOs?.text !== text) lastOs = { text, os: parseOsRelease(text) };
  return lastOs.os;
}

/** os-release(5). The family is the distribution that this one descends from. */
function parseOsRelease(text: string): HostSample['os'] {
  const values = new Map(text.split('\n').map((line) => /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line)).filter((match) => match !== null).map((match) => [match[1], match[2] ?? match[3] ?? match[4] ?? '']));
  const id = values.get('ID') ?? 'linux';
  const ancestors = [id, ...(values.get('ID_LIKE') ?? '').split(' ')];
  const family = ['debian', 'redhat', 'suse', 'arch', 'alpine'].find((name) => ancestors.some((ancestor) => (familyOf[ancestor] ?? ancestor) === name)) ?? id;
  return {
    type: 'linux', family, platform: id, name: values.get('NAME') ?? 'Linux', version: values.get('VERSION') ?? values.get('VERSION_ID') ?? '',
    build: values.get('BUILD_ID') ?? '', codename: values.get('VERSION_CODENAME') ?? '',
  };
}

const familyOf: Readonly<Record<string, string>> = { ubuntu: 'debian', rhel: 'redhat', fedora: 'redhat', centos: 'redhat', amzn: 'redhat', opensuse: 'suse', sles: 'suse', archlinux: 'arch' };

/** Undefined where we may not look. */
async function fileSystem(path: string): Promise<FileSystem | undefined> {
  const found = await statfs(path).catch(() => undefined);
  return found && { blockBytes: found.bsize, blocks: found.blocks, blocksFree: found.bfree, files: found.files, filesFree: found.ffree };
}
