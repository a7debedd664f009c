import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/sim/session/clock.ts';
import type { SessionTopic, TrustTopic } from '../../contract/state.ts';
import { failure, toData } from '../../base/failure.ts';
import { HelloResponse } from '../../gen/webmesh/helper/v1/helper.ts';
import type { HealthFacts } from './facts.ts';
import { createHealth } from './health.ts';

const session: SessionTopic = { want: 'disconnected', profile: null, epoch: 0, phase: 'disconnected' };
const trust: TrustTopic = { mode: 'none', role: null, fingerprint: null, notAfterMs: null, root: 'elsewhere', rootExported: false, secretsIn: 'keyring', devices: [], invites: [], authorities: [] };
const well: HealthFacts = {
  session, profile: undefined, link: { state: 'up', hello: HelloResponse.fromPartial({ engine: 'kernel' }) }, version: '1.10.0', online: true, portal: null, node: undefined, peers: [], setAside: [], trust, troubles: [],
  auditIntact: null, paths: { nat: null, forwards: [], offers: null }, missing: [], disks: [],
};
const away: HealthFacts = { ...well, link: { state: 'down', failure: toData(failure('helper.unreachable')) } };

/** A centre that looks at `facts.now`, and when it asked for it, at no other time. */
function centre() {
  const clock = virtualClock();
  const facts = { now: well };
  const seen: string[] = [];
  const health = createHealth(clock, () => see());
  const see = (): void => void seen.push(`${clock.monotonicMs()} ${health.look(facts.now).warnings.map(({ id }) => id).join(' ')}`.trim());
  const pass = (ms: number): void => {
    const untilMs = clock.monotonicMs() + ms;
    while (clock.next(untilMs));
  };
  return { facts, health, see, pass, seen };
}

test('it asks to be looked at when a delay is over, once, and not when the problem ended before', () => {
  const { facts, see, pass, seen } = centre();
  facts.now = away;
  see();
  pass(1_000);
  facts.now = well;
  see();
  pass(60_000);
  facts.now = away;
  see();
  pass(60_000);
  expect(seen).toEqual(['0', '1000', '61000', '62500 helper-missing']);
});

test('it asks for nothing after its end', () => {
  const { facts, health, see, pass, seen } = centre();
  facts.now = away;
  see();
  health.close();
  pass(60_000);
  expect(seen).toEqual(['0']);
});
