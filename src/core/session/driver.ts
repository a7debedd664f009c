import { abortError, isAbort } from '../../base/abort.ts';
import { AssertionError, unreachable } from '../../base/assert.ts';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { asFailure, toData } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Asked, Effect, Event, Lease, State, StepFunction, Timer } from './state.ts';

type Of<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

/** What a watch may report; it carries its epoch by itself. */
export type Seen =
  | { readonly kind: 'peers' }
  | { readonly kind: 'evicted' }
  | { readonly kind: 'refused'; readonly failure: Extract<Event, { kind: 'refused' }>['failure'] }
  | { readonly kind: 'tunnelLost'; readonly failure: Extract<Event, { kind: 'tunnelLost' }>['failure'] }
  | { readonly kind: 'controlPlane'; readonly state: 'replica' | 'polling' | 'lost' };

/** The world as effects see it. Every call ends: by an answer, a Failure, a deadline of its own, or the abort of the signal. */
export interface Actions {
  authorise(effect: Of<'authorise'>, signal: AbortSignal): Promise<void>;
  join(effect: Of<'join'>, signal: AbortSignal): Promise<Lease>;
  configure(effect: Of<'configure'>, signal: AbortSignal): Promise<void>;
  apply(effect: Of<'apply'>, signal: AbortSignal): Promise<void>;
  refresh(effect: Of<'refresh'>, signal: AbortSignal): Promise<Lease>;
  clear(effect: Of<'clear'>, signal: AbortSignal): Promise<void>;
  /** Returns what ends the watch. */
  watch(effect: Of<'watch'>, see: (seen: Seen) => void): () => void;
  store(effect: Of<'store'>): void;
}

export interface SessionView {
  readonly state: State;
  /** When the present phase was entered. */
  readonly sinceMs: number;
  /** When the running back-off ends, or null. */
  readonly retryAtMs: number | null;
}

export interface Driver {
  readonly view: ReadCell<SessionView>;
  send(event: Event): void;
  /** Aborts everything, without a word to anyone. */
  close(): void;
}

export interface DriverPorts {
  readonly step: StepFunction;
  readonly actions: Actions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly initial: State;
}

/** Runs the session machine: one mailbox, one state, one AbortController for whatever runs under the present epoch. */
export function createDriver({ step, actions, clock, random, log, initial }: DriverPorts): Driver {
  const view: Cell<SessionView> = cell({ state: initial, sinceMs: clock.nowMs(), retryAtMs: null });
  const mailbox: Event[] = [];
  const timers = new Map<Timer, Cancel>();
  let running = new AbortController();
  let stopWatch: () => void = () => {};
  let busy = false;
  let closed = false;
  const applying: { now: boolean; next: Of<'apply'> | null } = { now: false, next: null };

  function send(event: Event): void {
    if (closed) return;
    mailbox.push(event);
    if (busy) return;
    busy = true;
    for (let next = mailbox.shift(); next; next = mailbox.shift()) turn(next);
    busy = false;
  }

  function turn(event: Event): void {
    const before = view.get();
    const { next, effects } = step(before.state, event);
    const changed = next.phase.name !== before.state.phase.name || next.epoch !== before.state.epoch;
    if (changed) log.info('phase', { phase: next.phase.name, epoch: next.epoch, event: event.kind, code: codeOf(event) });
    let retryAtMs = next.epoch === before.state.epoch ? before.retryAtMs : null;
    view.set({ state: next, sinceMs: next.phase.name === before.state.phase.name ? before.sinceMs : clock.nowMs(), retryAtMs });
    for (const effect of effects) {
      const dueMs = run(effect);
      if (effect.kind === 'timer' && effect.of === 'back-off') retryAtMs = dueMs;
    }
    if (retryAtMs !== view.get().retryAtMs) view.set({ ...view.get(), retryAtMs });
  }

  /** Starts an effect. Returns the wall time at which a timer is due. */
  function run(effect: Effect): number {
    const { signal } = running;
    switch (effect.kind) {
      case 'abort': abort(); break;
      case 'unwatch': unwatch(); break;
      case 'timer': return startTimer(effect.epoch, effect.of, effect.delayMs);
      case 'authorise': ask(effect, 'authorise', actions.authorise(effect, signal), () => ({ kind: 'authorised', epoch: effect.epoch })); break;
      case 'join': ask(effect, 'join', actions.join(effect, signal), (lease) => ({ kind: 'joined', epoch: effect.epoch, lease })); break;
      case 'configure': ask(effect, 'configure', actions.configure(effect, signal), () => ({ kind: 'configured', epoch: effect.epoch })); break;
      case 'refresh': ask(effect, 'refresh', actions.refresh(effect, signal), (lease) => ({ kind: 'refreshed', epoch: effect.epoch, lease })); break;
      case 'clear': ask(effect, 'clear', actions.clear(effect, signal), () => ({ kind: 'cleared', epoch: effect.epoch })); break;
      case 'apply': applyNewest(effect); break;
      case 'watch': startWatch(effect); break;
      case 'store': actions.store(effect); break;
      default: return unreachable(effect);
    }
    return 0;
  }

  function ask<T>(effect: { readonly epoch: number }, of: Asked, answer: Promise<T>, toEvent: (value: T) => Event): void {
    answer.then((value) => send(toEvent(value)), (error: unknown) => {
      if (error instanceof AssertionError) throw error;
      if (!isAbort(error)) send({ kind: 'failed', epoch: effect.epoch, of, failure: toData(asFailure(error)) });
    });
  }

  /** One order at a time goes to the helper; of those that wait, only the newest matters. */
  function applyNewest(effect: Of<'apply'>): void {
    if (applying.now) {
      applying.next = effect;
      return;
    }
    applying.now = true;
    const { signal } = running;
    const done = (event: Event): Event => {
      if (!signal.aborted) {
        applying.now = false;
        const { next } = applying;
        applying.next = null;
        if (next && event.kind === 'applied') applyNewest(next);
      }
      return event;
    };
    ask(effect, 'apply', actions.apply(effect, signal), () => done({ kind: 'applied', epoch: effect.epoch }));
  }

  function startTimer(epoch: number, of: Timer, delayMs: number): number {
    // Up to a third on top, so that the members of a mesh that came back do not all knock at once.
    const waitMs = of === 'back-off' ? delayMs * (1 + random.next() / 3) : delayMs;
    // One of a kind: whatever set the last one has been answered by what sets this one.
    timers.get(of)?.();
    timers.set(of, clock.after(waitMs, () => {
      timers.delete(of);
      send({ kind: 'timer', epoch, of });
    }));
    return clock.nowMs() + waitMs;
  }

  function startWatch(effect: Of<'watch'>): void {
    unwatch();
    stopWatch = actions.watch(effect, (seen) => send({ ...seen, epoch: effect.epoch }));
  }

  function unwatch(): void {
    stopWatch();
    stopWatch = () => {};
  }

  function abort(): void {
    for (const cancel of timers.values()) cancel();
    timers.clear();
    applying.now = false;
    applying.next = null;
    const old = running;
    running = new AbortController();
    old.abort(abortError('another epoch began'));
  }

  return {
    view,
    send,
    close: () => {
      closed = true;
      unwatch();
      abort();
    },
  };
}

function codeOf(event: Event): string | undefined {
  return 'failure' in event ? event.failure.code : undefined;
}
