import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { between, pick, seeded } from '../../src/base/random.ts';
import { NodeSpec, TunnelPhase, type TunnelSpec, type TunnelState } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { assertTrustedSocket } from '../../src/platform/trusted-socket.ts';
import { HelperUnderTest, failureOf, missingForTunnels, nothing, sh, specOf, until } from './helper-harness.ts';

const missing = missingForTunnels();
const tag = process.pid.toString(36);
const [nsA, nsB] = [`wmh${tag}a`, `wmh${tag}b`];
const folder = missing === null ? mkdtempSync('/tmp/wmh-') : '';
const a = new HelperUnderTest(nsA, join(folder, 'a'));
const b = new HelperUnderTest(nsB, join(folder, 'b'));
const [idA, idB] = [`a${tag}`.padEnd(12, 'x'), `b${tag}`.padEnd(12, 'x')];
const [deviceA, deviceB] = [`wm${idA.slice(0, 10)}`, `wm${idB.slice(0, 10)}`];

/** A tunnel of host n (1 or 2) with the other as its peer. */
async function specFor(n: 1 | 2, peerKey: string | null, change: Partial<TunnelSpec> = {}): Promise<TunnelSpec> {
  const other = n === 1 ? 2 : 1;
  return specOf({
    tunnelId: n === 1 ? idA : idB,
    addresses: [`172.29.0.${n}/32`, `fd29:0:0:${n}::/128`],
    routes: ['172.29.0.0/16', 'fd29::/48'],
    listenPort: 51900 + n,
    mtu: 0,
    peers: peerKey === null ? [] : [{ publicKey: peerKey, endpoint: `10.98.0.${other}:${51900 + other}`, allowedIps: [`172.29.0.${other}/32`, `fd29:0:0:${other}::/64`], keepaliveSeconds: 25, push: 0, restart: 0 }],
    ...change,
  });
}

const ping = (from: HelperUnderTest, address: string): string => sh(`ip netns exec ${from.namespace} ping -c 1 -W 3 ${address}`);
/** One after the other: two first handshakes that cross end each other, and the engine tries again only five seconds later (WireGuard paper, section 6.4). */
const up = async (): Promise<void> => {
  const [{ publicKey: keyA }, { publicKey: keyB }] = await Promise.all([a.hello(idA), b.hello(idB)]);
  await a.apply(1, 1, await specFor(1, keyB));
  await b.apply(1, 1, await specFor(2, keyA));
};

beforeAll(() => {
  if (missing !== null) return;
  sh(`ip netns add ${nsA}; ip netns add ${nsB}; ip -n ${nsA} link set lo up; ip -n ${nsB} link set lo up;
      ip link add v${tag} netns ${nsA} type veth peer name v${tag} netns ${nsB};
      ip -n ${nsA} addr add 10.98.0.1/24 dev v${tag}; ip -n ${nsB} addr add 10.98.0.2/24 dev v${tag};
      ip -n ${nsA} link set v${tag} up; ip -n ${nsB} link set v${tag} up`);
  for (const helper of [a, b]) {
    mkdirSync(helper.folder, { mode: 0o755 });
    helper.sockets = [`${helper === a ? deviceA : deviceB}.sock`];
  }
  sh(`chmod 755 ${folder}`);
});

afterEach(async () => {
  for (const helper of [a, b]) {
    await helper.stop();
    if (folder !== '') for (const part of ['run', 'state']) rmSync(join(helper.folder, part), { recursive: true, force: true });
  }
});

afterAll(() => {
  if (missing === null) sh(`ip netns del ${nsA}; ip netns del ${nsB}; rm -rf ${folder}`);
});

