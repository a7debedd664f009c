import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NodeSpec, TunnelPhase, type TunnelSpec } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { HelperUnderTest, failureOf, missingForTunnels, nothing, sh, specOf, until } from './helper-harness.ts';

/** One machine in several networks at once: the middle one of three, with a tunnel to each of the others. */
const missing = missingForTunnels();
const tag = process.pid.toString(36);
const folder = missing === null ? mkdtempSync('/tmp/wmhl-') : '';
const [a, b, c] = ['a', 'b', 'c'].map((letter) => new HelperUnderTest(`wmhl${tag}${letter}`, join(folder, letter))) as [HelperUnderTest, HelperUnderTest, HelperUnderTest];
const all = [a, b, c];
const letters = 'abcdefghijkl';
/** Network n of this test: its tunnel id differs within the ten letters that name the interface. */
const id = (n: number, side = 'm'): string => `${letters[n]}${side}${tag}`.padEnd(12, 'x');
const device = (n: number, side = 'm'): string => `wm${id(n, side).slice(0, 10)}`;
const nothingLeft = { ...nothing };

/** Network n is 172.(20+n).0.0/16; the middle is .1 in it and listens on 52000+n, the other end is .2. */
function spec(n: number, peerKey = '', change: Partial<TunnelSpec> = {}): TunnelSpec {
  const peers = peerKey === '' ? [] : [{ publicKey: peerKey, endpoint: `10.97.${n}.2:52100`, allowedIps: [`172.${20 + n}.0.2/32`], keepaliveSeconds: 25 }];
  return specOf({ tunnelId: id(n), addresses: [`172.${20 + n}.0.1/32`], routes: [`172.${20 + n}.0.0/16`], listenPort: 52_000 + n, peers: peers.map((peer) => ({ ...peer, push: 0, restart: 0 })), ...change });
}

function farSpec(n: number, peerKey: string): TunnelSpec {
  return specOf({
    tunnelId: id(n, 'f'), addresses: [`172.${20 + n}.0.2/32`], routes: [`172.${20 + n}.0.0/16`], listenPort: 52_100,
    peers: [{ publicKey: peerKey, endpoint: `10.97.${n}.1:${52_000 + n}`, allowedIps: [`172.${20 + n}.0.1/32`], keepaliveSeconds: 25, push: 0, restart: 0 }],
  });
}

const nodeSpec = (n: number): NodeSpec => NodeSpec.fromPartial({
  tunnelId: id(n), nodeId: `host-${n}`, raftPort: 9_440 + n, grpcPort: 8_440 + n, insecure: true, publicAddresses: ['0.0.0.0'],
  services: { meshApi: true, metrics: true }, bootstrap: { networkName: `network-${n}`, ipv4Network: `172.${20 + n}.0.0/16` },
});

function reaches(n: number): boolean {
  try {
    return sh(`ip netns exec ${a.namespace} ping -c 1 -W 2 172.${20 + n}.0.2`).includes(' 0% packet loss');
  } catch {
    return false;
  }
}

/** Both networks up, one side after the other: two first handshakes that cross end each other for five seconds. */
async function bothUp(epoch: number): Promise<void> {
  for (const [n, far] of [[0, b], [1, c]] as const) {
    const [{ publicKey: own }, { publicKey: theirs }] = await Promise.all([a.hello(id(n)), far.hello(id(n, 'f'))]);
    await a.apply(epoch, 1, spec(n, theirs));
    await far.apply(epoch, 1, farSpec(n, own));
  }
  // After a restart of one side, a lost first handshake is repeated after five seconds.
  await until(() => reaches(0) && reaches(1), 'both networks carry pings', 12_000);
}

const networksOf = async (): Promise<unknown> => (await a.watch(() => true)).networks.map(({ tunnelId, tunnel, node }) => [tunnelId, tunnel?.phase, node?.running]);
const memoryMiB = (): number => {
  const [pid] = a.processes((command) => /helper\/helper\.(ts|mjs)/.test(command));
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1] ?? 0) / 1024;
};

beforeAll(() => {
  if (missing !== null) return;
  for (const helper of all) {
    sh(`ip netns add ${helper.namespace}; ip -n ${helper.namespace} link set lo up`);
    mkdirSync(helper.folder, { mode: 0o755 });
    // The other ends' are there as long as they are.
    helper.sockets = [...letters].map((_, n) => `${device(n, helper === a ? 'm' : 'f')}.sock`);
  }
  for (const [n, far] of [[0, b], [1, c]] as const) {
    sh(`ip link add v${tag}${n} netns ${a.namespace} type veth peer name v${tag}${n} netns ${far.namespace};
        ip -n ${a.namespace} addr add 10.97.${n}.1/24 dev v${tag}${n}; ip -n ${far.namespace} addr add 10.97.${n}.2/24 dev v${tag}${n};
        ip -n ${a.namespace} link set v${tag}${n} up; ip -n ${far.namespace} link set v${tag}${n} up`);
  }
  chmodSync(folder, 0o755);
});

