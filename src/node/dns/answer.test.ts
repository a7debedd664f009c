import { type Answer, decode, encode, type Packet, type RecordType } from 'dns-packet';
import { expect, test } from 'vitest';
import { type Ip, parseIp, parsePrefix } from '../../base/ip.ts';
import { answer, rcodes } from './answer.ts';
import { type ZoneNode } from './node-records.ts';
import { createZone, type Zone } from './zone.ts';

const ip = (text: string | null): Ip | null => (text === null ? null : (parseIp(text) ?? null));
const ports = { raftPort: 1, grpcPort: 2, wireguardPort: 3 };
const node = (id: string, ipv4: string | null, ipv6: string | null = null, more: Partial<ZoneNode> = {}): ZoneNode =>
  ({ id, ipv4: ip(ipv4), ipv6: ip(ipv6), ...ports, primaryEndpoint: null, endpoints: [], ...more });
const networks = ['172.16.0.0/12', 'fd12:3456:789a::/48', '10.9.8.128/30'].flatMap((text) => parsePrefix(text) ?? []);
const zoneOf = (self: string, nodes: readonly ZoneNode[], serial = 1): Zone => createZone({ domain: 'mesh.test', self, nodes, networks }, () => serial);
const zone = zoneOf('host', [
  node('host', '172.16.0.1', 'fd12:3456:789a:1::'), node('laptop', '172.17.0.2'), node('a.b.site', '172.31.255.254'), node('six', null, 'fd12:3456:789a:6::'),
  node('none', null), node('Case', '172.16.1.1'), node('case', '172.16.1.2'), node('UPPER', '172.16.1.3'), node('edge', '10.9.8.130'),
], 2 ** 32 + 7);

const codes: Record<number, string> = Object.fromEntries(Object.entries(rcodes).map(([name, value]) => [value, name]));
const question = (name: string, type = 'A', more: Partial<Packet> = {}): Buffer =>
  encode({ id: 7, type: 'query', questions: [{ name, type: type as RecordType }], ...more });
const opt = (udpPayloadSize: number, ednsVersion = 0): Answer =>
  ({ name: '.', type: 'OPT', udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] });

/** `code flags | answers | authorities | additionals`, the empty ones at the end left out; an SOA is told by its owner. */
function told(message: Uint8Array | null): string {
  if (message === null) return 'silence';
  const { flags = 0, answers = [], authorities = [], additionals = [], flag_aa, flag_tc, flag_ra, id } = decode(Buffer.from(message));
  const edns = additionals.find((each) => each.type === 'OPT') as { extendedRcode: number } | undefined;
  const code = codes[(flags & 15) | ((edns?.extendedRcode ?? 0) << 4)] ?? '?';
  const bits = [flag_aa ? ['aa'] : [], flag_tc ? ['tc'] : [], flag_ra ? ['ra'] : []].flat();
  const sections = [answers, authorities, additionals].map((list) => list.map(word).join(', '));
  return [[id === 7 ? code : 'another id', ...bits].join(' '), ...sections].join(' | ').replace(/( \| )+$/, '');
}
function word(each: Answer): string {
  if (each.type === 'OPT') return 'OPT';
  if (each.type === 'SOA') return `SOA ${each.name}`;
  return `${each.type} ${'data' in each ? (each.type === 'HINFO' ? JSON.stringify(each.data) : String(each.data)) : ''}`;
}

/** Asks each question of a table, `name TYPE`, and holds all the answers against it. */
function expectAnswers(table: Readonly<Record<string, string>>, of = zone): void {
  const seen = Object.keys(table).map((asked) => [asked, told(answer(question(...(asked.split(' ') as [string, string])), of, 'udp'))]);
  expect(Object.fromEntries(seen)).toEqual(table);
}
const text = (id: string): string => `TXT id=${id},raft_port=1,grpc_port=2,wireguard_port=3,primary_endpoint=<none>,endpoints=<none>`;
const hostAddresses = 'A 172.16.0.1, AAAA fd12:3456:789a:1::';
const [noData, missing] = ['ok aa |  | SOA mesh.test', 'nameError aa |  | SOA mesh.test'];

