import { present } from '../../contract/wait.ts';
import { warningSentence } from '../../contract/words.ts';
import { type NodeTopic, type PeerPath, type PeerView } from '../../contract/state.ts';
import { clearText, red } from '../colours.ts';
import { exitCodes } from '../exit-codes.ts';
import { bytes, duration, pairs, table } from '../format.ts';
import { checked } from '../input.ts';
import { findPeer } from '../profile-names.ts';
import { phrase } from '../session-words.ts';
import { type Verb } from '../verb.ts';
import { hostText } from '../host-text.ts';

const status: Verb = {
  words: ['status'],
  about: 'Is it connected, and if not, why',
  run: async (context) => {
    const client = await context.client();
    const [session, profiles, peers, health] = await Promise.all([present(client, 'session'), present(client, 'profiles'), present(client, 'peers'), present(client, 'health')]);
    const profile = profiles.list.find(({ id }) => id === session.profile) ?? null;
    const others = peers.list.filter(({ self }) => !self);
    const direct = others.filter(({ path }) => path.kind === 'direct').length;
    const connected = session.phase === 'connected' ? session : undefined;
    const clear = profile?.insecure === true ? `${red(clearText, context.world)}\n` : '';
    const text = `${clear}${pairs([
      ['state', phrase(session, context.world.clock.nowMs())],
      ['network', profile && `${profile.name} (${profile.kind === 'host' ? 'hosted here' : profile.address})`],
      ['device', profile?.nodeId],
      ['IPv4', connected?.lease.ipv4],
      ['IPv6', connected?.lease.ipv6],
      ['tunnel', connected && `${connected.tunnel.interfaceName}, ${connected.tunnel.engine}, received ${bytes(connected.tunnel.receiveBytes)}, sent ${bytes(connected.tunnel.transmitBytes)}`],
      ['peers', `${others.length}, ${direct} direct`],
    ])}`;
    const warnings = health.warnings.map((warning) => `\n${warning.severity}: ${Object.values(warningSentence(warning)).join(' ')}`).join('');
    context.show({ session, profile, peers: { total: others.length, direct, source: peers.source }, warnings: health.warnings }, `${text}${warnings === '' ? '' : `${warnings}\n`}`);
    return exitCodes.ok;
  },
};

const peers: Verb = {
  words: ['peers'],
  about: 'The other devices of the network',
  flags: [{ name: 'search', kind: 'text', about: 'only peers whose name, address or key holds this text' }],
  run: async (context) => {
    const { source, list } = await present(await context.client(), 'peers');
    const wanted = typeof context.args.search === 'string' ? context.args.search.toLowerCase() : '';
    const found = list.filter(({ id, ipv4, ipv6, publicKey }) => [id, ipv4 ?? '', ipv6 ?? '', publicKey].some((text) => text.toLowerCase().includes(wanted)));
    const rows = found.map((peer) => peerRow(peer, context.world.clock.nowMs()));
    context.show({ source, peers: found }, table(['NAME', 'IPV4', 'IPV6', 'ROLE', 'PATH', 'ENDPOINT', 'HANDSHAKE', 'LATENCY', 'RECEIVED', 'SENT'], rows));
    return exitCodes.ok;
  },
};

function peerRow(peer: PeerView, nowMs: number): string[] {
  const traffic = peer.self ? ['', ''] : [bytes(peer.receiveBytes), bytes(peer.transmitBytes)];
  const handshake = peer.lastHandshakeMs === null ? '' : `${duration(nowMs - peer.lastHandshakeMs)} ago`;
  const latency = peer.latencyMs === null ? '' : `${peer.latencyMs.toFixed(1)} ms`;
  return [peer.id, peer.ipv4 ?? '', peer.ipv6 ?? '', peer.role, pathWords(peer.path), peer.endpoint ?? '', handshake, latency, ...traffic];
}

function pathWords(path: PeerPath): string {
  const reasons = {
    'no-handshake-yet': 'no answer yet', 'peer-has-no-endpoint': 'it has no address', 'both-behind-nat': 'both behind NAT',
    'no-handshake-lately': 'no answer lately', 'not-connected': 'not connected',
  } as const;
  return 'reason' in path ? `${path.kind} (${reasons[path.reason]})` : path.kind === 'self' ? 'this device' : path.kind;
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
    context.show(answer.metrics, `${JSON.stringify(answer.metrics, undefined, 2)}\n`);
    return exitCodes.ok;
  },
};

const ping: Verb = {
  words: ['ping'],
  about: 'Measure the round trip to a peer through the tunnel',
  command: 'peer.ping',
  positionals: [{ name: 'peer', field: 'id' }],
  flags: [{ name: 'count', kind: 'number', about: 'how many times (1 to 1000)' }],
  run: async (context) => {
    const client = await context.client();
    const { id } = findPeer(await present(client, 'peers'), String(context.args.peer));
    const count = Math.min(1000, Math.max(1, Math.floor(Number(context.args.count ?? 1))));
    const latencies: number[] = [];
    for (let i = 0; i < count; i++) {
      const { latencyMs } = await client.call('peer.ping', checked('peer.ping', { id }), context.world.interrupted);
      latencies.push(latencyMs);
      if (!context.json) context.world.print(`${id}: ${latencyMs.toFixed(2)} ms\n`);
    }
    if (context.json) context.show({ id, latenciesMs: latencies, bestMs: Math.min(...latencies) }, '');
    return exitCodes.ok;
  },
};

export const viewVerbs: readonly Verb[] = [status, peers, node, metrics, ping];
