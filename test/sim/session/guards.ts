import type { Effect, Event, State, StepFunction } from '../../../src/core/session/state.ts';

/** Protections that can be left out, one at a time. Each must then be missed within a bounded number of seeds. */
export const guards = [
  'epoch-guard', 'fence-on-apply', 'fence-on-clear', 'journal-and-clear-on-return', 'ready-before-back-off', 'stored-lease', 'disconnect-guard',
  'clear-again', 'join-again-when-evicted', 'join-again-on-stored-lease', 'epoch-above-fence', 'abort', 'unwatch', 'apply-after-change',
  'ask-when-silent', 'blocked-when-cut-off', 'pending-back-off', 'authorise-again',
] as const;
export type Guard = (typeof guards)[number];

/** The real step with one protection left out. The product knows nothing of this. */
export function stepWithout(guard: Guard, step: StepFunction): StepFunction {
  switch (guard) {
    case 'epoch-guard': return (state, event) => step(state, 'epoch' in event ? { ...event, epoch: state.epoch } : event);
    case 'journal-and-clear-on-return': return (state, event) => (event.kind === 'helper' && event.up && idle(state) ? { next: { ...state, helper: true, dirty: false }, effects: [] } : step(state, event));
    case 'ready-before-back-off': return alwaysBackOff(step);
    case 'stored-lease': return (state, event) => step(state, event.kind === 'connect' ? { ...event, stored: null } : event);
    case 'disconnect-guard': return dropEffects(step, (effect) => effect.kind === 'timer' && effect.of === 'guard');
    case 'clear-again': return dropEffects(step, (effect) => effect.kind === 'timer' && effect.of === 'clear');
    case 'join-again-when-evicted': return dropEvents(step, (event) => event.kind === 'evicted');
    case 'join-again-on-stored-lease': return (state, event) => (state.phase.name === 'connected' && state.phase.stored ? dropEffects(step, (effect) => effect.kind === 'refresh')(state, event) : step(state, event));
    case 'epoch-above-fence': return (state, event) => step({ ...state, fence: 0 }, 'fence' in event ? { ...event, fence: 0 } : event);
    case 'abort': return dropEffects(step, (effect) => effect.kind === 'abort');
    case 'unwatch': return dropEffects(step, (effect) => effect.kind === 'unwatch');
    case 'apply-after-change': return dropEvents(step, (event) => event.kind === 'peers');
    case 'ask-when-silent': return (state, event) => (event.kind === 'controlPlane' && event.state === 'lost' ? dropEffects(step, (effect) => effect.kind === 'refresh')(state, event) : step(state, event));
    case 'blocked-when-cut-off': return dropEvents(step, (event) => event.kind === 'refused' || (event.kind === 'failed' && event.of === 'refresh' && cutOff.has(event.failure.code)));
    case 'pending-back-off': return impatient(step);
    case 'authorise-again': return (state, event) => step(state, event.kind === 'failed' && event.of === 'join' && event.failure.code === 'auth.unauthenticated' ? { ...event, failure: { ...event.failure, code: 'auth.not-permitted' } } : event);
    // The helper model leaves these out.
    case 'fence-on-apply': case 'fence-on-clear': return step;
    default: return step;
  }
}

const cutOff: ReadonlySet<string> = new Set(['auth.revoked', 'auth.expired']);

/** Asks whether an admin has accepted the device as soon as the mesh said that none has. */
function impatient(step: StepFunction): StepFunction {
  return (state, event) => {
    const { next, effects } = step(state, event);
    const pending = next.phase.name === 'reconnecting' && next.phase.cause.code === 'auth.pending';
    return { next, effects: pending ? effects.map((effect) => (effect.kind === 'timer' && effect.of === 'back-off' ? { ...effect, delayMs: 1 } : effect)) : effects };
  };
}

function idle(state: State): boolean {
  return state.phase.name === 'disconnected' || state.phase.name === 'blocked';
}

function dropEffects(step: StepFunction, drop: (effect: Effect) => boolean): StepFunction {
  return (state, event) => {
    const { next, effects } = step(state, event);
    return { next, effects: effects.filter((effect) => !drop(effect)) };
  };
}

function dropEvents(step: StepFunction, drop: (event: Event) => boolean): StepFunction {
  return (state, event) => (drop(event) ? { next: state, effects: [] } : step(state, event));
}

/** Tries again by the clock alone, whether or not there is a network and a helper. */
function alwaysBackOff(step: StepFunction): StepFunction {
  return (state, event) => {
    const { next, effects } = step(state, event);
    if (next.phase.name !== 'reconnecting' || next.phase.waiting || next.epoch === state.epoch) return { next, effects };
    return { next, effects: [...effects, { kind: 'timer', epoch: next.epoch, of: 'back-off', delayMs: 500 }] };
  };
}
