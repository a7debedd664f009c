/**
 * STUN, TURN and relayed streams against strangers, against members that want more than a relay, and against who would use them to reach this
 * machine's own network, or to multiply what it sends. One server on loopback, with the real policy: what a member may reach is its tunnel's port.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect as connectTcp, createServer } from 'node:net';
import { parsePrefix } from '../../../src/base/ip.ts';
import { RpcError } from '../../../src/base/rpc.ts';
import { PathServiceService } from '../../../src/gen/webmesh/paths/v1/paths.ts';
import { Proposal, RelayRequest, Tier } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { mayRelayTo } from '../../../src/node/relay/destinations.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createGrpcCaller } from '../../../src/platform/grpc-call.ts';
import { Socket } from '../../../src/platform/turn-library.ts';
import { createTurnServers, turnListenLimits } from '../../../src/platform/turn-server.ts';
import { grpcPort } from '../../node/local-cluster.ts';
import { type Attack, atEnd, demand, once, pause, summary, until } from '../attack.ts';
import { outcomeOf } from '../clients/grpc.ts';
import { call, meshWorld } from '../worlds/mesh.ts';

const net = `127.${16 + (process.pid % 200)}`;
const [host, other, member, port, tunnelPort, secret] = [`${net}.78.1`, `${net}.78.2`, `${net}.78.3`, 25_478, 25_482, 'a secret of this run'];

const world = once(async () => {
  const tunnel = await bound(host, tunnelPort);
  const neighbour = await bound(other, tunnelPort);
  const server = await createTurnServers(systemClock).start({
    port, hosts: [host], realm: 'webmesh', secret, external: { ipv4: host, ipv6: null }, relayPorts: [25_500, 25_600], take: () => true, allocationsMax: 16, allocationsPerUserMax: 4, mayUse: () => true,
    mayRelayTo: (address, to) => mayRelayTo(address, to, {
      external: () => ({ ipv4: host, ipv6: null }), wireguardPort: () => tunnelPort, ownAddresses: () => [], meshNetworks: () => [parsePrefix('44.7.0.0/16')].filter((each) => each !== undefined),
    }),
  });
  atEnd(() => server.close());
  return { server, tunnel, neighbour };
});

interface Bound {
  readonly socket: DatagramSocket;
  readonly got: Buffer[];
}

async function bound(address: string, at = 0): Promise<Bound> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  const got: Buffer[] = [];
  socket.on('error', () => {}).on('message', (bytes) => got.push(bytes));
  atEnd(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(at, address, resolve));
  return { socket, got };
}

const nameOf = (user: string, lifeSeconds = 3_600): string => `${Math.floor(Date.now() / 1_000) + lifeSeconds}:${user}`;
const passwordOf = (username: string, key = secret): string => createHmac('sha1', key).update(username).digest('base64');

type Library = InstanceType<typeof Socket> & { connectPeer(peer: object): void; sendChannel(channel: number, data: Buffer): void };

/** The library's client, which asks for whatever it is told. Answers of requests are `ok` or their error code. */
async function client(username: string, password: string): Promise<{ turn: Library; ask(send: () => void): Promise<string> }> {
  await world();
  const turn = new Socket({ server: host, port, transportType: 'udp', authMech: 'long-term', username, password, rto: 500 }) as Library;
  turn.on('error', () => {});
  atEnd(() => turn.close());
  await new Promise<void>((resolve) => turn.connect(resolve));
  const ask = (send: () => void): Promise<string> => new Promise((resolve) => {
    const done = (text: string): void => {
      for (const [event, see] of listeners) turn.off(event, see);
      resolve(text);
    };
    const listeners = [['success', () => done('ok')], ['error_response', (_: object, error?: { code?: number }) => done(String(error?.code))], ['timeout', () => done('silence')]] as const;
    for (const [event, see] of listeners) turn.on(event, see);
    const timer = setTimeout(() => done('silence'), 1_500);
    timer.unref();
    send();
  });
  return { turn, ask };
}

async function allocated(user = 'ann'): Promise<Awaited<ReturnType<typeof client>>> {
  const username = nameOf(`${user}-${randomBytes(3).toString('hex')}`);
  const it = await client(username, passwordOf(username));
  // The library's client repeats nothing by itself, and datagrams are lost.
  let seen = 'silence';
  for (let n = 0; n < 4 && seen === 'silence'; n++) seen = await it.ask(() => it.turn.allocate());
  demand(seen === 'ok', `a member gets an allocation: ${seen}`);
  return it;
}

/** A member's datagram reaches the tunnel's own port through the relay. */
async function relayWorks(): Promise<void> {
  const { tunnel } = await world();
  const before = tunnel.got.length;
  const { turn, ask } = await allocated();
  demand((await ask(() => turn.createPermission({ ip: host, port: 0 }))) === 'ok', 'the machine’s own tunnel may be reached');
  turn.send({ ip: host, port: tunnelPort }, Buffer.from('hello'));
  await until(() => tunnel.got.length > before, 2_000, 'the datagram');
  turn.close();
}

