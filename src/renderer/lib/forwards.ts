import { failure, type FailureData } from '../../base/failure.ts';
import { formatIp, joinHostPort, parseIp } from '../../base/ip.ts';
import type { Input } from '../../contract/commands.ts';
import type { ForwardView } from '../../contract/state.ts';
import type { Words } from '../../contract/detail.ts';
import { sentence } from '../words/say.ts';
import { t } from '../words/spoken.svelte.ts';
import { plainText } from './format.ts';

/** What was typed into the fields of a forward. */
export interface ForwardTexts {
  protocol: 'tcp' | 'udp';
  remoteAddress: string;
  remotePort: string;
  localAddress: string;
  localPort: string;
}

/** From this machine only, to the peer itself: what is asked for most, and opens least. */
export const usualForward: ForwardTexts = { protocol: 'tcp', remoteAddress: '127.0.0.1', remotePort: '', localAddress: '127.0.0.1', localPort: '' };

/** The forward that was typed; input.invalid with the field's name where it cannot be. */
export function readForward(peer: string, texts: ForwardTexts): Input<'forward.open'> {
  return {
    peer, protocol: texts.protocol,
    remoteAddress: readAddress('remoteAddress', texts.remoteAddress), remotePort: readPort('remotePort', texts.remotePort),
    localAddress: readAddress('localAddress', texts.localAddress), localPort: texts.localPort.trim() === '' ? 0 : readPort('localPort', texts.localPort),
  };
}

/** A bare IP address in its usual form; input.invalid otherwise. A name would be looked up at the wrong end. */
export function readAddress(field: string, text: string): string {
  const ip = parseIp(text.trim());
  if (ip === undefined || text.includes('%')) throw failure('input.invalid', { field, problem: t.forwards.typed.address });
  return formatIp(ip);
}

/** 1 to 65535; input.invalid otherwise. */
export function readPort(field: string, text: string): number {
  const port = Number(text.trim());
  if (!/^\d{1,5}$/.test(text.trim()) || port < 1 || port > 65_535) throw failure('input.invalid', { field, problem: t.forwards.typed.port });
  return port;
}

/** What is wrong with a forward: the usual sentences speak of joining a network, which goes on as it was. */
export function forwardTrouble(problem: Pick<FailureData, 'code' | 'detail'>, peer: string, opening = false): Words {
  const { port, problem: told } = problem.detail;
  const text = plainText(String(told ?? '')).slice(0, 160).replace(/[.\s]+$/, '');
  const { trouble } = t.forwards;
  switch (problem.code) {
    case 'node.port-in-use': return { what: typeof port === 'number' ? trouble.portInUse(port) : trouble.thatPortInUse, next: trouble.chooseAnother };
    case 'mesh.unreachable': case 'mesh.timeout': return { what: text === '' ? trouble.silent(peer) : trouble.silentBecause(peer, text), next: opening ? trouble.tryAgain : trouble.triedAgain };
    case 'mesh.refused': case 'auth.not-permitted': return { what: text === '' ? trouble.refused(peer) : trouble.refusedBecause(peer, text), next: trouble.mustShare(peer) };
    default: return sentence(problem);
  }
}

/** True for addresses that only this machine can reach. */
export function isLoopback(address: string): boolean {
  const ip = parseIp(address.trim());
  return ip !== undefined && (ip.family === 4 ? ip.value >> 24n === 127n : ip.value === 1n);
}

/** Where programs of this machine connect to. */
export function localEnd({ localAddress, localPort }: Pick<ForwardView, 'localAddress' | 'localPort'>): string {
  return joinHostPort(plainText(localAddress).slice(0, 64), localPort);
}

/** `192.168.7.1:53`, or `port 80` of the peer itself. */
export function remoteEnd({ remoteAddress, remotePort }: Pick<ForwardView, 'remoteAddress' | 'remotePort'>): string {
  return isLoopback(remoteAddress) ? t.forwards.portOf(remotePort) : joinHostPort(plainText(remoteAddress).slice(0, 64), remotePort);
}
