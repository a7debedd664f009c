import { present, unreachable } from '../../base/assert.ts';
import { type FailureData, failure, toData } from '../../base/failure.ts';
import type { Effect, Event, Held, Lease, Next, Phase, State, Step, Stepped } from './state.ts';

/** Milliseconds. Back-off doubles from the first to the last; the driver adds jitter. */
export const backOffMs = { first: 500, last: 30_000 } as const;
/** While an admin has not accepted this device, a person waits for it; a mesh that is asked too often wants a break. */
export const pendingMs = { first: 2_000, last: 10_000 } as const;
export const tooManyMs = { first: 20_000, last: 60_000 } as const;
/** How long disconnecting waits for a helper that does not answer. */
export const guardMs = 5_000;
/** How often a session that does not hear its mesh asks it again: it may have been cut off, or the mesh may be back. */
export const refreshMs = 30_000;
/** How soon a clear that was not confirmed is repeated. */
export const clearAgainMs = 2_000;

/**
 * The whole session machine: what happened → the next state and what must be done. Pure: no clock, no dice, no waiting.
 * The table of the phases is in DESIGN.md; each case below is one of its cells.
 */
export function step(state: State, event: Event): Stepped {
  if ('epoch' in event && event.epoch !== state.epoch) return stay(state);
  switch (event.kind) {
    case 'connect': return connect(state, event.profile, event.stored);
    case 'disconnect': return disconnect(state);
    case 'retryNow': return state.phase.name === 'reconnecting' ? resumeIfReady(state) : stay(state);
    case 'authorised': return state.phase.name === 'authorising' ? enter(state, { name: 'joining', again: state.phase.again }) : stay(state);
    case 'joined': return joined(state, event.lease);
    case 'configured': return configured(state);
    case 'applied': return stay(state);
    case 'refreshed': return refreshed(state, event.lease);
    case 'cleared': return cleared(state);
    case 'failed': return failed(state, event.of, event.failure);
    case 'timer': return timer(state, event.of);
    case 'peers': return applyAgain(state);
    case 'tunnelLost': return state.phase.name === 'connected' ? retryLater(state, 'configuring', event.failure) : stay(state);
    case 'controlPlane': return controlPlane(state, event.state);
    case 'evicted': return refresh(state, true);
    case 'refused': return state.phase.name === 'connected' ? leave(state, { to: 'blocked', failure: event.failure }) : stay(state);
    case 'online': return online(state, event.online);
    case 'network': case 'wake': return state.phase.name === 'reconnecting' ? resumeIfReady(state) : refresh(state, false);
    case 'helper': return helper(event.fence > state.fence ? { ...state, fence: event.fence } : state, event.up);
    case 'fence': return stay(event.fence > state.fence ? { ...state, fence: event.fence } : state);
    default: return unreachable(event);
  }
}

/** True when a back-off may run: there is a network, and a helper if the tunnel is what failed. */
export function ready(state: Pick<State, 'online' | 'helper'>, resumeAt: Step): boolean {
  return state.online && (resumeAt !== 'configuring' || state.helper);
}

// A person's wishes

function connect(state: State, profile: string, stored: Lease | null): Stepped {
  const wish: State = { ...state, want: 'connected', profile, stored };
  switch (state.phase.name) {
    case 'disconnected': case 'blocked': return start(wish);
    case 'disconnecting': return stay({ ...wish, phase: { name: 'disconnecting', next: { to: 'start' } } });
    case 'reconnecting': return profile === state.profile ? resumeIfReady(state) : leave(wish, { to: 'start' });
    default: return profile === state.profile ? stay(state) : leave(wish, { to: 'start' });
  }
}

function disconnect(state: State): Stepped {
  const wish: State = { ...state, want: 'disconnected' };
  switch (state.phase.name) {
    case 'disconnected': return stay(wish);
    case 'blocked': return interrupt(wish, { name: 'disconnected' });
    case 'disconnecting': return stay({ ...wish, phase: { name: 'disconnecting', next: { to: 'disconnected' } } });
    default: return leave(wish, { to: 'disconnected' });
  }
}

// Answers

function joined(state: State, lease: Lease): Stepped {
  if (state.phase.name !== 'joining') return stay(state);
  return enter({ ...state, stored: lease, member: state.profile }, { name: 'configuring', lease, stored: false });
}

