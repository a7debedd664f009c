import { formatIp, isUnroutable, parseIp } from '../base/ip.ts';

/** One candidate of ICE, as its `candidate:` line says it (RFC 8839, section 5.1). UDP alone. */
export interface Candidate {
  readonly foundation: string;
  readonly priority: number;
  readonly ip: string;
  readonly port: number;
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay';
}

/** Of what a peer sends no more is looked at. */
export const candidatesMax = 16;

/**
 * Null: it makes no sense, or no check is to be sent there: names (a peer does not decide whom we ask), TCP, and addresses that lead nowhere.
 * Loopback only where this machine itself gathers on it.
 */
export function parseCandidate(line: string, loopback: boolean): Candidate | null {
  const match = /^(?:a=)?candidate:([A-Za-z0-9+/]{1,32}) 1 udp (\d{1,10}) ([0-9A-Fa-f.:]{2,45}) (\d{1,5}) typ (host|srflx|prflx|relay)\b/i.exec(line);
  const ip = match && parseIp(match[3] ?? '');
  const [priority, port] = [Number(match?.[2]), Number(match?.[4])];
  if (!match || !ip || port < 1 || port > 65_535 || priority < 1 || priority >= 2 ** 31) return null;
  const address = formatIp(ip);
  if (isUnroutable(ip) && !(loopback && isLoopback(address))) return null;
  return { foundation: match[1] ?? '', priority, ip: address, port, type: match[5]?.toLowerCase() as Candidate['type'] };
}

export function candidateLine({ foundation, priority, ip, port, type }: Candidate): string {
  // The base of a reflexive address is nobody's business, but the grammar wants one.
  const related = type === 'host' ? '' : ` raddr ${ip.includes(':') ? '::' : '0.0.0.0'} rport 0`;
  return `candidate:${foundation} 1 udp ${priority} ${ip} ${port} typ ${type}${related}`;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
