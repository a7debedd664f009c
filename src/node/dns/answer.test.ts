import { type Answer, decode, encode, type Packet, type RecordType } from 'dns-packet';
import { expect, test } from 'vitest';
import { parseIp, parsePrefix } from '../../base/ip.ts';
import { answer, rcodes } from './answer.ts';
import { type ZoneNode } from './node-records.ts';
import { createZone } from './zone.ts';

const ip = (text: string): NonNullable<ReturnType<typeof parseIp>> => parseIp(text) as never;
const node = (id: string, ipv4: string | null, ipv6: string | null = null, more: Partial<ZoneNode> = {}): ZoneNode => ({
  id, ipv4: ipv4 === null ? null : ip(ipv4), ipv6: ipv6 === null ? null : ip(ipv6), raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints: [], ...more,
});
const networks = ['172.16.0.0/12', 'fd12:3456:789a::/48', '10.9.8.128/30'].map((text) => parsePrefix(text) as never);
const nodes = [
  node('host', '172.16.0.1', 'fd12:3456:789a:1::'), node('laptop', '172.17.0.2'), node('a.b.site', '172.31.255.254'), node('six', null, 'fd12:3456:789a:6::'), node('none', null),
  node('Case', '172.16.1.1'), node('case', '172.16.1.2'), node('UPPER', '172.16.1.3'), node('edge', '10.9.8.130'),
];
const zone = createZone({ domain: 'mesh.test', self: 'host', nodes, networks }, () => 2 ** 32 + 7);

const names: Record<number, string> = Object.fromEntries(Object.entries(rcodes).map(([name, value]) => [value, name]));
const question = (name: string, type: string, more: Partial<Packet> = {}): Buffer => encode({ id: 7, type: 'query', questions: [{ name, type: type as RecordType }], ...more });
const opt = (udpPayloadSize: number, ednsVersion = 0): Answer => ({ name: '.', type: 'OPT', udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] });

/** `code flags | answers | authorities | additionals`; an SOA is told by its owner, an OPT by its extended code. */
function told(message: Uint8Array | null): string {
  if (message === null) return 'silence';
  const { flags = 0, answers = [], authorities = [], additionals = [], flag_aa, flag_tc, flag_ra, id } = decode(Buffer.from(message));
  const edns = additionals.find((each) => each.type === 'OPT') as { extendedRcode: number } | undefined;
  const code = names[(flags & 15) | ((edns?.extendedRcode ?? 0) << 4)] ?? '?';
  const bits = [[flag_aa, 'aa'], [flag_tc, 'tc'], [flag_ra, 'ra']].filter(([on]) => on).map(([, name]) => name);
  const section = (list: readonly Answer[]): string => list.map((each) => {
    if (each.type === 'OPT') return 'OPT';
    return each.type === 'SOA' ? `SOA ${each.name}` : `${each.type} ${String('data' in each ? (each.type === 'HINFO' ? JSON.stringify(each.data) : each.data) : '')}`;
  }).join(', ');
  return [[id === 7 ? code : 'another id', ...bits].join(' '), section(answers), section(authorities), section(additionals)].join(' | ').replace(/( \| )+$/, '');
}
const ask = (name: string, type = 'A', more: Partial<Packet> = {}): string => told(answer(question(name, type, more), zone, 'udp'));
const hostText = 'TXT id=host,raft_port=1,grpc_port=2,wireguard_port=3,primary_endpoint=<none>,endpoints=<none>';

test('a node has addresses and a text', () => {
  expect([ask('host.mesh.test'), ask('host.mesh.test', 'AAAA'), ask('host.mesh.test', 'TXT'), ask('laptop.mesh.test', 'AAAA'), ask('none.mesh.test', 'A')]).toEqual([
    `ok aa | 172.16.0.1 |  | ${hostText}`.replace('| 172', '| A 172'), `ok aa | AAAA fd12:3456:789a:1:: |  | ${hostText}`, `ok aa | ${hostText} |  | A 172.16.0.1, AAAA fd12:3456:789a:1::`,
    'ok aa |  | SOA mesh.test', 'ok aa |  | SOA mesh.test',
  ]);
});

