import { type NetcheckView, type PathPing, type PathReasonView } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { natWords, tierWords, whyWords } from '../../contract/words.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { pairs, plain, table } from '../format.ts';
import { checked } from '../input.ts';
import { findPeer } from '../profile-names.ts';
import { type Context, type Verb } from '../verb.ts';

const netcheck: Verb = {
  words: ['netcheck'],
  about: "Find out what this machine's network lets through: NAT, UDP, IPv6, relays; takes a few seconds",
  command: 'network.check',
  run: async (context) => {
    const { check } = await (await context.client()).call('network.check', {}, context.world.interrupted);
    context.show(check, netcheckText(check));
    return exitCodes.ok;
  },
};

function netcheckText({ nat, ipv4, ipv6, udp, hairpin, portMapping, servers, findings }: NetcheckView): string {
  const has = (yes: boolean, address: string | null): string => (yes ? (address ?? 'yes') : 'no');
  const mapping = Object.entries(portMapping).filter(([, said]) => said !== '').map(([by, said]) => `${by}: ${said}`);
  const rows = servers.map(({ node, kind, address, latencyMs, problem }) => [node, kind, address, latencyMs === null ? (problem ?? 'no answer') : `${latencyMs.toFixed(1)} ms`]);
  return `${pairs([
    ['UDP', udp ? 'passes' : 'is blocked'],
    ['IPv4', has(ipv4, nat.publicIpv4)],
    ['IPv6', has(ipv6, nat.publicIpv6)],
    ['router', `${natWords[nat.mapping].word}. ${natWords[nat.mapping].what}`],
    ['tunnel seen at', nat.tunnelEndpoints.join(', ')],
    ['port opened by', nat.portMapping],
    ['port mapping', mapping.join(', ')],
    ['NAT loopback', hairpin ? 'yes' : 'no'],
  ])}${rows.length === 0 ? '' : `\n${table(['DEVICE', 'SERVICE', 'ADDRESS', 'ROUND TRIP'], rows)}`}${findings.map((reason) => `\n${why(reason)}\n`).join('')}`;
}

const ping: Verb = {
  words: ['ping'],
  about: 'Measure the round trip to a peer, path by path, and say why the others are not in use',
  command: 'peer.paths',
  also: ['peer.ping'],
  positionals: [{ name: 'peer', field: 'id' }],
  flags: [{ name: 'tcp', kind: 'switch', about: 'open TCP connections through the tunnel instead: for peers that run another program' }],
  run: async (context) => {
    const client = await context.client();
    const { id } = findPeer(await present(client, 'peers'), String(context.args.peer));
    if (context.args.tcp === true) return tcpPing(context, id);
    const { paths, mtu } = await client.call('peer.paths', checked('peer.paths', { ...context.input, id }), context.world.interrupted);
    const latenciesMs = paths.find(({ current }) => current)?.latenciesMs ?? [];
    context.show({ id, paths, mtu, latenciesMs, bestMs: latenciesMs.length === 0 ? null : Math.min(...latenciesMs) }, `${plain(id)}\n${table(['PATH', 'IN USE', 'LEAST', 'MEAN', 'MOST', 'LOST', 'ENDPOINT', 'WHY NOT'], paths.map(pingRow))}${mtu === null ? '' : `\nLargest packet: ${mtu} bytes\n`}`);
    return latenciesMs.length > 0 ? exitCodes.ok : exitCodes.failed;
  },
};

function pingRow({ tier, current, endpoint, latenciesMs, lost, reason }: PathPing): string[] {
  const ms = (value: number): string => (latenciesMs.length === 0 ? '' : `${value.toFixed(1)} ms`);
  const mean = latenciesMs.reduce((sum, each) => sum + each, 0) / latenciesMs.length;
  const tried = latenciesMs.length + lost;
  return [tierWords[tier], current ? 'yes' : 'no', ms(Math.min(...latenciesMs)), ms(mean), ms(Math.max(...latenciesMs)), tried === 0 ? '' : `${lost} of ${tried}`, endpoint, reason === null || reason.code === 'best' ? '' : whyWords(reason).what];
}

async function tcpPing(context: Context, id: string): Promise<ExitCode> {
  const client = await context.client();
  const { count = 1 } = checked('peer.paths', { ...context.input, id });
  const latenciesMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const { latencyMs } = await client.call('peer.ping', checked('peer.ping', { id }), context.world.interrupted);
    latenciesMs.push(latencyMs);
    if (!context.json) context.world.print(`${plain(id)}: ${latencyMs.toFixed(2)} ms\n`);
  }
  if (context.json) context.show({ id, latenciesMs, bestMs: Math.min(...latenciesMs) }, '');
  return exitCodes.ok;
}

const retry: Verb = {
  words: ['peers', 'retry'],
  about: 'Look for a better path to a peer now',
  command: 'peer.retry',
  positionals: [{ name: 'peer', field: 'id' }],
  run: async (context) => {
    const client = await context.client();
    const { id } = findPeer(await present(client, 'peers'), String(context.args.peer));
    await client.call('peer.retry', checked('peer.retry', { id }), context.world.interrupted);
    context.show({ id }, `A better path to ${plain(id)} is being looked for; "webmesh peers" shows what comes of it.\n`);
    return exitCodes.ok;
  },
};

const favourite: Verb = {
  words: ['peers', 'favourite'],
  about: 'Mark a peer as a favourite: it comes first in lists and in the menu of the tray',
  command: 'peer.favourite',
  positionals: [{ name: 'peer', field: 'peer' }],
  without: ['on'],
  flags: [{ name: 'off', kind: 'switch', about: 'no longer a favourite' }],
  run: async (context) => {
    const client = await context.client();
    const { id } = findPeer(await present(client, 'peers'), String(context.args.peer));
    const on = context.args.off !== true;
    await client.call('peer.favourite', checked('peer.favourite', { peer: id, on }), context.world.interrupted);
    context.show({ peer: id, favourite: on }, `${plain(id)} is ${on ? 'a favourite now' : 'no favourite any more'}.\n`);
    return exitCodes.ok;
  },
};

function why(reason: PathReasonView): string {
  const { what, next } = whyWords(reason);
  return `${plain(what)} ${plain(next)}`;
}

export const pathVerbs: readonly Verb[] = [retry, favourite, netcheck, ping];
