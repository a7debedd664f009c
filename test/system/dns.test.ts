import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cell } from '../../src/base/cell.ts';
import { parseIp, parsePrefix } from '../../src/base/ip.ts';
import { silentLog } from '../../src/base/log.ts';
import { Feature } from '../../src/gen/v1/mesh_messages.ts';
import { type NodeConfig, parseControl } from '../../src/node/config.ts';
import { createDnsPart } from '../../src/node/dns/dns-part.ts';
import { type ZoneNode } from '../../src/node/dns/node-records.ts';
import { type Part } from '../../src/node/parts.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { dnsSockets } from '../../src/platform/dns-sockets.ts';
import { until } from '../../scripts/lib/hosts.ts';

/** Debian's dig against the real part on loopback. Whoever asks with an address of the network is a member. */
const hasDig = spawnSync('dig', ['-v']).status === 0;
const net = `127.${16 + (process.pid % 200)}`;
const [server, member, port] = [`${net}.0.1`, `${net}.0.9`, 25_353];
/** Some containers have no IPv6 loopback at all. */
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
const run = promisify(execFile);

const node = (id: string, host: string, more: Partial<ZoneNode> = {}): ZoneNode => ({
  id, ipv4: parseIp(`${net}.0.${host}`) ?? null, ipv6: parseIp(`fd12:3456:789a:${host}::`) ?? null,
  raftPort: 9443, grpcPort: 8443, wireguardPort: 51820, primaryEndpoint: '203.0.113.1', endpoints: ['203.0.113.1', '198.51.100.7'], ...more,
});
const nodes = [
  node('host', '1'), node('laptop', '2', { ipv6: null, primaryEndpoint: null, endpoints: [] }), node('a.site', '3'),
  node('big', '4', { endpoints: Array.from({ length: 60 }, (_, i) => `2001:db8:1234:5678:9abc:def0:1234:${(0x1000 + i).toString(16)}`) }),
];
const networks = [`${net}.0.0/16`, 'fd12:3456:789a::/48', '::1/128'].flatMap((text) => parsePrefix(text) ?? []);
const source = { nodes: () => nodes, networks: () => networks, appliedIndex: () => 4711, revision: cell(0) };

const config = (meshIpv6: string, dnsPort = port): NodeConfig => parseControl(JSON.stringify({
  dataDir: '/x', socketPath: '/x/s', spec: { insecure: true, nodeId: 'host', meshIpv4: server, meshIpv6, services: { meshDns: true }, paths: { dnsPort } },
}));
let part: Part;
beforeAll(async () => {
  part = createDnsPart({ config: config('::1'), source, sockets: dnsSockets, clock: systemClock, log: silentLog });
  await until(() => part.features.get().length > 0, 10_000, 'it listens');
});
afterAll(() => part.close());

/** What dig saw of one question: status, flags and the sections, one line a record, without dig's spaces. */
function digSaw(text: string): string[] {
  const head = /status: (\w+), id: \d+\n;; flags: ([a-z ]*);/.exec(text);
  const records = text.split('\n').filter((line) => line !== '' && !line.startsWith(';')).map((line) => line.replace(/\s+/g, ' '));
  return [head ? `${head[1]} ${head[2]}` : text.includes('timed out') ? 'timed out' : text.trim(), ...records];
}

async function dig(...args: string[]): Promise<string[]> {
  return digSaw(await digText(...args));
}

/** Many questions in one process, each with `way`. */
async function digAll(questions: readonly string[], ...way: readonly string[]): Promise<(readonly [string, string[]])[]> {
  const text = await digText(...questions.flatMap((question) => [...whereOf(way), ...way, ...question.split(' ')]));
  const seen = text.split(/^;+ (?:->>HEADER<<-|communications error)/m).slice(1).map((each) => digSaw(`;; ->>HEADER<<-${each}`));
  return questions.map((question, i) => [question, seen[i] ?? ['nothing']]);
}

/** An argument `@…` asks there instead of the server on IPv4, from the same address. */
function whereOf(args: readonly string[]): readonly string[] {
  const common = ['-p', String(port), '+time=2', '+tries=1', '+nocookie'];
  return args.some((each) => each.startsWith('@')) ? common : ['-b', member, `@${server}`, ...common];
}

async function digText(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('dig', [...whereOf(args), ...args]).catch((error: { stdout: string }) => error);
  return stdout;
}

