import { describe, expect, test } from 'vitest';
import { Secret } from '../../base/log.ts';
import { type Step, reconcile } from './reconcile.ts';
import { type EngineName, type StepProblem } from './system.ts';
import { systemFor } from './systems.ts';

const key = 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=';
const place = { uid: 1000, tunnelId: 'home' };
const keys = { privateKey: new Secret(key), privateKeyPath: '/keys/home' };

/** Every kind of step, adding and removing, as one system's command lines. */
function lines(platform: string, engine: EngineName): readonly string[] {
  const system = systemFor(platform);
  const peer = { publicKey: key, endpoint: '1.2.3.4:5', allowedIps: ['10.0.0.2/32'], keepaliveSeconds: 25, push: 0, restart: 0 };
  const wanted = { place, device: system.deviceName('home'), publicKey: 'mine', addresses: ['10.0.0.1/32', 'fd00::/128'], routes: ['10.0.0.0/8', 'fd00::/48'], listenPort: 51820, mtu: 1420, peers: [peer], names: null };
  const removal: Step[] = [
    { kind: 'remove-route', device: wanted.device, network: 'fd00::/48' }, { kind: 'remove-address', device: wanted.device, address: 'fd00::/128' },
    { kind: 'remove-address', device: wanted.device, address: '10.0.0.1/32' }, { kind: 'set-peers', device: wanted.device, remove: [key], move: [{ ...peer, endpoint: '1.2.3.4:6' }, { ...peer, endpoint: '' }], set: [] }, { kind: 'remove-device', device: wanted.device },
  ];
  return [...reconcile(null, wanted, new Set()), ...removal].flatMap((step) => system.actions(step, engine, keys)).map((action) => {
    if (action.kind === 'ip') {
      const { what, device, ...values } = action.change;
      return `${what} ${Object.values(values).join(' ')} on ${device}${action.tolerate?.includes(1168) ? ' (may be gone)' : ''}`;
    }
    if (action.kind === 'run') return `${action.argv.join(' ')}${action.input ? ' < input' : ''}${action.tolerate ? ' (may be gone)' : ''}`;
    return action.kind === 'uapi' ? `uapi: ${action.request.reveal().replace(/private_key=\w+/, 'private_key=…').replaceAll(/public_key=\w+/g, 'public_key=…').trim().split('\n').join(' ')}` : action.kind;
  });
}

const identity = 'uapi: set=1 private_key=… listen_port=51820';
const addPeer = 'uapi: set=1 public_key=… endpoint=1.2.3.4:5 replace_allowed_ips=true allowed_ip=10.0.0.2/32 persistent_keepalive_interval=25';
const removePeer = 'uapi: set=1 public_key=… remove=true public_key=… endpoint=1.2.3.4:6';

