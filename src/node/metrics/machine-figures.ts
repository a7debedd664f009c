import { type ProcessSample } from '../path-ports.ts';
import { type HostSample } from '../ports.ts';
import { counter, type Family, gauge, noLabels, type Row } from './families.ts';

const modes: readonly (readonly [keyof HostSample['cpuMs'], string])[] = [
  ['user', 'user'], ['nice', 'nice'], ['system', 'system'], ['idle', 'idle'], ['ioWait', 'iowait'], ['irq', 'irq'], ['softIrq', 'softirq'], ['steal', 'steal'],
];
const disksMax = 64;

/** The machine. */
export function hostFigures({ cpuMs, load, memory, disks, processors, bootTimeMs }: HostSample): readonly Family[] {
  // Of what is mounted twice at one place, only the last is seen; and one set of labels may come but once.
  const seen = [...new Map(disks.map((disk) => [disk.path, disk])).values()];
  const kept = seen.slice(0, disksMax).map((disk) => ({ ...disk, labels: { device: disk.device, mountpoint: disk.path } }));
  const [one, five, fifteen] = load;
  return [
    counter('webmesh_host_cpu_seconds_total', 'Time of all processors in each mode, since boot.', ...modes.map(([key, mode]): Row => [{ mode }, cpuMs[key] === null ? null : cpuMs[key] / 1000])),
    gauge('webmesh_host_processors', 'Processors.', [noLabels, processors]),
    gauge('webmesh_host_load1', 'Load average of one minute.', [noLabels, one]),
    gauge('webmesh_host_load5', 'Load average of five minutes.', [noLabels, five]),
    gauge('webmesh_host_load15', 'Load average of fifteen minutes.', [noLabels, fifteen]),
    gauge('webmesh_host_boot_time_seconds', 'When the machine started, since 1970.', [noLabels, bootTimeMs / 1000]),
    gauge('webmesh_host_memory_size_bytes', 'Memory.', [noLabels, memory.total]),
    gauge('webmesh_host_memory_available_bytes', 'Memory that programs can get without swapping.', [noLabels, memory.available]),
    gauge('webmesh_host_memory_free_bytes', 'Memory that nothing uses.', [noLabels, memory.free]),
    gauge('webmesh_host_swap_size_bytes', 'Swap.', [noLabels, memory.swapTotal]),
    gauge('webmesh_host_swap_free_bytes', 'Swap that nothing uses.', [noLabels, memory.swapFree]),
    gauge('webmesh_host_filesystem_size_bytes', 'Size of a file system.', ...kept.map(({ labels, total }): Row => [labels, total])),
    gauge('webmesh_host_filesystem_free_bytes', 'What a program without rights may still use.', ...kept.map(({ labels, free }): Row => [labels, free])),
    gauge('webmesh_host_filesystem_files', 'Inodes of a file system.', ...kept.map(({ labels, inodesTotal }): Row => [labels, inodesTotal])),
    gauge('webmesh_host_filesystem_files_free', 'Inodes that nothing uses.', ...kept.map(({ labels, inodesFree }): Row => [labels, inodesFree])),
  ];
}

/** This process, under the names that every client library uses. */
export function processFigures({ startedAtSeconds, cpuSeconds, residentBytes, heapUsedBytes, openDescriptors, loopDelaySeconds }: ProcessSample): readonly Family[] {
  return [
    counter('process_cpu_seconds_total', 'Time of processors that this process took.', [noLabels, cpuSeconds.user + cpuSeconds.system]),
    gauge('process_resident_memory_bytes', 'Memory of this process.', [noLabels, residentBytes]),
    gauge('process_heap_bytes', 'JavaScript heap in use.', [noLabels, heapUsedBytes]),
    gauge('process_open_fds', 'Open file descriptors.', [noLabels, openDescriptors]),
    gauge('process_start_time_seconds', 'When this process started, since 1970.', [noLabels, startedAtSeconds]),
    gauge('nodejs_eventloop_lag_mean_seconds', 'How late the event loop comes, on average.', [noLabels, loopDelaySeconds.mean]),
    gauge('nodejs_eventloop_lag_p99_seconds', 'How late the event loop comes, in 99 of 100 looks not more.', [noLabels, loopDelaySeconds.p99]),
    gauge('nodejs_eventloop_lag_max_seconds', 'How late the event loop comes, at worst.', [noLabels, loopDelaySeconds.max]),
  ];
}

export function buildFigures({ version, commit }: { readonly version: string; readonly commit: string }, nodeId: string, runtime: string): readonly Family[] {
  return [gauge('webmesh_build_info', 'Which node this is, and which build.', [{ node: nodeId, version, commit, runtime }, 1])];
}