const domain = 'webmesh.internal.';
const soa = `${domain} 5 IN SOA host.${domain} hostmaster.${domain} 4711 60 10 3600 5`;
const portTexts = '"raft_port=9443" "grpc_port=8443" "wireguard_port=51820"';
const txt = (id: string, primary: string, list: string): string => `${id}.${domain} 5 IN TXT "id=${id}" ${portTexts} "primary_endpoint=${primary}" "endpoints=${list}"`;

test.skipIf(!hasDig)('[needs dig] every type of record, over UDP and TCP', async () => {
  const v4 = `host.${domain} 5 IN A ${server}`;
  const v6 = `host.${domain} 5 IN AAAA fd12:3456:789a:1::`;
  const hostTxt = txt('host', '203.0.113.1', '203.0.113.1,198.51.100.7');
  const asked: Record<string, readonly string[]> = {
    'host.webmesh.internal A': ['NOERROR qr aa rd', v4, hostTxt],
    'host.webmesh.internal AAAA': ['NOERROR qr aa rd', v6, hostTxt],
    'host.webmesh.internal TXT': ['NOERROR qr aa rd', hostTxt, v4, v6],
    'laptop.webmesh.internal TXT': ['NOERROR qr aa rd', txt('laptop', '<none>', '<none>'), `laptop.${domain} 5 IN A ${net}.0.2`],
    'a.site.webmesh.internal A': ['NOERROR qr aa rd', `a.site.${domain} 5 IN A ${net}.0.3`, txt('a.site', '203.0.113.1', '203.0.113.1,198.51.100.7')],
    'webmesh.internal SOA': ['NOERROR qr aa rd', soa],
    'webmesh.internal NS': ['NOERROR qr aa rd', `${domain} 5 IN NS host.${domain}`, v4, v6],
    'host.webmesh.internal ANY': ['NOERROR qr aa rd', `host.${domain} 5 IN HINFO "RFC8482" ""`],
    [`-x ${net}.0.2`]: ['NOERROR qr aa rd', `2.0.${net.split('.')[1]}.127.in-addr.arpa. 5 IN PTR laptop.${domain}`],
    '-x fd12:3456:789a:3::': ['NOERROR qr aa rd', `${'0.'.repeat(16)}3.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa. 5 IN PTR a.site.${domain}`],
  };
  for (const way of ['+notcp', '+tcp', ...(hasIpv6 ? ['@::1'] : [])]) expect([way, await digAll(Object.keys(asked), way)]).toEqual([way, Object.entries(asked)]);
});

test.skipIf(!hasDig)('[needs dig] what is not there, and what is not ours', async () => {
  const reverseSoa = `${net.split('.')[1]}.127.in-addr.arpa. 5 IN SOA host.${domain} hostmaster.${domain} 4711 60 10 3600 5`;
  const asked: Record<string, readonly string[]> = {
    'missing.webmesh.internal A': ['NXDOMAIN qr aa rd', soa],
    'deep.below.host.webmesh.internal A': ['NXDOMAIN qr aa rd', soa],
    'laptop.webmesh.internal AAAA': ['NOERROR qr aa rd', soa],
    'host.webmesh.internal MX': ['NOERROR qr aa rd', soa],
    'site.webmesh.internal A': ['NOERROR qr aa rd', soa],
    [`-x ${net}.9.9`]: ['NXDOMAIN qr aa rd', reverseSoa],
    [`0.${net.split('.')[1]}.127.in-addr.arpa PTR`]: ['NOERROR qr aa rd', reverseSoa],
    'example.org A': ['REFUSED qr rd'],
    'internal SOA': ['REFUSED qr rd'],
    '-x 8.8.8.8': ['REFUSED qr rd'],
    'my\\.laptop.webmesh.internal A': ['NXDOMAIN qr aa rd', soa],
    'h\\195\\164.webmesh.internal A': ['NXDOMAIN qr aa rd', soa],
  };
  expect(await digAll(Object.keys(asked))).toEqual(Object.entries(asked));
  for (const other of ['CH', 'HS', 'ANY']) expect(await dig('host.webmesh.internal', 'TXT', '-c', other)).toEqual(['REFUSED qr rd']);
  for (const opcode of ['UPDATE', 'NOTIFY']) expect(await dig('webmesh.internal', 'SOA', `+opcode=${opcode}`)).toEqual(['NOTIMP qr rd']);
  expect(await digText('webmesh.internal', 'AXFR')).toContain('Transfer failed');
});

