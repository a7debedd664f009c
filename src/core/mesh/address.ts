import { failure } from '../../base/failure.ts';
import { joinHostPort, parseIp, splitHostPort } from '../../base/ip.ts';
import { defaultPorts } from './roster.ts';

/** `host`, `host:port`, `[v6]:port` or a bare IPv6 address as `host:port`; the port is 8443 unless told. */
export function checkAddress(text: string): string {
  const trimmed = text.trim();
  const bare = parseIp(trimmed.replace(/^\[(.*)\]$/, '$1'));
  const split = bare?.family === 6 || !/:\d*$/.test(trimmed) ? { host: trimmed.replace(/^\[(.*)\]$/, '$1'), port: defaultPorts.grpc } : splitHostPort(trimmed);
  const host = split && (parseIp(split.host) !== undefined || hostName.test(split.host)) ? split.host : undefined;
  if (!split || host === undefined) throw failure('input.invalid', { field: 'address', problem: 'an address looks like 192.0.2.7:8443 or mesh.example.org:8443', given: text.slice(0, 100) });
  return joinHostPort(host, split.port);
}

const hostName = /^(?=.{1,253}$)(?!\d+(\.\d+)*$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?$/;
