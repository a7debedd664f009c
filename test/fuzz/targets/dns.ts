import { type Answer, decode, encode, type RecordType } from 'dns-packet';
import { parseIp, parsePrefix } from '../../../src/base/ip.ts';
import { pick } from '../../../src/base/random.ts';
import { answer } from '../../../src/node/dns/answer.ts';
import { udpSizeMax } from '../../../src/node/dns/codec.ts';
import { type ZoneNode } from '../../../src/node/dns/node-records.ts';
import { serveStream } from '../../../src/node/dns/stream.ts';
import { createZone } from '../../../src/node/dns/zone.ts';
import { type Connection } from '../../../src/node/ports.ts';
import { bytes } from '../shapes/bytes.ts';
import { holds, type Target } from '../target.ts';

const node = (id: string, ipv4: string, endpoints: readonly string[] = []): ZoneNode => ({
  id, ipv4: parseIp(ipv4) ?? null, ipv6: parseIp('fd12:3456:789a:1::') ?? null, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: null, endpoints,
});
const networks = ['172.16.0.0/12', 'fd12:3456:789a::/48'].flatMap((text) => parsePrefix(text) ?? []);
const many = Array.from({ length: 64 }, (_, i) => `2001:db8:1:2:3:4:5:${i}`);
const nodes = [node('host', '172.16.0.1'), node('a.b', '172.16.0.2'), node('big', '172.16.0.3', many)];
const zone = createZone({ domain: 'mesh.test', self: 'host', nodes, networks }, () => 1);

const names = [
  'host.mesh.test', 'BIG.mesh.TEST', 'a.b.mesh.test', 'mesh.test', 'x.mesh.test', '1.0.16.172.in-addr.arpa', '16.172.in-addr.arpa',
  `${'0.'.repeat(16)}1.0.0.0.a.9.8.7.6.5.4.3.2.1.d.f.ip6.arpa`, 'example.org', '.',
] as const;
const types = ['A', 'AAAA', 'TXT', 'PTR', 'SOA', 'NS', 'MX', 'HINFO', 'AXFR', 'OPT', 'TSIG'] as const satisfies readonly RecordType[];
const opt = (udpPayloadSize: number, ednsVersion = 0): Answer =>
  ({ name: '.', type: 'OPT', udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] });
const question = (name: string, type: RecordType, additionals: Answer[] = []): Buffer =>
  encode({ id: 7, type: 'query', flags: 256, questions: [{ name, type }], additionals });
const seeds = [
  ...names.flatMap((name) => [question(name, 'A'), question(name, 'TXT', [opt(4096)])]),
  ...types.map((type) => question('host.mesh.test', type)), question('host.mesh.test', 'A', [opt(512, 1)]),
];

/** What must hold of each reply: it is one, to this question, no longer than may be, and another parser reads all of it. */
function check(input: Uint8Array, reply: Uint8Array, bytesMax: number): void {
  const [asked, got] = [Buffer.from(input), Buffer.from(reply)];
  holds(got.length <= bytesMax, `${got.length} octets are more than ${bytesMax}`);
  const [before, after] = [asked, got].map((each) => [each.readUInt16BE(0), each.readUInt16BE(2) & 0x7800]);
  holds(`${before}` === `${after}` && (got.readUInt16BE(2) & 0x8000) !== 0, 'it is an answer with the same number and opcode');
  holds((got.readUInt16BE(2) & 0x00f0) === 0, 'it promises no recursion and no proof');
  const read = decode(got);
  holds(decode.bytes === got.length, 'nothing is left over');
  if (got.readUInt16BE(4) === 0) return;
  const end = questionEnd(got);
  holds(got.subarray(12, end).equals(asked.subarray(12, end)), 'the question is as it was asked');
  const theirs = otherwise(asked);
  if (theirs) holds(theirs.questions?.[0]?.name === read.questions?.[0]?.name && theirs.questions?.length === 1, 'both parsers read one and the same question');
  const rcode = got.readUInt16BE(2) & 15;
  holds(rcode !== 3 || (read.answers?.length === 0 && (read.flag_tc || read.authorities?.[0]?.type === 'SOA')), 'a missing name has an SOA and no answer');
}

function questionEnd(message: Buffer): number {
  let at = 12;
  while (message[at] !== 0) at += 1 + (message[at] as number);
  return at + 5;
}

/** The library stumbles over records that we skip. */
function otherwise(message: Buffer): ReturnType<typeof decode> | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

const message: Target = {
  name: 'dns-message', from: 'members and what runs on their machines', shape: bytes,
  words: ['mesh', 'test', 'in-addr', 'arpa', 'ip6', 'host', '\u0000\u0000\u0029'],
  open: () => ({
    seeds,
    generate: (random) => question(pick(random, names), pick(random, types), pick(random, [[], [opt(1232)], [opt(100)], [opt(65_535, 1)]])),
    run: (input) => {
      const [udp, tcp] = [answer(input, zone, 'udp'), answer(input, zone, 'tcp')];
      holds((udp === null) === (tcp === null), 'silence does not depend on the way');
      if (udp) check(input, udp, udpSizeMax);
      if (tcp) check(input, tcp, 65_535);
      return tcp?.length;
    },
  }),
};

const framed = (body: Uint8Array): Uint8Array => Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body]);

/** The same octets in one piece and in many must mean the same. */
function streamed(input: Uint8Array, pieceBytes: number): Buffer {
  const out: Uint8Array[] = [];
  let events: Parameters<Connection['listen']>[0] | undefined;
  let open = true;
  const end = (): void => void (open = false);
  const connection: Connection = {
    remote: '', provenId: undefined, fingerprint: undefined, listen: (given) => void (events = given),
    write: (data) => out.push(data) > 0, pause: () => {}, resume: () => {}, end, destroy: end,
  };
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
  serveStream(connection, { reply: (each) => answer(each, zone, 'tcp'), clock, idleMs: 1, onClosed: () => {} });
  for (let at = 0; at < input.length && open; at += pieceBytes) events?.data(Buffer.from(input.subarray(at, at + pieceBytes)));
  return Buffer.concat(out);
}

const stream: Target = {
  name: 'dns-stream', from: 'members and what runs on their machines', shape: bytes,
  open: () => ({
    seeds: [Buffer.concat(seeds.slice(0, 4).map(framed)), framed(Buffer.alloc(0)), Buffer.from([0xff, 0xff]), ...seeds.slice(4).map(framed)],
    run: (input) => {
      const whole = streamed(input, 1 << 16);
      if (input.length < 2_000) holds(whole.equals(streamed(input, 7)), 'pieces mean what the whole means');
      return whole.length;
    },
  }),
};

export const dns: readonly Target[] = [message, stream];
