import type { NatView, NetcheckView } from '../../contract/state.ts';
import { natWords, whyWords } from '../../contract/words.ts';
import { latency, moment, plainText } from './format.ts';

/** What was asked of other members, as people say it. */
export const serverWords: Readonly<Record<NetcheckView['servers'][number]['kind'], string>> = {
  stun: 'Outside address (UDP)', 'turn-udp': 'Relay (UDP)', 'turn-tcp': 'Relay (TCP)', grpc: 'API (TCP)',
};

const mapperNames = { pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const;

/** Whether the router opened the tunnel's port, and by which protocol. */
export function mappingSentence(by: NatView['portMapping']): string {
  return by === null ? 'The router opened no port for the tunnel.' : `The router opened the tunnel's port (${mapperNames[by]}).`;
}

/** How the router answered each protocol, those that mapped first. */
export function mapperAnswers(answers: NetcheckView['portMapping']): readonly { readonly name: string; readonly said: string }[] {
  return (['pcp', 'nat-pmp', 'upnp'] as const).map((key) => ({ name: mapperNames[key], said: plainText(answers[key] ?? '').slice(0, 120) || 'not asked' }));
}

/** One line for each thing that was found, in the order of the screen. */
export function checkFacts({ nat, ipv4, ipv6, udp, hairpin }: NetcheckView): readonly { readonly name: string; readonly said: string; readonly good: boolean; readonly value: string | null }[] {
  return [
    { name: 'Router', said: `${natWords[nat.mapping].word}. ${natWords[nat.mapping].what}`, good: nat.mapping === 'open' || nat.mapping === 'easy', value: null },
    { name: 'IPv4', said: ipv4 ? 'works' : 'does not work', good: ipv4, value: nat.publicIpv4 },
    { name: 'IPv6', said: ipv6 ? 'works' : 'does not work', good: ipv6, value: nat.publicIpv6 },
    { name: 'UDP', said: udp ? 'passes' : 'is blocked', good: udp, value: null },
    { name: 'Port mapping', said: mappingSentence(nat.portMapping), good: nat.portMapping !== null || nat.mapping === 'open', value: null },
    { name: 'Loopback', said: hairpin ? 'Devices behind this router meet at its public address, too.' : 'Devices behind this router cannot meet at its public address.', good: hairpin, value: null },
  ];
}

/** The whole check as text, for a message to whoever helps. */
export function checkText(check: NetcheckView, atMs: number): string {
  const facts = checkFacts(check).map(({ name, said, value }) => `${name}: ${said}${value === null ? '' : ` (${plainText(value)})`}`);
  const seen = check.nat.tunnelEndpoints.map((endpoint) => `Tunnel seen at: ${plainText(endpoint)}`);
  const mappers = mapperAnswers(check.portMapping).map(({ name, said }) => `${name}: ${said}`);
  const servers = check.servers.map((s) => `${plainText(s.node)}, ${serverWords[s.kind] ?? s.kind}, ${plainText(s.address)}: ${s.latencyMs === null ? plainText(s.problem ?? 'no answer') : latency(s.latencyMs)}`);
  const findings = check.findings.map(whyWords).map(({ what, next }) => `${what} ${next}`);
  const block = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `- ${line}`).join('\n')}\n`);
  return `Network check, ${moment(atMs)}\n${block('Network', [...facts, ...seen])}${block('Router', mappers)}${block('Members', servers)}${block('Findings', findings)}`;
}
