import { cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { type HostSample } from '../node/ports.ts';
import { type LinuxPart } from './host-metrics-linux.ts';

type OsFacts = HostSample['os'];
let osFacts: Promise<OsFacts> | undefined;

/** macOS and Windows: Node's own numbers, and systeminformation for disks, memory and names. It starts programs, so facts that stay are asked once. */
export async function readOther(): Promise<LinuxPart> {
  const si = await import('systeminformation');
  osFacts ??= readOs(si);
  const [os, memory, disks] = await Promise.all([osFacts, si.mem(), si.fsSize()]);
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    bootTimeMs: Date.now() - uptime() * 1000,
    cpuMs: { ...sumOfCpus(), ioWait: null, softIrq: null, steal: null },
    load: [one, five, fifteen],
    memory: { total: totalmem(), available: memory.available, free: freemem(), swapTotal: memory.swaptotal, swapFree: memory.swapfree },
    disks: disks.map(({ fs, mount, size, used }) => ({ path: mount, device: fs, total: size, free: Math.max(0, size - used), used, inodesTotal: 0, inodesFree: 0 })),
    os,
    containerized: false,
  };
}

function sumOfCpus(): Pick<HostSample['cpuMs'], 'user' | 'nice' | 'system' | 'idle' | 'irq'> {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (read: (time: (typeof times)[number]) => number): number => times.reduce((total, time) => total + read(time), 0);
  return { user: sum(({ user }) => user), nice: sum(({ nice }) => nice), system: sum(({ sys }) => sys), idle: sum(({ idle }) => idle), irq: sum(({ irq }) => irq) };
}

async function readOs(si: typeof import('systeminformation')): Promise<OsFacts> {
  const { distro, release: version, codename, build } = await si.osInfo();
  const type = process.platform === 'darwin' ? 'macos' : process.platform === 'win32' ? 'windows' : process.platform;
  return { type, family: type === 'macos' ? 'darwin' : type, platform: process.platform, name: distro, version: version || release(), build, codename };
}
