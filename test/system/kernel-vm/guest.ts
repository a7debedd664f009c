/** Runs inside the small virtual machine: two helpers in two network namespaces, on the kernel's own WireGuard. Exit code 0 when all held. */
import { execFileSync, spawn } from 'node:child_process';
import { deepStrictEqual as same } from 'node:assert';
import { mkdirSync } from 'node:fs';
import { PeerSpec, TunnelPhase, TunnelSpec } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { HelperUnderTest, failureOf, nothing, until } from '../helper-harness.ts';

const place = { node: '/bin/node', script: '/root/helper.mjs', cache: '/none', startMs: 60_000 };
const start = performance.now();
const say = (text: string): void => console.log(`[guest +${((performance.now() - start) / 1000).toFixed(1)} s] ${text}`);

for (const folder of ['/tmp/a', '/tmp/b']) mkdirSync(folder, { recursive: true });
const a = new HelperUnderTest('A', '/tmp/a', place);
const b = new HelperUnderTest('B', '/tmp/b', place);
const [idA, idB] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];

function spec(n: 1 | 2, peers: readonly PeerSpec[], listenPort = 51820): TunnelSpec {
  return TunnelSpec.fromPartial({ tunnelId: n === 1 ? idA : idB, addresses: [`172.29.0.${n}/32`, `fd29:0:0:${n}::/128`], routes: ['172.29.0.0/16', 'fd29::/48'], listenPort, peers: [...peers] });
}
const peer = (n: 1 | 2, publicKey: string): PeerSpec => PeerSpec.fromPartial({ publicKey, endpoint: `10.98.0.${n}:51820`, allowedIps: [`172.29.0.${n}/32`, `fd29:0:0:${n}::/64`], keepaliveSeconds: 25 });
const ping = (from: HelperUnderTest, address: string): boolean => {
  try {
    return execFileSync('ip', ['netns', 'exec', from.namespace, 'ping', '-c', '1', '-W', '5', address], { encoding: 'utf8' }).includes(' 0% packet loss');
  } catch {
    return false;
  }
};

await Promise.all([a.start(), b.start()]);
say('two helpers serve');
const [helloA, helloB] = await Promise.all([a.hello(idA), b.hello(idB)]);
same([helloA.engine, helloB.engine], ['kernel', 'kernel']);

const [upA] = await Promise.all([a.apply(1, 1, spec(1, [peer(2, helloB.publicKey)])), b.apply(1, 1, spec(2, [peer(1, helloA.publicKey)]))]);
same([upA.phase, upA.engine, upA.listenPort, upA.mtu], [TunnelPhase.TUNNEL_PHASE_UP, 'kernel', 51820, 1420]);
same(a.ip('-d', 'link', 'show', 'dev', 'wmaaaaaaaaaa').includes('wireguard'), true);
same(a.ip('-4', 'route').includes('172.29.0.0/16 dev wmaaaaaaaaaa'), true);
same([ping(a, '172.29.0.2'), ping(b, '172.29.0.1'), ping(a, 'fd29:0:0:2::')], [true, true, true]);
const { tunnel } = await a.watch((event) => (event.tunnel?.peers[0]?.receiveBytes ?? 0n) > 0n && (event.tunnel?.peers[0]?.lastHandshakeMs ?? 0n) > 0n, 20_000);
same(tunnel?.peers[0]?.endpoint, '10.98.0.2:51820');
say('kernel tunnel up, pings over IPv4 and IPv6');

same((await a.apply(1, 2, spec(1, []))).peers, []);
same(ping(a, '172.29.0.2'), false);
same((await a.apply(1, 3, spec(1, [peer(2, helloB.publicKey)]))).peers.map(({ publicKey }) => publicKey), [helloB.publicKey]);
same(ping(a, '172.29.0.2'), true);
say('peer removed and added');

// A second network of the same two machines, on the same engine.
const second = (n: 1 | 2, publicKey: string): TunnelSpec => TunnelSpec.fromPartial({
  tunnelId: n === 1 ? 'cccccccccccc' : 'dddddddddddd', addresses: [`172.30.0.${n}/32`], routes: ['172.30.0.0/16'], listenPort: 51821,
  peers: [{ publicKey, endpoint: `10.98.0.${3 - n}:51821`, allowedIps: [`172.30.0.${3 - n}/32`], keepaliveSeconds: 25 }],
});
const [keyA, keyB] = [(await a.hello('cccccccccccc')).publicKey, (await b.hello('dddddddddddd')).publicKey];
await a.apply(1, 1, second(1, keyB));
await b.apply(1, 1, second(2, keyA));
await until(() => ping(a, '172.30.0.2') && ping(a, '172.29.0.2'), 'both networks carry pings', 20_000);
same((await a.watch(() => true)).networks.map(({ tunnelId, tunnel: now }) => [tunnelId, now?.phase, now?.engine]), [[idA, TunnelPhase.TUNNEL_PHASE_UP, 'kernel'], ['cccccccccccc', TunnelPhase.TUNNEL_PHASE_UP, 'kernel']]);
same((await failureOf(a.apply(1, 5, { ...second(1, keyB), tunnelId: 'eeeeeeeeeeee', listenPort: 0 }))).detail, { what: '172.30.0.0/16', device: 'wmcccccccccc', tunnelId: 'cccccccccccc' });
await a.clear(1, 6, 'cccccccccccc');
same([ping(a, '172.30.0.2'), ping(a, '172.29.0.2')], [false, true]);
a.tunnelId = idA;
say('two networks at once, one cleared, the other stays');

const holder = spawn('ip', ['netns', 'exec', 'A', '/bin/node', '-e', "require('dgram').createSocket('udp4').bind(51999, () => console.log('bound'))"], { stdio: ['ignore', 'pipe', 'inherit'] });
await new Promise((done) => holder.stdout?.once('data', done));
same((await failureOf(a.apply(1, 4, spec(1, [peer(2, helloB.publicKey)], 51999)))).code, 'tunnel.port-in-use');
holder.kill('SIGKILL');
same(ping(a, '172.29.0.2'), true);
say('a taken port is refused, the tunnel stays');

await a.signal('SIGKILL');
same(ping(a, '172.29.0.2'), true);
await a.start();
same(a.leftovers(), nothing);
await a.apply(2, 1, spec(1, [peer(2, helloB.publicKey)]));
await until(() => ping(a, '172.29.0.2'), 'the tunnel works after recovery', 20_000);
say('kill -9, recovered to nothing, tunnel built anew');

a.ip('link', 'del', 'dev', 'wmaaaaaaaaaa');
const lost = await a.watch((event) => event.tunnel?.phase === TunnelPhase.TUNNEL_PHASE_FAILED, 20_000);
same(lost.tunnel?.problem.startsWith('the engine does not answer'), true);
await a.apply(2, 2, spec(1, [peer(2, helloB.publicKey)]));
say('a device that somebody removed is noticed');

await a.clear(2, 3);
same(a.leftovers(), nothing);
same([await a.stop(), await b.stop()], [0, 0]);
same(b.leftovers(), nothing);
say('nothing left');
console.log('GUEST-RC=0');
process.exit(0);
