import { expect, test } from 'vitest';
import { type HostSample } from '../node/ports.ts';
import { createHostMetricsSource, readHost, readingOf } from './host-metrics.ts';
import { diskFrom, type LinuxTexts, linuxSample, parseMounts } from './host-metrics-linux.ts';

const texts: LinuxTexts = {
  stat: 'cpu  100 20 30 4000 50 6 7 8 9 10\ncpu0 1 2 3 4\nintr 5\nbtime 1685124908\n',
  meminfo: 'MemTotal:       24684084 kB\nMemFree:        23542612 kB\nMemAvailable:   24205552 kB\nBuffers: 1 kB\nSwapTotal:          2048 kB\nSwapFree:           1024 kB\n',
  loadavg: '2.99 3.05 1.92 1/111 1246\n',
  mounts: '',
  osRelease: 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION="24.04.1 LTS (Noble Numbat)"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n',
  cgroup: '0::/init.scope\n',
};

test('the files of Linux in plain units', () => {
  expect(linuxSample(texts, [], false)).toEqual({
    bootTimeMs: 1685124908_000,
    cpuMs: { user: 1000, nice: 200, system: 300, idle: 40_000, ioWait: 500, irq: 60, softIrq: 70, steal: 80 },
    load: [2.99, 3.05, 1.92],
    memory: { total: 24684084 * 1024, available: 24205552 * 1024, free: 23542612 * 1024, swapTotal: 2048 * 1024, swapFree: 1024 * 1024 },
    disks: [],
    os: { type: 'linux', family: 'debian', platform: 'ubuntu', name: 'Ubuntu', version: '24.04.1 LTS (Noble Numbat)', build: '', codename: 'noble' },
    containerized: false,
  });
});

test('missing files and odd systems give zeros, not errors', () => {
  const empty = { stat: '', meminfo: 'MemFree: 10 kB\nCached: 5 kB\nBuffers: 1 kB', loadavg: '', mounts: '', osRelease: 'ID=arch', cgroup: '1:name=systemd:/docker/abc' };
  const sample = linuxSample(empty, [], false);
  expect([sample.bootTimeMs, sample.cpuMs.user, sample.load, sample.memory.available, sample.os.family, sample.containerized]).toEqual([0, null, [0, 0, 0], 16 * 1024, 'arch', true]);
});

test('mounts: devices and memory, octal escapes, the last on a path', () => {
  expect(parseMounts('proc /proc proc rw 0 0\n/dev/vda / ext4 rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n/dev/sdb1 /mnt/my\\040disk vfat rw 0 0\n/dev/old /x ext4\n/dev/new /x ext4\n\n')).toEqual([
    { device: '/dev/vda', path: '/' }, { device: 'tmpfs', path: '/dev/shm' }, { device: '/dev/sdb1', path: '/mnt/my disk' }, { device: '/dev/new', path: '/x' },
  ]);
  expect(parseMounts('overlay / overlay rw 0 0\noverlay /x overlay rw 0 0\n')).toEqual([{ device: 'overlay', path: '/' }]);
});

const disk = (path: string, device: string): HostSample['disks'][number] => diskFrom({ path, device }, { blockBytes: 4096, blocks: 100, blocksFree: 25, files: 10, filesFree: 4 });

function sample(part: Partial<HostSample>): HostSample {
  const fixed = { hostname: 'h', architecture: 'x86_64', kernel: '6', timezone: 'UTC', addresses: [], macs: [], processors: 2, atMs: 1685124909_500 };
  return { ...linuxSample(texts, [disk('/mnt/b', '/dev/a'), disk('/', '/dev/a'), disk('/run', 'tmpfs'), disk('/snap/x', '/dev/loop3')], false), ...fixed, ...part };
}

test('a view shows each disk once and the use of the processors between two samples', async () => {
  const first = sample({});
  const second = sample({ cpuMs: { ...first.cpuMs, user: 1300, idle: 40_600, ioWait: 600 } });
  const samples = [first, second, second];
  const source = createHostMetricsSource(async () => samples.shift() as HostSample);
  expect((await source.view()).cpuUsed).toBeNull();
  expect(await source.view()).toEqual({
    hostname: 'h', os: 'Ubuntu 24.04.1 LTS (Noble Numbat)', kernel: '6', architecture: 'x86_64', uptimeMs: 1500, cpuUsed: 0.3, processors: 2, load: [2.99, 3.05, 1.92],
    memory: { total: 24684084 * 1024, used: (24684084 - 24205552) * 1024, available: 24205552 * 1024 },
    disks: [{ path: '/', device: '/dev/a', total: 409_600, used: 307_200 }],
  });
  expect((await source.view()).cpuUsed).toBeNull();
});

test('this very machine makes sense', async () => {
  const now = await readHost();
  expect(now.memory.total).toBeGreaterThan(now.memory.available);
  expect(now.bootTimeMs).toBeLessThan(now.atMs);
  expect(now.cpuMs.idle).toBeGreaterThan(0);
  expect(now.disks.every(({ total, used, free }) => total === used + free && used >= 0)).toBe(true);
  expect(now.addresses).toContain('127.0.0.1/8');
  expect(readingOf(null, now).disks.length).toBeGreaterThan(0);
});
