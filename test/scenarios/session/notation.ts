import { failure, failureCodes, toData } from '../../../src/base/failure.ts';
import { initial, type Effect, type Event, type Lease, type Phase, type State, type StepFunction } from '../../../src/core/session/state.ts';

/** A scenario line: what happens, the phase after it, and what must be done. Everything after the arrow is written by the machine. */
export function play(text: string, step: StepFunction): string {
  let state: State = initial;
  return text.split('\n').map((line) => {
    const said = line.split('->')[0]?.trim() ?? '';
    if (said === '' || said.startsWith('#')) return line.trimEnd();
    const { next, effects } = step(state, eventOf(said, state.epoch));
    state = next;
    return `${said.padEnd(36)} -> ${phaseText(next).padEnd(44)} | ${effects.map(effectText).join(', ')}`.trimEnd();
  }).join('\n');
}

/** One line of state and effects, for tests that look at a single step. */
export function brief(state: State, effects: readonly Effect[]): string {
  return `${phaseText(state)} | ${effects.map(effectText).join(', ')}`.trimEnd();
}

export function leaseOf(address: string): Lease {
  return { ipv4: address, ipv4Network: '10.0.0.0/16', ipv6: null, ipv6Network: null };
}

/** `joined 10.0.0.7`, `failed join mesh.timeout`, `timer guard (epoch 3)`: an answer is to the present epoch unless it says otherwise. */
export function eventOf(said: string, present: number): Event {
  const late = /\(epoch (\d+)\)$/.exec(said);
  const epoch = late ? Number(late[1]) : present;
  const [word = '', first = '', second = ''] = said.replace(/\(epoch \d+\)$/, '').trim().split(/\s+/);
  switch (word) {
    case 'connect': return { kind: 'connect', profile: first, stored: second === '' ? null : leaseOf(second) };
    case 'disconnect': case 'network': case 'wake': return { kind: word };
    case 'retry': return { kind: 'retryNow' };
    case 'authorised': case 'configured': case 'applied': case 'cleared': case 'peers': case 'evicted': return { kind: word, epoch };
    case 'joined': case 'refreshed': return { kind: word, epoch, lease: leaseOf(first) };
    case 'failed': return { kind: 'failed', epoch, of: oneOf(first, ['authorise', 'join', 'configure', 'apply', 'refresh', 'clear']), failure: dataOf(second) };
    case 'timer': return { kind: 'timer', epoch, of: oneOf(first, ['back-off', 'guard', 'refresh', 'clear']) };
    case 'tunnel-lost': return { kind: 'tunnelLost', epoch, failure: dataOf('tunnel.failed') };
    case 'refused': return { kind: 'refused', epoch, failure: dataOf(first) };
    case 'control-plane': return { kind: 'controlPlane', epoch, state: oneOf(first, ['replica', 'polling', 'lost']) };
    case 'online': case 'offline': return { kind: 'online', online: word === 'online' };
    case 'helper': return { kind: 'helper', up: oneOf(first, ['up', 'down']) === 'up', fence: Number(second || 0) };
    case 'fence': return { kind: 'fence', fence: Number(first) };
    default: throw new Error(`not an event: ${said}`);
  }
}

function phaseText(state: State): string {
  return `${state.epoch} ${nameOf(state.phase, state)}${state.want === 'connected' ? '' : ' (not wanted)'}`;
}

function nameOf(phase: Phase, state: State): string {
  switch (phase.name) {
    case 'configuring': return `configuring ${phase.lease.ipv4}${phase.stored ? ' stored' : ''}`;
    case 'connected': return `connected ${phase.lease.ipv4}${phase.stored ? ' stored' : ''}${phase.degraded ? ` ${phase.degraded}` : ''}${phase.revision ? ` r${phase.revision}` : ''}`;
    case 'reconnecting': return `reconnecting(${phase.resumeAt}) ${phase.cause.code} #${state.attempt}`;
    case 'disconnecting': return `disconnecting(${phase.next.to})`;
    case 'blocked': return `blocked ${phase.failure.code}`;
    default: return phase.name;
  }
}

function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'timer': return `timer ${effect.of} ${effect.delayMs} ms`;
    case 'configure': return `configure ${effect.profile} ${effect.lease.ipv4}`;
    case 'apply': return `apply ${effect.epoch}.${effect.revision}`;
    case 'refresh': return effect.force ? 'refresh by force' : 'refresh';
    case 'clear': return effect.leave === null ? 'clear' : `clear and leave ${effect.leave}`;
    case 'authorise': case 'join': return `${effect.kind} ${effect.profile}`;
    default: return effect.kind;
  }
}

function dataOf(code: string) {
  return toData(failure(oneOf(code, failureCodes)));
}

function oneOf<const T extends string>(text: string, list: readonly T[]): T {
  const found = list.find((item) => item === text);
  if (found === undefined) throw new Error(`${text} is none of ${list.join(', ')}`);
  return found;
}
