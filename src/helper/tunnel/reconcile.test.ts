import { expect, test } from 'vitest';
import { type Random, between, chance, pick, seeded } from '../../base/random.ts';
import { type Applied, type Step, after, reconcile, suspect, undoOf } from './reconcile.ts';
import { type WantedPeer, type WantedTunnel } from './spec.ts';

const peer = (name: string, endpoint = ''): WantedPeer => ({ publicKey: name, endpoint, allowedIps: [`10.0.0.${name.length}/32`], keepaliveSeconds: 25, push: 0, restart: 0 });
const place = { uid: 1000, tunnelId: 'home' };
const wanted = (change: Partial<WantedTunnel> = {}): WantedTunnel => ({
  place, device: 'wmhome', publicKey: 'mine', addresses: ['10.0.0.1/32', 'fd00::/128'], routes: ['10.0.0.0/8', 'fd00::/48'], listenPort: 51820, mtu: 1420, peers: [peer('ann', '1.1.1.1:1')], names: null, ...change,
});
const fold = (steps: readonly Step[], from: Applied | null): Applied | null => steps.reduce(after, from);
const applied = (tunnel = wanted()): Applied => fold(reconcile(null, tunnel, new Set()), null) as Applied;
const brief = (steps: readonly Step[]): string => steps.map((step) => {
  switch (step.kind) {
    case 'add-address': case 'remove-address': return `${step.kind} ${step.address}`;
    case 'add-route': case 'remove-route': return `${step.kind} ${step.network}`;
    case 'set-identity': return `${step.kind} ${step.listenPort}`;
    case 'bring-up': return `${step.kind} ${step.mtu}`;
    case 'set-peers': return `set-peers -[${step.remove.join(' ')}]${step.move.length === 0 ? '' : ` >[${step.move.map((p) => p.publicKey).join(' ')}]`} +[${step.set.map((p) => p.publicKey).join(' ')}]`;
    default: return step.kind;
  }
}).join(', ');

test('builds from nothing in an order in which every step finds what it needs, peers last', () => {
  expect(brief(reconcile(null, wanted(), new Set()))).toBe(
    'add-device, set-identity 51820, add-address 10.0.0.1/32, add-address fd00::/128, bring-up 1420, add-route 10.0.0.0/8, add-route fd00::/48, set-peers -[] +[ann]');
});

test('removes in reverse', () => {
  expect(brief(reconcile(applied(), null, new Set()))).toBe('remove-route fd00::/48, remove-route 10.0.0.0/8, remove-address fd00::/128, remove-address 10.0.0.1/32, remove-device');
});

test('the same wish is no step, one more peer is one step', () => {
  expect(reconcile(applied(), wanted(), new Set())).toEqual([]);
  expect(brief(reconcile(applied(), wanted({ peers: [peer('ann', '1.1.1.1:1'), peer('robert')] }), new Set()))).toBe('set-peers -[] +[robert]');
});

test('another tunnel replaces this one completely', () => {
  const steps = reconcile(applied(), wanted({ place: { ...place, tunnelId: 'work' }, device: 'wmwork' }), new Set());
  expect(steps.map((step) => step.device)).toEqual([...Array<string>(5).fill('wmhome'), ...Array<string>(8).fill('wmwork')]);
});

test('another key of the same tunnel is one step; the same tunnel id of another user is another tunnel', () => {
  expect(brief(reconcile(applied(), wanted({ publicKey: 'next' }), new Set()))).toBe('set-identity 51820');
  expect(reconcile(applied(), wanted({ place: { ...place, uid: 1001 } }), new Set())[0]?.kind).toBe('remove-route');
  expect(reconcile(applied(), wanted({ place: { ...place, uid: 1001 } }), new Set()).map((step) => step.kind)).toContain('add-device');
});

test('a new endpoint is set in place after a handshake, before one the peer is made anew', () => {
  const moved = wanted({ peers: [peer('ann', '2.2.2.2:2')] });
  expect(brief(reconcile(applied(), moved, new Set(['ann'])))).toBe('set-peers -[] >[ann] +[]');
  expect(brief(reconcile(applied(), moved, new Set()))).toBe('set-peers -[ann] +[ann]');
});