test('a node has addresses and a text', () => expectAnswers({
  'host.mesh.test A': `ok aa | A 172.16.0.1 |  | ${text('host')}`,
  'host.mesh.test AAAA': `ok aa | AAAA fd12:3456:789a:1:: |  | ${text('host')}`,
  'host.mesh.test TXT': `ok aa | ${text('host')} |  | ${hostAddresses}`,
  'laptop.mesh.test AAAA': noData,
  'none.mesh.test A': noData,
}));

test('the apex has a valid SOA whose serial is the log’s, wrapped, and a name server with addresses', () => {
  const soa = decode(Buffer.from(answer(question('MESH.test', 'SOA'), zone, 'udp') as Uint8Array)).answers?.[0];
  const data = { mname: 'host.mesh.test', rname: 'hostmaster.mesh.test', serial: 7, refresh: 60, retry: 10, expire: 3600, minimum: 5 };
  expect(soa).toMatchObject({ name: 'mesh.test', ttl: 5, class: 'IN', data });
  expectAnswers({ 'mesh.test NS': `ok aa | NS host.mesh.test |  | ${hostAddresses}`, 'mesh.test A': noData });
});

test('a node whose id is no name is its own name server at the apex', () => {
  expectAnswers({ 'mesh.test NS': 'ok aa | NS mesh.test |  | A 172.16.0.1', 'mesh.test A': 'ok aa | A 172.16.0.1' }, zoneOf('my host', [node('my host', '172.16.0.1')]));
});

test('names have no case, and one name is one node', () => expectAnswers({
  'CASE.mesh.TEST A': `ok aa | A 172.16.1.2 |  | ${text('case')}`,
  'upper.mesh.test A': `ok aa | A 172.16.1.3 |  | ${text('UPPER')}`,
  'UPPER.Mesh.Test A': `ok aa | A 172.16.1.3 |  | ${text('UPPER')}`,
}));

test('a missing name is not a missing type, and a name above others exists', () => expectAnswers({
  'missing.mesh.test MX': missing, 'x.host.mesh.test MX': missing, 'x.site.mesh.test MX': missing,
  'b.site.mesh.test MX': noData, 'site.mesh.test MX': noData, 'a.b.site.mesh.test MX': noData,
}));

test('addresses of the mesh have names; IPv4 zones begin at whole octets', () => {
  const nothing = 'nameError aa |  | SOA 17.172.in-addr.arpa';
  expectAnswers({
    '2.0.17.172.in-addr.arpa PTR': 'ok aa | PTR laptop.mesh.test', '3.0.17.172.in-addr.arpa PTR': nothing,
    '0.17.172.in-addr.arpa PTR': 'ok aa |  | SOA 17.172.in-addr.arpa', '9.17.172.in-addr.arpa PTR': nothing,
    '17.172.in-addr.arpa SOA': 'ok aa | SOA 17.172.in-addr.arpa', '172.in-addr.arpa PTR': 'refused', '1.0.15.172.in-addr.arpa PTR': 'refused',
    '002.0.17.172.in-addr.arpa PTR': nothing, '256.0.17.172.in-addr.arpa PTR': nothing, '1.2.0.17.172.in-addr.arpa PTR': nothing, 'x.17.172.in-addr.arpa PTR': nothing,
    '130.8.9.10.in-addr.arpa PTR': 'ok aa | PTR edge.mesh.test', '129.8.9.10.in-addr.arpa SOA': 'ok aa | SOA 129.8.9.10.in-addr.arpa', '8.9.10.in-addr.arpa PTR': 'refused',
  });
});

