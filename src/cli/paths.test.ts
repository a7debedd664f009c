import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cancel, type Clock } from '../base/clock.ts';
import { failure, toData } from '../base/failure.ts';
import { attach, type Client } from '../contract/client.ts';
import { serve } from '../contract/carrier.ts';
import type { CommandName, Handlers } from '../contract/commands.ts';
import { connect, listen, type AppSocket } from '../platform/app-socket.ts';
import { createFakeApp, type FakeApp } from '../../test/fakes/app.ts';
import { run } from './run.ts';
import { type World } from './world.ts';

const clock: Clock = {
  nowMs: () => Date.UTC(2026, 10, 22, 12),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, tell: () => void): Cancel => {
    const timer = setTimeout(tell, delayMs);
    return () => clearTimeout(timer);
  },
};

let folder = '';
let socket: AppSocket;
let app: FakeApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-cli-paths-'));
  socket = await listen(join(folder, 'app.sock'), (port) => serve(port, app.handlers, app.topics));
});
afterAll(async () => {
  await socket.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  app = createFakeApp(clock, { scene: 'connected', stepMs: 5 });
});

interface Running {
  readonly done: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  out(): string;
  interrupt(): void;
}

function start(line: string): Running {
  let [out, err] = ['', ''];
  const interrupted = new AbortController();
  const open = async (): Promise<Client> => attach(await connect(join(folder, 'app.sock')));
  const world: World = {
    version: '1', clock, interrupted: interrupted.signal, screen: { columns: undefined, colours: true }, person: () => undefined,
    read: async () => Promise.reject(failure('input.invalid')),
    print: (text) => (out += text), complain: (text) => (err += text),
    at: () => ({ connect: open, startApp: open, link: async () => '', openBrowser: async () => true, serve: async () => 0 }),
  };
  return { done: run(line.split(' '), world).then((code) => ({ code, out, err })), out: () => out, interrupt: () => interrupted.abort() };
}
function answer<K extends CommandName>(name: K, handler: Handlers[K]): void {
  Object.assign(app.handlers, { [name]: handler });
}
const webmesh = (line: string) => start(line).done;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('peers says how each is reached and, below, why not better and what would fix it', async () => {
  const [self, one] = app.topics.peers.get().list;
  if (!self || !one) throw new Error('the fake has no peers');
  app.topics.peers.set({ source: 'replica', list: [
    { ...self, why: [] },
    { ...one, id: 'study2', path: { kind: 'direct', how: 'lan' }, why: [{ code: 'no-hairpin', tier: 'punch', detail: {} }] },
    { ...one, id: 'barn', path: { kind: 'relay', how: 'turn', node: 'attic\u001b[2J' }, why: [{ code: 'waiting', tier: null, detail: { retryInMs: '60000' } }, { code: 'both-nats-hard', tier: 'punch', detail: {} }] },
  ] });
  const { out } = await webmesh('peers');
  expect(out).not.toContain('\u001b');
  expect(out.split('\n\n')[1]).toBe('barn: Relayed by attic [2J. The routers on both sides take another public port for each connection, so neither device finds the other. On one of the two routers, turn on port mapping (PCP, NAT-PMP or UPnP) or forward the WireGuard port (UDP). IPv6 on both sides helps as well.\n');
});

