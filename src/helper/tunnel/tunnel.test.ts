import { expect, test } from 'vitest';
import { FakeFenceFile, FakeJournalFile, FakeKeys, FakeMachine, ManualClock, fakeFacts, fakeKeys, noNames, settle } from '../../../test/fakes/helper-machine.ts';
import { asFailure } from '../../base/failure.ts';
import { silentLog } from '../../base/log.ts';
import { TunnelPhase } from '../../gen/webmesh/helper/v1/helper.ts';
import { type Claims, createClaims } from './claims.ts';
import { openFences } from './fence.ts';
import { type Names } from '../dns/names.ts';
import { createJournal } from './journal.ts';
import { recover, recoverAll } from './recover.ts';
import { type Step } from './reconcile.ts';
import { type WantedTunnel } from './spec.ts';
import { type Tunnel, createTunnel } from './tunnel.ts';

const place = { uid: 1000, tunnelId: 'home' };
const wanted = (change: Partial<WantedTunnel> = {}): WantedTunnel => ({
  place, device: 'wmhome', publicKey: '', addresses: ['10.9.0.1/32'], routes: ['10.9.0.0/16'], listenPort: 51820, mtu: 1420,
  peers: [{ publicKey: 'ann', endpoint: '1.1.1.1:1', allowedIps: ['10.9.0.2/32'], keepaliveSeconds: 25, push: 0, restart: 0 }], names: null, ...change,
});
const at = (epoch: number, revision: number) => ({ epoch: BigInt(epoch), revision: BigInt(revision) });

async function world(machine = new FakeMachine(), file = new FakeJournalFile(machine.diary), facts = fakeFacts, keys = new FakeKeys(), claims: Claims = createClaims(), at = place, names: Pick<Names, 'want' | 'forget' | 'of' | 'look'> = noNames) {
  const clock = new ManualClock();
  const fence = (await openFences(new FakeFenceFile(), () => true)).of(at);
  const tunnel: Tunnel = createTunnel({ place: at, device: machine, facts, keys, journal: createJournal(file), names, fence, claims, clock, log: silentLog });
  return { machine, file, clock, tunnel };
}
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', (error: unknown) => asFailure(error).code);

test('writes every undo down before the first step, and forgets them after the last removal', async () => {
  const { machine, tunnel } = await world();
  await tunnel.apply(at(1, 1), wanted());
  await tunnel.apply(at(1, 2), wanted({ peers: [] }));
  await tunnel.clear(at(1, 3));
  expect(machine.diary).toEqual([
    'journal', 'add-device', 'set-identity', 'add-address', 'bring-up', 'add-route', 'set-peers',
    'set-peers',
    'remove-route', 'remove-address', 'remove-device', 'journal-removed',
  ]);
});

test('a caller that wishes for other routes all day fills no disk: the tunnel is built anew before its journal holds more than is read', async () => {
  const { machine, file, tunnel } = await world();
  let most = 0;
  for (let round = 0; round < 200; round++) {
    const routes = Array.from({ length: 64 }, (_, i) => `10.${round}.${i}.0/24`);
    await tunnel.apply(at(1, round + 1), wanted({ addresses: [`10.${round}.0.1/32`], routes }));
    most = Math.max(most, (file.text ?? '').split('\n').length - 1);
  }
  expect(most).toBeLessThan(6_000);
  expect(machine.diary.filter((step) => step === 'add-device').length).toBeGreaterThan(1);
  await tunnel.clear(at(1, 300));
  expect([file.text, machine.applied]).toEqual([undefined, null]);
});

test('a disk that turned read-only keeps nobody connected: what the journal says too much is harmless', async () => {
  const { machine, file, tunnel, clock } = await world();
  await tunnel.apply(at(1, 1), wanted());
  file.remove = async () => Promise.reject(new Error('EROFS: read-only file system'));
  await tunnel.clear(at(1, 2));
  expect([machine.applied, tunnel.state.get().phase, tunnel.present()]).toEqual([null, TunnelPhase.TUNNEL_PHASE_NONE, false]);
  await tunnel.apply(at(1, 3), wanted());
  machine.silent = true;
  await clock.pass(2_000);
  expect([tunnel.state.get().phase, tunnel.present()]).toEqual([TunnelPhase.TUNNEL_PHASE_FAILED, false]);
  file.setAside = file.remove as unknown as () => Promise<string>;
  file.text += 'damaged\n';
  expect(await recoverAll([file], { device: machine, facts: fakeFacts, keys: fakeKeys, deviceName: (id) => `wm${id}`, log: silentLog })).toBe(false);
});

