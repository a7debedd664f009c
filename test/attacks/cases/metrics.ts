/**
 * The page that Prometheus scrapes against who is no member, and against members that keep it busy. One server on loopback; the roster says
 * which of its addresses belong to a member.
 */
import { connect, type Socket } from 'node:net';
import { silentLog } from '../../../src/base/log.ts';
import { createPage } from '../../../src/node/metrics/page.ts';
import { createReaders } from '../../../src/node/metrics/readers.ts';
import { type NodeRow } from '../../../src/node/state/reads.ts';
import { createMetricsHttp, httpLimits } from '../../../src/platform/metrics-http.ts';
import { type Attack, atEnd, demand, once, pause } from '../attack.ts';

const net = `127.${16 + (process.pid % 200)}.80`;
const [server, member, other, guest, revoked, stranger] = [1, 2, 3, 4, 5, 6].map((n) => `${net}.${n}`) as [string, string, string, string, string, string];
const roles = { [member]: ['member', 'active'], [other]: ['admin', 'active'], [guest]: ['guest', 'active'], [revoked]: ['member', 'revoked'] } as const;

const row = (address: string): NodeRow => ({ id: address, leaseIpv4: `${address}/8`, networkIpv6: null, publicKey: null, raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: null, endpoints: [], createdAt: {} as NodeRow['createdAt'], updatedAt: {} as NodeRow['updatedAt'] });
const device = (id: string) => {
  const [role, state] = roles[id] ?? ['guest', 'pending'];
  return { id, role, state, name: '', invitedBy: '', inviteId: '', keyHash: '', certificateRequest: null, createdAtMs: 0, revokedAtMs: 0 };
};

/** How often the machine was looked at. */
let looks = 0;
const world = once(async () => {
  const mayRead = createReaders({ nodes: () => Object.keys(roles).map(row), trust: { device }, revision: { get: () => 1 } }, true);
  const http = createMetricsHttp(createPage({ path: '/metrics', type: 'text/plain', mayRead, log: silentLog, text: async () => { looks += 1; await pause(5); return 'a 1\n'; } }));
  atEnd(() => http.close());
  return http.listen({ host: server, port: 0 }, new AbortController().signal);
});

async function open(from: string): Promise<Socket> {
  const port = await world();
  const socket = connect({ host: server, port, localAddress: from });
  atEnd(() => socket.destroy());
  await new Promise((resolve) => socket.on('error', () => {}).once('connect', resolve).once('close', resolve));
  return socket;
}

/** What comes back, until the other side ends it. */
async function ask(from: string, request: string): Promise<string> {
  const socket = await open(from);
  let seen = '';
  socket.on('data', (data) => (seen += data.toString('latin1')));
  socket.write(request);
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), pause(3_000)]);
  socket.destroy();
  return /^HTTP\/1\.1 (\d+)/.exec(seen)?.[1] ?? 'closed';
}

const get = (more = ''): string => `GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${more}\r\n`;
const memberReads = async (): Promise<void> => demand((await ask(member, get())) === '200', 'a member reads the page');
/** Connections that are still open after a moment. */
const left = async (sockets: readonly Socket[]): Promise<number> => {
  await pause(300);
  return sockets.filter((socket) => socket.readyState === 'open').length;
};

export const metrics: readonly Attack[] = [
  {
    name: 'metrics-read-by-others', aim: 'metrics page', expected: '403 403 403, nothing was read for them', counter: memberReads,
    attack: async () => {
      const before = looks;
      const seen = [await ask(stranger, get()), await ask(guest, get('x-forwarded-for: 127.0.0.1\r\n')), await ask(revoked, get())];
      return `${seen.join(' ')}, ${looks === before ? 'nothing' : 'something'} was read for them`;
    },
  },
  {
    name: 'metrics-places-by-strangers', aim: 'metrics page', expected: 'members are served', counter: memberReads,
    attack: async () => {
      const sockets = await Promise.all(Array.from({ length: 200 }, (_, i) => open(i % 2 === 0 ? stranger : guest)));
      for (const socket of sockets) socket.write('GET /metrics HTTP/1.1\r\n');
      await memberReads();
      for (const socket of sockets) socket.destroy();
      return 'members are served';
    },
  },
  {
    name: 'metrics-slow-requests', aim: 'metrics page', expected: `${httpLimits.connectionsPerSourceMax} stay open, and others are served`, counter: memberReads,
    attack: async () => {
      const sockets = await Promise.all(Array.from({ length: 100 }, () => open(other)));
      for (const socket of sockets) socket.write('GET /metrics HTTP/1.1\r\nx: ');
      const kept = await left(sockets);
      await memberReads();
      for (const socket of sockets) socket.destroy();
      return `${kept} stay open, and others are served`;
    },
  },
  {
    name: 'metrics-many-at-once', aim: 'metrics page', expected: 'closed, and looked once', counter: memberReads,
    attack: async () => {
      const before = looks;
      const seen = await ask(other, 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000));
      return `${seen}, and looked ${looks - before === 1 ? 'once' : `${looks - before} times`}`;
    },
  },
  {
    name: 'metrics-headers-without-end', aim: 'metrics page', expected: '431', counter: memberReads,
    attack: () => ask(other, `GET /metrics HTTP/1.1\r\nhost: x\r\n${'y: z\r\n'.repeat(20_000)}`),
  },
];