test.skipIf(!hasDig)('[needs dig] an answer too large for UDP is truncated, and whole over TCP', async () => {
  const [cut] = await dig('big.webmesh.internal', 'TXT', '+ignore');
  const retried = await dig('big.webmesh.internal', 'TXT');
  expect([cut, retried[0]]).toEqual(['NOERROR qr aa tc rd', 'NOERROR qr aa rd']);
  expect([retried[1]?.match(/2001:db8/g)?.length, retried[1]?.match(/"endpoints=/g)?.length]).toEqual([60, 10]);
  // Without EDNS 512 octets are all: the text beside the address is left out before anything is truncated.
  expect(await dig('big.webmesh.internal', 'A', '+noedns', '+ignore')).toEqual(['NOERROR qr aa rd', `big.${domain} 5 IN A ${net}.0.4`]);
});

test.skipIf(!hasDig)('[needs dig] the question comes back as it was written; EDNS only where it was asked for', async () => {
  const text = await digText('+tries=1', '+nocookie', 'HoSt.WebMesh.INTERNAL', 'A');
  expect(text).toContain(';HoSt.WebMesh.INTERNAL.\t\tIN\tA');
  expect(text).toContain('; EDNS: version: 0, flags:; udp: 1232');
  expect(await digText('+noedns', 'host.webmesh.internal', 'A')).not.toContain('EDNS');
  expect((await dig('+edns=1', '+noednsneg', 'host.webmesh.internal', 'A'))[0]).toBe('BADVERS qr rd');
});

test.skipIf(!hasDig)('[needs dig] who is no member hears nothing, over UDP and TCP', async () => {
  const outside = ['host.webmesh.internal', 'A', '-b', '127.0.0.1'];
  expect([await dig('+notcp', '+time=1', ...outside), (await dig('+tcp', ...outside))[0]?.includes('NOERROR')]).toEqual([['timed out'], false]);
});

test('many questions over one connection, in pieces and without waiting, are answered in their order', async () => {
  const question = (id: number): Buffer => {
    const name = ['host', 'webmesh', 'internal'].flatMap((label) => [label.length, ...Buffer.from(label)]);
    const body = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1]);
    return Buffer.concat([Buffer.from([0, body.length]), body]);
  };
  const all = Buffer.concat(Array.from({ length: 100 }, (_, id) => question(id)));
  const socket = connect({ host: server, port, localAddress: `${net}.0.20` });
  let got = Buffer.alloc(0);
  socket.on('data', (data) => (got = Buffer.concat([got, data])));
  socket.write(all.subarray(0, 7));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(all.subarray(7));
  const ids = (): number[] => {
    const found: number[] = [];
    for (let at = 0; at + 4 <= got.length; at += 2 + got.readUInt16BE(at)) found.push(got.readUInt16BE(at + 2));
    return found;
  };
  await until(() => ids().length === 100, 10_000, 'every question is answered');
  socket.destroy();
  expect(ids()).toEqual(Array.from({ length: 100 }, (_, id) => id));
});

test('a port in use is told and taken once it is free; one that a responder of multicast DNS shares is shared; addresses move', async () => {
  const taken = createSocket('udp4');
  await new Promise<void>((resolve) => taken.bind(port + 1, server, resolve));
  const other = createDnsPart({ config: config('::1', port + 1), source, sockets: dnsSockets, clock: systemClock, log: silentLog });
  // The address of the other family answers meanwhile.
  await until(() => other.problem.get() !== null && other.features.get().length === (hasIpv6 ? 1 : 0), 10_000, 'the problem is told');
  expect([other.problem.get()?.code, other.problem.get()?.detail]).toEqual(['node.port-in-use', { port: port + 1 }]);
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  await until(() => other.problem.get() === null && other.features.get()[0] === Feature.MESH_DNS, 10_000, 'the port is taken');
  const responder = createSocket({ type: 'udp4', reuseAddr: true });
  await new Promise<void>((resolve) => responder.bind(port + 2, '0.0.0.0', resolve));
  other.update(config('', port + 2));
  await until(() => other.features.get().length > 0 && other.problem.get() === null, 10_000, 'the port is shared');
  if (hasDig) expect((await dig('-p', String(port + 2), 'host.webmesh.internal', 'A', '+notcp'))[0]).toBe('NOERROR qr aa rd');
  responder.close();
  await other.close();
  expect([other.features.get(), execFileSync('ss', ['-Hlun', `sport = :${port + 2}`], { encoding: 'utf8' })]).toEqual([[], '']);
});