test('names are asked for once the tunnel stands, told of in its state, and taken back while the link is there', async () => {
  const machine = new FakeMachine();
  const names = {
    want: (device: string, dns: WantedTunnel['names']) => void machine.diary.push(`names ${device} ${dns?.domains.join() ?? 'none'}`),
    forget: async (device: string) => void machine.diary.push(`no names ${device}`),
    of: () => ({ keeper: 'systemd-resolved', problem: 'why' }), look: () => {},
  };
  const { tunnel } = await world(machine, undefined, undefined, undefined, undefined, undefined, names);
  const { dnsKeeper, dnsProblem } = await tunnel.apply(at(1, 1), wanted({ names: { servers: ['10.9.0.1:5353'], domains: ['home.internal'] } }));
  const made = machine.diary.splice(0).slice(-2);
  await tunnel.clear(at(1, 2));
  expect([made, machine.diary[0], dnsKeeper, dnsProblem]).toEqual([['set-peers', 'names wmhome home.internal'], 'no names wmhome', 'systemd-resolved', 'why']);
});

test('a step that fails, wherever and however far it got, leaves the machine as it was before', async () => {
  const kinds: Step['kind'][] = ['add-device', 'set-identity', 'add-address', 'bring-up', 'add-route', 'set-peers'];
  for (const kind of kinds) {
    for (const halfDone of [true, false]) {
      const { machine, file, tunnel } = await world();
      machine.failNext = { kind, halfDone };
      expect([kind, halfDone, await codeOf(tunnel.apply(at(1, 1), wanted())), machine.applied, file.text]).toEqual([kind, halfDone, 'tunnel.failed', null, undefined]);
      expect([tunnel.state.get().phase, tunnel.state.get().problem]).toEqual([TunnelPhase.TUNNEL_PHASE_FAILED, `tunnel.failed {"step":"${kind}"}`]);
      await tunnel.apply(at(1, 2), wanted());
      expect(tunnel.state.get().phase).toBe(TunnelPhase.TUNNEL_PHASE_UP);
    }
  }
});

test('a port that another program holds is named before anything is touched, and our own is not mistaken for one', async () => {
  const { machine, tunnel } = await world(undefined, undefined, { ...fakeFacts, udpPortFree: async (port) => port === 1 });
  expect([await codeOf(tunnel.apply(at(1, 1), wanted())), machine.diary]).toEqual(['tunnel.port-in-use', []]);
  expect(await codeOf(tunnel.apply(at(1, 2), wanted({ listenPort: 1 })))).toBe('done');
  expect(await codeOf(tunnel.apply(at(1, 3), wanted({ listenPort: 1, peers: [] })))).toBe('done');
});

test('a failed change of a living tunnel goes back to the last good wish', async () => {
  const kinds: Step['kind'][] = ['remove-route', 'remove-address', 'set-identity', 'add-address', 'bring-up', 'add-route', 'set-peers'];
  for (const [kind, halfDone] of kinds.flatMap((name) => [[name, true], [name, false]] as const)) {
    const { machine, tunnel } = await world();
    await tunnel.apply(at(1, 1), wanted());
    const before = machine.applied;
    machine.failNext = { kind, halfDone };
    expect([kind, await codeOf(tunnel.apply(at(1, 2), wanted({ addresses: ['10.9.0.7/32'], routes: ['10.9.0.0/17'], listenPort: 1, mtu: 1300, peers: [] })))]).toEqual([kind, 'tunnel.failed']);
    expect([kind, machine.applied, tunnel.state.get().generation]).toEqual([kind, before, at(1, 1)]);
  }
});

test('the next key replaces the present one in one step, and only when everything else succeeded', async () => {
  const keys = new FakeKeys();
  const { machine, tunnel } = await world(undefined, undefined, undefined, keys);
  await tunnel.apply(at(1, 1), wanted());
  const next = (await keys.next(place, true))?.publicKey ?? '';
  expect((await tunnel.apply(at(1, 2), wanted({ peers: [] }))).publicKey).toBe('public-home');
  machine.failNext = { kind: 'set-peers', halfDone: false };
  expect([await codeOf(tunnel.apply(at(1, 3), wanted({ publicKey: next }))), machine.applied?.publicKey, (await keys.of(place)).publicKey, (await keys.next(place, false))?.publicKey])
    .toEqual(['tunnel.failed', 'public-home', 'public-home', next]);
  machine.diary.length = 0;
  expect([(await tunnel.apply(at(1, 4), wanted({ publicKey: next, peers: [] }))).publicKey, machine.diary]).toEqual([next, ['set-identity']]);
  expect([(await keys.of(place)).publicKey, await keys.next(place, false)]).toEqual([next, undefined]);
  expect([await codeOf(tunnel.apply(at(1, 5), wanted({ publicKey: 'public-home' }))), tunnel.state.get().publicKey]).toEqual(['input.invalid', next]);
});

