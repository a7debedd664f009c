import type { NatView, NetcheckView } from '../../contract/state.ts';
import { natWords, whyWords } from '../words/say.ts';
import { t } from '../words/spoken.svelte.ts';
import { latency, moment, plainText } from './format.ts';

/** What was asked of other members, as people say it. */
export function serverWord(kind: NetcheckView['servers'][number]['kind']): string {
  return t.check.servers[kind] ?? plainText(kind);
}

const mapperNames = { pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const;

/** Whether the router opened the tunnel's port, and by which protocol. */
export function mappingSentence(by: NatView['portMapping']): string {
  return by === null ? t.check.notMapped : t.check.mapped(mapperNames[by]);
}

/** How the router answered each protocol, those that mapped first. */
export function mapperAnswers(answers: NetcheckView['portMapping']): readonly { readonly name: string; readonly said: string }[] {
  return (['pcp', 'nat-pmp', 'upnp'] as const).map((key) => ({ name: mapperNames[key], said: plainText(answers[key] ?? '').slice(0, 120) || t.check.notAsked }));
}

/** One line for each thing that was found, in the order of the screen. */
export function checkFacts({ nat, ipv4, ipv6, udp, hairpin }: NetcheckView): readonly { readonly name: string; readonly said: string; readonly good: boolean; readonly value: string | null }[] {
  const words = t.check;
  const router = natWords(nat.mapping);
  return [
    { name: words.router, said: words.kind(router.word, router.what), good: nat.mapping === 'open' || nat.mapping === 'easy', value: null },
    { name: 'IPv4', said: ipv4 ? words.works : words.doesNotWork, good: ipv4, value: nat.publicIpv4 },
    { name: 'IPv6', said: ipv6 ? words.works : words.doesNotWork, good: ipv6, value: nat.publicIpv6 },
    { name: 'UDP', said: udp ? words.passes : words.isBlocked, good: udp, value: null },
    { name: words.mapping, said: mappingSentence(nat.portMapping), good: nat.portMapping !== null || nat.mapping === 'open', value: null },
    { name: words.loopback, said: hairpin ? words.loops : words.doesNotLoop, good: hairpin, value: null },
  ];
}

/** The whole check as text, for a message to whoever helps. */
export function checkText(check: NetcheckView, atMs: number): string {
  const { text, said: line } = t.check;
  const facts = checkFacts(check).map(({ name, said, value }) => (value === null ? line(name, said) : text.fact(name, said, plainText(value))));
  const seen = check.nat.tunnelEndpoints.map((endpoint) => line(t.check.tunnelSeenAt, plainText(endpoint)));
  const mappers = mapperAnswers(check.portMapping).map(({ name, said }) => line(name, said));
  const servers = check.servers.map((s) => text.server(plainText(s.node), serverWord(s.kind), plainText(s.address), s.latencyMs === null ? plainText(s.problem ?? t.check.noAnswer) : latency(s.latencyMs)));
  const findings = check.findings.map(whyWords).map(({ what, next }) => text.finding(what, next));
  const block = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `- ${line}`).join('\n')}\n`);
  return `${text.title(moment(atMs))}\n${block(text.network, [...facts, ...seen])}${block(t.check.router, mappers)}${block(text.members, servers)}${block(text.findings, findings)}`;
}