const stun = (type: number, ...attributes: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(attributes);
  const head = Buffer.concat([Buffer.alloc(8), randomBytes(12)]);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length, 2);
  head.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([head, body]);
};
const wantsUdp = Buffer.from([0x00, 0x19, 0, 4, 17, 0, 0, 0]);

/** How a connection ends that says this. */
async function tcpEnd(bytes: Buffer, waitMs: number): Promise<string> {
  await world();
  const socket = connectTcp({ port, host, localAddress: member });
  socket.on('error', () => {}).resume();
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
  socket.write(bytes);
  const end = await Promise.race([closed, pause(waitMs).then(() => 'open')]);
  socket.destroy();
  return end;
}

const offer = (): Proposal => ({ ...Proposal.decode(Buffer.alloc(0)), session: randomBytes(16), tier: Tier.TIER_PUNCH });

export const relay: readonly Attack[] = [
  {
    name: 'turn-without-credential', aim: 'TURN', expected: '401', counter: relayWorks,
    attack: async () => {
      const past = nameOf('ann', -1);
      const names = [[nameOf('ann'), 'guessed'], [past, passwordOf(past)], [nameOf('ann'), passwordOf(nameOf('ann'), 'another secret')], ['constructor', String(Object)], ['toString', String(Object.prototype.toString)], ['__proto__', String(Object.prototype)], ['x', '']] as const;
      const seen: string[] = [];
      for (const [username, password] of names) {
        const { turn, ask } = await client(username, password);
        // Without a name or a password the client has nothing to come back with: the challenge is the end.
        seen.push(await ask(() => turn.allocate()));
      }
      return summary(seen);
    },
  },
  {
    name: 'turn-into-this-network', aim: 'TURN', expected: 'refused 403, and nothing arrived', counter: relayWorks,
    attack: async () => {
      const { tunnel, neighbour } = await world();
      const inside = ['127.0.0.1', other, '0.0.0.0', '10.0.0.1', '192.168.1.1', '172.16.0.1', '169.254.169.254', '100.64.0.1', '44.7.0.1', '224.0.0.1', '255.255.255.255', '::1', '::ffff:127.0.0.1', 'fd00::1', 'fe80::1', '64:ff9b::7f00:1'];
      const { turn, ask } = await allocated();
      const seen: string[] = [];
      for (const [n, ip] of inside.entries()) {
        seen.push(await ask(() => turn.createPermission({ ip, port: 0 })), await ask(() => turn.channelBind(0x4000 + n, { ip, port: tunnelPort })));
        turn.send({ ip, port: tunnelPort }, Buffer.from('in'));
        turn.sendChannel(0x4000 + n, Buffer.from('in'));
      }
      // What is permitted at the own address is one port of it.
      await ask(() => turn.createPermission({ ip: host, port: 0 }));
      const service = await bound(host);
      const before = tunnel.got.length;
      turn.send({ ip: host, port: service.socket.address().port }, Buffer.from('in'));
      turn.send({ ip: host, port: port }, stun(1));
      turn.send({ ip: host, port: tunnelPort }, Buffer.from('last'));
      await until(() => tunnel.got.length > before, 2_000, 'the last one');
      const arrived = neighbour.got.length + service.got.length + tunnel.got.slice(before).filter((bytes) => bytes.toString() !== 'last').length;
      turn.close();
      return `refused ${summary(seen)}, and ${arrived === 0 ? 'nothing' : arrived} arrived`;
    },
  },
  {
    name: 'turn-dials-tcp', aim: 'TURN', expected: 'silence, and nobody was dialled', counter: relayWorks,
    attack: async () => {
      let dialled = 0;
      const trap = createServer((socket) => {
        dialled += 1;
        socket.destroy();
      });
      await new Promise<void>((resolve) => trap.listen(tunnelPort, host, resolve));
      const { turn, ask } = await allocated();
      await ask(() => turn.createPermission({ ip: host, port: 0 }));
      // RFC 6062 from an allocation that was made for UDP.
      const seen = await ask(() => turn.connectPeer({ ip: host, port: tunnelPort }));
      turn.close();
      trap.close();
      return `${seen}, and ${dialled === 0 ? 'nobody was' : `${dialled} were`} dialled`;
    },
  },
  {
    name: 'turn-multiplies', aim: 'STUN, TURN', expected: 'answers, at most three times the question', counter: relayWorks,
    attack: async () => {
      await world();
      const { socket, got } = await bound(member);
      const name = Buffer.from([0x00, 0x06, 0, 4, 97, 98, 99, 100]);
      const questions = [stun(1), stun(3), stun(3, wantsUdp), stun(3, wantsUdp, name), stun(4), stun(8), stun(9), stun(3, Buffer.from([0x7f, 0xff, 0, 0])), stun(0x16), Buffer.from([0x40, 0, 0, 0])];
      let worst = 0;
      for (const question of questions) {
        const before = got.reduce((sum, { length }) => sum + length, 0);
        socket.send(question, port, host);
        await pause(40);
        worst = Math.max(worst, (got.reduce((sum, { length }) => sum + length, 0) - before) / question.length);
      }
      return got.length > 2 && worst <= 3 ? 'answers, at most three times the question' : `${got.length} answers, ${worst} times the question`;
    },
  },
  {
    name: 'turn-flood', aim: 'STUN, TURN', expected: /^fewer than 600 answers to 20000, and others are served$/, counter: relayWorks,
    attack: async () => {
      const { socket, got } = await bound(member);
      for (let n = 0; n < 20_000; n++) {
        socket.send(n % 2 === 0 ? stun(1) : stun(3, wantsUdp), port, host, () => {});
        if (n % 200 === 199) await pause(1);
      }
      await relayWorks();
      return `${got.length < 600 ? 'fewer than 600' : got.length} answers to 20000, and others are served`;
    },
  },
  {
    name: 'turn-malformed-stream', aim: 'TURN over TCP', expected: 'closed', counter: relayWorks,
    attack: async () => summary(await Promise.all([
      ...['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'].map((text) => tcpEnd(Buffer.from(text, 'latin1'), 1_000)),
      tcpEnd(Buffer.from([0x40, 0, 0xff, 0xff]), 1_000), tcpEnd(Buffer.concat([Buffer.from([0, 3, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(70_000)]), 1_000),
      // Half a frame, and a whole one a second: nobody keeps a connection for that.
      tcpEnd(stun(3, wantsUdp).subarray(0, 22), turnListenLimits.strangerMs + 8_000),
    ])),
  },
  {
    name: 'turn-many-connections', aim: 'TURN over TCP', expected: `at most ${turnListenLimits.connectionsPerSourceMax} stay, and others are served`, counter: relayWorks,
    attack: async () => {
      await world();
      const sockets = Array.from({ length: 100 }, () => connectTcp({ port, host, localAddress: `${net}.78.9` }).on('error', () => {}).resume());
      await pause(500);
      const stay = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
      await relayWorks();
      for (const socket of sockets) socket.destroy();
      return `${stay <= turnListenLimits.connectionsPerSourceMax ? `at most ${turnListenLimits.connectionsPerSourceMax}` : stay} stay, and others are served`;
    },
  },
  {
    name: 'offer-in-anothers-name', aim: 'Negotiate', expected: /^PERMISSION_DENIED only for the node itself \/ PERMISSION_DENIED only for voters$/,
    counter: async () => {
      const { identity } = await meshWorld();
      demand((await call('host', { as: identity('guest') }, PathServiceService.negotiate, { to: 'host', from: '', via: '', offer: offer() })).answer !== undefined, 'a guest is answered');
    },
    attack: async () => {
      const { identity } = await meshWorld();
      const lies = [{ from: 'voter', via: '' }, { from: 'voter', via: 'member' }, { from: 'voter', via: 'third' }];
      const seen: string[] = [];
      for (const lie of lies) for (const as of ['member', 'guest']) seen.push(await outcomeOf(call('host', { as: identity(as) }, PathServiceService.negotiate, { to: 'host', ...lie, offer: offer() })));
      return summary(seen);
    },
  },
  {
    name: 'relay-in-anothers-place', aim: 'Relay', expected: '7 the other side waits for another node',
    counter: async () => {
      const seen = await relayed('member');
      demand(seen === 'ready', `two that name each other meet: ${seen}`);
    },
    attack: () => relayed('voter'),
  },
];

/** The guest waits at the host for `wanted` under a session; the member knows the session and comes. */
async function relayed(wanted: string): Promise<string> {
  const { identity, address, nodes } = await meshWorld();
  await nodes.host.update({ paths: { turnPort: 0, dnsPort: 0, prometheusPort: 0, relayBytesPerSecond: 1_000_000n, shares: [], dnsDomain: '', localDomain: '', localDnsPort: 0 } });
  const session = randomBytes(16);
  const open = (id: string, to: string) => {
    const caller = createGrpcCaller(() => identity(id));
    atEnd(() => caller.close());
    const stream = caller.duplex(`${address('host')}:${grpcPort}`, PathServiceService.relay.path, { metadata: {}, deadlineMs: 5_000, signal: new AbortController().signal, expectId: 'host' });
    stream.write(RelayRequest.encode({ open: { to, session }, datagrams: [] }).finish());
    return { stream, said: stream.messages[Symbol.asyncIterator]().next().then(() => 'ready', (error: unknown) => (error instanceof RpcError ? `${error.code} ${error.message}` : String(error))) };
  };
  const waits = open('guest', wanted);
  waits.said.catch(() => {});
  await pause(200);
  const comes = open('member', 'guest');
  const seen = await Promise.race([comes.said, pause(3_000).then(() => 'silence')]);
  for (const { stream } of [waits, comes]) stream.cancel();
  return seen;
}