test('a disk that refuses the promotion costs nothing: the engine has the key, the next order tries again', async () => {
  const keys = new FakeKeys();
  const { tunnel } = await world(undefined, undefined, undefined, keys);
  const next = (await keys.next(place, true))?.publicKey ?? '';
  keys.failPromote = true;
  expect((await tunnel.apply(at(1, 1), wanted({ publicKey: next }))).publicKey).toBe(next);
  expect((await keys.of(place)).publicKey).toBe('public-home');
  keys.failPromote = false;
  await tunnel.apply(at(1, 2), wanted({ publicKey: next }));
  expect([(await keys.of(place)).publicKey, await keys.next(place, false)]).toEqual([next, undefined]);
});

test('a kernel that cannot after all gives way to wireguard-go', async () => {
  const machine = new FakeMachine();
  machine.engine = 'kernel';
  machine.failNext = { kind: 'add-device', halfDone: false, code: 'tunnel.engine-missing' };
  const { tunnel } = await world(machine);
  expect((await tunnel.apply(at(1, 1), wanted())).engine).toBe('wireguard-go');
});

test('no engine, a conflict and an old order are refused before anything is touched', async () => {
  const { machine, tunnel } = await world();
  machine.engine = null;
  expect(await codeOf(tunnel.apply(at(1, 1), wanted()))).toBe('tunnel.engine-missing');
  machine.engine = 'wireguard-go';
  machine.machineRoutes = [{ network: '10.0.0.0/8', device: 'eth0', own: false }];
  expect(await codeOf(tunnel.apply(at(1, 2), wanted()))).toBe('tunnel.conflict');
  expect(await codeOf(tunnel.apply(at(1, 1), wanted()))).toBe('helper.stale');
  expect(machine.diary).toEqual([]);
});

test('a device under our name that is not ours is left alone, and nothing is written down', async () => {
  const { machine, file, tunnel } = await world(undefined, undefined, { ...fakeFacts, deviceExists: async (name) => name === 'wmhome' });
  expect([await codeOf(tunnel.apply(at(1, 1), wanted())), machine.diary, file.text]).toEqual(['tunnel.conflict', [], undefined]);
});

test('what another tunnel of this machine has is refused before anything is touched; a failed change lets go of what it wanted', async () => {
  const claims = createClaims();
  const work = { uid: 1000, tunnelId: 'work' };
  const workWish = (route: string) => wanted({ place: work, device: 'wmwork', addresses: [], routes: [route], listenPort: 1, peers: [] });
  const { machine, tunnel } = await world(undefined, undefined, undefined, undefined, claims);
  const other = await world(undefined, undefined, undefined, undefined, claims, work);
  await tunnel.apply(at(1, 1), wanted());
  expect([await codeOf(other.tunnel.apply(at(1, 1), workWish('10.9.3.0/24'))), other.machine.diary]).toEqual(['tunnel.conflict', []]);
  machine.failNext = { kind: 'add-route', halfDone: true };
  expect(await codeOf(tunnel.apply(at(1, 2), wanted({ routes: ['10.9.0.0/16', '10.7.0.0/16'] })))).toBe('tunnel.failed');
  expect([await codeOf(other.tunnel.apply(at(1, 2), workWish('10.7.0.0/16'))), await codeOf(other.tunnel.apply(at(1, 3), workWish('10.9.3.0/24')))]).toEqual(['done', 'tunnel.conflict']);
  tunnel.engineEnded('wmhome', 'wireguard-go ended (SIGKILL)');
  await settle();
  expect(await codeOf(other.tunnel.apply(at(1, 4), workWish('10.9.3.0/24')))).toBe('done');
});

test('a late clear does not take a newer tunnel down', async () => {
  const { machine, tunnel } = await world();
  await tunnel.apply(at(2, 1), wanted());
  expect(await codeOf(tunnel.clear(at(1, 99)))).toBe('helper.stale');
  expect([tunnel.state.get().phase, machine.applied === null]).toEqual([TunnelPhase.TUNNEL_PHASE_UP, false]);
});

