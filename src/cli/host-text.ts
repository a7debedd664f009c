import { type HostView } from '../contract/state.ts';
import { bytes, duration, pairs, percent, table } from './format.ts';

/** This machine in a few lines. */
export function hostText(host: HostView): string {
  const disks = host.disks.map(({ path, device, total, used }) => [path, device, bytes(used), bytes(total), percent(total === 0 ? 0 : used / total)]);
  return `${pairs([
    ['machine', `${host.hostname}, ${host.os}, ${host.kernel}, ${host.architecture}`],
    ['up', duration(host.uptimeMs)],
    ['CPU', `${host.cpuUsed === null ? 'not measured yet' : percent(host.cpuUsed)} of ${host.processors}, load ${host.load.map((load) => load.toFixed(2)).join(' ')}`],
    ['memory', `${bytes(host.memory.used)} of ${bytes(host.memory.total)}, ${bytes(host.memory.available)} available`],
  ])}${disks.length === 0 ? '' : table(['DISK', 'DEVICE', 'USED', 'SIZE', ''], disks)}`;
}
