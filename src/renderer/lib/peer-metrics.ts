import { parseGoDuration } from '../../base/go-duration.ts';

/** What we show of another peer's metrics. It comes from another machine: each value is there only if it has the right shape. */
export interface PeerMetrics {
  readonly hostname: string | null;
  readonly system: string | null;
  readonly uptimeMs: number | null;
  readonly load: readonly number[] | null;
  readonly memory: { readonly used: number; readonly total: number } | null;
  readonly disks: readonly { readonly path: string; readonly used: number; readonly total: number }[];
}

const disksMax = 16;

/** Reads the JSON form of v1.NodeMetrics: 64-bit numbers may be text, and anything may be missing. */
export function readPeerMetrics(value: unknown): PeerMetrics {
  const system = record(record(value)['system']);
  const host = record(system['host']);
  const os = record(host['os']);
  const load = record(record(system['cpu'])['loadAverage']);
  const memory = record(system['memory']);
  const total = count(memory['total']);
  const disks = Array.isArray(system['disks']) ? system['disks'].slice(0, disksMax).map(record) : [];
  return {
    hostname: text(host['hostname']),
    system: [text(os['name']), text(os['version']), text(host['kernelVersion']), text(host['architecture'])].filter((part) => part !== null).join(' · ') || null,
    uptimeMs: milliseconds(text(host['uptime'])),
    load: Object.keys(load).length === 0 ? null : [count(load['one']) ?? 0, count(load['five']) ?? 0, count(load['fifteen']) ?? 0],
    memory: total === null || total === 0 ? null : { total, used: count(memory['used']) ?? 0 },
    disks: disks.flatMap((disk) => {
      const size = count(disk['total']);
      return size === null || size === 0 ? [] : [{ path: text(disk['filesystemPath']) ?? '?', total: size, used: count(disk['used']) ?? 0 }];
    }),
  };
}

const peersMax = 10_000;
/** WireGuard renews a handshake every two minutes of traffic. */
const freshMs = 180_000;

/**
 * Public keys of those that a peer shook hands with lately, from the JSON form of v1.NodeMetrics. Its clock may be wrong, so ages count from
 * the newest handshake it knows: whoever answers us through the tunnel has a young one.
 */
export function readSeen(value: unknown): ReadonlySet<string> {
  const peers = record(value)['peers'];
  const rows = (Array.isArray(peers) ? peers.slice(0, peersMax).map(record) : []).flatMap((row) => {
    const [key, atMs] = [text(row['publicKey']), Date.parse(text(row['lastHandshakeTime']) ?? '')];
    return key === null || !(atMs > 0) ? [] : [{ key, atMs }];
  });
  const newestMs = rows.reduce((newest, { atMs }) => Math.max(newest, atMs), 0);
  return new Set(rows.filter(({ atMs }) => newestMs - atMs < freshMs).map(({ key }) => key));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.slice(0, 200) : null;
}

function count(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}

function milliseconds(goDuration: string | null): number | null {
  const nanoseconds = goDuration === null ? undefined : parseGoDuration(goDuration);
  return nanoseconds === undefined ? null : Number(nanoseconds / 1_000_000n);
}