test('tells traffic once a second while it is up, and not after', async () => {
  const { machine, clock, tunnel } = await world();
  await tunnel.apply(at(1, 1), wanted());
  const seen: (bigint | undefined)[] = [];
  tunnel.state.subscribe((state) => seen.push(state.peers[0]?.lastHandshakeMs));
  machine.handshakes.set('ann', 5n);
  await clock.pass(3_000);
  await tunnel.clear(at(1, 2));
  await clock.pass(3_000);
  expect(seen).toEqual([5n, 5n, 5n, undefined]);
});

test('bytes of a peer that is made anew count on, however it came about; in a new tunnel they begin at zero', async () => {
  const { machine, clock, tunnel } = await world();
  const [ann] = wanted().peers;
  if (ann === undefined) throw new Error('there is a peer');
  const bytes = (): bigint | undefined => tunnel.state.get().peers[0]?.receiveBytes;
  await tunnel.apply(at(1, 1), wanted());
  machine.bytes.set('ann', 100n);
  await clock.pass(1_000);
  // Since the last look it received more, and a restart comes.
  machine.bytes.set('ann', 150n);
  await tunnel.apply(at(1, 2), wanted({ peers: [{ ...ann, restart: 1 }] }));
  expect([bytes(), machine.bytes.get('ann')]).toEqual([150n, undefined]);
  machine.bytes.set('ann', 7n);
  await tunnel.apply(at(1, 3), wanted({ peers: [{ ...ann, restart: 1, endpoint: '2.2.2.2:2' }] }));
  expect([bytes(), machine.bytes.get('ann')]).toEqual([157n, undefined]);
  machine.bytes.set('ann', 3n);
  machine.failNext = { kind: 'set-peers', halfDone: true };
  expect(await codeOf(tunnel.apply(at(1, 4), wanted({ peers: [{ ...ann, restart: 2 }] })))).toBe('tunnel.failed');
  await clock.pass(1_000);
  expect(bytes()).toBe(160n);
  await tunnel.apply(at(1, 5), wanted({ addresses: [] }));
  expect(bytes()).toBe(160n);
  await tunnel.clear(at(1, 6));
  await tunnel.apply(at(1, 7), wanted());
  expect(bytes()).toBe(0n);
});

test('going back after a failed step restarts no peer whose wish was met', async () => {
  const { machine, tunnel } = await world();
  const peers = wanted().peers.map((peer) => ({ ...peer, push: 4, restart: 9 }));
  await tunnel.apply(at(1, 1), wanted({ peers }));
  machine.handshakes.set('ann', 5n);
  machine.failNext = { kind: 'set-peers', halfDone: false };
  expect(await codeOf(tunnel.apply(at(1, 2), wanted({ peers: peers.map((peer) => ({ ...peer, keepaliveSeconds: 7 })) })))).toBe('tunnel.failed');
  expect([machine.handshakes.get('ann'), tunnel.state.get().peers[0]?.keepaliveSeconds]).toEqual([5n, 25]);
});

test('a dead engine is a failed tunnel, swept away, and the next order builds it anew', async () => {
  const { machine, file, clock, tunnel } = await world();
  await tunnel.apply(at(1, 1), wanted());
  tunnel.engineEnded('wmother', 'not ours');
  tunnel.engineEnded('wmhome', 'wireguard-go ended (SIGKILL)');
  await settle();
  expect([tunnel.state.get().phase, tunnel.state.get().problem, machine.applied, file.text]).toEqual([TunnelPhase.TUNNEL_PHASE_FAILED, 'wireguard-go ended (SIGKILL)', null, undefined]);
  expect(tunnel.state.get().generation).toEqual(at(1, 1));
  await tunnel.apply(at(1, 2), wanted());
  machine.silent = true;
  await clock.pass(1_000);
  expect([tunnel.state.get().phase, tunnel.state.get().problem.slice(0, 27)]).toEqual([TunnelPhase.TUNNEL_PHASE_FAILED, 'the engine does not answer:']);
});

test('an order that finds its engine dead builds a new one', async () => {
  const { machine, tunnel } = await world();
  await tunnel.apply(at(1, 1), wanted());
  const read = machine.read.bind(machine);
  machine.read = async () => {
    machine.read = read;
    machine.silent = true;
    try {
      return await read();
    } finally {
      machine.silent = false;
    }
  };
  const { phase } = await tunnel.apply(at(1, 2), wanted());
  expect([phase, machine.diary.filter((entry) => entry === 'add-device').length]).toEqual([TunnelPhase.TUNNEL_PHASE_UP, 2]);
});