test('IPv6 zones begin at whole nibbles', () => {
  const [ula, zeros] = ['a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa', '0.'.repeat(16)];
  const nothing = `nameError aa |  | SOA ${ula}`;
  expectAnswers({
    [`${zeros}6.0.0.0.${ula} PTR`]: 'ok aa | PTR six.mesh.test', [`${zeros}6.0.0.0.${ula.toUpperCase()} PTR`]: 'ok aa | PTR six.mesh.test',
    [`6.0.0.0.${ula} PTR`]: `ok aa |  | SOA ${ula}`, [`7.0.0.0.${ula} PTR`]: nothing, [`10.${ula} PTR`]: nothing, [`1${zeros}6.0.0.0.${ula} PTR`]: nothing,
    [`${ula} NS`]: `ok aa | NS host.mesh.test |  | ${hostAddresses}`, [`${ula.slice(2)} PTR`]: 'refused',
  });
});

test('what is not served is refused or not known, each with its own word', () => {
  expectAnswers({
    'example.org A': 'refused', '. A': 'refused', 'mesh.test AXFR': 'refused', 'mesh.test IXFR': 'refused', 'mesh.test OPT': 'notImplemented', 'mesh.test TKEY': 'notImplemented',
  });
  const withOpcode = (opcode: number): string => told(answer(question('host.mesh.test', 'A', { flags: opcode << 11 }), zone, 'udp'));
  const inClass = (name: 'CH' | 'ANY'): string => told(answer(question('', '', { questions: [{ name: 'host.mesh.test', type: 'A', class: name }] }), zone, 'udp'));
  expect([[1, 4, 5, 6].map(withOpcode), inClass('CH'), inClass('ANY')]).toEqual([Array(4).fill('notImplemented'), 'refused', 'refused']);
  expect(told(answer(question('host.mesh.test'), null, 'udp'))).toBe('serverFailure');
});

test('a question for everything is answered with one small record', () => {
  const everything = question('host.mesh.test');
  everything.writeUInt16BE(255, everything.length - 4);
  expect(told(answer(everything, zone, 'udp'))).toBe('ok aa | HINFO {"cpu":"RFC8482","os":""}');
});

test('more or less than one question, leftovers and nonsense are malformed; answers and scraps meet silence', () => {
  const good = question('host.mesh.test', 'A', { additionals: [opt(1232)] });
  const patched = (at: number, value: number): Buffer => {
    const copy = Buffer.from(good);
    copy[at] = value;
    return copy;
  };
  const bad: Readonly<Record<string, Buffer>> = {
    'no question': patched(5, 0), 'two questions': patched(5, 2), 'an answer too many': patched(7, 1), '65,280 records': patched(10, 255),
    'an octet left over': Buffer.concat([good, Buffer.alloc(1)]), 'an octet short': good.subarray(0, -1), 'larger than any question': Buffer.concat([good, Buffer.alloc(5000)]),
    'a pointer in the question': patched(12, 0xc0), 'a label of 64': patched(12, 64), 'an extended label': patched(12, 0x41), 'a label beyond the end': patched(12, 63),
    'a name of 256': question(`${'abcdefghi.'.repeat(25)}abcd`), 'two OPTs': question('host.mesh.test', 'A', { additionals: [opt(1232), opt(1232)] }),
    'OPT among the answers': question('host.mesh.test', 'A', { answers: [opt(1232)] }), 'OPT with a name': patched(good.length - 11, 1),
    'OPT longer than the message': patched(good.length - 1, 9), 'an option longer than OPT': Buffer.concat([patched(good.length - 1, 5), Buffer.from([0, 10, 0, 2, 0])]),
  };
  for (const [what, bytes] of Object.entries(bad)) expect([what, told(answer(bytes, zone, 'udp'))]).toEqual([what, 'malformed']);
  expect([patched(2, 0x80), good.subarray(0, 11), Buffer.alloc(0)].map((bytes) => told(answer(bytes, zone, 'tcp')))).toEqual(['silence', 'silence', 'silence']);
});