afterEach(async () => {
  if (missing !== null) return;
  for (const helper of all) {
    await helper.stop();
    for (const part of ['run', 'state']) rmSync(join(helper.folder, part), { recursive: true, force: true });
  }
});

afterAll(() => {
  if (missing === null) sh(`${all.map(({ namespace }) => `ip netns del ${namespace}`).join('; ')}; rm -rf ${folder}`);
});

describe.skipIf(missing !== null)(`several networks of one machine${missing === null ? '' : ` (missing: ${missing})`}`, { timeout: 90_000 }, () => {
  test('two tunnels reach two peers at once; the end of one leaves the other as it is', async () => {
    await Promise.all(all.map((helper) => helper.start()));
    await bothUp(1);
    expect(await networksOf()).toEqual([[id(0), TunnelPhase.TUNNEL_PHASE_UP, false], [id(1), TunnelPhase.TUNNEL_PHASE_UP, false]]);
    const other = (): unknown => [a.ip('-o', 'link', 'show', 'dev', device(1)), a.ip('route', 'show', 'dev', device(1)), a.journals().includes(id(1))];
    const before = other();
    await a.clear(1, 2, id(0));
    expect([await networksOf(), other(), a.journals(), a.engines().length]).toEqual([[[id(1), TunnelPhase.TUNNEL_PHASE_UP, false]], before, [id(1)], 1]);
    expect([reaches(0), reaches(1)]).toEqual([false, true]);
    await a.shutdown();
    await until(() => a.child?.exitCode === 0, 'the helper ends after Shutdown');
    expect(a.leftovers()).toEqual(nothingLeft);
  });

  test('after kill -9 both carry on, the next start takes both back, and each remembers its own generations', async () => {
    await Promise.all(all.map((helper) => helper.start()));
    await bothUp(1);
    await a.apply(7, 3, spec(1, (await c.hello(id(1, 'f'))).publicKey));
    await a.signal('SIGKILL');
    expect([reaches(0), reaches(1), a.journals()]).toEqual([true, true, [id(0), id(1)]]);
    await a.start();
    expect([a.leftovers(), await networksOf()]).toEqual([nothingLeft, []]);
    const seen = await Promise.all([a.hello(id(0)), a.hello(id(1)), a.hello(id(2)), a.hello()]);
    expect(seen.map(({ generation }) => `${generation?.epoch}.${generation?.revision}`)).toEqual(['1.1', '7.3', '0.0', '7.3']);
    await bothUp(8);
  });

  test('--undo takes all of them back and ends', async () => {
    await a.start();
    for (const n of [0, 1, 2]) await a.apply(1, 1, spec(n));
    await a.signal('SIGKILL');
    expect([a.engines().length, a.journals().length]).toEqual([3, 3]);
    const undo = a.launch('--undo');
    expect([await new Promise((done) => undo.once('exit', done)), a.leftovers()]).toEqual([0, nothingLeft]);
  });

  test('a damaged journal of one does not keep another from being taken back', async () => {
    await a.start();
    for (const n of [0, 1]) await a.apply(1, 1, spec(n));
    await a.signal('SIGKILL');
    sh(`echo garbage >> ${a.folder}/state/journals/${id(0)}`);
    await a.start();
    expect([a.leftovers(), readdirSync(join(a.folder, 'state/journals'))]).toEqual([nothingLeft, [`${id(0)}.damaged-1`]]);
  });

  test('two node processes run at once, each with a socket, a folder and a count of its own; strays of both are ended', async () => {
    await a.start();
    const [first, second] = [await a.setNode(1, 1, nodeSpec(0)), await a.setNode(5, 1, nodeSpec(1))];
    await until(() => existsSync(first.socketPath) && existsSync(second.socketPath), 'both open their sockets', 20_000);
    expect([first.pid === second.pid, first.socketPath === second.socketPath]).toEqual([false, false]);
    process.kill(first.pid, 'SIGKILL');
    a.tunnelId = id(0);
    await a.watch(({ node }) => node?.running === true && node.restarts === 1, 15_000);
    const { networks } = await a.watch(() => true);
    expect(networks.find(({ tunnelId }) => tunnelId === id(1))?.node).toMatchObject({ running: true, pid: second.pid, restarts: 0, problem: '' });
    expect((await a.setNode(5, 2, undefined, id(1))).running).toBe(false);
    expect((await a.watch(() => true)).networks.map(({ tunnelId, node }) => [tunnelId, node?.running])).toEqual([[id(0), true]]);
    await a.setNode(5, 3, nodeSpec(1), id(1));
    // They hang, so that the end of their input does not end them.
    const hung = a.processes((command) => command.includes('node/child'));
    expect(hung.length).toBe(2);
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    await a.signal('SIGKILL');
    await a.start();
    expect([a.leftovers(), readdirSync(join(a.folder, 'run')).filter((name) => name.startsWith('node-process'))]).toEqual([nothingLeft, []]);
  });

  test('none takes what is another\'s: network, address, port, interface; each is named, and nothing was touched', async () => {
    await a.start();
    await a.apply(1, 1, spec(0));
    const before = [a.ip('route'), a.ip('-br', 'addr'), a.journals()];
    const other = { device: device(0), tunnelId: id(0) };
    const clashes: readonly (readonly [Partial<TunnelSpec>, unknown])[] = [
      [{ routes: ['172.20.0.0/16'] }, ['tunnel.conflict', { what: '172.20.0.0/16', ...other }]],
      [{ routes: ['172.16.0.0/12'] }, ['tunnel.conflict', { what: '172.20.0.0/16', ...other }]],
      [{ routes: ['172.20.9.0/24'] }, ['tunnel.conflict', { what: '172.20.0.0/16', ...other }]],
      [{ addresses: ['172.20.0.7/32'], routes: [] }, ['tunnel.conflict', { what: '172.20.0.0/16', ...other }]],
      [{ listenPort: 52_000 }, ['tunnel.port-in-use', { port: 52_000, ...other }]],
      [{ tunnelId: `${id(0).slice(0, 10)}zz` }, ['tunnel.conflict', { what: device(0), ...other }]],
    ];
    for (const [index, [change, expected]] of clashes.entries()) {
      const { code, detail } = await failureOf(a.apply(1, index + 1, spec(1, '', change)));
      expect([code, detail]).toEqual(expected);
    }
    expect([a.ip('route'), a.ip('-br', 'addr'), a.journals(), await networksOf()]).toEqual([...before, [[id(0), TunnelPhase.TUNNEL_PHASE_UP, false]]]);
    // What is let go is free.
    await a.clear(1, 9, id(0));
    expect((await a.apply(1, 9, spec(1, '', { routes: ['172.20.0.0/16'], listenPort: 52_000 }))).phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
  });

  test('two first orders at the same moment for one network: one of them has it', async () => {
    await a.start();
    const asked = [spec(0), spec(1, '', { routes: spec(0).routes }), spec(2, '', { listenPort: 52_000 })];
    const codes = await Promise.all(asked.map((one) => a.apply(1, 1, one).then(() => 'up', () => 'refused')));
    expect([codes.filter((code) => code === 'up').length >= 1, a.engines().length === codes.filter((code) => code === 'up').length]).toEqual([true, true]);
    expect([codes[0] === 'up' && codes[1] === 'up', codes[0] === 'up' && codes[2] === 'up']).toEqual([false, false]);
  });

  test('eight at once and no more; one that only tells of a failure gives way; the helper stays small', async () => {
    await a.start();
    const used = [memoryMiB()];
    for (let n = 0; n < 8; n++) {
      await a.apply(1, 1, spec(n));
      used.push(memoryMiB());
    }
    expect((await failureOf(a.apply(1, 1, spec(8)))).detail).toEqual({ field: 'tunnel_id', what: 'networks at once', max: 8, got: 9 });
    expect((await failureOf(a.setNode(1, 1, nodeSpec(9)))).code).toBe('input.limit');
    process.kill(a.engines()[0] ?? 0, 'SIGKILL');
    const { networks } = await a.watch((event) => event.networks.some(({ tunnel }) => tunnel?.phase === TunnelPhase.TUNNEL_PHASE_FAILED));
    expect([networks.length, networks.filter(({ tunnel }) => tunnel?.phase === TunnelPhase.TUNNEL_PHASE_UP).length]).toEqual([8, 7]);
    expect((await a.apply(1, 2, spec(8))).phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
    expect((await a.watch(() => true)).networks.map(({ tunnel }) => tunnel?.phase)).toEqual(Array(8).fill(TunnelPhase.TUNNEL_PHASE_UP));
    console.log(`the helper: ${used.map((mib) => mib.toFixed(0)).join(', ')} MiB with none to eight tunnels`);
  });

  test('orders that name no network, and keys without end, are refused', async () => {
    await a.start();
    expect([(await failureOf(a.clear(1, 1, ''))).detail, (await failureOf(a.setNode(1, 1, undefined, ''))).detail].map((detail) => detail?.['field'])).toEqual(['tunnel_id', 'tunnel_id']);
    expect((await failureOf(a.setNode(1, 1, nodeSpec(0), id(1)))).detail).toMatchObject({ field: 'spec.tunnel_id' });
    // An order to end what is not there is remembered: an older one for it may be on its way.
    await a.clear(3, 1, id(0));
    expect((await failureOf(a.apply(2, 9, spec(0)))).code).toBe('helper.stale');
    const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => a.hello(`greedy${n}`, n === 0).then(() => 'made', (error: { metadata?: unknown }) => (error.metadata === undefined ? 'lost' : 'refused'))));
    expect([answers.filter((answer) => answer === 'made').length, answers.filter((answer) => answer === 'refused').length]).toEqual([256, 44]);
    expect(readdirSync(join(a.folder, 'state/keys/0')).length).toBe(257);
  });
});