test('a changed push sets the same endpoint again, a changed restart makes the peer anew, and nobody else is touched', () => {
  const two = wanted({ peers: [peer('ann', '1.1.1.1:1'), peer('robert', '2.2.2.2:2')] });
  const change = (part: Partial<WantedPeer>): WantedTunnel => ({ ...two, peers: two.peers.map((p) => (p.publicKey === 'ann' ? { ...p, ...part } : p)) });
  const steps = (part: Partial<WantedPeer>, shaken = ['ann', 'robert']): string => brief(reconcile(applied(two), change(part), new Set(shaken)));
  expect([steps({ push: 1 }), steps({ push: 1 }, [])]).toEqual(['set-peers -[] >[ann] +[]', 'set-peers -[] >[ann] +[]']);
  expect([steps({ restart: 1 }), steps({ restart: 1 }, [])]).toEqual(['set-peers -[ann] +[ann]', 'set-peers -[ann] +[ann]']);
  expect(steps({ push: 1, allowedIps: [] })).toBe('set-peers -[] +[ann]');
  expect(steps({ push: 2, restart: 2, endpoint: '3.3.3.3:3' })).toBe('set-peers -[ann] +[ann]');
  // The number is compared, not its order: a caller that starts over counts from zero.
  expect(brief(reconcile(applied(change({ push: 9 })), two, new Set(['ann'])))).toBe('set-peers -[] >[ann] +[]');
  expect(reconcile(fold(reconcile(applied(two), change({ push: 1, restart: 1 }), new Set()), applied(two)), change({ push: 1, restart: 1 }), new Set())).toEqual([]);
});

test('what a failed step may have left is removed or set again on the way back', () => {
  const halfway = { ...applied(), routes: ['10.0.0.0/8'] };
  const step: Step = { kind: 'add-route', device: 'wmhome', network: 'fd00::/48' };
  expect(brief(reconcile(suspect(halfway, step), wanted({ routes: ['10.0.0.0/8'] }), new Set()))).toBe('remove-route fd00::/48');
  expect(brief(reconcile(suspect(applied(), { kind: 'set-identity', device: 'wmhome', place, publicKey: 'mine', listenPort: 9 }), wanted(), new Set()))).toBe('set-identity 51820');
  expect(brief(reconcile(suspect(applied(), { kind: 'bring-up', device: 'wmhome', mtu: 9 }), wanted(), new Set()))).toBe('bring-up 1420');
});

test('every adding step has an undo, the others end with the device', () => {
  expect(reconcile(null, wanted(), new Set()).map((step) => undoOf(step)?.kind ?? null))
    .toEqual(['remove-device', null, 'remove-address', 'remove-address', null, 'remove-route', 'remove-route', null]);
});

test('from any tunnel to any other: the steps lead there, and there is nothing left to do (2,000 seeds)', () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = seeded(seed);
    const [from, to] = [chance(random, 0.1) ? null : arbitrary(random), chance(random, 0.1) ? null : arbitrary(random)];
    const start = from && applied(from);
    const shaken = new Set(from?.peers.filter(() => chance(random, 0.5)).map((p) => p.publicKey));
    const steps = reconcile(start, to, shaken);
    const end = fold(steps, start);
    expect({ seed, end: normal(end) }).toEqual({ seed, end: normal(to && applied(to)) });
    expect({ seed, more: reconcile(end, to, shaken) }).toEqual({ seed, more: [] });
  }
});

function arbitrary(random: Random): WantedTunnel {
  const some = (list: readonly string[]): string[] => list.filter(() => chance(random, 0.5));
  return {
    place: { uid: between(random, 1000, 1001), tunnelId: pick(random, ['home', 'work']) }, device: 'wm', publicKey: pick(random, ['mine', 'next']), addresses: some(['a', 'b', 'c']), routes: some(['x', 'y', 'z']), listenPort: between(random, 1, 2), mtu: between(random, 1, 2),
    peers: some(['p', 'q', 'r', 's']).map((key) => ({ publicKey: key, endpoint: pick(random, ['', '1', '2']), allowedIps: some(['i', 'j']), keepaliveSeconds: between(random, 0, 1), push: between(random, 0, 1), restart: between(random, 0, 1) })),
    names: null,
  };
}

/** Order in lists says how it came about, not what is there. */
function normal(value: Applied | null): unknown {
  return value && { ...value, addresses: [...value.addresses].sort(), routes: [...value.routes].sort(), peers: [...(value.peers ?? [])].sort((p, q) => p.publicKey.localeCompare(q.publicKey)) };
}