function configured(state: State): Stepped {
  if (state.phase.name !== 'configuring') return stay(state);
  const { lease, stored } = state.phase;
  const profile = present(state.profile, 'the profile of a session');
  const phase: Phase = { name: 'connected', lease, stored, revision: 0, degraded: stored ? 'control-plane-lost' : null };
  const effects: Effect[] = [{ kind: 'watch', epoch: state.epoch, profile, lease }, { kind: 'store', profile, lease }];
  if (stored) effects.push({ kind: 'timer', epoch: state.epoch, of: 'refresh', delayMs: refreshMs });
  return { next: { ...state, attempt: 0, dirty: false, phase }, effects };
}

/** A mesh that answered a second Join with other addresses moved us: the tunnel is configured anew. */
function refreshed(state: State, lease: Lease): Stepped {
  if (state.phase.name !== 'connected') return stay(state);
  const joinedAgain: State = { ...state, stored: lease, member: state.profile };
  if (!sameLease(lease, state.phase.lease)) return interrupt(joinedAgain, { name: 'configuring', lease, stored: false });
  const degraded = state.phase.stored && state.phase.degraded === 'control-plane-lost' ? null : state.phase.degraded;
  const store: Effect = { kind: 'store', profile: present(state.profile, 'the profile of a session'), lease };
  return { next: { ...joinedAgain, phase: { ...state.phase, stored: false, degraded } }, effects: state.phase.stored ? [store] : [] };
}

function cleared(state: State): Stepped {
  if (state.phase.name === 'disconnecting') return finish({ ...state, dirty: false }, state.phase.next);
  return stay({ ...state, dirty: false });
}

function failed(state: State, of: string, cause: FailureData): Stepped {
  const { phase } = state;
  switch (phase.name) {
    case 'authorising': return cause.retry === 'later' ? retryLater(state, 'authorising', cause) : leave(state, { to: 'blocked', failure: cause });
    case 'joining': return joinFailed(state, phase.again, cause);
    case 'configuring': return cause.retry === 'later' ? retryLater(state, 'configuring', cause) : leave(state, { to: 'blocked', failure: cause });
    case 'connected':
      if (of === 'refresh') return refreshFailed(state, cause);
      return of === 'apply' ? retryLater(state, 'configuring', cause) : stay(state);
    case 'disconnecting': return finish({ ...state, dirty: true }, phase.next);
    case 'disconnected': case 'blocked': return clearLater(state);
    case 'reconnecting': return stay(state);
    default: return unreachable(phase);
  }
}

/**
 * A tunnel outlives the mesh's silence, but not its word that this device is cut off. Who was cut off hears nothing more of the log,
 * so silence is a reason to ask again.
 */
function refreshFailed(state: State, cause: FailureData): Stepped {
  if (cause.code === 'auth.revoked' || cause.code === 'auth.expired') return leave(state, { to: 'blocked', failure: cause });
  return unheard(state) ? stay(state, [{ kind: 'timer', epoch: state.epoch, of: 'refresh', delayMs: refreshMs }]) : stay(state);
}

/** True while connected without a word from the mesh. */
function unheard({ phase }: State): boolean {
  return phase.name === 'connected' && (phase.stored || phase.degraded === 'control-plane-lost');
}

function joinFailed(state: State, again: boolean, cause: FailureData): Stepped {
  if (cause.code === 'auth.unauthenticated' && !again) return enter(state, { name: 'authorising', again: true });
  if (cause.retry !== 'later') return leave(state, { to: 'blocked', failure: cause });
  // Only the mesh's own silence is a reason to go on without it; a missing helper or node process is not cured by an old lease.
  const meshAway = cause.code.startsWith('mesh.') || cause.code === 'auth.wrong-mesh' || cause.code === 'auth.clear-text';
  if (meshAway && state.stored) return enter({ ...state, member: state.profile }, { name: 'configuring', lease: state.stored, stored: true });
  return retryLater(state, 'joining', cause);
}

// Timers