test('the apex has a valid SOA whose serial is the log’s, wrapped, and a name server with addresses', () => {
  const soa = decode(Buffer.from(answer(question('MESH.test', 'SOA'), zone, 'udp') as Uint8Array)).answers?.[0];
  expect(soa).toMatchObject({ name: 'mesh.test', ttl: 5, class: 'IN', data: { mname: 'host.mesh.test', rname: 'hostmaster.mesh.test', serial: 7, refresh: 60, retry: 10, expire: 3600, minimum: 5 } });
  expect([ask('mesh.test', 'NS'), ask('mesh.test', 'A')]).toEqual(['ok aa | NS host.mesh.test |  | A 172.16.0.1, AAAA fd12:3456:789a:1::', 'ok aa |  | SOA mesh.test']);
  const nameless = createZone({ domain: 'mesh.test', self: 'my host', nodes: [node('my host', '172.16.0.1')], networks }, () => 1);
  expect(['NS', 'A'].map((type) => told(answer(question('mesh.test', type), nameless, 'udp')))).toEqual(['ok aa | NS mesh.test |  | A 172.16.0.1', 'ok aa | A 172.16.0.1']);
});

test('names have no case, and one name is one node', () => {
  expect(['CASE.mesh.TEST', 'upper.mesh.test', 'UPPER.Mesh.Test'].map((name) => ask(name).split(' |  | ')[0])).toEqual(['ok aa | A 172.16.1.2', 'ok aa | A 172.16.1.3', 'ok aa | A 172.16.1.3']);
});

test('a missing name is not a missing type, and a name above others exists', () => {
  expect(['missing', 'x.host', 'b.site', 'site', 'x.site', 'a.b.site'].map((name) => ask(`${name}.mesh.test`, 'MX'))).toEqual([
    'nameError aa |  | SOA mesh.test', 'nameError aa |  | SOA mesh.test', 'ok aa |  | SOA mesh.test', 'ok aa |  | SOA mesh.test', 'nameError aa |  | SOA mesh.test', 'ok aa |  | SOA mesh.test',
  ]);
});

test('addresses of the mesh have names; zones begin at whole octets and nibbles', () => {
  const reverse = (name: string, type = 'PTR'): string => ask(`${name}.arpa`, type);
  expect([
    reverse('2.0.17.172.in-addr'), reverse('3.0.17.172.in-addr'), reverse('0.17.172.in-addr'), reverse('9.17.172.in-addr'), reverse('17.172.in-addr', 'SOA'), reverse('172.in-addr'), reverse('1.0.15.172.in-addr'),
    reverse('130.8.9.10.in-addr'), reverse('129.8.9.10.in-addr', 'SOA'), reverse('8.9.10.in-addr'), reverse('002.0.17.172.in-addr'), reverse('256.0.17.172.in-addr'), reverse('1.2.0.17.172.in-addr'), reverse('x.17.172.in-addr'),
  ]).toEqual([
    'ok aa | PTR laptop.mesh.test', 'nameError aa |  | SOA 17.172.in-addr.arpa', 'ok aa |  | SOA 17.172.in-addr.arpa', 'nameError aa |  | SOA 17.172.in-addr.arpa', 'ok aa | SOA 17.172.in-addr.arpa', 'refused', 'refused',
    'ok aa | PTR edge.mesh.test', 'ok aa | SOA 129.8.9.10.in-addr.arpa', 'refused', ...Array<string>(4).fill('nameError aa |  | SOA 17.172.in-addr.arpa'),
  ]);
  const ula = 'a.9.8.7.6.5.4.3.2.1.d.f.ip6';
  const zeros = '0.'.repeat(16);
  expect([reverse(`${zeros}6.0.0.0.${ula}`), reverse(`${zeros}6.0.0.0.${ula.toUpperCase()}`), reverse(`6.0.0.0.${ula}`), reverse(`7.0.0.0.${ula}`), reverse(ula, 'NS'), reverse(ula.slice(2)), reverse(`10.${ula}`), reverse(`1${zeros}6.0.0.0.${ula}`)]).toEqual([
    'ok aa | PTR six.mesh.test', 'ok aa | PTR six.mesh.test', `ok aa |  | SOA ${ula}.arpa`, `nameError aa |  | SOA ${ula}.arpa`, 'ok aa | NS host.mesh.test |  | A 172.16.0.1, AAAA fd12:3456:789a:1::', 'refused', `nameError aa |  | SOA ${ula}.arpa`, `nameError aa |  | SOA ${ula}.arpa`,
  ]);
});

