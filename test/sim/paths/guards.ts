import { type Effect, type Event, type State, type StepFunction } from '../../../src/node/paths/state.ts';
import { type Plan } from './plan.ts';
import { type Missing } from './world.ts';

/** Protections that can be left out, one at a time. Each must then be missed within a bounded number of seeds. */
export const guards = [
  'restart', 'roll-back', 'hold', 'back-off', 'silence', 'quiet-offline', 'follow-roaming', 'carriers', 'trials', 'retry-when-down', 'own-facts', 'be-seen',
] as const;
export type Guard = (typeof guards)[number];

/** Without fresh handshakes everything comes right in the end, but late: seen where nothing else delays it. */
export function planFor(guard: Guard | undefined, plan: Plan): Plan {
  return guard === 'restart' ? { ...plan, troubleMs: 0 } : plan;
}

export function missingOf(guard: Guard | undefined): Missing {
  return { hold: guard === 'hold' };
}

/** The real step with one protection left out. The product knows nothing of this. */
export function stepWithout(guard: Guard, step: StepFunction): StepFunction {
  switch (guard) {
    case 'restart': return (state, event) => {
      const { next, effects } = step(state, event);
      return { next: { ...next, restart: state.restart }, effects };
    };
    case 'roll-back': return (state, event) => {
      const { next, effects } = step(state, event);
      // Whatever a trial was decided by, what was tried stays.
      if (state.stage?.kind !== 'trial' || next.stage !== null || next.path?.endpoint !== state.stage.previous.endpoint || event.kind !== 'tick') return { next, effects };
      return { next: { ...next, path: state.path }, effects };
    };
    case 'back-off': return (state, event) => step({ ...state, tries: {} }, event);
    case 'silence': return dropEvents(step, (event) => event.kind === 'echo' && event.tookMs === null);
    case 'quiet-offline': return (state, event) => step(state, event.kind === 'ours' ? { ...event, ours: { ...event.ours, online: true } } : event);
    case 'follow-roaming': return dropEvents(step, (event) => event.kind === 'seen');
    case 'carriers': return dropEffects(step, (effect) => effect.kind === 'open' && effect.role === 'offering');
    case 'trials': return (state, event) => step(state.phase === 'up' ? { ...state, sinceMs: event.atMs } : state, event);
    case 'retry-when-down': return (state, event) => {
      const { next, effects } = step(state, event);
      return { next: next.phase === 'down' ? { ...next, retryAtMs: null } : next, effects };
    };
    case 'own-facts': return dropEvents(step, (event) => event.kind === 'ours');
    // Who speaks IPv6 with all hosts stays there.
    case 'be-seen': return (state, event) => step({ ...state, tries: { ...state.tries, seen: { fails: 1, nextMs: Number.POSITIVE_INFINITY } } }, event);
    case 'hold': return step;
  }
}

function dropEvents(step: StepFunction, drop: (event: Event) => boolean): StepFunction {
  return (state: State, event) => step(state, drop(event) ? { kind: 'tick', atMs: event.atMs } : event);
}

function dropEffects(step: StepFunction, drop: (effect: Effect) => boolean): StepFunction {
  return (state, event) => {
    const { next, effects } = step(state, event);
    return { next, effects: effects.filter((effect) => !drop(effect)) };
  };
}
