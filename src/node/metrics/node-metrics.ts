import { goDuration } from '../../base/go-duration.ts';
import { parsePrefix } from '../../base/ip.ts';
import { type NodeMetrics, type PeerMetrics } from '../../gen/v1/node_metrics.ts';
import { type PeerState, type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { type HostSample } from '../ports.ts';
import { hostMetrics, wholeSeconds } from './host-metrics.ts';

/** A node's tunnel and machine as the v1 API describes them. Without a tunnel its fields are empty. */
export function nodeMetrics(tunnel: TunnelState | null, sample: HostSample): NodeMetrics {
  const peers = tunnel?.peers ?? [];
  return {
    deviceName: tunnel?.interfaceName ?? '',
    publicKey: tunnel?.publicKey ?? '',
    addressV4: addressOf(tunnel, 4),
    addressV6: addressOf(tunnel, 6),
    type: deviceType(tunnel?.engine ?? ''),
    listenPort: tunnel?.listenPort ?? 0,
    totalReceiveBytes: sum(peers.map(({ receiveBytes }) => receiveBytes)),
    totalTransmitBytes: sum(peers.map(({ transmitBytes }) => transmitBytes)),
    peers: peers.map(peerMetrics),
    system: hostMetrics(sample),
  };
}

function peerMetrics({ publicKey, endpoint, keepaliveSeconds, lastHandshakeMs, allowedIps, receiveBytes, transmitBytes }: PeerState): PeerMetrics {
  return {
    publicKey,
    endpoint,
    persistentKeepAlive: goDuration(BigInt(keepaliveSeconds) * 1_000_000_000n),
    lastHandshakeTime: wholeSeconds(lastHandshakeMs === 0n ? null : Number(lastHandshakeMs)),
    allowedIps: [...allowedIps],
    protocolVersion: 1n,
    receiveBytes,
    transmitBytes,
  };
}

/** The words of the WireGuard tools for Go, which older nodes use. */
function deviceType(engine: string): string {
  if (engine === '') return '';
  return engine === 'kernel' ? 'Linux kernel' : 'userspace';
}

function addressOf(tunnel: TunnelState | null, family: 4 | 6): string {
  return tunnel?.addresses.find((address) => parsePrefix(address)?.ip.family === family) ?? '';
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
