import { expect, test } from 'vitest';
import { NodeMetrics } from '../../gen/v1/node_metrics.ts';
import { PeerState, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type HostSample } from '../ports.ts';
import { hostMetrics, wholeSeconds } from './host-metrics.ts';
import { nodeMetrics } from './node-metrics.ts';

const sample: HostSample = {
  atMs: 1685124908_000 + 90_500, hostname: 'h', architecture: 'x86_64', kernel: '6.1.0', containerized: false, timezone: 'UTC', bootTimeMs: 1685124908_000, addresses: ['10.0.0.1/24'], macs: ['02:00:00:00:00:01'],
  os: { type: 'linux', family: 'debian', platform: 'debian', name: 'Debian GNU/Linux', version: '12.11 (bookworm)', build: '', codename: 'bookworm' }, processors: 2,
  cpuMs: { user: 946_270, nice: 0, system: 1_500, idle: 36e5 * 25, ioWait: null, irq: 10, softIrq: 20, steal: 30 }, load: [0.1, 1, 2.5],
  memory: { total: 1000, available: 600, free: 400, swapTotal: 100, swapFree: 30 },
  disks: [{ path: '/', device: '/dev/a', total: 3, free: 1, used: 2, inodesTotal: 0, inodesFree: 0 }],
};

test('units and string forms of the host', () => {
  expect(hostMetrics(sample)).toEqual({
    host: { architecture: 'x86_64', bootTime: '2023-05-26T18:15:08Z', containerized: false, hostname: 'h', ips: ['10.0.0.1/24'], kernelVersion: '6.1.0', macs: ['02:00:00:00:00:01'], timezone: 'UTC', uptime: '1m30.5s',
      os: { type: 'linux', family: 'debian', platform: 'debian', name: 'Debian GNU/Linux', version: '12.11 (bookworm)', major: 12n, minor: 11n, patch: 0n, build: '', codename: 'bookworm' } },
    cpu: { loadAverage: { one: Math.fround(0.1), five: 1, fifteen: 2.5 }, user: '15m46.27s', system: '1.5s', idle: '25h0m0s', ioWait: '0s', irq: '10ms', nice: '0s', softIrq: '20ms', steal: '30ms' },
    memory: { total: 1000n, used: 600n, available: 600n, free: 400n, virtualTotal: 100n, virtualUsed: 70n, virtualFree: 30n },
    disks: [{ filesystemPath: '/', device: '/dev/a', total: 3n, free: 1n, used: 2n, usedPercent: Math.fround(200 / 3), inodesTotal: 0n, inodesFree: 0n, inodesUsed: 0n, inodesUsedPercent: 0 }],
  });
});

test('a tunnel with its peers survives the wire; counters beyond 2^53 are exact', () => {
  const tunnel = TunnelState.fromPartial({ interfaceName: 'wm0', engine: 'kernel', publicKey: 'k', listenPort: 51820, addresses: ['172.16.0.2/32', 'fd00::/128'], peers: [
    PeerState.fromPartial({ publicKey: 'a', endpoint: '[2001:db8::1]:1', allowedIps: ['172.16.0.3/32'], keepaliveSeconds: 25, lastHandshakeMs: 1685124908_999n, receiveBytes: 2n ** 60n, transmitBytes: 1n }),
    PeerState.fromPartial({ publicKey: 'b', receiveBytes: 1n }),
  ] });
  const metrics = nodeMetrics(tunnel, sample);
  expect(NodeMetrics.decode(NodeMetrics.encode(metrics).finish())).toEqual(metrics);
  expect({ ...metrics, system: undefined }).toEqual({
    deviceName: 'wm0', publicKey: 'k', addressV4: '172.16.0.2/32', addressV6: 'fd00::/128', type: 'Linux kernel', listenPort: 51820, totalReceiveBytes: 2n ** 60n + 1n, totalTransmitBytes: 1n, system: undefined,
    peers: [
      { publicKey: 'a', endpoint: '[2001:db8::1]:1', persistentKeepAlive: '25s', lastHandshakeTime: '2023-05-26T18:15:08Z', allowedIps: ['172.16.0.3/32'], protocolVersion: 1n, receiveBytes: 2n ** 60n, transmitBytes: 1n },
      { publicKey: 'b', endpoint: '', persistentKeepAlive: '0s', lastHandshakeTime: '0001-01-01T00:00:00Z', allowedIps: [], protocolVersion: 1n, receiveBytes: 1n, transmitBytes: 0n },
    ],
  });
  expect([nodeMetrics(null, sample).type, wholeSeconds(null)]).toEqual(['', '0001-01-01T00:00:00Z']);
});
