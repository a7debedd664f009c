import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { CarrierError, type IceAgent } from '../node/path-ports.ts';
import { systemClock } from './clock.ts';
import { createIceAgents } from './ice.ts';
import { parseCandidate } from './ice-candidate.ts';
import { isStun, mayReachAgent } from './ice-filter.ts';
import { bindingRequest, decodeStun } from './stun-message.ts';
import { wire } from './turn-library.ts';

const never = new AbortController().signal;
const agents: IceAgent[] = [];
afterEach(() => {
  for (const each of agents.splice(0)) each.close();
});

async function agent(controlling: boolean, hosts: readonly string[] = ['127.0.0.1']): Promise<IceAgent> {
  const opened = await createIceAgents(systemClock).open({ controlling, servers: [], hosts, gatherMs: 500 }, never);
  agents.push(opened);
  return opened;
}

async function pair(hosts?: readonly string[]): Promise<readonly [IceAgent, IceAgent]> {
  const [a, b] = [await agent(true, hosts), await agent(false, hosts)];
  const found = await Promise.all([a.connect(b.local, never), b.connect(a.local, never)]);
  expect(found.map(({ via }) => via)).toEqual(['host-host', 'host-host']);
  return [a, b];
}

const next = (one: IceAgent): Promise<string> => new Promise((resolve) => one.onDatagram((bytes) => resolve(Buffer.from(bytes).toString('hex'))));
/** The first bytes of each message of WireGuard, with what would be the cookie of STUN where its receiver's index is. */
const wireguard = [1, 2, 3, 4].map((type) => Buffer.from([type, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...Array.from({ length: 12 }, () => 0)]));

test('finds a pair and carries whole datagrams both ways, WireGuard\'s too, in both families', async () => {
  for (const hosts of [['127.0.0.1'], ['::1'], ['127.0.0.1', '::1']]) {
    const [a, b] = await pair(hosts);
    for (const datagram of [Buffer.from('ff', 'hex'), ...wireguard, Buffer.alloc(1_420, 0xaa)]) {
      const [there, back] = [next(b), next(a)];
      expect([a.send(datagram), b.send(datagram)]).toEqual([true, true]);
      expect([await there, await back]).toEqual([datagram.toString('hex'), datagram.toString('hex')]);
    }
  }
});

test('what comes before anybody listens is kept, a little of it', async () => {
  const [a, b] = await pair();
  for (let i = 0; i < 40; i++) a.send(Buffer.from([i]));
  await sleep(50);
  const heard: number[] = [];
  b.onDatagram((bytes) => heard.push(bytes[0] ?? -1));
  expect(heard).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

test('ends when the other end goes, and by itself', async () => {
  const [a, b] = await pair();
  b.close();
  for (let i = 0; i < 50; i++) {
    a.send(Buffer.from('anybody?'));
    await sleep(5);
  }
  expect([await a.ended, await b.ended]).toEqual([{ code: 'carrier-failed', problem: 'the other end is gone' }, { code: 'carrier-failed', problem: 'closed' }]);
  expect(a.send(Buffer.from('x'))).toBe(false);
});

test('fails by its code where there is nothing to check, and with the signal', async () => {
  const [a, b] = [await agent(true), await agent(true)];
  const codes = await Promise.all([
    a.connect({ ...a.local, candidates: ['candidate:1 1 udp 1 localhost 9 typ host', 'candidate:1 1 udp 1 224.0.0.1 9 typ host', 'x'] }, never).catch((error: CarrierError) => error.code),
    a.connect({ ...a.local, pwd: 'short' }, never).catch((error: CarrierError) => error.code),
    b.connect({ ufrag: 'abcd', pwd: 'x'.repeat(22), candidates: ['candidate:1 1 udp 1 127.0.0.1 9 typ host'] }, AbortSignal.timeout(30)).catch((error: Error) => error.name),
    createIceAgents(systemClock).open({ controlling: true, servers: [], hosts: [], gatherMs: 10 }, never).catch((error: CarrierError) => error.code),
  ]);
  expect(codes).toEqual(['no-common-family', 'carrier-failed', 'TimeoutError', 'offline']);
});

test('a check that proves nothing, or one of our own role, never reaches the library', () => {
  const check = (role: number, key: Buffer | null): Buffer => Buffer.from(wire.encode_message({ method: 1, cls: 0, key, attributes: [{ type: role, value: Buffer.alloc(8) }] }).buf);
  const [controlling, controlled, key] = [0x802a, 0x8029, Buffer.from('password')];
  expect([check(controlled, key), check(controlling, key), check(controlled, null), bindingRequest().bytes].map((bytes) => {
    const message = isStun(bytes) ? decodeStun(bytes) : null;
    return message !== null && mayReachAgent(message, true);
  })).toEqual([true, false, false, false]);
  expect(wireguard.map(isStun)).toEqual([false, false, false, false]);
});

test('candidates: what is checked, and what is not', () => {
  const line = (address: string, rest = 'typ host'): string => `candidate:f 1 udp 2130706431 ${address} ${rest}`;
  expect([line('192.168.1.2 9'), `a=${line('2001:db8::1 9', 'typ srflx raddr :: rport 0')}`].map((each) => parseCandidate(each, false))).toEqual([
    { foundation: 'f', priority: 2_130_706_431, ip: '192.168.1.2', port: 9, type: 'host' },
    { foundation: 'f', priority: 2_130_706_431, ip: '2001:db8::1', port: 9, type: 'srflx' },
  ]);
  const refused = [line('name.local 9'), line('127.0.0.1 9'), line('0.0.0.0 9'), line('1.2.3.4 0'), line('1.2.3.4 70000'), line('ff02::1 9'), line('1.2.3.4 9', 'typ odd'), 'candidate:f 1 tcp 1 1.2.3.4 9 typ host', '', 'candidate:f 2 udp 1 1.2.3.4 9 typ host'];
  expect(refused.map((each) => parseCandidate(each, false))).toEqual(refused.map(() => null));
  expect(parseCandidate(line('127.0.0.1 9'), true)?.ip).toBe('127.0.0.1');
});