test('what is not served is refused or not known, each with its own word', () => {
  const withOpcode = (opcode: number): string => told(answer(question('host.mesh.test', 'A', { flags: opcode << 11 }), zone, 'udp'));
  expect([ask('example.org'), ask('.'), ask('mesh.test', 'AXFR'), ask('mesh.test', 'IXFR'), ask('mesh.test', 'OPT'), ask('mesh.test', 'TKEY'), withOpcode(1), withOpcode(4), withOpcode(5), withOpcode(6)]).toEqual([
    'refused', 'refused', 'refused', 'refused', 'notImplemented', 'notImplemented', 'notImplemented', 'notImplemented', 'notImplemented', 'notImplemented',
  ]);
  const inClass = (name: 'CH' | 'ANY'): string => told(answer(question('', '', { questions: [{ name: 'host.mesh.test', type: 'A', class: name }] }), zone, 'udp'));
  expect([inClass('CH'), inClass('ANY'), told(answer(question('host.mesh.test', 'A'), null, 'udp'))]).toEqual(['refused', 'refused', 'serverFailure']);
});

test('a question for everything is answered with one small record', () => {
  const everything = Buffer.from(question('host.mesh.test', 'A'));
  everything.writeUInt16BE(255, everything.length - 4);
  expect(told(answer(everything, zone, 'udp'))).toBe('ok aa | HINFO {"cpu":"RFC8482","os":""}');
});

test('more or less than one question, leftovers and nonsense are malformed; answers and scraps meet silence', () => {
  const good = question('host.mesh.test', 'A', { additionals: [opt(1232)] });
  const patched = (at: number, value: number, bytes = good): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy;
  };
  const optAt = good.length - 11;
  const bad = {
    'no question': patched(5, 0), 'two questions': patched(5, 2), 'an answer too many': patched(7, 1), '65,280 records': patched(10, 255), 'an octet left over': Buffer.concat([good, Buffer.alloc(1)]), 'an octet short': good.subarray(0, -1),
    'a pointer in the question': patched(12, 0xc0), 'a label of 64': patched(12, 64), 'an extended label': patched(12, 0x41), 'a label beyond the end': patched(12, 63), 'OPT with a name': patched(optAt, 1),
    'two OPTs': question('host.mesh.test', 'A', { additionals: [opt(1232), opt(1232)] }), 'OPT among the answers': question('host.mesh.test', 'A', { answers: [opt(1232)] }), 'OPT longer than the message': patched(good.length - 1, 9),
    'an option longer than OPT': Buffer.concat([patched(good.length - 1, 5), Buffer.from([0, 10, 0, 2, 0])]), 'a name of 256': question(`${'abcdefghi.'.repeat(25)}abcd`, 'A'), 'larger than any question': Buffer.concat([good, Buffer.alloc(5000)]),
  };
  for (const [what, bytes] of Object.entries(bad)) expect([what, told(answer(bytes, zone, 'udp'))]).toEqual([what, 'malformed']);
  expect([told(answer(patched(2, 0x80), zone, 'udp')), told(answer(good.subarray(0, 11), zone, 'udp')), told(answer(Buffer.alloc(0), zone, 'tcp'))]).toEqual(['silence', 'silence', 'silence']);
});

