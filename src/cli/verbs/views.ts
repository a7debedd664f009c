import { present } from '../../contract/wait.ts';
import { pathWords, warningSentence } from '../../contract/words.ts';
import { type NamesView, type NodeTopic, type PeerView, type ProfileView } from '../../contract/state.ts';
import { clearText, red } from '../colours.ts';
import { exitCodes } from '../exit-codes.ts';
import { bytes, duration, jsonText, pairs, plain, table } from '../format.ts';
import { checked } from '../input.ts';
import { whyLine } from '../path-words.ts';
import { findPeer } from '../profile-names.ts';
import { phrase, standings } from '../session-words.ts';
import { type Verb } from '../verb.ts';
import { hostText } from '../host-text.ts';

const status: Verb = {
  words: ['status'],
  about: 'Is it connected, and if not, why; with several networks: how each stands',
  command: 'network.view',
  run: async (context) => {
    const client = await context.client();
    const [session, profiles, peers, health] = await Promise.all([present(client, 'session'), present(client, 'profiles'), present(client, 'peers'), present(client, 'health')]);
    const profile = profiles.list.find(({ id }) => id === session.profile) ?? null;
    const others = peers.list.filter(({ self }) => !self);
    const direct = others.filter(({ path }) => path.kind === 'direct').length;
    const relayed = others.filter(({ path }) => path.kind === 'relay').length;
    const connected = session.phase === 'connected' ? session : undefined;
    const clear = profile?.insecure === true ? `${red(clearText, context.world)}\n` : '';
    const text = `${clear}${pairs([
      ['state', phrase(session, context.world.clock.nowMs())],
      ['network', profile && `${profile.name} (${profile.kind === 'host' ? 'hosted here' : profile.address})`],
      ['device', profile?.nodeId],
      ['IPv4', connected?.lease.ipv4],
      ['IPv6', connected?.lease.ipv6],
      ['tunnel', connected && `${connected.tunnel.interfaceName}, ${connected.tunnel.engine}, received ${bytes(connected.tunnel.receiveBytes)}, sent ${bytes(connected.tunnel.transmitBytes)}`],
      ['names', profile && connected && namesText(profile, connected.tunnel.names)],
      ['peers', `${others.length}, ${direct} direct${relayed === 0 ? '' : `, ${relayed} relayed`}`],
    ])}`;
    const warnings = health.warnings.map((warning) => `\n${warning.severity}: ${warning.network && !warning.network.alone ? `${plain(warning.network.name)}: ` : ''}${Object.values(warningSentence(warning)).join(' ')}`).join('');
    const all = profiles.list.length > 1 ? `\n${standings(profiles.list, context.world.clock.nowMs())}` : '';
    context.show({ session, profile, peers: { total: others.length, direct, relayed, source: peers.source }, warnings: health.warnings, networks: profiles.list }, `${text}${all}${warnings === '' ? '' : `${warnings}\n`}`);
    return exitCodes.ok;
  },
};

/** Where other programs find devices, or why not. */
function namesText({ suffix, names }: ProfileView, { keeper, problem }: NamesView): string {
  if (!names) return 'off on this machine';
  if (problem !== '') return `not in other programs: ${problem}`;
  return keeper === '' ? `${suffix}, not set yet` : `NAME.${suffix}, by ${keeper}`;
}

const peers: Verb = {
  words: ['peers'],
  about: 'The other devices of the network, how each is reached, and why not better',
  flags: [{ name: 'search', kind: 'text', about: 'only peers whose name, address or key holds this text' }],
  run: async (context) => {
    const { source, list } = await present(await context.client(), 'peers');
    const wanted = typeof context.args.search === 'string' ? context.args.search.toLowerCase() : '';
    const found = list.filter(({ id, ipv4, ipv6, publicKey }) => [id, ipv4 ?? '', ipv6 ?? '', publicKey].some((text) => text.toLowerCase().includes(wanted)));
    const rows = found.map((peer) => peerRow(peer, context.world.clock.nowMs()));
    context.show({ source, peers: found }, table(['NAME', 'IPV4', 'IPV6', 'ROLE', 'PATH', 'ENDPOINT', 'HANDSHAKE', 'LATENCY', 'RECEIVED', 'SENT'], rows) + reasons(found));
    return exitCodes.ok;
  },
};

/** Below the table, because they are sentences: why a path is not better, and what would fix it. */
function reasons(peers: readonly PeerView[]): string {
  const lines = peers.map(whyLine).filter((line) => line !== '');
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function peerRow(peer: PeerView, nowMs: number): string[] {
  const traffic = peer.self ? ['', ''] : [bytes(peer.receiveBytes), bytes(peer.transmitBytes)];
  const handshake = peer.lastHandshakeMs === null ? '' : `${duration(nowMs - peer.lastHandshakeMs)} ago`;
  const latency = peer.latencyMs === null ? '' : `${peer.latencyMs.toFixed(1)} ms`;
  return [peer.favourite ? `★ ${peer.id}` : peer.id, peer.ipv4 ?? '', peer.ipv6 ?? '', peer.role, pathWords(peer.path).word, peer.endpoint ?? '', handshake, latency, ...traffic];
}

const node: Verb = {
  words: ['node'],
  about: 'The mesh node on this machine: version, features, consensus',
  run: async (context) => {
    const topic = await present(await context.client(), 'node');
    context.show(topic, nodeText(topic, context.world.clock.nowMs()));
    return exitCodes.ok;
  },
};

function nodeText(topic: NodeTopic, nowMs: number): string {
  const { raft } = topic;
  const servers = raft === null ? '' : `\n${table(['SERVER', 'ADDRESS', 'VOTES'], raft.servers.map(({ id, address, voter }) => [id, address, voter ? 'yes' : 'no']))}`;
  return `${pairs([
    ['running', topic.running ? 'yes' : 'no'],
    ['problem', topic.problem],
    ['name', topic.id],
    ['version', topic.version],
    ['helper', topic.helperVersion],
    ['role', topic.role],
    ['leader', topic.leader],
    ['up', topic.startedAtMs === null ? null : duration(nowMs - topic.startedAtMs)],
    ['network', topic.networkName],
    ['networks', topic.networks.join(', ')],
    ['features', topic.features.join(', ')],
    ['raft', raft && `${raft.role}, term ${raft.term}, committed ${raft.commitIndex} of ${raft.lastIndex}, applied ${raft.appliedIndex}`],
  ])}${servers}`;
}

const metrics: Verb = {
  words: ['metrics'],
  about: 'CPU, memory, disks and tunnel traffic, here or on a peer',
  command: 'peer.metrics',
  positionals: [{ name: 'peer', field: 'id', optional: true }],
  run: async (context) => {
    const client = await context.client();
    if (typeof context.args.peer !== 'string') {
      const topic = await present(client, 'metrics');
      context.show(topic, `${topic.host === null ? 'No sample yet.\n' : hostText(topic.host)}${topic.tunnel === null ? '' : pairs([['tunnel', `received ${bytes(topic.tunnel.receiveBytes)}, sent ${bytes(topic.tunnel.transmitBytes)}`]])}`);
      return exitCodes.ok;
    }
    const { id } = findPeer(await present(client, 'peers'), context.args.peer);
    const answer = await client.call('peer.metrics', checked('peer.metrics', { id }), context.world.interrupted);
    context.show(answer.metrics, jsonText(answer.metrics, 2));
    return exitCodes.ok;
  },
};

export const viewVerbs: readonly Verb[] = [status, peers, node, metrics];
