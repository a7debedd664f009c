import { arch, availableParallelism, hostname, machine, networkInterfaces, release } from 'node:os';
import { type HostSample } from '../node/ports.ts';
import { type LinuxBackground, readLinux, readLinuxBackground } from './host-metrics-linux.ts';
import { readOther } from './host-metrics-other.ts';

/** What a shell shows of this machine; the shape of the contract's HostView. */
export interface HostReading {
  readonly hostname: string;
  readonly os: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly uptimeMs: number;
  readonly cpuUsed: number | null;
  readonly processors: number;
  readonly load: readonly [number, number, number];
  readonly memory: { readonly total: number; readonly used: number; readonly available: number };
  readonly disks: readonly { readonly path: string; readonly device: string; readonly total: number; readonly used: number }[];
}

export interface HostMetricsSource {
  /** Everything, for the node's metrics. */
  sample(): Promise<HostSample>;
  /** What a shell shows. The use of the processors is that since this source's last view; null at the first one. */
  view(): Promise<HostReading>;
}

/** On Linux a sample costs well under a millisecond; elsewhere it starts programs and takes tens of them. */
export function createHostMetricsSource(sample: () => Promise<HostSample> = readHost): HostMetricsSource {
  let last: HostSample | null = null;
  return {
    sample,
    view: async () => {
      const now = await sample();
      const before = last;
      last = now;
      return readingOf(before, now);
    },
  };
}

/** A sample is taken each second while a network is watched; disks, addresses and names are looked at less often. */
const backgroundMs = 10_000;
let background: Promise<Background> | undefined;
let backgroundAtMs = Number.NEGATIVE_INFINITY;

type Background = Pick<HostSample, 'hostname' | 'architecture' | 'kernel' | 'timezone' | 'addresses' | 'macs' | 'processors'> & { readonly linux: LinuxBackground | null };

export async function readHost(): Promise<HostSample> {
  if (background === undefined || performance.now() - backgroundAtMs >= backgroundMs) {
    backgroundAtMs = performance.now();
    background = readBackground();
  }
  const { linux, ...names } = await background;
  const part = linux === null ? await readOther() : readLinux(linux);
  return { ...part, ...names, atMs: Date.now() };
}

async function readBackground(): Promise<Background> {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return {
    linux: process.platform === 'linux' ? await readLinuxBackground() : null,
    hostname: hostname(),
    architecture: machine() || arch(),
    kernel: release(),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    addresses: interfaces.flatMap(({ cidr }) => (cidr === null ? [] : [cidr])),
    macs: [...new Set(interfaces.map(({ mac }) => mac).filter((mac) => mac !== '00:00:00:00:00:00'))],
    processors: availableParallelism(),
  };
}

/** Pure: what to show, given the sample before. */
export function readingOf(before: HostSample | null, now: HostSample): HostReading {
  return {
    hostname: now.hostname,
    os: [now.os.name, now.os.version].filter((part) => part !== '').join(' '),
    kernel: now.kernel,
    architecture: now.architecture,
    uptimeMs: Math.max(0, now.atMs - now.bootTimeMs),
    cpuUsed: before && cpuUsed(before.cpuMs, now.cpuMs),
    processors: now.processors,
    load: now.load,
    memory: { total: now.memory.total, used: Math.max(0, now.memory.total - now.memory.available), available: now.memory.available },
    disks: shownDisks(now),
  };
}

/** Busy time over all time between two samples, 0 to 1. Waiting for a disk is idle. Null when no time has passed. */
function cpuUsed(before: HostSample['cpuMs'], now: HostSample['cpuMs']): number | null {
  const spent = (key: keyof HostSample['cpuMs']): number => Math.max(0, (now[key] ?? 0) - (before[key] ?? 0));
  const busy = (['user', 'nice', 'system', 'irq', 'softIrq', 'steal'] as const).reduce((sum, key) => sum + spent(key), 0);
  const all = busy + spent('idle') + spent('ioWait');
  return all > 0 ? busy / all : null;
}

/** Each device once, at its shortest path. File systems in memory and images mounted read-only are no disks to a person. */
function shownDisks({ disks, os }: HostSample): HostReading['disks'] {
  const byDevice = new Map<string, HostSample['disks'][number]>();
  for (const disk of disks) {
    if (os.type === 'linux' && disk.path !== '/' && (!disk.device.startsWith('/dev/') || disk.device.startsWith('/dev/loop'))) continue;
    const held = byDevice.get(disk.device);
    if (!held || disk.path.length < held.path.length) byDevice.set(disk.device, disk);
  }
  return [...byDevice.values()].map(({ path, device, total, used }) => ({ path, device, total, used }));
}
