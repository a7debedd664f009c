import { expect, test } from 'vitest';
import { parseIp } from '../../base/ip.ts';
import { type RpcError } from '../../base/rpc.ts';
import { batchMax, createBatchWriter, readBatch } from './batch.ts';
import { readCandidate } from './candidate.ts';
import { channelOf, type Frame, readFrame, writeFrame } from './control.ts';
import { readDescription, writeDescription } from './description.ts';
import { demandDial, type OwnFacts, targetFromText, targetOf, targetText } from './destinations.ts';
import { stunServers } from './stun-list.ts';

const fingerprint = Array(32).fill('0A').join(':');
const lines = (...more: string[]): string => ['v=0', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=ice-ufrag:abcd', `a=ice-pwd:${'p'.repeat(22)}`, `a=fingerprint:sha-256 ${fingerprint}`, 'a=setup:actpass', ...more, ''].join('\r\n');
const offer = (...more: string[]): string => JSON.stringify({ type: 'offer', sdp: lines(...more) });

test('a description is read for its facts and written anew; what is missing means the default', () => {
  const heard = readDescription(offer('a=unheard-of:%s%n', 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host'), 'offer');
  expect(heard?.ours).toBe(false);
  expect(heard?.candidates).toEqual(['candidate:1 1 udp 1 192.0.2.1 9 typ host']);
  expect(heard?.description.sdp.split('\r\n')).toEqual([
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=ice-options:trickle', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv',
    'a=sctp-port:5000', 'a=max-message-size:65536', 'a=setup:actpass', 'a=ice-ufrag:abcd', `a=ice-pwd:${'p'.repeat(22)}`, `a=fingerprint:sha-256 ${fingerprint}`, '',
  ]);
  expect(readDescription(writeDescription({ type: 'offer', sdp: lines() }), 'offer')?.ours).toBe(true);
});

test('a description of another kind, without proof or identity, is none', () => {
  const without = (line: string): string => JSON.stringify({ type: 'offer', sdp: lines().split('\r\n').filter((each) => !each.startsWith(line)).join('\r\n') });
  for (const text of ['', '{}', '[]', 'null', '{"type":"offer"}', JSON.stringify({ type: 'rollback', sdp: lines() }), JSON.stringify({ type: 'offer', sdp: 'x'.repeat(20_000) }), without('m='), without('a=ice-ufrag'), without('a=ice-pwd'), without('a=fingerprint'), without('a=setup')]) {
    expect([text.slice(0, 60), readDescription(text, 'offer')]).toEqual([text.slice(0, 60), undefined]);
  }
  expect(readDescription(offer(), 'answer')).toBeUndefined();
  expect(readDescription(JSON.stringify({ type: 'answer', sdp: lines() }), 'answer')).toBeUndefined();
  expect(readDescription(JSON.stringify({ type: 'answer', sdp: lines().replace('actpass', 'active') }), 'answer')).toBeDefined();
});

test('candidates: with and without a prefix; names, other transports and ends that are nobody\'s are skipped; garbage is told', () => {
  const read = (text: string, hosts: readonly string[] = ['192.0.2.2']): string => {
    const heard = readCandidate(text, { hosts, mayTry: (ip) => ip.value !== parseIp('10.7.0.1')?.value });
    return heard.kind === 'use' ? heard.text : heard.kind;
  };
  const good = 'candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host';
  for (const text of [good, `a=${good}`, good.slice('candidate:'.length), good.replace('udp', 'UDP'), `${good} generation 0`]) expect(read(text)).toBe(good);
  expect(read('candidate:1 1 UDP 5 2001:DB8::1 9 typ srflx raddr 10.0.0.1 rport 3')).toBe('candidate:1 1 udp 5 2001:db8::1 9 typ srflx');
  for (const text of ['x.local 4000 typ host', '192.0.2.1 4000 typ odd', '127.0.0.1 4000 typ host', '0.0.0.0 4000 typ host', '224.0.0.1 4000 typ host', '255.255.255.255 1 typ host', '::ffff:127.0.0.1 1 typ host', 'ff02::1 1 typ host', '192.0.2.1 0 typ host', '10.7.0.1 4000 typ host']) expect([text, read(`candidate:1 1 udp 1 ${text}`)]).toEqual([text, 'skip']);
  for (const text of ['candidate:1 2 udp 1 192.0.2.1 1 typ host', 'candidate:1 1 tcp 1 192.0.2.1 1 typ host tcptype active']) expect(read(text)).toBe('skip');
  for (const text of ['', 'garbage', 'candidate:', 'candidate:1 1 udp x 192.0.2.1 1 typ host', 'candidate:1 1 udp 1 192.0.2.1 70000 typ host', `${good} ${'x'.repeat(600)}`]) expect([text.slice(0, 50), read(text)]).toEqual([text.slice(0, 50), 'bad']);
  expect(read('candidate:1 1 udp 1 127.0.0.1 9 typ host', ['127.0.0.1'])).toContain('127.0.0.1');
});

test('an announcement is four bytes, most significant first, and means the low sixteen bits', () => {
  expect([...writeFrame({ kind: 'announce', number: 0x0102_0304 })]).toEqual([1, 2, 3, 4]);
  expect([channelOf(1), channelOf(65_535), channelOf(65_536), channelOf(0x0001_0003)]).toEqual([1, 65_535, 0, 3]);
});

test('frames between nodes of ours are never four bytes long, and nobody else is heard with them', () => {
  const frames: readonly Frame[] = [
    { kind: 'open', number: 7, destination: 'tcp 10.0.0.1:80' }, { kind: 'credit', number: 7, bytes: 1 << 20 }, { kind: 'end', number: 7, bytes: 2 ** 40 }, { kind: 'refused', number: 7, problem: 'nothing answers' },
  ];
  for (const frame of frames) {
    expect(readFrame(writeFrame(frame), true)).toEqual(frame);
    expect([writeFrame(frame).length === 4, readFrame(writeFrame(frame), false)]).toEqual([false, undefined]);
  }
  expect(writeFrame({ kind: 'refused', number: 1, problem: 'x'.repeat(999) }).length).toBe(305);
  for (const bytes of [[], [1], [0, 0, 0, 1, 2], [0, 0, 0, 1, 2, 0, 0, 0], [0, 0, 0, 1, 9, 9]]) expect(readFrame(Uint8Array.from(bytes), true)).toBeUndefined();
});

test('datagrams are batched, sixteen a message at most, and a broken message is dropped whole', () => {
  const datagrams = Array.from({ length: 40 }, (_, i) => Buffer.alloc(100 + i, i));
  const writer = createBatchWriter({ datagramsMax: 40, bytesMax: 100_000 });
  const written = (list: readonly Uint8Array[]): readonly Buffer[] => {
    const messages: Buffer[] = [];
    for (const each of list) writer.add(each);
    writer.flush((message) => messages.push(Buffer.from(message)));
    return messages;
  };
  const messages = written(datagrams);
  expect(messages.map((message) => readBatch(message)?.length)).toEqual([batchMax, batchMax, 8]);
  expect(messages.flatMap((message) => readBatch(message) ?? []).map((each) => Buffer.from(each))).toEqual(datagrams);
  expect(written(Array.from({ length: 4 }, () => Buffer.alloc(30_000))).map(({ length }) => length)).toEqual([30_002, 30_002, 30_002]);
  expect([Buffer.alloc(0), Buffer.alloc(65_536), Buffer.alloc(1)].map((each) => writer.add(each))).toEqual([false, false, true]);
  expect([[writer.datagrams, writer.bytes], written(datagrams).map((message) => readBatch(message)?.length), [writer.datagrams, writer.bytes]]).toEqual([[1, 1], [batchMax, batchMax, 8], [0, 0]]);
  for (const bytes of [[0], [0, 0], [0, 5, 1], [0, 1, 9, 0]]) expect(readBatch(Uint8Array.from(bytes))).toBeUndefined();
});

const own: OwnFacts = { meshIpv4: parseIp('10.7.0.1') ?? null, meshIpv6: parseIp('fd00::1') ?? null, wireguardPort: 51_820, tunnel: null, paths: { shares: [{ protocol: 'tcp', ip: parseIp('192.168.1.9') as never, port: 80 }] } as unknown as OwnFacts['paths'] };

test('what is dialled: what is shared, the mesh\'s own addresses, the tunnel on loopback', () => {
  const verdict = (text: string): string => {
    try {
      return targetText(demandDial(targetFromText(text), own));
    } catch (error) {
      return `${(error as RpcError).code} ${(error as RpcError).message}`;
    }
  };
  for (const text of ['tcp 192.168.1.9:80', 'tcp 10.7.0.1:22', 'udp [fd00::1]:53', 'udp 127.0.0.1:51820']) expect(verdict(text)).toBe(text);
  for (const text of ['tcp 192.168.1.9:81', 'udp 192.168.1.9:80', 'tcp 127.0.0.1:51820', 'tcp 127.0.0.1:22', 'tcp 169.254.169.254:80', 'tcp [::1]:22', 'tcp [::ffff:a07:1]:22']) expect(verdict(text)).toBe(`7 this node does not share ${text}`);
  for (const text of ['', 'tcp', 'unix /run/x:1', 'tcp example.org:80', 'tcp 127.0.0.1', '__proto__ 127.0.0.1:1', 'tcp 127.0.0.1:0']) expect([text, verdict(text).slice(0, 2)]).toEqual([text, '3 ']);
});

test('dst with and without a port, as clients of old and new write it', () => {
  const read = (dst: string, proto = 'tcp'): string => targetText(targetOf(proto, dst, 80));
  expect([read('10.0.0.1'), read('10.0.0.1:81'), read('fd00::1'), read('[fd00::1]'), read('[fd00::1]:81'), read('localhost'), read('localhost:81'), read('10.0.0.1', 'udp6')])
    .toEqual(['tcp 10.0.0.1:80', 'tcp 10.0.0.1:81', 'tcp [fd00::1]:80', 'tcp [fd00::1]:80', 'tcp [fd00::1]:81', 'tcp 127.0.0.1:80', 'tcp 127.0.0.1:81', 'udp 10.0.0.1:80']);
});

test('of servers that others name, a few that are STUN', () => {
  const good = ['stun:a.example:3478', 'stun:192.0.2.1', 'stun:[2001:db8::1]:3479'];
  expect(stunServers([...good, good[0] as string, 'turn:a.example:3478', 'stun:a.example:3478?x=y', 'stun: ', 'file:///etc'])).toEqual(good);
  expect(stunServers(Array.from({ length: 20 }, (_, i) => `stun:h${i}`))).toHaveLength(4);
});