describe('command lines', () => {
  test('Linux, kernel', () => {
    expect(lines('linux', 'kernel')).toEqual([
      'ip link add dev wmhome type wireguard',
      'wg set wmhome listen-port 51820 private-key /keys/home',
      'ip -4 address add 10.0.0.1/32 dev wmhome',
      'ip -6 address add fd00::/128 dev wmhome',
      'ip link set dev wmhome mtu 1420 up',
      'ip -4 route add 10.0.0.0/8 dev wmhome',
      'ip -6 route add fd00::/48 dev wmhome',
      'wg addconf wmhome /proc/self/fd/0 < input',
      'ip -6 route del fd00::/48 dev wmhome (may be gone)',
      'ip -6 address del fd00::/128 dev wmhome (may be gone)',
      'ip -4 address del 10.0.0.1/32 dev wmhome (may be gone)',
      `wg set wmhome peer ${key} remove`,
      `wg set wmhome peer ${key} endpoint 1.2.3.4:6`,
      'ip link del dev wmhome (may be gone)',
    ]);
  });

  test('Linux, wireguard-go', () => {
    expect(lines('linux', 'wireguard-go')).toEqual([
      'start-engine', identity,
      'ip -4 address add 10.0.0.1/32 dev wmhome',
      'ip -6 address add fd00::/128 dev wmhome',
      'ip link set dev wmhome mtu 1420 up',
      'ip -4 route add 10.0.0.0/8 dev wmhome',
      'ip -6 route add fd00::/48 dev wmhome',
      addPeer,
      'ip -6 route del fd00::/48 dev wmhome (may be gone)',
      'ip -6 address del fd00::/128 dev wmhome (may be gone)',
      'ip -4 address del 10.0.0.1/32 dev wmhome (may be gone)',
      removePeer,
      'stop-engine', 'ip link del dev wmhome (may be gone)',
    ]);
  });

  test('macOS', () => {
    const device = systemFor('darwin').deviceName('home');
    expect(device).toMatch(/^utun\d{4}$/);
    expect(lines('darwin', 'wireguard-go').map((line) => line.replaceAll(device, 'utun1'))).toEqual([
      'start-engine', identity,
      'ifconfig utun1 inet 10.0.0.1/32 10.0.0.1 alias',
      'ifconfig utun1 inet6 fd00::/128 alias',
      'ifconfig utun1 mtu 1420 up',
      'route -n add -inet 10.0.0.0/8 -interface utun1',
      'route -n add -inet6 fd00::/48 -interface utun1',
      addPeer,
      'route -n delete -inet6 fd00::/48 -interface utun1 (may be gone)',
      'ifconfig utun1 inet6 fd00:: delete (may be gone)',
      'ifconfig utun1 inet 10.0.0.1 -alias (may be gone)',
      removePeer, 'stop-engine',
    ]);
  });

  test('Windows', () => {
    expect(lines('win32', 'wireguard-go')).toEqual([
      'start-engine', identity,
      'add-address 10.0.0.1/32 on wmhome',
      'add-address fd00::/128 on wmhome',
      'set-interface 4 1420 on wmhome',
      'set-interface 6 1420 on wmhome (may be gone)',
      'add-route 10.0.0.0/8 on wmhome',
      'add-route fd00::/48 on wmhome',
      addPeer,
      'remove-route fd00::/48 on wmhome (may be gone)',
      'remove-address fd00::/128 on wmhome (may be gone)',
      'remove-address 10.0.0.1/32 on wmhome (may be gone)',
      removePeer, 'stop-engine',
    ]);
  });

  test('the private key is on no command line, the largest mesh fits each of them', () => {
    const many = Array.from({ length: 4096 }, (_, i) => `${String(i).padStart(42, 'A')}A=`);
    for (const platform of ['linux', 'darwin', 'win32']) {
      for (const engine of ['kernel', 'wireguard-go'] as const) {
        const text = lines(platform, engine).filter((line) => !line.startsWith('wg set wmhome peer')).join('\n');
        expect(text).not.toContain(key);
        const moves = many.map((publicKey) => ({ publicKey, endpoint: '[2001:db8:1111:2222:3333:4444:5555:6666]:65535', allowedIps: [], keepaliveSeconds: 0, push: 0, restart: 0 }));
        const argv = systemFor(platform).actions({ kind: 'set-peers', device: 'wmhome', remove: many, move: moves, set: [] }, engine, keys).flatMap((action) => (action.kind === 'run' ? [action.argv.join(' ').length] : []));
        expect(Math.max(0, ...argv)).toBeLessThan(32_000);
      }
    }
  });
});

