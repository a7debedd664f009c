import type { FailureData } from '../../base/failure.ts';

/**
 * The vocabulary of the session machine. `want` is the wish, the phase is the fact.
 * The epoch grows on every entry except `connected`: an answer that names another epoch than the present one is late.
 */
export interface State {
  readonly want: 'connected' | 'disconnected';
  /** The network that is wished for; kept after a disconnect, so that a shell can show it. */
  readonly profile: string | null;
  readonly epoch: number;
  /** The newest generation that the helper has seen from anyone. The next epoch is above it. */
  readonly fence: number;
  readonly online: boolean;
  readonly helper: boolean;
  /** The lease of an earlier connection with this profile, as it was stored. */
  readonly stored: Lease | null;
  /** The profile for which this session holds a membership of the mesh, so that leaving means ourselves. */
  readonly member: string | null;
  /** A tunnel may be left that nobody wants: this core did not look yet, or a clear was not confirmed. */
  readonly dirty: boolean;
  /** Failures in a row, for the back-off. */
  readonly attempt: number;
  readonly phase: Phase;
}

export type Step = 'authorising' | 'joining' | 'configuring';

export type Phase =
  | { readonly name: 'disconnected' }
  /** `again`: a Join asked for new authorisation once already. */
  | { readonly name: 'authorising' | 'joining'; readonly again: boolean }
  | ({ readonly name: 'configuring' } & Held)
  | ({ readonly name: 'connected'; readonly revision: number; readonly degraded: Degraded } & Held)
  /** `held` is what configuring resumes with; null for the other two. */
  | { readonly name: 'reconnecting'; readonly resumeAt: Step; readonly held: Held | null; readonly cause: FailureData; readonly waiting: boolean }
  | { readonly name: 'disconnecting'; readonly next: Next }
  | { readonly name: 'blocked'; readonly failure: FailureData };

export type Next = { readonly to: 'disconnected' } | { readonly to: 'start' } | { readonly to: 'blocked'; readonly failure: FailureData };

/** Our addresses in the mesh, and whether they come from an earlier connection because the mesh did not answer. */
export interface Held {
  readonly lease: Lease;
  readonly stored: boolean;
}

export interface Lease {
  /** Bare address; null when the mesh gave none. */
  readonly ipv4: string | null;
  /** The mesh's IPv4 network, `172.16.0.0/12`. */
  readonly ipv4Network: string | null;
  readonly ipv6: string | null;
  /** Our /64. */
  readonly ipv6Network: string | null;
}

export type Degraded = 'control-plane-lost' | 'polling' | null;

/** What happened. Answers and reports of an effect carry the epoch that asked for it. */
export type Event =
  // a person
  | { readonly kind: 'connect'; readonly profile: string; readonly stored: Lease | null }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'retryNow' }
  // answers
  | { readonly kind: 'authorised'; readonly epoch: number }
  | { readonly kind: 'joined'; readonly epoch: number; readonly lease: Lease }
  | { readonly kind: 'configured'; readonly epoch: number }
  | { readonly kind: 'applied'; readonly epoch: number }
  | { readonly kind: 'refreshed'; readonly epoch: number; readonly lease: Lease }
  | { readonly kind: 'cleared'; readonly epoch: number }
  | { readonly kind: 'failed'; readonly epoch: number; readonly of: Asked; readonly failure: FailureData }
  // timers
  | { readonly kind: 'timer'; readonly epoch: number; readonly of: Timer }
  // what the watch sees
  | { readonly kind: 'peers'; readonly epoch: number }
  | { readonly kind: 'tunnelLost'; readonly epoch: number; readonly failure: FailureData }
  | { readonly kind: 'controlPlane'; readonly epoch: number; readonly state: 'replica' | 'polling' | 'lost' }
  /** The mesh no longer lists us, or lists us with other addresses. */
  | { readonly kind: 'evicted'; readonly epoch: number }
  /** The mesh will not take this device any more: it was cut off, or its certificate ended too long ago. */
  | { readonly kind: 'refused'; readonly epoch: number; readonly failure: FailureData }
  // the world
  | { readonly kind: 'online'; readonly online: boolean }
  | { readonly kind: 'network' }
  | { readonly kind: 'wake' }
  | { readonly kind: 'helper'; readonly up: boolean; readonly fence: number }
  | { readonly kind: 'fence'; readonly fence: number };

export type Asked = 'authorise' | 'join' | 'configure' | 'apply' | 'refresh' | 'clear';
export type Timer = 'back-off' | 'guard' | 'refresh' | 'clear';

/** What must be done, as data. The driver does it under the epoch's AbortController. */
export type Effect =
  | { readonly kind: 'authorise'; readonly epoch: number; readonly profile: string }
  | { readonly kind: 'join'; readonly epoch: number; readonly profile: string }
  | { readonly kind: 'configure'; readonly epoch: number; readonly profile: string; readonly lease: Lease }
  | { readonly kind: 'apply'; readonly epoch: number; readonly profile: string; readonly lease: Lease; readonly revision: number }
  /** Tells the mesh our present endpoints by joining again. */
  | { readonly kind: 'refresh'; readonly epoch: number; readonly profile: string; readonly lease: Lease; readonly force: boolean }
  /** Removes tunnel and node process, then leaves the mesh when `leave` names a profile. */
  | { readonly kind: 'clear'; readonly epoch: number; readonly leave: string | null }
  | { readonly kind: 'watch'; readonly epoch: number; readonly profile: string; readonly lease: Lease }
  | { readonly kind: 'unwatch' }
  /** Ends everything that runs under an earlier epoch, timers included. */
  | { readonly kind: 'abort' }
  /** Without jitter: the driver adds it to back-offs. */
  | { readonly kind: 'timer'; readonly epoch: number; readonly of: Timer; readonly delayMs: number }
  /** Remembers wish and lease on disk. */
  | { readonly kind: 'store'; readonly profile: string; readonly lease: Lease };

export const initial: State = {
  want: 'disconnected', profile: null, epoch: 0, fence: 0, online: true, helper: false, stored: null, member: null, dirty: true, attempt: 0,
  phase: { name: 'disconnected' },
};

export interface Stepped {
  readonly next: State;
  readonly effects: readonly Effect[];
}

export type StepFunction = (state: State, event: Event) => Stepped;
