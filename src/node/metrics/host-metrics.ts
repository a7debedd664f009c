import { goDuration, goDurationFromMs } from '../../base/go-duration.ts';
import { type CPUTimes, type DiskInfo, type HostMetrics, type OSInfo } from '../../gen/v1/node_metrics.ts';
import { type DiskSample, type HostSample } from '../ports.ts';
import { instantFromMs, rfc3339 } from '../state/go-time.ts';

/** A machine as the v1 API describes it: durations as Go text, times as RFC 3339 in whole seconds, sizes in bytes, shares in percent as 32-bit floats. */
export function hostMetrics(sample: HostSample): HostMetrics {
  const { memory } = sample;
  return {
    host: {
      architecture: sample.architecture,
      bootTime: wholeSeconds(sample.bootTimeMs),
      containerized: sample.containerized,
      hostname: sample.hostname,
      ips: [...sample.addresses],
      kernelVersion: sample.kernel,
      macs: [...sample.macs],
      os: osInfo(sample.os),
      timezone: sample.timezone,
      uptime: goDurationFromMs(Math.max(0, sample.atMs - sample.bootTimeMs)),
    },
    cpu: cpuTimes(sample),
    memory: {
      total: bytes(memory.total), used: bytes(memory.total - memory.free), available: bytes(memory.available), free: bytes(memory.free),
      virtualTotal: bytes(memory.swapTotal), virtualUsed: bytes(memory.swapTotal - memory.swapFree), virtualFree: bytes(memory.swapFree),
    },
    disks: sample.disks.map(diskInfo),
  };
}

/** RFC 3339 in UTC and whole seconds; Go's zero time for null. */
export function wholeSeconds(ms: number | null): string {
  return (ms === null ? undefined : rfc3339(instantFromMs(Math.floor(ms / 1000) * 1000))) ?? '0001-01-01T00:00:00Z';
}

function cpuTimes({ cpuMs, load }: HostSample): CPUTimes {
  const text = (ms: number | null): string => goDuration(BigInt(Math.round((ms ?? 0) * 1000)) * 1000n);
  const [one, five, fifteen] = load.map((value) => Math.fround(value)) as [number, number, number];
  return {
    loadAverage: { one, five, fifteen },
    user: text(cpuMs.user), system: text(cpuMs.system), idle: text(cpuMs.idle), ioWait: text(cpuMs.ioWait),
    irq: text(cpuMs.irq), nice: text(cpuMs.nice), softIrq: text(cpuMs.softIrq), steal: text(cpuMs.steal),
  };
}

function diskInfo({ path, device, total, free, used, inodesTotal, inodesFree }: DiskSample): DiskInfo {
  const inodesUsed = Math.max(0, inodesTotal - inodesFree);
  return {
    filesystemPath: path, device, total: bytes(total), free: bytes(free), used: bytes(used), usedPercent: percent(used, total),
    inodesTotal: bytes(inodesTotal), inodesFree: bytes(inodesFree), inodesUsed: bytes(inodesUsed), inodesUsedPercent: percent(inodesUsed, inodesTotal),
  };
}

function osInfo({ type, family, platform, name, version, build, codename }: HostSample['os']): OSInfo {
  const [major = 0n, minor = 0n, patch = 0n] = (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter((part) => part !== '' && part.length < 19).map(BigInt);
  return { type, family, platform, name, version, major, minor, patch, build, codename };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.fround((part / whole) * 100) : 0;
}

function bytes(value: number): bigint {
  return BigInt(Math.max(0, Math.round(value)));
}
