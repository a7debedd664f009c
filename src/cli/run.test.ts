import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { failure } from '../base/failure.ts';
import { attach, type Client } from '../contract/client.ts';
import { serve } from '../contract/carrier.ts';
import { commands } from '../contract/commands.ts';
import { connect, listen, type AppSocket } from '../platform/app-socket.ts';
import { createFakeApp, type FakeApp, type SceneName } from '../../test/fakes/app.ts';
import { problem } from '../../test/fakes/problem.ts';
import { fixNames } from '../contract/health.ts';
import { stillClock as clock, stillMs as nowMs } from '../../test/fakes/still-clock.ts';
import { exitCodes } from './exit-codes.ts';
import { fixCommand } from './fix-command.ts';
import { run } from './run.ts';
import { verbs } from './verbs.ts';
import { type World } from './world.ts';


let folder = '';
let path = '';
let socket: AppSocket;
let app: FakeApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-cli-'));
  path = join(folder, 'app.sock');
  socket = await listen(path, (port) => serve(port, app.handlers, app.topics));
});
afterAll(async () => {
  await socket.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => start('connected'));

function start(scene: SceneName): void {
  app = createFakeApp(clock, { scene, stepMs: 5 });
}
interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
async function webmesh(line: string, at = path): Promise<Ran> {
  let out = '';
  let err = '';
  const open = async (): Promise<Client> => attach(await connect(at));
  const world: World = {
    version: '1.2.3', clock, interrupted: new AbortController().signal, screen: { columns: undefined, colours: true }, person: () => undefined,
    read: async (from) => Promise.reject(failure('input.invalid', { field: 'file', problem: `${from} does not exist` })),
    print: (text) => (out += text), complain: (text) => (err += text),
    at: () => ({ connect: open, startApp: open, link: async () => 'http://127.0.0.1:1/?ticket=t', openBrowser: async () => true, serve: async () => 0 }),
  };
  const code = await run(line === '' ? [] : line.split(' '), world);
  return { code, out, err };
}
const json = async (line: string): Promise<unknown> => JSON.parse((await webmesh(`${line} --json`)).out);

test('every command of the contract has a verb', () => {
  const reachable = new Set(verbs.flatMap(({ command, also = [] }) => [...(command === undefined ? [] : [command]), ...also]));
  expect(Object.keys(commands).filter((name) => !reachable.has(name as keyof typeof commands))).toEqual([]);
});

test('up walks to connected and says so; down walks back', async () => {
  start('disconnected');
  expect(await webmesh('up')).toEqual({ code: 0, out: 'Connected for 0 s.\n', err: '' });
  expect(await webmesh('down')).toEqual({ code: 0, out: 'Disconnected.\n', err: '' });
  expect(app.calls.map(({ name, input }) => [name, input])).toEqual([['session.connect', { profile: 'home1' }], ['session.disconnect', {}]]);
});

test('up takes a network by its name, and --no-wait returns before the outcome', async () => {
  start('disconnected');
  const { code, out } = await webmesh('up studio --no-wait');
  expect([code, out, app.calls[0]?.input]).toEqual([0, expect.stringMatching(/^Connecting: /), { profile: 'studio2' }]);
});

test('up without a network, and up with an unknown one, say what to do', async () => {
  start('first-run');
  expect(await webmesh('up')).toMatchObject({ code: 2, err: expect.stringContaining('webmesh profile create NAME') });
  start('disconnected');
  expect(await webmesh('up nowhere')).toMatchObject({ code: 2, err: expect.stringContaining('nowhere') });
});

test('up ends with its own code when the session is blocked or does not come in time', async () => {
  start('disconnected');
  const blocked = webmesh('up --timeout 5');
  while (app.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  app.show('blocked');
  app.topics.session.set({ ...app.topics.session.get(), epoch: 9 });
  expect(await blocked).toMatchObject({ code: exitCodes.blocked, out: expect.stringMatching(/^Blocked\. .*51820/) });
  start('disconnected');
  const late = webmesh('up --timeout 0.2');
  while (app.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  app.show('reconnecting');
  expect(await late).toMatchObject({ code: exitCodes.timeout, err: expect.stringContaining('attic.example.net:8443') });
});

test('a timeout says once what went wrong last, and what to do about that, also while the next attempt runs', async () => {
  start('disconnected');
  const late = webmesh('up --timeout 0.2');
  while (app.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  app.show('reconnecting');
  await new Promise((resolve) => setTimeout(resolve, 30));
  app.show('joining');
  expect((await late).err).toMatch(/^webmesh: Connecting took too long \(more than 0\.2 seconds\)\. No answer from attic\.example\.net:8443\. [^\n]*\nCheck the address [^\n]*\n$/);
  expect((await late).err.split('attic.example.net').length).toBe(2);
});

test('an earlier blocked session is not taken for the answer', async () => {
  start('blocked');
  expect(await webmesh('up')).toMatchObject({ code: 0, out: 'Connected for 0 s.\n' });
});

test('a refused command is one sentence, the next step, and code 1', async () => {
  app.refuseNext('peer.paths', failure('mesh.not-found', { id: 'attic' }));
  const { code, out, err } = await webmesh('ping attic');
  expect([code, out, err.split('\n').length, /^\s+at /m.test(err)]).toEqual([1, '', 3, false]);
  app.refuseNext('peer.paths', failure('mesh.not-found', { id: 'attic' }));
  expect(JSON.parse((await webmesh('ping attic --json')).err)).toMatchObject({ failure: { code: 'mesh.not-found', retry: 'after-user', detail: { id: 'attic' } }, what: expect.any(String), next: expect.any(String) });
});

test('without a running app: code 3 and how to start it', async () => {
  expect(await webmesh('status', join(folder, 'none.sock'))).toEqual({
    code: 3, out: '', err: 'webmesh: The app is not running for this home folder.\n"webmesh up" starts it and connects; "webmesh serve" runs it in this terminal.\n',
  });
});

test('wrong command lines name what is wrong and exit with 2', async () => {
  const lines = ['fly', 'profile', 'profile fly', 'ping', 'ping a b', 'up --fast', 'peers --port 1', 'up --timeout soon', 'settings --theme pink', 'profile create', 'completion csh', 'profile create x --grpc-port 99999', 'logs --lines 0'];
  const results = await Promise.all(lines.map(async (line) => `${line} → ${await webmesh(line).then(({ code, err }) => `${code} ${err.split('\n')[0]}`)}`));
  expect(results).toMatchInlineSnapshot(`
    [
      "fly → 2 webmesh: there is no "webmesh fly"; "webmesh help" lists what there is.",
      "profile → 2 webmesh: "webmesh profile" is one of: list, create, join, select, rename, mark, port, remove.",
      "profile fly → 2 webmesh: "webmesh profile" is one of: list, create, join, select, rename, mark, port, remove.",
      "ping → 2 webmesh: "webmesh ping" needs PEER.",
      "ping a b → 2 webmesh: "b" is one argument too many for "webmesh ping".",
      "up --fast → 2 webmesh: Unknown option '--fast'.",
      "peers --port 1 → 2 webmesh: "webmesh peers" does not take --port.",
      "up --timeout soon → 2 webmesh: --timeout needs a number, not "soon".",
      "settings --theme pink → 2 webmesh: theme is one of system, light, dark, not "pink".",
      "profile create → 2 webmesh: "webmesh profile create" needs NAME.",
      "completion csh → 2 webmesh: shell is one of bash, zsh, fish, not "csh".",
      "profile create x --grpc-port 99999 → 2 webmesh: Too big: expected number to be <=65535 (grpc-port).",
      "logs --lines 0 → 2 webmesh: Too small: expected number to be >=1 (lines).",
    ]
  `);
  expect(app.calls).toEqual([]);
});

test('settings change only what is given, switches can be turned off', async () => {
  expect(await json('settings --theme dark --no-notifications')).toEqual({ theme: 'dark', language: 'en', startAtLogin: false, stayConnected: false, closeExplained: false, notifications: false, notifyConnection: true, notifyDevices: true, notifyExpiry: true, notifyService: true, updates: 'off', logLevel: 'info' });
  expect(app.calls).toEqual([{ name: 'settings.update', input: { theme: 'dark', notifications: false } }]);
});

test('networks are made, joined, chosen, renamed and removed', async () => {
  expect([await json('profile create Cabin --ipv4-network 10.9.0.0/16 --grpc-port 9000'), await json('profile join attic.example.net:8443 --insecure --as-voter')]).toEqual([{ profile: 'net1' }, { profile: 'net2' }]);
  for (const line of ['profile select studio', 'profile rename Studio Workshop', 'profile remove workshop']) expect(await webmesh(line)).toMatchObject({ code: 0, err: '' });
  expect(app.calls.map(({ name, input }) => [name, input])).toEqual([
    ['mesh.create', { name: 'Cabin', ipv4Network: '10.9.0.0/16', grpcPort: 9000 }],
    ['mesh.join', { address: 'attic.example.net:8443', insecure: true, asVoter: true }],
    ['profile.select', { profile: 'studio2' }],
    ['profile.rename', { profile: 'studio2', name: 'Workshop' }],
    ['profile.remove', { profile: 'studio2' }],
  ]);
});

test('the JSON of every view has these keys', async () => {
  const keys = async (line: string): Promise<string> => `${line}: ${Object.keys((await json(line)) as object).join(' ')}`;
  expect(await Promise.all(['status', 'peers', 'node', 'metrics', 'metrics attic', 'profile list', 'settings', 'health', 'logs', 'diagnostics', 'open', 'ping attic', 'up', 'completion bash'].map(keys))).toMatchInlineSnapshot(`
    [
      "status: session profile peers warnings networks",
      "peers: source peers",
      "node: running problem id version helperVersion features role leader startedAtMs networkName networks raft",
      "metrics: atMs host tunnel",
      "metrics attic: deviceName addressV4 totalReceiveBytes totalTransmitBytes listenPort type peers system",
      "profile list: selected profiles",
      "settings: theme language startAtLogin stayConnected closeExplained notifications notifyConnection notifyDevices notifyExpiry notifyService updates logLevel",
      "health: problems",
      "logs: lines",
      "diagnostics: path",
      "open: url",
      "ping attic: id paths mtu latenciesMs bestMs",
      "up: want profile epoch phase sinceMs degraded lease tunnel",
      "completion bash: script",
    ]
  `);
});

test('status, peers, node and metrics are tables for people', async () => {
  fillTopics();
  expect((await webmesh('status')).out).toMatchInlineSnapshot(`
    "CLEAR TEXT: joining and managing this network is not protected. Traffic inside the tunnel is.
    state    Connected for 2 h 14 min; changes are frozen, traffic is fine.
    network  Home (attic.example.net:8443)
    device   study
    IPv4     172.16.0.9
    tunnel   wmp1, kernel, received 1.5 KiB, sent 5.0 MiB
    names    NAME.home.internal, by systemd-resolved
    peers    2, 1 direct, 1 relayed

    error: Joining and managing the network is not encrypted. Traffic inside the tunnel is. Use it only between machines and on networks that you trust.
    "
  `);
  expect((await webmesh('peers --search attic')).out).toMatchInlineSnapshot(`
    "NAME   IPV4        IPV6  ROLE    PATH    ENDPOINT           HANDSHAKE  LATENCY  RECEIVED  SENT
    attic  172.16.0.1        leader  Direct  203.0.113.1:51820  23 s ago   1.3 ms   2.0 KiB   9 B
    "
  `);
  expect((await webmesh('node')).out).toMatchInlineSnapshot(`
    "running   yes
    name      study
    version   0.1.0
    helper    0.1.0
    role      observer
    leader    attic
    up        1 min
    network   Home
    networks  172.16.0.0/12
    features  NODES
    raft      observer, term 7, committed 41 of 42, applied 40

    SERVER  ADDRESS          VOTES
    attic   172.16.0.1:9443  yes
    "
  `);
  expect((await webmesh('metrics')).out).toMatchInlineSnapshot(`
    "machine  study, Debian GNU/Linux 12, 6.1.0, x64
    up       1 d 1 h
    CPU      38 % of 8, load 1.60 1.20 1.00
    memory   7.0 GiB of 16.0 GiB, 9.0 GiB available
    DISK  DEVICE    USED      SIZE
    /     /dev/sda  25.0 GiB  100 GiB  25 %
    tunnel  received 1.5 KiB, sent 0 B
    "
  `);
});

/** Fixed values, so that what is printed does not follow the scenes of the fake. */
function fillTopics(): void {
  const { topics } = app;
  topics.profiles.set({ selected: 'p1', list: [{ id: 'p1', name: 'Home', kind: 'member', nodeId: 'study', address: 'attic.example.net:8443', offers: { iceNegotiation: true, turnServer: true, meshDns: false, prometheus: true, relayMbit: 50, shares: ['tcp 127.0.0.1:8080'] }, insecure: true, colour: 'blue', suffix: 'home.internal', names: true, autoConnect: false, session: { want: 'connected', phase: 'connected', sinceMs: nowMs - 8_040_000, degraded: 'control-plane-lost', why: null, interfaceName: 'wmp1' } }] });
  topics.session.set({
    want: 'connected', profile: 'p1', epoch: 3, phase: 'connected', sinceMs: nowMs - 8_040_000, degraded: { kind: 'control-plane-lost', sinceMs: nowMs, storedLease: true },
    lease: { ipv4: '172.16.0.9', ipv4Network: '172.16.0.0/12', ipv6: null, ipv6Network: null },
    tunnel: { interfaceName: 'wmp1', engine: 'kernel', publicKey: 'k', listenPort: 51820, mtu: 1420, receiveBytes: 1500, transmitBytes: 5 << 20, names: { keeper: 'systemd-resolved', problem: '' } },
  });
  const peer = { self: false, publicKey: 'key', ipv6: null, transmitBytes: 9, favourite: false, createdAtMs: null, updatedAtMs: null } as const;
  topics.peers.set({ source: 'stored', list: [
    { ...peer, id: 'study', self: true, ipv4: '172.16.0.9', role: 'observer', endpoint: null, path: { kind: 'self' }, why: [], lastHandshakeMs: null, receiveBytes: 0, latencyMs: null },
    { ...peer, id: 'attic', ipv4: '172.16.0.1', role: 'leader', endpoint: '203.0.113.1:51820', path: { kind: 'direct' }, why: [{ code: 'best', tier: null, detail: {} }], lastHandshakeMs: nowMs - 23_000, receiveBytes: 2048, latencyMs: 1.25 },
    { ...peer, id: 'barn', ipv4: null, role: 'unknown', endpoint: null, path: { kind: 'relay', how: 'turn', node: 'attic' }, why: [{ code: 'waiting', tier: null, detail: { retryInMs: '60000' } }, { code: 'both-nats-hard', tier: 'punch', detail: {} }], lastHandshakeMs: null, receiveBytes: 0, latencyMs: null },
  ] });
  topics.health.set({ warnings: [problem('clear-text')] });
  topics.node.set({
    running: true, problem: null, id: 'study', version: '0.1.0', helperVersion: '0.1.0', features: ['NODES'], role: 'observer', leader: 'attic', startedAtMs: nowMs - 61_000, networkName: 'Home', networks: ['172.16.0.0/12'],
    raft: { role: 'observer', term: 7, lastIndex: 42, commitIndex: 41, appliedIndex: 40, leaderContactAgeMs: 42, servers: [{ id: 'attic', address: '172.16.0.1:9443', voter: true }] },
  });
  topics.metrics.set({ atMs: nowMs, tunnel: { receiveBytes: 1500, transmitBytes: 0 }, host: {
    hostname: 'study', os: 'Debian GNU/Linux 12', kernel: '6.1.0', architecture: 'x64', uptimeMs: 90_000_000, cpuUsed: 0.376, processors: 8, load: [1.6, 1.2, 1], memory: { total: 16 * 2 ** 30, used: 7 * 2 ** 30, available: 9 * 2 ** 30 },
    disks: [{ path: '/', device: '/dev/sda', total: 100 * 2 ** 30, used: 25 * 2 ** 30 }],
  } });
}

test('a favourite is marked, shown and unmarked', async () => {
  start('connected');
  expect((await webmesh('peers favourite attic')).out).toBe('attic is a favourite now.\n');
  expect((await webmesh('peers --search attic')).out).toContain('\n★ attic ');
  expect(await webmesh('peers favourite 172.16.0.11 --off')).toMatchObject({ code: 0, out: 'attic is no favourite any more.\n' });
  expect(app.topics.peers.get().list.find(({ id }) => id === 'attic')?.favourite).toBe(false);
});

test('names from other machines cannot rewrite the terminal', async () => {
  const { source, list } = app.topics.peers.get();
  app.topics.peers.set({ source, list: list.map((peer) => ({ ...peer, why: [], id: `\u001b[2J\n${peer.id}\u202e` })) });
  const { out } = await webmesh('peers');
  expect([out.split('\n').length, out.includes('\u001b'), out.includes('\u202e')]).toEqual([list.length + 2, false, false]);
});

test('what a node answers cannot rewrite the terminal either: in sentences, in JSON, in the lines of the log', async () => {
  const evil = 'a\u001b]0;title\u0007\u009b2J\u202e\nwebmesh: all is well';
  app.refuseNext('peer.paths', failure('input.invalid', { field: evil, problem: evil }));
  const { err } = await webmesh('ping attic');
  app.topics.peers.set({ source: 'replica', list: app.topics.peers.get().list.map((peer) => ({ ...peer, id: `${peer.id}${evil}` })) });
  const { out } = await webmesh('peers --json');
  app.refuseNext('peer.paths', failure('input.invalid', { problem: evil }));
  const refused = await webmesh('ping 172.16.0.11 --json');
  expect([err, out, refused.err].map((text) => [text.split('\n').length - 1, /[\p{Cc}\u202e]/u.test(text.replaceAll('\n', ''))])).toEqual([[2, false], [1, false], [1, false]]);
  expect(JSON.parse(refused.err)).toMatchObject({ failure: { detail: { problem: evil } } });
});

test('quit ends when the app has gone, even when it goes before it can answer', async () => {
  const quitting = webmesh('quit');
  while (app.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await socket.close();
  expect(await quitting).toEqual({ code: 0, out: 'The app has ended.\n', err: '' });
  socket = await listen(path, (port) => serve(port, app.handlers, app.topics));
});

test('health says what is wrong, since when, whether traffic is safe, what to do and what to type', async () => {
  app.topics.health.set({ warnings: [
    problem('control-plane-lost', {}, { sinceMs: nowMs - 312_000 }), problem('peer-unreachable', { count: 1, peer: 'nas' }, { sinceMs: nowMs - 40_000, fix: 'look-again' }),
  ] });
  const { code, out } = await webmesh('health');
  expect(code).toBe(exitCodes.unwell);
  expect(out).toMatchInlineSnapshot(`
    "Warning: Changes are frozen (for 5 min)
      Changes are frozen, traffic is fine: the nodes that manage the network cannot be reached.
      Devices keep reaching each other. Joining, leaving and settings of the network wait until the nodes are back.
      webmesh netcheck

    Hint: Not every peer is reached (for 40 s)
      “nas” cannot be reached at the moment. The others are not affected.
      Open Peers to see which, and why.
      webmesh peers retry nas
      To put it away: webmesh health dismiss peer-unreachable
    "
  `);
  expect(await json('health')).toMatchObject({ problems: [{ id: 'control-plane-lost', severity: 'warning', connectivity: true, fix: 'check-network', title: 'Changes are frozen', command: 'webmesh netcheck' }, { command: 'webmesh peers retry nas' }] });
  expect(await webmesh('health dismiss peer-unreachable')).toMatchObject({ code: 0 });
  expect(await webmesh('health dismiss control-plane-lost')).toMatchObject({ code: exitCodes.usage });
  app.topics.health.set({ warnings: [problem('secrets-in-file')] });
  expect((await webmesh('health')).code).toBe(0);
  app.topics.health.set({ warnings: [] });
  expect(await webmesh('health')).toMatchObject({ code: 0, out: 'Nothing is wrong.\n' });
});

test.each(fixNames.filter((fix) => fix !== 'sign-in'))('%s is something to type that exists', (fix) => {
  const line = fixCommand({ code: 'clear-text', fix, detail: { peer: 'nas' } }) ?? '';
  const words = line.split(' ').slice(1);
  expect(verbs.some((verb) => verb.words.every((word, i) => word === words[i]))).toBe(true);
});

test('a name that a shell would act on is quoted in what a person types', () => {
  const typed = (peer: string): string | null => fixCommand({ code: 'peer-unreachable', fix: 'look-again', detail: { peer } });
  expect([typed('nas-2.home'), typed('x; reboot'), typed("$(reboot)'`"), typed('')]).toEqual([
    'webmesh peers retry nas-2.home', "webmesh peers retry 'x; reboot'", String.raw`webmesh peers retry '$(reboot)'\''${'`'}'`, "webmesh peers retry ''",
  ]);
});

test('a page to sign in at is printed for a browser, without what could hide in it', () => {
  expect(fixCommand({ code: 'sign-in-needed', fix: 'sign-in', detail: { link: 'http://wifi.example/in' } })).toBe('Page: http://wifi.example/in');
  expect(fixCommand({ code: 'sign-in-needed', fix: 'sign-in', detail: { link: 'http://wifi.example/\u001b[2J\u202e' } })).toBe('Page: http://wifi.example/%1B[2J%E2%80%AE');
  expect(fixCommand({ code: 'sign-in-needed', fix: 'sign-in', detail: { link: 'javascript:alert(1)' } })).toBe(null);
});

test('help exists for everything, a group and each verb; version prints one line', async () => {
  expect(await webmesh('--version')).toEqual({ code: 0, out: 'webmesh 1.2.3\n', err: '' });
  expect((await webmesh('')).out).toMatchInlineSnapshot(`
    "Usage: webmesh [--home DIR] [--json] COMMAND

      up               Connect; starts the app in the background when none runs
      down             Disconnect a network, or with --all every one; the app goes on running
      retry            Try again now instead of waiting for the next attempt
      quit             Disconnect and end the app
      join             Join a network with an invite: its link, its file, or - for standard input
      invite           Make an invite: its link, a QR code, when it ends, the fingerprint of the network
      invite create    Make an invite: its link, a QR code, when it ends, the fingerprint of the network
      invite show      Read what an invite says, without using it
      invite list      The invites of the network, and what became of each
      invite revoke    Make an invite useless; devices that joined with it stay
      invite dismiss   Put away the invite that waits for consent in the window
      devices          The devices of the network: who may do what, who waits, who was cut off
      devices list     The devices of the network: who may do what, who waits, who was cut off
      devices approve  Accept a device that waits, after its fingerprint was compared
      devices revoke   Cut a device off, for ever and within seconds
      devices role     Change what a device may do
      trust            How the network is protected: certificates, role, fingerprint, where the root key is
      renew            Renew the certificate and the tunnel key of this device now
      root export      Write the network's root key to a file that only a passphrase opens
      root remove      Remove the network's root key from this machine, after it was exported
      root import      Bring the network's root key back from its file
      audit            Who did what, when, from which node; newest first
      audit export     Write the whole audit log to a file
      status           Is it connected, and if not, why; with several networks: how each stands
      peers            The other devices of the network, how each is reached, and why not better
      node             The mesh node on this machine: version, features, consensus
      metrics          CPU, memory, disks and tunnel traffic, here or on a peer
      history          What was measured here in the last 24 hours: this device and its network, or one peer
      history clear    Forget what was measured, of this device and of the selected network
      health           What is wrong, since when, and what to do; exit code 6 when it is more than a hint, else 0
      health dismiss   Put a hint away until the app ends; what is worse than a hint stays
      helper start     Start the system service that makes the tunnel; the system asks for permission
      peers retry      Look for a better path to a peer now
      peers favourite  Mark a peer as a favourite: it comes first in lists and in the menu of the tray
      netcheck         Find out what this machine's network lets through: NAT, UDP, IPv6, relays; takes a few seconds
      ping             Measure the round trip to a peer, path by path, and say why the others are not in use
      forward          Carry connections to a port of this machine to an address that a peer reaches and shares; runs until Ctrl-C
      forwards         The forwards that are open, with what they carried
      forwards close   End a forward
      offers           What this machine does for the members of a network; with NAME and on or off: change it
      share            What members may reach through this machine with "webmesh forward"; nothing else is dialled for them
      share list       What members may reach through this machine with "webmesh forward"; nothing else is dialled for them
      share add        Let members reach an address through this machine, such as tcp 127.0.0.1:8080
      share remove     Share an address no longer
      profile list     The networks that this machine knows
      profile create   Create a network on this machine
      profile join     Add an old network in clear text, by the address of one of its nodes; needs --insecure
      profile select   Choose the network that is shown, and meant where none is named
      profile rename   Rename a network on this machine
      profile mark     Change a network's colour, its names on this machine, or whether it is connected when the app starts
      profile port     Give a network that is not connected another WireGuard port on this machine; without --wireguard-port one that is free
      profile remove   Forget a network on this machine
      update           Whether a newer version is known
      update check     Look for a newer version now; nothing is downloaded
      update download  Download the newer version that was found, and verify it; nothing is installed
      update dismiss   Put the newer version away: a download stops, and what was downloaded is removed
      logs             The newest log lines of the app
      settings         Show the settings, or change those that are given
      diagnostics      Write a report without secrets, to look at or to send to somebody
      open             Print a link to the page of the running app, good once; with an invite: show it there
      serve            Run the app in this terminal and show its page in a browser
      completion       Print a script that completes commands in your shell

    Everywhere:
      --home TEXT     folder of profiles, sockets and logs
      --network TEXT  which network is meant, by name or id; the selected one when not given
      --json          print JSON
      --help          show help
      --version       show the version

    "webmesh COMMAND --help" tells more.
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the app is not running, 4 not in time, 5 blocked until a person acts, 6 there are problems (said by "webmesh health" alone), 130 interrupted.
    "
  `);
  expect((await webmesh('profile create --help')).out).toMatchInlineSnapshot(`
    "Usage: webmesh profile create NAME [options]

    Create a network on this machine.

    Options:
      --ipv4-network TEXT  IPv4 network of the mesh, such as 172.16.0.0/12
      --node-id TEXT       name of this device in the mesh
      --grpc-port N        TCP port of the mesh API (1 to 65535)
      --raft-port N        TCP port of Raft (1 to 65535)
      --wireguard-port N   UDP port of WireGuard (1 to 65535)
      --insecure           clear text, for old networks: nothing protects joining and managing it
    Everywhere:
      --home TEXT     folder of profiles, sockets and logs
      --network TEXT  which network is meant, by name or id; the selected one when not given
      --json          print JSON
      --help          show help
      --version       show the version

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the app is not running, 4 not in time, 5 blocked until a person acts, 6 there are problems (said by "webmesh health" alone), 130 interrupted.
    "
  `);
  for (const { words, about } of verbs) expect((await webmesh(`${words.join(' ')} --help`)).out).toContain(`${about}.`);
});

test('update looks, downloads and says how to install; a refusal is two sentences and code 1', async () => {
  expect((await webmesh('update check')).out).toContain('Version 0.2.0 can be downloaded. It is signed by the makers of this app.');
  expect((await webmesh('update download')).out).toMatch(/^Version 0\.2\.0 is here and verified\.\n[^\n]+\nsudo apt install '[^\n]+\.deb'\n$/);
  expect(await webmesh('update dismiss')).toMatchObject({ code: 0, out: 'Put away.\n' });
  app.topics.update.set({ current: '0.1.0', checkedAtMs: null, phase: 'refused', failure: { code: 'update.older', retry: 'after-user', detail: { file: 'timestamp.json' } } });
  expect(await webmesh('update')).toMatchObject({ code: 1, out: expect.stringMatching(/^What came as information on newer versions \(timestamp\.json\) is older than what was here before\. [^\n]+\n[^\n]+\n$/) });
  expect(await json('update')).toMatchObject({ phase: 'refused', failure: { code: 'update.older' } });
});
