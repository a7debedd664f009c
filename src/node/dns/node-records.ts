import { formatIp, type Ip } from '../../base/ip.ts';
import { type ResourceRecord } from './codec.ts';

/** A node as its mesh knows it. */
export interface ZoneNode {
  readonly id: string;
  readonly ipv4: Ip | null;
  /** The address that its interface has: the first of its /64. */
  readonly ipv6: Ip | null;
  readonly raftPort: number;
  readonly grpcPort: number;
  readonly wireguardPort: number;
  readonly primaryEndpoint: string | null;
  readonly endpoints: readonly string[];
}

/** A character-string holds at most this much (RFC 1035 §3.3). */
const stringBytesMax = 255;
const endpointsMax = 64;

export function addressRecords(name: string, { ipv4, ipv6 }: Pick<ZoneNode, 'ipv4' | 'ipv6'>): readonly ResourceRecord[] {
  return [
    ...(ipv4 ? [{ name, type: 'A', data: formatIp(ipv4) } as const] : []),
    ...(ipv6 ? [{ name, type: 'AAAA', data: formatIp(ipv6) } as const] : []),
  ];
}

/** Six strings `key=value`, `<none>` for what is not there; a list of endpoints too long for one string goes on in another with the same key. */
export function txtRecord(name: string, { id, raftPort, grpcPort, wireguardPort, primaryEndpoint, endpoints }: ZoneNode): ResourceRecord {
  const ports = [`raft_port=${raftPort}`, `grpc_port=${grpcPort}`, `wireguard_port=${wireguardPort}`];
  const data = [`id=${id}`, ...ports, `primary_endpoint=${primaryEndpoint || '<none>'}`, ...listed('endpoints=', endpoints.slice(0, endpointsMax))];
  return { name, type: 'TXT', data: data.map(cut) };
}

function listed(key: string, values: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const value of values.map(cut)) {
    const last = lines.at(-1);
    if (last === undefined || Buffer.byteLength(`${last},${value}`) > stringBytesMax) lines.push(`${key}${value}`);
    else lines[lines.length - 1] = `${last},${value}`;
  }
  return lines.length === 0 ? [`${key}<none>`] : lines;
}

/** Rows come from other nodes; a text that cannot be whole is better short than a broken message. */
function cut(text: string): string {
  return Buffer.byteLength(text) <= stringBytesMax ? text : Buffer.from(text).toString('utf8', 0, stringBytesMax - 4).replace(/\ufffd$/, '');
}