test('the question comes back octet by octet, and what was asked for besides', () => {
  const asked = question('HoSt.MeSh.TeSt', 'A', { flags: 1 << 8 });
  const raw = Buffer.from(asked);
  raw[13] = 0;
  raw[14] = 0x2e;
  for (const bytes of [asked, raw]) {
    const reply = Buffer.from(answer(bytes, zone, 'udp') as Uint8Array);
    expect([reply.subarray(12, bytes.length), reply.readUInt16BE(2) & 0x0180]).toEqual([bytes.subarray(12), 0x0100]);
  }
  expect(told(answer(raw, zone, 'udp'))).toBe('nameError aa |  | SOA mesh.test');
});

test('EDNS: only where it was asked for, with its version and its size', () => {
  const asked = (...additionals: Answer[]): string => told(answer(question('laptop.mesh.test', 'MX', { additionals }), zone, 'udp'));
  expect([asked(), asked(opt(1232)), asked(opt(1232, 1))]).toEqual(['ok aa |  | SOA mesh.test', 'ok aa |  | SOA mesh.test | OPT', 'badVersion |  |  | OPT']);
});

test('what does not fit over UDP is truncated and empty; what comes besides is left out first; TCP takes all', () => {
  const endpoints = Array.from({ length: 64 }, (_, i) => `2001:db8:1111:2222:3333:4444:5555:${(0x1000 + i).toString(16)}`);
  const big = createZone({ domain: 'mesh.test', self: 'big', nodes: [node('big', '172.16.0.1', null, { endpoints }), node('wide', '172.16.0.2', null, { endpoints: endpoints.slice(0, 14) })], networks }, () => 1);
  const sizes = (name: string, type: string, transport: 'udp' | 'tcp', ...additionals: Answer[]): string => {
    const bytes = answer(question(name, type, { additionals }), big, transport) as Uint8Array;
    return `${told(bytes).split(' | ')[0]} ${decode(Buffer.from(bytes)).answers?.length} ${bytes.length > 1232 ? 'large' : bytes.length > 512 ? 'middle' : 'small'}`;
  };
  expect([
    sizes('big.mesh.test', 'TXT', 'udp'), sizes('big.mesh.test', 'TXT', 'udp', opt(65_535)), sizes('big.mesh.test', 'TXT', 'tcp'), sizes('wide.mesh.test', 'TXT', 'udp'), sizes('wide.mesh.test', 'TXT', 'udp', opt(4096)),
    sizes('wide.mesh.test', 'TXT', 'udp', opt(100)), sizes('big.mesh.test', 'A', 'udp'),
  ]).toEqual(['ok aa tc 0 small', 'ok aa tc 0 small', 'ok aa 1 large', 'ok aa tc 0 small', 'ok aa 1 middle', 'ok aa tc 0 small', 'ok aa 1 small']);
});

test('ids that are no names are left out; texts of rows that are too long are cut', () => {
  const odd = ['my laptop', 'ä', '', '.', 'a..b', 'a.', 'x'.repeat(64), Array(9).fill('a').join('.'), `${'abcdefgh.'.repeat(27)}x`, '*', 'a/b'];
  const zoneOfOdd = createZone({ domain: 'mesh.test', self: 'host', nodes: [...odd.map((id, i) => node(id, `172.20.0.${i}`)), node('under_score', '172.20.1.1'), node('long', '172.20.1.2', null, { primaryEndpoint: 'é'.repeat(300) })], networks }, () => 1);
  const found = (name: string, type = 'A'): string => told(answer(question(name, type), zoneOfOdd, 'tcp')).split(' |  | ')[0] as string;
  expect([...odd.map((_, i) => found(`${i}.0.20.172.in-addr.arpa`, 'PTR')), found('under_score.mesh.test')]).toEqual([...odd.map(() => 'nameError aa'), 'ok aa | A 172.20.1.1']);
  expect(found('long.mesh.test', 'TXT')).toMatch(/^ok aa \| TXT id=long,.*primary_endpoint=é+,endpoints=<none>$/);
});