function timer(state: State, of: string): Stepped {
  switch (state.phase.name) {
    case 'reconnecting': return of === 'back-off' ? resume(state) : stay(state);
    case 'disconnecting': return of === 'guard' ? finish({ ...state, dirty: true }, state.phase.next) : stay(state);
    case 'connected': return of === 'refresh' && unheard(state) ? refresh(state, true) : stay(state);
    case 'disconnected': case 'blocked': return of === 'clear' && state.dirty && state.helper ? clearNow(state) : stay(state);
    default: return stay(state);
  }
}

// The watch

function applyAgain(state: State): Stepped {
  if (state.phase.name !== 'connected') return stay(state);
  const revision = state.phase.revision + 1;
  const profile = present(state.profile, 'the profile of a session');
  return {
    next: { ...state, phase: { ...state.phase, revision } },
    effects: [{ kind: 'apply', epoch: state.epoch, profile, lease: state.phase.lease, revision }],
  };
}

function controlPlane(state: State, seen: 'replica' | 'polling' | 'lost'): Stepped {
  if (state.phase.name !== 'connected') return stay(state);
  const degraded = seen === 'replica' ? null : seen === 'polling' ? 'polling' : 'control-plane-lost';
  const next: State = { ...state, phase: { ...state.phase, degraded } };
  const newlyLost = seen === 'lost' && state.phase.degraded !== 'control-plane-lost';
  return newlyLost || (state.phase.stored && seen !== 'lost') ? refresh(next, true) : stay(next);
}

function refresh(state: State, force: boolean): Stepped {
  if (state.phase.name !== 'connected' || !state.online) return stay(state);
  return stay(state, [{ kind: 'refresh', epoch: state.epoch, profile: present(state.profile, 'the profile of a session'), lease: state.phase.lease, force }]);
}

// The world

function online(before: State, isOnline: boolean): Stepped {
  if (before.online === isOnline) return stay(before);
  const state: State = { ...before, online: isOnline };
  switch (state.phase.name) {
    case 'authorising': case 'joining': return isOnline ? stay(state) : waitForNetwork(state, state.phase.name);
    case 'reconnecting': return isOnline ? resumeIfReady(state) : stopWaiting(state);
    case 'connected': return isOnline ? refresh(state, unheard(state)) : stay(state);
    default: return stay(state);
  }
}

function helper(before: State, up: boolean): Stepped {
  const state: State = { ...before, helper: up };
  const lost = toData(failure('helper.lost'));
  switch (state.phase.name) {
    case 'configuring': return up ? stay(state) : retryLater(state, 'configuring', lost);
    // A helper that came back has undone everything: what we applied is gone, whether or not we saw it go.
    case 'connected': return up ? stay(state) : retryLater(state, 'configuring', lost);
    case 'reconnecting':
      if (up) return ready(state, state.phase.resumeAt) ? resume(state) : interrupt(state, state.phase);
      return state.phase.resumeAt === 'configuring' ? stopWaiting(state) : stay(state);
    case 'disconnecting': return up ? stay(state) : finish({ ...state, dirty: true }, state.phase.next);
    case 'disconnected': case 'blocked': return up ? clearNow(state) : stay(state);
    default: return stay(state);
  }
}

// Ways between the phases

function start(state: State): Stepped {
  const fresh: State = { ...state, attempt: 0 };
  return state.online ? interrupt(fresh, { name: 'authorising', again: false }) : waitForNetwork(fresh, 'authorising');
}

/** Enters a phase under a new epoch, with the effects that belong to it. */
function enter(state: State, phase: Phase): Stepped {
  const next: State = { ...state, epoch: Math.max(state.epoch, state.fence) + 1, phase };
  return { next, effects: onEntry(next) };
}

/** Enters a phase while something of the present one may still run. */
function interrupt(state: State, phase: Phase): Stepped {
  const { next, effects } = enter(state, phase);
  const unwatch: Effect[] = state.phase.name === 'connected' ? [{ kind: 'unwatch' }] : [];
  return { next, effects: [{ kind: 'abort' }, ...unwatch, ...effects] };
}

