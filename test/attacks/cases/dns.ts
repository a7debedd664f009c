/**
 * The mesh's name service against who is no member, against members that ask too much or nonsense, and against who wants the whole zone.
 * One server on loopback; whoever asks with an address of its network is a member.
 */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { cell } from '../../../src/base/cell.ts';
import { parseIp, parsePrefix } from '../../../src/base/ip.ts';
import { silentLog } from '../../../src/base/log.ts';
import { parseControl } from '../../../src/node/config.ts';
import { createDnsPart, dnsLimits } from '../../../src/node/dns/dns-part.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { dnsSockets } from '../../../src/platform/dns-sockets.ts';
import { type Attack, atEnd, demand, once, pause, until } from '../attack.ts';

const net = `127.${16 + (process.pid % 200)}`;
const [server, port] = [`${net}.53.1`, 25_354];
const [member, greedy, stranger] = [`${net}.53.2`, `${net}.53.3`, '127.0.0.1'];

const world = once(async () => {
  const nodes = [{ id: 'host', ipv4: parseIp(server) ?? null, ipv6: null, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [] }];
  const networks = [parsePrefix(`${net}.0.0/16`)].filter((each) => each !== undefined);
  const spec = { insecure: true, nodeId: 'host', meshIpv4: server, services: { meshDns: true }, paths: { dnsPort: port } };
  const config = parseControl(JSON.stringify({ dataDir: '/x', socketPath: '/x/s', spec }));
  const source = { nodes: () => nodes, networks: () => networks, appliedIndex: () => 1, revision: cell(0) };
  const part = createDnsPart({ config, source, sockets: dnsSockets, clock: systemClock, log: silentLog });
  atEnd(() => part.close());
  await until(() => part.features.get().length > 0, 2_000, 'the server listens');
});

/** A question for the host's name, of a type and a number. */
function question(type: number, id = 1, name = 'host.webmesh.internal'): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, type >> 8, type & 255, 0, 1]);
}

/** Sends all of it from one address and counts what comes back. */
async function udp(from: string, messages: readonly Uint8Array[], waitMs: number, enough = 1): Promise<readonly Buffer[]> {
  await world();
  const got: Buffer[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 }).on('message', (data) => got.push(data));
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  for (const [i, message] of messages.entries()) {
    socket.send(message, port, server, () => {});
    if (i % 500 === 499) await pause(5);
  }
  await until(() => got.length >= enough, waitMs, 'answers').catch(() => undefined);
  socket.close();
  return got;
}

async function tcpFrom(from: string): Promise<Socket & { got?: Buffer }> {
  await world();
  const socket: Socket & { got?: Buffer } = connect({ host: server, port, localAddress: from });
  return new Promise((resolve) => {
    socket.on('error', () => {}).on('data', (data) => (socket.got = data));
    socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket));
  });
}

const framed = (message: Uint8Array): Buffer => Buffer.concat([Buffer.from([0, message.length]), message]);

/** The outcome of one question over a connection: its rcode, closed, or silence. */
async function overTcp(from: string, message: Uint8Array): Promise<string> {
  const socket = await tcpFrom(from);
  socket.write(framed(message));
  await until(() => socket.got !== undefined || socket.destroyed, 2_000, 'an end').catch(() => undefined);
  const seen = socket.got ? `code ${(socket.got[5] ?? 0) & 15}` : socket.destroyed ? 'closed' : 'silence';
  socket.destroy();
  return seen;
}

/** Asks as resolvers do: again, when a datagram was lost. */
async function memberIsServed(): Promise<void> {
  let reply: Buffer | undefined;
  for (let tries = 0; tries < 4 && reply === undefined; tries++) [reply] = await udp(member, [question(1)], 500);
  demand(reply !== undefined && (reply.readUInt16BE(2) & 15) === 0 && reply.readUInt16BE(6) === 1, 'a member gets an address over UDP');
  demand((await overTcp(member, question(1))) === 'code 0', 'and over TCP');
}

export const dns: readonly Attack[] = [
  {
    name: 'dns-asked-from-outside', aim: 'mesh DNS', expected: 'silence over UDP, closed over TCP', counter: memberIsServed,
    attack: async () => {
      const heard = await udp(stranger, [question(1), question(16), question(255)], 500);
      return `${heard.length === 0 ? 'silence' : 'answers'} over UDP, ${await overTcp(stranger, question(1))} over TCP`;
    },
  },
  {
    name: 'dns-zone-transfer', aim: 'mesh DNS', expected: 'code 5', counter: memberIsServed,
    attack: async () => {
      const seen = await Promise.all([251, 252].map((type) => overTcp(member, question(type, 1, 'webmesh.internal'))));
      const replies = await udp(member, [question(252, 1, 'webmesh.internal')], 2_000);
      return [...new Set([...seen, ...replies.map((reply) => `code ${reply.readUInt16BE(2) & 15}`)])].join(' / ');
    },
  },
  {
    name: 'dns-flood', aim: 'mesh DNS', expected: 'few are answered, and others are served meanwhile', counter: memberIsServed,
    attack: async () => {
      const startedMs = performance.now();
      const flood = udp(greedy, Array.from({ length: 10_000 }, (_, id) => question(16, id)), 1_000, 10_000);
      await pause(20);
      await memberIsServed();
      const answered = (await flood).length;
      const most = dnsLimits.burst + (dnsLimits.perSecond * (performance.now() - startedMs)) / 1000;
      return answered > 0 && answered <= most ? 'few are answered, and others are served meanwhile' : `${answered} of at most ${Math.round(most)}`;
    },
  },
  {
    name: 'dns-connections-and-scraps', aim: 'mesh DNS', counter: memberIsServed,
    expected: `${dnsLimits.connectionsPerSourceMax} stay open, and others are served`,
    attack: async () => {
      const long = Buffer.concat([question(1), Buffer.alloc(1400, 0xff)]);
      const scraps = [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(12, 0xff), Buffer.alloc(500, 0xc0), long];
      await udp(greedy, Array.from({ length: 200 }, (_, i) => scraps[i % scraps.length] as Buffer), 200, 1_000);
      // One octet each, and then nothing.
      const sockets = await Promise.all(Array.from({ length: 100 }, () => tcpFrom(greedy)));
      for (const socket of sockets) socket.write(Buffer.from([0]));
      await pause(300);
      await memberIsServed();
      const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded && socket.readyState === 'open').length;
      for (const socket of sockets) socket.destroy();
      return `${open} stay open, and others are served`;
    },
  },
];
