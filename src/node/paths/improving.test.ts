import { expect, test } from 'vitest';
import { brief, easy, hard, machine, ours, relayed, theirs, tiers, where } from '../../../test/fakes/path-machine.ts';
import { Mapping, type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { noNat, prefixesOf } from './facts.ts';
import { step } from './step.ts';

test('a trial holds what works, an echo decides for it, and the old carrier is closed a little later', () => {
  const m = relayed();
  expect(brief(m.wait(3_100))).toContain('ask punch');
  expect(brief(m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: theirs(easy('203.0.113.9')), refusal: null }))).toBe('hold on, use');
  m.pong();
  expect(where(m.state())).toBe('up punch 203.0.113.9:4000');
  m.pong();
  expect(brief(m.wait(6_100))).toContain('close');
});

test('a trial without an echo goes back within 1.2 s and waits longer each time', () => {
  const m = relayed();
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    while (!m.state().asking?.trial) {
      const { asking } = m.state();
      if (asking) m.send({ kind: 'answered', attempt: asking.attempt, theirs: theirs(easy('203.0.113.9')), refusal: null });
      m.wait(500);
      m.pong();
    }
    times.push(m.now());
    m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: theirs(easy('203.0.113.9')), refusal: null });
    expect(brief(m.wait(1_250))).toContain('hold off, use');
    expect(where(m.state())).toBe('up turn 127.0.0.1:9');
    m.pong();
  }
  const [first = 0, second = 0, third = 0] = times;
  expect([Math.round((second - first) / 10_000), Math.round((third - second) / 10_000)]).toEqual([3, 6]);
});

/** On IPv6 with a host that has both, behind a NAT whose IPv4 port nobody saw. */
function unseen() {
  const here: NatReport = { ...noNat, mapping: Mapping.MAPPING_EASY, publicIpv4: '203.0.113.1', publicIpv6: '2001:db8::1' };
  const host: NatReport = { ...noNat, mapping: Mapping.MAPPING_OPEN, publicIpv4: '198.51.100.7', publicIpv6: '2001:db8::7' };
  const both = { ...ours(here), subnets: prefixesOf(['192.168.1.2/24', '2001:db8::1/64']) };
  const m = machine(here);
  m.send({ kind: 'ours', ours: both });
  m.send({ kind: 'roster', advertised: ['198.51.100.7:51820', '[2001:db8:1::7]:51820'] });
  m.send({ kind: 'wanted', wanted: true });
  m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: { nat: host, tiers, endpoints: ['198.51.100.7:51820', '[2001:db8:1::7]:51820'] }, refusal: null });
  m.pong();
  m.wait(2_000);
  m.pong();
  m.send({ kind: 'seen', seen: { atMs: m.now(), endpoint: '[2001:db8:1::7]:51820', handshakeMs: 0, receivedBytes: 1, sentBytes: 1 } });
  return { ...m, both };
}

test('who is unseen in IPv4 goes to a host by IPv4, with a new session, and back with another one', () => {
  const m = unseen();
  expect(where(m.state())).toBe('up direct [2001:db8:1::7]:51820');
  expect(brief(m.wait(3_000))).toContain('ask direct');
  const { restart } = m.state();
  m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: m.state().theirs, refusal: null });
  expect([where(m.state()), m.state().restart]).toEqual(['up direct 198.51.100.7:51820 trial', restart + 1]);
  m.wait(1_200);
  expect([where(m.state()), m.state().restart]).toEqual(['up direct [2001:db8:1::7]:51820', restart + 2]);
  // The path of its tier is not to blame.
  expect([m.state().tries.seen?.fails, m.state().tries.direct]).toEqual([1, undefined]);
});

test('where an echo and a handshake came by IPv4 it stays there, and others are asked what they see', () => {
  const m = unseen();
  m.wait(3_000);
  m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: m.state().theirs, refusal: null });
  m.wait(900);
  m.pong();
  m.wait(900);
  const handshakeMs = m.now() - 1_300;
  m.send({ kind: 'seen', seen: { atMs: m.now(), endpoint: '198.51.100.7:51820', handshakeMs, receivedBytes: 9, sentBytes: 9 } });
  expect(brief(m.wait(1_000))).toContain('observe');
  expect(where(m.state())).toBe('up direct 198.51.100.7:51820');
});

test('losses of a tier do not keep a machine unseen', () => {
  const m = unseen();
  m.send({ kind: 'answered', attempt: m.state().asking?.attempt ?? '', theirs: m.state().theirs, refusal: 'no-answer' });
  const before = m.state();
  const { next } = step({ ...before, tries: { direct: { fails: 3, nextMs: m.now() + 120_000 } } }, { kind: 'tick', atMs: m.now() + 3_000 });
  expect(next.asking?.trial?.endpoint).toBe('198.51.100.7:51820');
});