test('the question comes back octet by octet, and what was asked for besides', () => {
  const asked = question('HoSt.MeSh.TeSt', 'A', { flags: 1 << 8 });
  const odd = Buffer.from(asked);
  // A label of zero, dot, s, t is one label and nobody's name.
  odd.set([0, 0x2e], 13);
  for (const bytes of [asked, odd]) {
    const reply = Buffer.from(answer(bytes, zone, 'udp') as Uint8Array);
    expect([reply.subarray(12, bytes.length), reply.readUInt16BE(2) & 0x0180]).toEqual([bytes.subarray(12), 0x0100]);
  }
  expect(told(answer(odd, zone, 'udp'))).toBe(missing);
});

test('EDNS: only where it was asked for, and its first version alone', () => {
  const asked = (...additionals: Answer[]): string => told(answer(question('laptop.mesh.test', 'MX', { additionals }), zone, 'udp'));
  expect([asked(), asked(opt(1232)), asked(opt(1232, 1))]).toEqual([noData, `${noData} | OPT`, 'badVersion |  |  | OPT']);
});

test('what does not fit over UDP is truncated and empty; what comes besides is left out first; TCP takes all', () => {
  const endpoints = Array.from({ length: 64 }, (_, i) => `2001:db8:1111:2222:3333:4444:5555:${(0x1000 + i).toString(16)}`);
  const large = zoneOf('big', [node('big', '172.16.0.1', null, { endpoints }), node('wide', '172.16.0.2', null, { endpoints: endpoints.slice(0, 14) })]);
  const seen = (asked: string, transport: 'udp' | 'tcp', ...additionals: Answer[]): string => {
    const [name, type] = asked.split(' ') as [string, string];
    const bytes = answer(question(`${name}.mesh.test`, type, { additionals }), large, transport) as Uint8Array;
    const size = bytes.length > 1232 ? 'large' : bytes.length > 512 ? 'middle' : 'small';
    return `${told(bytes).split(' | ')[0]} ${decode(Buffer.from(bytes)).answers?.length} ${size}`;
  };
  expect([seen('big TXT', 'udp'), seen('big TXT', 'udp', opt(65_535)), seen('big TXT', 'tcp')]).toEqual(['ok aa tc 0 small', 'ok aa tc 0 small', 'ok aa 1 large']);
  expect([seen('wide TXT', 'udp'), seen('wide TXT', 'udp', opt(4096)), seen('wide TXT', 'udp', opt(100))]).toEqual(['ok aa tc 0 small', 'ok aa 1 middle', 'ok aa tc 0 small']);
  expect(seen('big A', 'udp')).toBe('ok aa 1 small');
});

test('ids that are no names are left out; texts of rows that are too long are cut', () => {
  const odd = ['my laptop', 'ä', '', '.', 'a..b', 'a.', 'x'.repeat(64), Array(9).fill('a').join('.'), `${'abcdefgh.'.repeat(27)}x`, '*', 'a/b'];
  const long = node('long', '172.20.1.2', null, { primaryEndpoint: 'é'.repeat(300) });
  const mixed = zoneOf('host', [...odd.map((id, i) => node(id, `172.20.0.${i}`)), node('under_score', '172.20.1.1'), long]);
  expectAnswers({
    ...Object.fromEntries(odd.map((_, i) => [`${i}.0.20.172.in-addr.arpa PTR`, 'nameError aa |  | SOA 20.172.in-addr.arpa'])),
    'under_score.mesh.test A': `ok aa | A 172.20.1.1 |  | ${text('under_score')}`,
  }, mixed);
  expect(told(answer(question('long.mesh.test', 'TXT'), mixed, 'tcp'))).toMatch(/^ok aa \| TXT id=long,.*primary_endpoint=é+,endpoints=<none> \|/);
});