describe.skipIf(missing !== null)(`helpers in network namespaces${missing === null ? '' : ` (missing: ${missing})`}`, () => {
  test('two of them reach each other over IPv4 and IPv6, and leave nothing when told to end', async () => {
    await Promise.all([a.start(), b.start()]);
    await up();
    expect(ping(a, '172.29.0.2')).toContain(' 0% packet loss');
    expect(ping(b, 'fd29:0:0:1::')).toContain(' 0% packet loss');
    const { tunnel } = await a.watch((event) => (event.tunnel?.peers[0]?.lastHandshakeMs ?? 0n) > 0n);
    expect({ phase: tunnel?.phase, engine: tunnel?.engine, name: tunnel?.interfaceName, mtu: tunnel?.mtu, endpoint: tunnel?.peers[0]?.endpoint })
      .toEqual({ phase: TunnelPhase.TUNNEL_PHASE_UP, engine: 'wireguard-go', name: deviceA, mtu: 1420, endpoint: '10.98.0.2:51902' });
    await a.shutdown();
    await until(() => a.child?.exitCode === 0, 'the helper ends after Shutdown');
    expect(await b.stop()).toBe(0);
    expect([a.leftovers(), b.leftovers(), existsSync(a.socket)]).toEqual([nothing, nothing, false]);
  });

  test('a push brings a roamed peer back without a new handshake; an unchanged wish leaves it where it went', async () => {
    await Promise.all([a.start(), b.start()]);
    await up();
    expect(ping(a, '172.29.0.2')).toContain(' 0% packet loss');
    const [{ publicKey: keyA }, { publicKey: keyB }] = await Promise.all([a.hello(idA), b.hello(idB)]);
    const shaken = (await a.watch((event) => (event.tunnel?.peers[0]?.lastHandshakeMs ?? 0n) > 0n)).tunnel?.peers[0]?.lastHandshakeMs;
    await b.apply(1, 2, await specFor(2, keyA, { listenPort: 51909 }));
    expect(ping(b, '172.29.0.1')).toContain(' 0% packet loss');
    const wish = await specFor(1, keyB);
    const [same] = (await a.apply(1, 2, wish)).peers;
    const [pushed] = (await a.apply(1, 3, { ...wish, peers: wish.peers.map((peer) => ({ ...peer, push: 1 })) })).peers;
    expect([same?.endpoint, pushed?.endpoint, same?.lastHandshakeMs, pushed?.lastHandshakeMs]).toEqual(['10.98.0.2:51909', '10.98.0.2:51902', shaken, shaken]);
    // The session outlived both moves: the other side is found again as soon as it speaks.
    expect(ping(b, '172.29.0.1')).toContain(' 0% packet loss');
    expect((await a.watch((event) => event.tunnel?.peers[0]?.endpoint === '10.98.0.2:51909')).tunnel?.peers[0]?.lastHandshakeMs).toBe(shaken);
  });

  test('a restart shakes hands at once where the engine would wait, and its bytes count on', async () => {
    await Promise.all([a.start(), b.start()]);
    const [{ publicKey: keyA }, { publicKey: keyB }] = await Promise.all([a.hello(idA), b.hello(idB)]);
    const wish = await specFor(1, keyB);
    const other = await specFor(2, keyA);
    const hasShaken = (event: { tunnel?: TunnelState | undefined }): boolean => (event.tunnel?.peers[0]?.lastHandshakeMs ?? 0n) > 0n;
    // Its first handshake goes nowhere; nobody but it can begin another, and it waits five seconds with that.
    await a.apply(1, 1, wish);
    await b.apply(1, 1, { ...other, peers: other.peers.map((peer) => ({ ...peer, endpoint: '', keepaliveSeconds: 0 })) });
    await expect(a.watch(hasShaken, 1_500)).rejects.toThrow('no such event');
    const before = (await a.watch(() => true)).tunnel?.peers[0];
    const startMs = performance.now();
    await a.apply(1, 2, { ...wish, peers: wish.peers.map((peer) => ({ ...peer, restart: 1 })) });
    await until(() => ping(a, '172.29.0.2').includes(' 0% packet loss'), 'the first ping');
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeLessThan(3_000);
    const after = (await a.watch(hasShaken)).tunnel?.peers[0];
    // The initiation that was lost and the one that was not are 148 bytes each.
    expect([before?.transmitBytes, (after?.transmitBytes ?? 0n) >= 2n * 148n]).toEqual([148n, true]);
    console.log(`restart: order to first ping ${Math.round(tookMs)} ms`);
  });

  test('a peer is added and removed without touching the device, the same wish changes nothing', async () => {
    await a.start();
    const before = await a.apply(1, 1, await specFor(1, null));
    const index = a.ip('-o', 'link', 'show', deviceA).split(':')[0];
    const key = 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=';
    const added = await a.apply(1, 2, await specFor(1, key));
    const same = await a.apply(1, 3, await specFor(1, key));
    const removed = await a.apply(1, 4, await specFor(1, null));
    expect([before, added, same, removed].map((state) => [state.generation?.revision, state.peers.map((peer) => peer.publicKey)]))
      .toEqual([[1n, []], [2n, [key]], [3n, [key]], [4n, []]]);
    expect(a.ip('-o', 'link', 'show', deviceA).split(':')[0]).toBe(index);
    await a.clear(1, 5);
    expect(a.leftovers()).toEqual(nothing);
  });

  test('after kill -9 of the helper traffic goes on, and the next start leaves nothing behind before it serves', async () => {
    await Promise.all([a.start(), b.start()]);
    await up();
    // A first handshake that is lost is repeated after five seconds.
    await until(() => { try { return ping(a, '172.29.0.2').includes(' 0% packet loss'); } catch { return false; } }, 'the tunnel works', 20_000);
    await a.signal('SIGKILL');
    expect(ping(a, '172.29.0.2')).toContain(' 0% packet loss');
    await a.start();
    expect(a.leftovers()).toEqual(nothing);
    expect((await a.hello()).generation).toEqual({ epoch: 1n, revision: 1n });
    await a.apply(2, 1, await specFor(1, (await b.hello(idB)).publicKey));
    await until(() => { try { return ping(a, '172.29.0.2').includes(' 0% packet loss'); } catch { return false; } }, 'the tunnel works again', 20_000);
  });

  test('a killed engine is noticed at once, and the next order builds the tunnel anew', async () => {
    await a.start();
    await a.apply(1, 1, await specFor(1, null));
    process.kill(a.engines()[0] as number, 'SIGKILL');
    const { tunnel } = await a.watch((event) => event.tunnel?.phase === TunnelPhase.TUNNEL_PHASE_FAILED, 10_000);
    expect(tunnel?.problem).toBe('wireguard-go ended (SIGKILL)');
    expect(a.leftovers()).toEqual(nothing);
    const again = await a.apply(1, 2, await specFor(1, null));
    expect([again.phase, again.problem, a.engines().length]).toEqual([TunnelPhase.TUNNEL_PHASE_UP, '', 1]);
  });

  test('kill -9 of helper and engine in the middle of orders, ten times: the next start always begins clean', async () => {
    const dice = seeded(20_011);
    const rounds: unknown[] = [];
    for (let round = 0; round < 10; round++) {
      await a.start();
      rounds.push(a.leftovers());
      const order = a.apply(round + 10, 1, await specFor(1, null)).catch(() => null);
      await new Promise((done) => setTimeout(done, between(dice, 0, 60)));
      if (pick(dice, [true, false])) void a.clear(round + 10, 2).catch(() => null);
      if (pick(dice, [true, false])) for (const pid of a.engines()) process.kill(pid, 'SIGKILL');
      await a.signal('SIGKILL');
      await order;
    }
    await a.start();
    rounds.push(a.leftovers());
    expect(rounds).toEqual(Array.from({ length: 11 }, () => nothing));
    console.log(`kill -9 in the middle of orders: ${rounds.length - 1} rounds, nothing left in each`);
  });

  test('a taken port, a route of the machine and a missing engine are refused by name, with the machine as before', async () => {
    await a.start();
    const holder = spawn('ip', ['netns', 'exec', nsA, process.execPath, '-e', "require('dgram').createSocket('udp4').bind(51901, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((done) => holder.stdout?.once('data', done));
    const before = [a.ip('route'), a.ip('-6', 'route'), a.ip('-br', 'link')];
    expect(await failureOf(a.apply(1, 1, await specFor(1, null)))).toEqual({ code: 'tunnel.port-in-use', retry: 'after-user', detail: { port: 51901 } });
    holder.kill('SIGKILL');
    const conflict = await failureOf(a.apply(1, 2, await specFor(1, null, { addresses: ['10.98.7.1/32'], routes: ['10.98.0.0/24'] })));
    expect(conflict).toEqual({ code: 'tunnel.conflict', retry: 'after-user', detail: { what: '10.98.0.0/24', device: `v${tag}` } });
    expect([a.leftovers(), a.ip('route'), a.ip('-6', 'route'), a.ip('-br', 'link')]).toEqual([nothing, ...before]);
    expect((await a.apply(1, 3, await specFor(1, null))).phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
    await a.stop();
    await a.start('--engine', 'kernel');
    expect((await failureOf(a.apply(2, 1, await specFor(1, null)))).code).toBe('tunnel.engine-missing');
  });

  test('a failed change of a living tunnel goes back to what was there', async () => {
    await a.start();
    const good = await specFor(1, 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=');
    await a.apply(1, 1, good);
    const socket = spawn('ip', ['netns', 'exec', nsA, process.execPath, '-e', "require('dgram').createSocket('udp4').bind(51955, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((done) => socket.stdout?.once('data', done));
    const routes = [a.ip('route'), a.ip('-6', 'route')];
    expect((await failureOf(a.apply(1, 2, { ...good, routes: ['172.29.0.0/17'], listenPort: 51955, peers: [] }))).code).toBe('tunnel.port-in-use');
    socket.kill('SIGKILL');
    const { tunnel } = await a.watch(() => true);
    expect([tunnel?.phase, tunnel?.generation?.revision, tunnel?.listenPort, tunnel?.peers.length]).toEqual([TunnelPhase.TUNNEL_PHASE_UP, 1n, 51901, 1]);
    expect([a.ip('route'), a.ip('-6', 'route')]).toEqual(routes);
  });

  test('older orders are refused, for apply, clear and node', async () => {
    await a.start();
    await a.apply(5, 2, await specFor(1, null));
    const stale = { code: 'helper.stale', retry: 'later', detail: { got: '5.1', seen: '5.2' } };
    expect(await failureOf(a.clear(5, 1))).toEqual(stale);
    expect(await failureOf(a.apply(5, 1, await specFor(1, null)))).toEqual(stale);
    expect((await failureOf(a.setNode(4, 9, undefined))).code).toBe('helper.stale');
    expect((await a.watch(() => true)).tunnel?.phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
  });

  test('garbage is refused by field and harms nothing', async () => {
    await a.start();
    const good = await specFor(1, null);
    const bad: Partial<TunnelSpec>[] = [
      { tunnelId: '../../etc' }, { tunnelId: '' }, { addresses: ['0.0.0.0/0'] }, { addresses: ['127.0.0.1/8'] }, { routes: ['0.0.0.0/0'] }, { routes: ['::/0'] },
      { listenPort: 70_000 }, { mtu: 3 }, { addresses: ['1.2.3.4/32; reboot'] }, { routes: Array.from({ length: 1000 }, (_, i) => `10.1.${i % 250}.0/24`) },
      { peers: [{ publicKey: 'x', endpoint: '', allowedIps: [], keepaliveSeconds: 0, push: 0, restart: 0 }] },
      { peers: Array.from({ length: 5000 }, () => ({ publicKey: 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=', endpoint: '', allowedIps: [], keepaliveSeconds: 0, push: 0, restart: 0 })) },
    ];
    const codes = await Promise.all(bad.map(async (part, i) => (await failureOf(a.apply(1, i + 1, { ...good, ...part }))).code));
    expect(new Set(codes)).toEqual(new Set(['input.invalid', 'input.limit']));
    expect((await failureOf(a.hello('UPPER'))).code).toBe('input.invalid');
    expect(a.leftovers()).toEqual(nothing);
    const report = JSON.parse((await a.diagnostics()).report) as object;
    expect(JSON.stringify(report)).not.toContain('private_key');
  });

  test('only those whom the socket lets in may call, and a second helper steps back', async () => {
    await a.start();
    expect(() => assertTrustedSocket(a.socket)).not.toThrow();
    const asOther = `setpriv --reuid=65534 --regid=65534 --clear-groups ${process.execPath} -e "require('net').connect('${a.socket}').on('connect',()=>{console.log('in');process.exit()}).on('error',(e)=>console.log(e.code))"`;
    expect(sh(asOther).trim()).toBe('EACCES');
    const second = a.launch();
    expect(await new Promise((done) => second.once('exit', done))).toBe(3);
    await a.stop();
    await a.start('--owner', '65534');
    expect(sh(asOther).trim()).toBe('in');
    expect(statSync(a.socket).mode & 0o777).toBe(0o600);
  });

  test('the node process runs beside the tunnel, as nobody, and does not outlive a killed helper', async () => {
    await a.start();
    const spec = NodeSpec.fromPartial({
      tunnelId: idA, nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, wireguardPort: 51901, insecure: true, publicAddresses: ['0.0.0.0'],
      services: { meshApi: true, peerDiscovery: true, admin: true, metrics: true, leaderProxy: true }, bootstrap: { networkName: 'home', ipv4Network: '172.29.0.0/16' },
    });
    const first = await a.setNode(1, 1, spec);
    await until(() => existsSync(first.socketPath), 'the node opens its socket', 15_000);
    // Nobody looks into its memory, so its folder in /proc is root's; its status says who it is.
    expect(Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${first.pid}/status`, 'utf8'))?.[1])).toBe(statSync(first.socketPath).uid);
    expect(statSync(first.socketPath).uid).not.toBe(0);
    process.kill(first.pid, 'SIGKILL');
    const { node } = await a.watch((event) => event.node?.running === true && event.node.restarts === 1, 10_000);
    expect(node?.pid).not.toBe(first.pid);
    expect((await a.setNode(1, 2, undefined)).running).toBe(false);
    expect(a.leftovers()).toEqual(nothing);
    await a.setNode(1, 3, spec);
    await a.signal('SIGKILL');
    await until(() => a.processes((command) => command.includes('node/child')).length === 0, 'the node ends with its helper', 10_000);
  });

  test('the capabilities that its service unit leaves it are enough', async () => {
    const unit = readFileSync('resources/linux/webmesh-helper.service', 'utf8');
    const names = (/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? '').split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
    a.confined = ['setpriv', `--bounding-set=-all,${names.join(',')}`];
    await a.start();
    a.confined = [];
    expect((await a.apply(1, 1, await specFor(1, null))).phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
    const state = await a.setNode(1, 1, NodeSpec.fromPartial({ tunnelId: idA, nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: true, bootstrap: { networkName: 'home', ipv4Network: '172.29.0.0/16' } }));
    await until(() => existsSync(state.socketPath), 'the node opens its socket', 15_000);
    await a.signal('SIGKILL');
    await a.start();
    expect(a.leftovers()).toEqual(nothing);
  });

  test('without /dev/net/tun it says what is closed; with IPv6 switched off it makes the IPv4 half', async () => {
    a.confined = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /dev/net && exec "$0" "$@"'];
    await a.start();
    a.confined = [];
    expect(await failureOf(a.apply(1, 1, await specFor(1, null)))).toEqual({ code: 'tunnel.not-permitted', retry: 'after-user', detail: { problem: '/dev/net/tun is missing or closed to us' } });
    await a.stop();
    sh(`ip netns exec ${nsA} sysctl -qw net.ipv6.conf.default.disable_ipv6=1`);
    await a.start();
    const { phase, addresses } = await a.apply(2, 1, await specFor(1, null));
    sh(`ip netns exec ${nsA} sysctl -qw net.ipv6.conf.default.disable_ipv6=0`);
    expect({ phase, addresses }).toEqual({ phase: TunnelPhase.TUNNEL_PHASE_UP, addresses: ['172.29.0.1/32'] });
  });

  test('a damaged journal is set aside, its good lines count, and a device of a known tunnel goes', async () => {
    await a.start();
    await a.apply(1, 1, await specFor(1, null));
    await a.signal('SIGKILL');
    const path = join(a.folder, 'state/journals', idA);
    writeFileSync(path, `{"engine":"wireguard-go","step":{"kind":"remove-device","device":"eth0; reboot"}}\n\0\0garbage\n`);
    await a.start();
    expect(a.leftovers()).toEqual(nothing);
    expect(readFileSync(`${path}.damaged-1`, 'utf8')).toContain('garbage');
  });

  test('what a version with one tunnel left is taken back: its journal, its fence, its node process', async () => {
    await a.start();
    await a.apply(4, 7, await specFor(1, null));
    await a.setNode(4, 1, NodeSpec.fromPartial({ tunnelId: idA, nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: true }));
    await a.signal('SIGKILL');
    for (const [now, before] of [[`state/journals/${idA}`, 'state/journal'], [`run/node-process.${idA}.json`, 'run/node-process.json']] as const) renameSync(join(a.folder, now), join(a.folder, before));
    writeFileSync(join(a.folder, 'run/fence.json'), '{"tunnel":{"epoch":"4","revision":"7"},"node":{"epoch":"4","revision":"1"}}', { mode: 0o600 });
    await a.start();
    expect([a.leftovers(), existsSync(join(a.folder, 'state/journal')), existsSync(join(a.folder, 'run/node-process.json'))]).toEqual([nothing, false, false]);
    expect([(await a.hello()).generation, (await failureOf(a.apply(4, 6, await specFor(1, null)))).code]).toEqual([{ epoch: 4n, revision: 7n }, 'helper.stale']);
    expect((await a.apply(5, 1, await specFor(1, null))).phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
  });

  test('an engine of somebody else under our name is refused, not taken over', async () => {
    await a.start();
    const engine = spawn('ip', ['netns', 'exec', nsB, '.cache/wireguard-go/wireguard-go', '-f', deviceA], { stdio: 'ignore' });
    await until(() => existsSync(`/run/wireguard/${deviceA}.sock`), 'the foreign engine opens its socket');
    expect((await failureOf(a.apply(1, 1, await specFor(1, null)))).code).toBe('tunnel.conflict');
    expect(engine.exitCode).toBe(null);
    engine.kill('SIGTERM');
    await until(() => engine.exitCode !== null || engine.signalCode !== null, 'the foreign engine ends');
  });
});