test('a port that nobody saw before is a new aim: what failed has its turn at once, of an easy NAT', () => {
  for (const [nat, fails] of [[easy('203.0.113.9'), 1], [hard('203.0.113.9'), 4]] as const) {
    const m = relayed();
    m.send({ kind: 'offered', attempt: 'i1', tier: null, theirs: theirs({ ...nat, tunnelEndpoints: [] }) });
    const { next } = step({ ...m.state(), tries: { punch: { fails: 4, nextMs: 900_000 } } }, { kind: 'offered', atMs: m.now(), attempt: 'i2', tier: null, theirs: theirs(nat) });
    expect(next.tries.punch?.fails).toBe(fails);
  }
});

test('both ask for the same trial at once: one of the two is made', () => {
  const m = relayed();
  m.wait(3_100);
  const attempt = m.state().asking?.attempt ?? '';
  m.send({ kind: 'offered', attempt: 'i1', tier: 'punch', theirs: theirs(easy('203.0.113.9')) });
  m.wait(700);
  expect(where(m.state())).toBe('up punch 203.0.113.9:4000 trial');
  m.wait(1_200);
  expect(where(m.state())).toBe('up turn 127.0.0.1:9');
  m.send({ kind: 'answered', attempt, theirs: theirs(easy('203.0.113.9')), refusal: null });
  expect(where(m.state())).toBe('up turn 127.0.0.1:9');
});

test('who is offered something better answers first: what it would silence may carry the answer', () => {
  const m = relayed();
  m.wait(2_000);
  m.pong();
  m.send({ kind: 'offered', attempt: 'i1', tier: 'ice', theirs: theirs(easy('203.0.113.9')) });
  const opened = m.send({ kind: 'opened', attempt: 'i1', tier: 'ice', endpoint: '127.0.0.1:11', via: '', remote: '203.0.113.9:5000', runsHere: true });
  expect([brief(opened), where(m.state())]).toEqual(['', 'up turn 127.0.0.1:9']);
  expect(brief(m.wait(150))).toContain('hold on, use');
  expect(where(m.state())).toBe('up ice 127.0.0.1:11 trial');
});

test('what was agreed to and comes too late stays open for the other side, and is closed when nobody took it', () => {
  const m = relayed();
  m.wait(2_000);
  m.pong();
  m.send({ kind: 'offered', attempt: 'i1', tier: 'ice', theirs: theirs(easy('203.0.113.9')) });
  m.send({ kind: 'opened', attempt: 'i1', tier: 'ice', endpoint: '127.0.0.1:11', via: '', remote: '203.0.113.9:5000', runsHere: true });
  m.send({ kind: 'ended', attempt: m.state().path?.carrier ?? '', code: 'carrier-failed', problem: '' });
  expect([where(m.state()), m.state().agreed]).toEqual(['probing ice 127.0.0.1:11 confirm', null]);
  const other = relayed();
  other.wait(2_000);
  other.pong();
  other.send({ kind: 'offered', attempt: 'i1', tier: 'ice', theirs: theirs(easy('203.0.113.9')) });
  other.send({ kind: 'opened', attempt: 'i1', tier: 'ice', endpoint: '127.0.0.1:11', via: '', remote: '203.0.113.9:5000', runsHere: true });
  expect(brief(other.send({ kind: 'wanted', wanted: false }))).toContain('close');
  expect([other.state().agreed, other.state().spares]).toEqual([null, []]);
});

test('who is asked for something no better than what it uses doubts it at once, agrees to no trial, and takes what was offered when no echo comes', () => {
  const m = relayed();
  m.wait(2_000);
  m.pong();
  m.wait(10_000);
  m.pong();
  m.send({ kind: 'offered', attempt: 'i1', tier: 'stream', theirs: theirs(easy('203.0.113.9')) });
  m.send({ kind: 'opened', attempt: 'i1', tier: 'stream', endpoint: '127.0.0.1:12', via: 'h', remote: '', runsHere: true });
  expect(brief(m.send({ kind: 'offered', attempt: 'i2', tier: 'punch', theirs: theirs(easy('203.0.113.9')) }))).toBe('reply waiting');
  const startedMs = m.now();
  while (m.state().phase === 'up' && m.now() < startedMs + 10_000) m.wait(50);
  expect(m.now() - startedMs).toBeLessThanOrEqual(1_000);
  expect(where(m.state())).toBe('probing stream 127.0.0.1:12 confirm');
});

test('who is asked for something no better, and whose way still works, stays', () => {
  const m = relayed();
  m.wait(2_000);
  m.pong();
  m.send({ kind: 'offered', attempt: 'i1', tier: 'stream', theirs: theirs(easy('203.0.113.9')) });
  m.send({ kind: 'opened', attempt: 'i1', tier: 'stream', endpoint: '127.0.0.1:12', via: 'h', remote: '', runsHere: true });
  m.wait(100);
  m.pong();
  m.wait(600);
  m.pong();
  expect([where(m.state()), m.state().health.doubtMs]).toEqual(['up turn 127.0.0.1:9', null]);
});