test('ping measures path by path, says what is in use and why the rest is not; a path in use without an answer fails', async () => {
  answer('peer.paths', async ({ count, mtu }) => ({ mtu: mtu ? 1412 : null, paths: [
    { tier: 'turn', current: true, endpoint: '192.0.2.1:49200', latenciesMs: count === 4 ? [] : [20, 30, 25], lost: count ?? 1, reason: null },
    { tier: 'punch', current: false, endpoint: '', latenciesMs: [], lost: 0, reason: { code: 'hard-nat-here', tier: 'punch', detail: {} } },
  ] }));
  const { code, out } = await webmesh('ping attic --mtu');
  expect({ code, out }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "out": "attic
    PATH                  IN USE  LEAST    MEAN     MOST     LOST    ENDPOINT         WHY NOT
    Relay                 yes     20.0 ms  25.0 ms  30.0 ms  1 of 4  192.0.2.1:49200
    Through both routers  no                                                          The router here takes another public port for each connection, and the router of the peer lets in only what it expects.

    Largest packet: 1412 bytes
    ",
    }
  `);
  expect(await webmesh('ping attic --count 4 --json')).toMatchObject({ code: 1, out: expect.stringContaining('"latenciesMs":[]') });
  expect((await webmesh('ping attic --count 101')).code).toBe(2);
  expect((await webmesh('ping attic --tcp --count 2')).out).toBe('attic: 8.50 ms\nattic: 8.50 ms\n');
});

test('netcheck is a page for people and the contract for scripts', async () => {
  answer('network.check', async () => ({ check: {
    nat: { mapping: 'hard', publicIpv4: '198.51.100.7', publicIpv6: null, tunnelEndpoints: ['198.51.100.7:61000'], portMapping: null },
    ipv4: true, ipv6: false, udp: true, hairpin: false, portMapping: { pcp: 'no answer', 'nat-pmp': '', upnp: 'refused' },
    servers: [{ node: 'attic', kind: 'stun', address: '192.0.2.1:3478', latencyMs: 12.34, problem: null }, { node: 'attic', kind: 'turn-tcp', address: '192.0.2.1:3478', latencyMs: null, problem: null }],
    findings: [{ code: 'no-relay', tier: 'turn', detail: {} }],
  } }));
  expect((await webmesh('netcheck')).out).toMatchInlineSnapshot(`
    "UDP             passes
    IPv4            198.51.100.7
    IPv6            no
    router          A strict router. It takes another public port for each connection, so not every device can meet this one directly.
    tunnel seen at  198.51.100.7:61000
    port mapping    pcp: no answer, upnp: refused
    NAT loopback    no

    DEVICE  SERVICE   ADDRESS         ROUND TRIP
    attic   stun      192.0.2.1:3478  12.3 ms
    attic   turn-tcp  192.0.2.1:3478  no answer

    No relay of the network answers. Switch on Relay on a device of the network that all others can reach.
    "
  `);
  expect(JSON.parse((await webmesh('netcheck --json')).out)).toMatchObject({ nat: { mapping: 'hard' }, findings: [{ code: 'no-relay' }] });
});

test('forward runs until Ctrl-C, tells its port at once and what it carried at the end, and is closed then', async () => {
  const running = start('forward attic 0:[fd00::5]:80 --udp');
  await until(() => running.out() !== '');
  const [opened] = app.topics.paths.get().forwards.slice(-1);
  if (!opened) throw new Error('no forward');
  expect(running.out()).toBe(`127.0.0.1:${opened.localPort} (udp) leads to [fd00::5]:80 at attic. Ctrl-C ends it.\n`);
  app.topics.paths.set({ ...app.topics.paths.get(), forwards: app.topics.paths.get().forwards.map((one) => (one.id === opened.id ? { ...one, sentBytes: 2048, receivedBytes: 5, connections: 1, problem: toData(failure('node.lost')) } : one)) });
  await new Promise((resolve) => setTimeout(resolve, 30));
  running.interrupt();
  const { code, out, err } = await running.done;
  expect({ code, last: out.split('\n').at(-2), err: err.includes('stopped') }).toEqual({ code: 0, last: '1 open, sent 2.0 KiB, received 5 B', err: true });
  expect(app.topics.paths.get().forwards.some(({ id }) => id === opened.id)).toBe(false);
});

test('a forward that somebody else closes ends with a word; one that cannot be is refused', async () => {
  const running = start('forward attic 9123 --json');
  await until(() => running.out() !== '');
  const { forward: { id } } = JSON.parse(running.out()) as { forward: { id: string } };
  expect(await webmesh('forwards')).toMatchObject({ out: expect.stringContaining(id) });
  expect(await webmesh(`forwards close ${id}`)).toMatchObject({ code: 0, out: 'The forward was ended.\n' });
  expect(await running.done).toMatchObject({ code: 1, err: expect.stringContaining('closed elsewhere') });
  expect(await webmesh('forward attic localhost:80')).toMatchObject({ code: 2, err: expect.stringContaining('names are not looked up') });
  app.refuseNext('forward.open', failure('node.port-in-use', { port: 8080 }));
  expect(await webmesh('forward attic 8080')).toMatchObject({ code: 1, err: expect.stringContaining('TCP port 8080') });
});

test('offers are shown with what answers, and changed one at a time', async () => {
  const { list, selected } = app.topics.profiles.get();
  const offers = { iceNegotiation: true, turnServer: false, meshDns: true, prometheus: false, relayMbit: 0, shares: ['tcp 127.0.0.1:8080'] };
  app.topics.profiles.set({ selected, list: list.map((one) => (one.id === selected ? { ...one, offers } : one)) });
  app.topics.node.set({ ...app.topics.node.get(), features: ['NODES', 'ICE_NEGOTIATION'] });
  expect((await webmesh('offers')).out).toMatchInlineSnapshot(`
    "ice-negotiation  on, answers
    turn-server      off
    mesh-dns         on, does not answer
    prometheus       off
    relay-mbit       0 (relays nothing)
    shares           tcp 127.0.0.1:8080
    "
  `);
  expect((await webmesh('offers turn-server on --relay-mbit 20')).code).toBe(0);
  expect(app.calls.at(-1)).toMatchObject({ name: 'offers.set', input: { profile: 'home1', turnServer: true, relayMbit: 20 } });
  expect(await webmesh('offers turn-server')).toMatchObject({ code: 2, err: expect.stringContaining('needs on or off') });
  expect(await webmesh('offers nonsense on')).toMatchObject({ code: 2, err: expect.stringContaining('turn-server') });
  expect((await webmesh('offers mesh-dns off --network studio')).code).toBe(0);
  expect(app.topics.profiles.get().list.find(({ id }) => id === 'studio2')?.offers.meshDns).toBe(false);
});

test('share adds, lists and removes', async () => {
  const shares = (): readonly string[] => app.topics.profiles.get().list[0]?.offers.shares ?? [];
  const before = shares();
  expect((await webmesh('share add tcp 127.0.0.1:9000')).code).toBe(0);
  expect((await webmesh('share add udp [fd00::1]:53')).code).toBe(0);
  expect(shares()).toEqual([...before, 'tcp 127.0.0.1:9000', 'udp [fd00::1]:53']);
  expect((await webmesh('share')).out).toBe([...before, 'tcp 127.0.0.1:9000', 'udp [fd00::1]:53', ''].join('\n'));
  expect((await webmesh('share remove tcp 127.0.0.1:9000')).code).toBe(0);
  expect(shares()).toEqual([...before, 'udp [fd00::1]:53']);
  expect(await webmesh('share remove tcp 127.0.0.1:9000')).toMatchObject({ code: 2, err: expect.stringContaining('is not shared') });
  expect(await webmesh('share add sctp 127.0.0.1:9000')).toMatchObject({ code: 2 });
  expect(await webmesh('share add tcp localhost:9000')).toMatchObject({ code: 2 });
});

test('asks for a better path', async () => {
  expect(await webmesh('peers retry attic')).toMatchObject({ code: 0, out: expect.stringContaining('attic') });
  expect(app.calls.at(-1)).toMatchObject({ name: 'peer.retry', input: { id: 'attic' } });
});
