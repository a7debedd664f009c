import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { settle, virtualClock } from '../../../test/sim/session/clock.ts';
import { cell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import { silentLog } from '../../base/log.ts';
import { seeded } from '../../base/random.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { type NodeConfig, parseControl } from '../config.ts';
import { type TurnServerOptions } from '../path-ports.ts';
import { createRelayCredentials, credentialLifeMs } from './credentials.ts';
import { createRelayLimits } from './limits.ts';
import { createTurnPart, externalOf } from './turn-part.ts';

const spec = {
  tunnelId: 't', nodeId: 'host', meshIpv4: '172.16.0.1', meshIpv6: 'fd00:1:2:3::', primaryEndpoint: '203.0.113.7', endpoints: ['192.168.1.5', '2001:db8::7'], publicAddresses: ['0.0.0.0', '::'], insecure: true,
  services: { turnServer: true }, paths: { relayBytesPerSecond: '1000000' },
};
const configOf = (change: object = {}): NodeConfig => parseControl(JSON.stringify({ dataDir: '/data', socketPath: '/run/node.sock', spec: { ...spec, ...change } }));

function world(config = configOf()) {
  const clock = virtualClock();
  const started: TurnServerOptions[] = [];
  const log: string[] = [];
  const limits = createRelayLimits(clock);
  const revision = cell(0);
  const cutOff = new Set<string>();
  let inUse = false;
  const part = createTurnPart({
    config, limits, clock, random: seeded(7), log: silentLog, revision, ownAddresses: () => [], meshNetworks: () => [], keeps: (id) => !cutOff.has(id),
    servers: {
      start: async (options) => {
        if (inUse) throw failure('node.port-in-use', { port: options.port });
        started.push(options);
        log.push(`start ${options.port} ${options.hosts.join(',')} ${options.external.ipv4} ${options.external.ipv6}`);
        return { stats: () => ({ allocations: 1, relayedBytes: 2, refused: 3 }), recheck: () => log.push('recheck'), close: async () => void log.push(`close ${options.port}`) };
      },
    },
  });
  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.monotonicMs() + ms;
    await settle();
    while (clock.next(untilMs)) await settle();
  };
  return { part, clock, started, log, limits, revision, cutOff, pass, block: (on: boolean) => (inUse = on), told: () => [part.features.get(), part.problem.get()?.code ?? null] };
}

test('serves while it is wanted, where this machine is reached, and is advertised only then', async () => {
  const w = world();
  expect(w.told()).toEqual([[], null]);
  expect(w.part.serverFor('ann')).toBeNull();
  await w.pass(1);
  expect(w.told()).toEqual([[Feature.TURN_SERVER], null]);
  expect(w.part.serverFor('ann')).toMatchObject({
    nodeId: 'host',
    stun: ['stun:203.0.113.7:3478', 'stun:203.0.113.7:3479', 'stun:[2001:db8::7]:3478', 'stun:[2001:db8::7]:3479'],
    turn: ['turn:203.0.113.7:3478?transport=udp', 'turn:203.0.113.7:3478?transport=tcp', 'turn:[2001:db8::7]:3478?transport=udp', 'turn:[2001:db8::7]:3478?transport=tcp'],
  });
  w.part.update(configOf({ paths: { relayBytesPerSecond: '2000000', dnsPort: 99 } }));
  await w.pass(1);
  w.part.update(configOf({ paths: { relayBytesPerSecond: '2000000', turnPort: 4000 } }));
  await w.pass(1);
  w.part.update(configOf({ services: {} }));
  await w.pass(1);
  expect([w.log, w.told(), w.limits.bytesPerSecond()]).toEqual([['start 3478 0.0.0.0,:: 203.0.113.7 2001:db8::7', 'close 3478', 'start 4000 0.0.0.0,:: 203.0.113.7 2001:db8::7', 'close 4000'], [[], null], 1_000_000]);
});

test('tells a port in use, tries again, and takes the problem back', async () => {
  const w = world();
  w.block(true);
  await w.pass(3_000);
  expect(w.told()).toEqual([[], 'node.port-in-use']);
  w.block(false);
  await w.pass(2_000);
  expect(w.told()).toEqual([[Feature.TURN_SERVER], null]);
  await w.part.close();
  expect(w.log.at(-1)).toBe('close 3478');
});

test('tells of no family that it does not listen on', async () => {
  const w = world(configOf({ publicAddresses: ['203.0.113.7'] }));
  await w.pass(1);
  expect([w.log, w.part.serverFor('ann')?.stun]).toEqual([['start 3478 203.0.113.7 203.0.113.7 null'], ['stun:203.0.113.7:3478', 'stun:203.0.113.7:3479']]);
});

test('says when nobody could reach it, and relays nothing where nothing may be relayed', async () => {
  const hidden = world(configOf({ primaryEndpoint: '', endpoints: [] }));
  await hidden.pass(1);
  expect([hidden.told(), hidden.log]).toEqual([[[], 'node.start-failed'], []]);
  const none = world(configOf({ paths: { relayBytesPerSecond: '0' } }));
  await none.pass(1);
  expect([none.told(), none.log]).toEqual([[[], null], []]);
});

test('knows its users by pseudonym, and cuts who was cut off', async () => {
  const w = world();
  await w.pass(1);
  const options = w.started[0] as TurnServerOptions;
  const { username = '', credential, expiresMs } = w.part.serverFor('ann') ?? {};
  const [ends, user = ''] = username.split(':');
  expect([Number(ends) * 1_000, Number(expiresMs)]).toEqual([credentialLifeMs, credentialLifeMs]);
  expect(credential).toBe(createHmac('sha1', options.secret).update(username).digest('base64'));
  expect(username).not.toContain('ann');
  expect([options.mayUse(user), options.mayUse('ann'), options.take(1_000, user)]).toEqual([true, false, true]);
  w.cutOff.add('ann');
  w.revision.set(1);
  await w.pass(60);
  expect([options.mayUse(user), w.log.at(-1)]).toEqual([false, 'recheck']);
});

test('credentials of another start do not fit, and one user is one pseudonym', () => {
  const [a, b] = [createRelayCredentials(seeded(1)), createRelayCredentials(seeded(2))];
  const [first, later, other] = [a.issue('ann', 0), a.issue('ann', 5_000), b.issue('ann', 0)].map(({ username }) => username.split(':')[1]);
  expect([first === later, first === other, a.deviceOf(first ?? ''), b.deviceOf(first ?? ''), `${a.secret}`]).toEqual([true, false, 'ann', undefined, '•••']);
  for (let n = 0; n < 5_000; n++) a.issue(`device ${n}`, 0);
  expect(a.deviceOf(first ?? '')).toBeUndefined();
});

test('the external address is the one that was told, public before private', () => {
  const external = (change: object): unknown => externalOf(configOf(change));
  expect(external({ primaryEndpoint: '192.168.1.5', endpoints: ['203.0.113.7', '172.16.0.1'] })).toEqual({ ipv4: '203.0.113.7', ipv6: null });
  expect(external({ primaryEndpoint: '', endpoints: [], publicAddresses: ['192.168.1.5', '::'] })).toEqual({ ipv4: '192.168.1.5', ipv6: null });
  expect(external({ primaryEndpoint: '127.0.0.1', endpoints: ['fe80::1', 'fd00:1:2:3::'], publicAddresses: [] })).toEqual({ ipv4: null, ipv6: null });
});
