import { Mapping, type NatReport } from '../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { noNat, type Ours, prefixesOf, type Theirs } from '../../src/node/paths/facts.ts';
import { type Effect, type Event, type State } from '../../src/node/paths/state.ts';
import { dueMs, initialState, step } from '../../src/node/paths/step.ts';

export const tiers = ['direct', 'punch', 'ice', 'turn', 'stream'] as const;
export const easy = (ip: string): NatReport => ({ ...noNat, mapping: Mapping.MAPPING_EASY, publicIpv4: ip, tunnelEndpoints: [`${ip}:4000`] });
export const hard = (ip: string): NatReport => ({ ...easy(ip), mapping: Mapping.MAPPING_HARD });
export const ours = (nat: NatReport): Ours => ({ online: true, moves: 0, nat, tiers, subnets: prefixesOf(['192.168.1.2/24']), meshNetworks: [], relays: [], endpoints: [] });
export const theirs = (nat: NatReport): Theirs => ({ nat, tiers, endpoints: ['192.168.7.2:51820'] });

/** Drives one machine by hand and tells its story. */
export function machine(nat: NatReport, me = 'a', id = 'b') {
  let state: State = initialState(me, id, ours(nat), ['192.168.7.2:51820']);
  let nowMs = 0;
  const all: Effect[] = [];
  type Plain = { [K in Event['kind']]: Omit<Extract<Event, { kind: K }>, 'atMs'> }[Event['kind']];
  const send = (event: Plain): readonly Effect[] => {
    const { next, effects } = step(state, { ...event, atMs: nowMs });
    state = next;
    all.push(...effects);
    return effects;
  };
  /** Lets time pass; every echo stays unanswered. */
  const wait = (forMs: number): readonly Effect[] => {
    const untilMs = nowMs + forMs;
    const seen: Effect[] = [];
    for (let dueAtMs = dueMs(state); dueAtMs <= untilMs; dueAtMs = dueMs(state)) {
      nowMs = Math.max(nowMs, dueAtMs);
      seen.push(...send({ kind: 'tick' }));
    }
    nowMs = untilMs;
    return seen;
  };
  return { send, wait, all, state: () => state, now: () => nowMs, pong: () => send({ kind: 'echo', sentMs: nowMs, tookMs: 20 }) };
}

export const brief = (effects: readonly Effect[]): string => effects.filter(({ kind }) => !['echo', 'tell'].includes(kind)).map((one) => [one.kind, 'tier' in one ? one.tier : '', 'held' in one ? (one.held ? 'on' : 'off') : '', 'refusal' in one ? (one.refusal ?? 'agreed') : ''].filter(Boolean).join(' ')).join(', ');
export const where = ({ phase, path, stage }: State): string => `${phase} ${path?.tier ?? '-'} ${path?.endpoint ?? '-'} ${stage?.kind ?? ''}`.trim();

/** Up over a relay, with both NATs easy: something better is possible. */
export function relayed() {
  const m = machine(easy('203.0.113.1'));
  m.send({ kind: 'wanted', wanted: true });
  m.send({ kind: 'answered', attempt: 'o1', theirs: theirs(easy('203.0.113.9')), refusal: null });
  m.wait(1_300);
  m.send({ kind: 'opened', attempt: m.state().opening?.attempt ?? '', tier: 'turn', endpoint: '127.0.0.1:9', via: 'h', remote: '', runsHere: true });
  m.pong();
  return m;
}