function onEntry(state: State): Effect[] {
  const { phase, epoch } = state;
  switch (phase.name) {
    case 'authorising': return [{ kind: 'authorise', epoch, profile: present(state.profile, 'a wished profile') }];
    case 'joining': return [{ kind: 'join', epoch, profile: present(state.profile, 'a wished profile') }];
    case 'configuring': return [{ kind: 'configure', epoch, profile: present(state.profile, 'a wished profile'), lease: phase.lease }];
    case 'reconnecting': return [
      ...(phase.waiting ? [{ kind: 'timer', epoch, of: 'back-off', delayMs: backOff(state.attempt, phase.cause) } as const] : []),
      // Nothing of this profile is configured yet, so what a helper may still hold is another's.
      ...(state.dirty && state.helper && phase.held === null ? [{ kind: 'clear', epoch, leave: null } as const] : []),
    ];
    case 'disconnecting': return [{ kind: 'clear', epoch, leave: state.member }, { kind: 'timer', epoch, of: 'guard', delayMs: guardMs }];
    case 'disconnected': case 'blocked': return state.dirty && state.helper ? [{ kind: 'timer', epoch, of: 'clear', delayMs: clearAgainMs }] : [];
    case 'connected': return [];
    default: return unreachable(phase);
  }
}

function leave(state: State, next: Next): Stepped {
  return interrupt(state, { name: 'disconnecting', next });
}

/** Disconnecting is over. The membership is given up whether or not the mesh heard it; it notices itself when we join again. */
function finish(state: State, next: Next): Stepped {
  const left: State = { ...state, member: null };
  if (next.to === 'start') return start(left);
  return interrupt(left, next.to === 'blocked' ? { name: 'blocked', failure: next.failure } : { name: 'disconnected' });
}

function retryLater(state: State, resumeAt: Step, cause: FailureData): Stepped {
  const attempt = state.attempt + 1;
  return interrupt({ ...state, attempt }, { name: 'reconnecting', resumeAt, held: heldBy(state.phase), cause, waiting: ready(state, resumeAt) });
}

function waitForNetwork(state: State, resumeAt: 'authorising' | 'joining'): Stepped {
  return interrupt(state, { name: 'reconnecting', resumeAt, held: null, cause: toData(failure('network.offline')), waiting: false });
}

/** Something that a try needs went away: the back-off stops, and its return starts the try. */
function stopWaiting(state: State): Stepped {
  if (state.phase.name !== 'reconnecting' || !state.phase.waiting) return stay(state);
  return interrupt(state, { ...state.phase, waiting: false });
}

function resumeIfReady(state: State): Stepped {
  return state.phase.name === 'reconnecting' && ready(state, state.phase.resumeAt) ? resume(state) : stay(state);
}

function resume(state: State): Stepped {
  if (state.phase.name !== 'reconnecting') return stay(state);
  const { resumeAt, held } = state.phase;
  switch (resumeAt) {
    case 'authorising': return interrupt(state, { name: 'authorising', again: false });
    case 'joining': return interrupt(state, { name: 'joining', again: false });
    case 'configuring': return interrupt(state, { name: 'configuring', ...present(held, 'what configuring resumes with') });
    default: return unreachable(resumeAt);
  }
}

/** Clears whatever a helper holds while nothing is wanted, under a new epoch so that the fence lets it through. */
function clearNow(state: State): Stepped {
  const epoch = Math.max(state.epoch, state.fence) + 1;
  return { next: { ...state, epoch, dirty: true }, effects: [{ kind: 'abort' }, { kind: 'clear', epoch, leave: null }] };
}

function clearLater(state: State): Stepped {
  return stay({ ...state, dirty: true }, state.helper ? [{ kind: 'timer', epoch: state.epoch, of: 'clear', delayMs: clearAgainMs }] : []);
}

function heldBy(phase: Phase): Held | null {
  if (phase.name === 'configuring' || phase.name === 'connected') return { lease: phase.lease, stored: phase.stored };
  return phase.name === 'reconnecting' ? phase.held : null;
}

function backOff(attempt: number, { code }: FailureData): number {
  const { first, last } = code === 'auth.pending' ? pendingMs : code === 'auth.too-many-tries' ? tooManyMs : backOffMs;
  return Math.min(last, first * 2 ** Math.min(attempt - 1, 10));
}

function sameLease(a: Lease, b: Lease): boolean {
  return a.ipv4 === b.ipv4 && a.ipv4Network === b.ipv4Network && a.ipv6 === b.ipv6 && a.ipv6Network === b.ipv6Network;
}

function stay(state: State, effects: readonly Effect[] = []): Stepped {
  return { next: state, effects };
}