test('a life that ends at any step is taken back by the next one', async () => {
  for (let steps = 1; steps <= 6; steps++) {
    const machine = new FakeMachine();
    const file = new FakeJournalFile(machine.diary);
    const dying = new FakeMachine(machine.diary);
    let left = steps;
    dying.perform = async (step, engine) => {
      if (left-- === 0) return new Promise(() => {});
      await machine.perform(step, engine);
    };
    const { tunnel } = await world(dying, file);
    void tunnel.apply(at(1, 1), wanted());
    await settle();
    expect(machine.applied).not.toBe(null);
    await recover({ device: machine, journal: createJournal(file), file, keys: fakeKeys, facts: fakeFacts, deviceName: (id) => `wm${id}`, log: silentLog });
    expect([steps, machine.applied, file.text]).toEqual([steps, null, undefined]);
  }
});

test('every journal is taken back, whatever is wrong with another', async () => {
  const machine = new FakeMachine();
  const files = ['one', 'two', 'old'].map(() => new FakeJournalFile());
  for (const [n, file] of files.entries()) file.text = `{"engine":"kernel","step":{"kind":"remove-device","device":"wm${n}"}}\n${n === 1 ? 'garbage\n' : ''}`;
  machine.failNext = { kind: 'remove-device', halfDone: false };
  const ports = { device: machine, keys: fakeKeys, facts: fakeFacts, deviceName: (id: string) => `wm${id}`, log: silentLog };
  expect([await recoverAll(files, ports), machine.diary, files.map(({ text }) => text !== undefined), files.map(({ asides }) => asides.length)])
    .toEqual([false, Array(3).fill('remove-device (kernel)'), [true, false, false], [0, 1, 0]]);
  expect([await recoverAll(files, ports), files.map(({ text }) => text)]).toEqual([true, [undefined, undefined, undefined]]);
});

test('a damaged journal is kept, its good lines count, and devices of known tunnels go', async () => {
  const machine = new FakeMachine();
  const file = new FakeJournalFile();
  file.text = '{"engine":"wireguard-go","step":{"kind":"remove-route","device":"wmhome","network":"10.9.0.0/16"}}\ngarbage\n{"engine":"wireguard-go","step":{"kind":"remove-device","device":"eth0"}}\n';
  await recover({ device: machine, journal: createJournal(file), file, keys: fakeKeys, facts: { deviceExists: async (name) => name === 'wmabc' }, deviceName: (id) => `wm${id}`, log: silentLog });
  expect([machine.diary, file.asides.length]).toEqual([['remove-route', 'remove-device'], 1]);
});

test('an undo that fails stays in the journal for the next start', async () => {
  const machine = new FakeMachine();
  machine.failNext = { kind: 'remove-route', halfDone: false };
  const file = new FakeJournalFile();
  const text = '{"engine":"kernel","step":{"kind":"remove-device","device":"wmhome"}}\n{"engine":"kernel","step":{"kind":"remove-route","device":"wmhome","network":"10.9.0.0/16"}}\n';
  file.text = text;
  const ports = { device: machine, journal: createJournal(file), file, keys: fakeKeys, facts: fakeFacts, deviceName: (id: string) => `wm${id}`, log: silentLog };
  await recover(ports);
  expect([machine.diary, file.text]).toEqual([['remove-route (kernel)', 'remove-device (kernel)'], text]);
  await recover(ports);
  expect(file.text).toBe(undefined);
});

test('an unfinished last line of the journal was never acted on and is no damage', async () => {
  const file = new FakeJournalFile();
  file.text = '{"engine":"kernel","step":{"kind":"remove-device","device":"wmhome"}}\n{"engine":"ker';
  expect(await createJournal(file).read()).toEqual({ kind: 'undos', undos: [{ engine: 'kernel', step: { kind: 'remove-device', device: 'wmhome' } }] });
});

test('a journal that was made and never written is removed at the next start', async () => {
  const file = new FakeJournalFile();
  file.text = '';
  await recover({ device: new FakeMachine(), journal: createJournal(file), file, keys: fakeKeys, facts: fakeFacts, deviceName: (id) => `wm${id}`, log: silentLog });
  expect(file.text).toBe(undefined);
});

test('a closed tunnel takes no more orders', async () => {
  const { machine, tunnel } = await world();
  await tunnel.apply(at(1, 1), wanted());
  await tunnel.close();
  expect([await codeOf(tunnel.apply(at(2, 1), wanted())), machine.applied]).toEqual(['helper.lost', null]);
});