describe('failures in the product\'s words', () => {
  const identityStep: Step = { kind: 'set-identity', device: 'wmhome', place, publicKey: 'mine', listenPort: 51820 };
  const route: Step = { kind: 'add-route', device: 'wmhome', network: '10.0.0.0/8' };
  test.each<[string, Step, StepProblem, string]>([
    ['linux', identityStep, { errno: 98 }, 'tunnel.port-in-use {"port":51820}'],
    ['linux', { kind: 'bring-up', device: 'wmhome', mtu: 1420 }, { stderr: 'RTNETLINK answers: Address already in use' }, 'tunnel.port-in-use {}'],
    ['linux', { kind: 'add-device', device: 'wmhome', place }, { stderr: 'RTNETLINK answers: Operation not permitted' }, 'tunnel.not-permitted {"step":"add-device"}'],
    ['linux', { kind: 'add-device', device: 'wmhome', place }, { stderr: 'Error: Unknown device type.' }, 'tunnel.engine-missing {"engine":"kernel"}'],
    ['linux', route, { stderr: 'RTNETLINK answers: File exists' }, 'tunnel.conflict {"what":"10.0.0.0/8"}'],
    ['linux', route, { stderr: 'Error: something new.\nmore' }, 'tunnel.failed {"step":"add-route","problem":"Error: something new."}'],
    ['darwin', identityStep, { errno: 48 }, 'tunnel.port-in-use {"port":51820}'],
    ['darwin', route, { stderr: 'route: must be root to alter routing table' }, 'tunnel.not-permitted {"step":"add-route"}'],
    ['win32', identityStep, { errno: 98 }, 'tunnel.port-in-use {"port":51820}'],
    ['win32', identityStep, { errno: 5 }, 'tunnel.failed {"step":"set-identity","problem":"the engine answered errno 5"}'],
    ['win32', route, { code: 5 }, 'tunnel.not-permitted {"step":"add-route"}'],
    ['win32', route, { code: 5010 }, 'tunnel.conflict {"what":"10.0.0.0/8"}'],
    ['win32', { kind: 'add-address', device: 'wmhome', address: '10.0.0.1/32' }, { code: 1168 }, 'tunnel.failed {"step":"add-address","problem":"Windows error 1168: there is no such interface, address or route"}'],
    ['win32', route, { code: 1234 }, 'tunnel.failed {"step":"add-route","problem":"Windows error 1234"}'],
  ])('%s %o %o', (platform, step, problem, expected) => {
    expect(systemFor(platform).failureOf(step, problem).message).toBe(expected);
  });
});

describe('the routes of a machine', () => {
  test('Linux', () => {
    const json = JSON.stringify([
      { dst: 'default', gateway: '10.0.2.2', dev: 'eth0' }, { dst: '10.0.2.0/24', dev: 'eth0' }, { type: 'local', dst: '10.0.2.15', dev: 'eth0', table: 'local' },
      { type: 'broadcast', dst: '10.0.2.255', dev: 'eth0' }, { type: 'multicast', dst: 'ff00::/8', dev: 'eth0' }, { type: 'blackhole', dst: '192.0.2.0/24' }, 7,
    ]);
    expect(systemFor('linux').parseRoutes([json, ''])).toEqual([
      { network: '10.0.2.0/24', device: 'eth0', own: false }, { network: '10.0.2.15/32', device: 'eth0', own: true }, { network: '192.0.2.0/24', device: 'blackhole', own: false },
    ]);
  });

  test('macOS', () => {
    const table = 'Routing tables\n\nInternet:\nDestination        Gateway            Flags           Netif Expire\ndefault            10.0.0.1           UGScg             en0\n127                127.0.0.1          UCS               lo0\n10.20/16           link#4             UCS               en0\n192.168.1          link#5             UCS               en1\n10.0.0.7           127.0.0.1          UHS               lo0\nfe80::%en0/64      link#4             UCI               en0\n';
    expect(systemFor('darwin').parseRoutes([table])).toEqual([
      { network: '127.0.0.0/8', device: 'lo0', own: false }, { network: '10.20.0.0/16', device: 'en0', own: false }, { network: '192.168.1.0/24', device: 'en1', own: false },
      { network: '10.0.0.7/32', device: 'lo0', own: true }, { network: 'fe80::/64', device: 'en0', own: false },
    ]);
  });
});
