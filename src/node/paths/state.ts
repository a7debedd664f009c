import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { type Ours, type Reason, type Theirs } from './facts.ts';
import { type Candidate, type CarrierTier, type Plan } from './plan.ts';

/**
 * The vocabulary of the machine of one peer. Times are milliseconds of the monotonic clock; each event says when it happened.
 * An attempt has a name: what answers another attempt than the present one is late and changes nothing.
 */
export interface State {
  readonly me: string;
  readonly id: string;
  readonly ours: Ours;
  /** Of its tunnel, as the roster has them. */
  readonly advertised: readonly string[];
  readonly theirs: Theirs | null;
  readonly stranger: boolean;
  /** False: nothing is tried for it; what comes by itself is taken. */
  readonly wanted: boolean;
  readonly plan: Plan;

  readonly phase: Phase;
  readonly sinceMs: number;
  /** Where the tunnel is told to send; null: where the app thinks best. */
  readonly path: Path | null;
  /** Grow whenever the endpoint is to be set again, and whenever the peer is to be made anew. */
  readonly push: number;
  readonly restart: number;

  /** What the tunnel is being tried with. */
  readonly stage: Stage | null;
  /** A trial that was agreed to: it begins when the answer has surely left by the path that it will hold. */
  readonly agreed: { readonly path: Path; readonly atMs: number } | null;
  readonly asking: Asking | null;
  readonly opening: Opening | null;
  /** Open, and not in use: a predecessor that may be needed again, or what the other side may be about to use. */
  readonly spares: readonly Spare[];
  readonly health: Health;
  readonly round: Round;
  readonly tries: Tries;
  /** Why tiers failed, as found by trying. */
  readonly found: Readonly<Partial<Record<PathTier, Reason>>>;
  readonly lost: Reason | null;
  /** How often everything failed since something worked. */
  readonly downs: number;
  readonly retryAtMs: number | null;
  readonly lastAskMs: number;
  /** The facts of ours that the last question carried. */
  readonly told: Ours | null;
  /** Names the attempts that began here. */
  readonly serial: number;
  readonly counts: Counts;
}

export type Phase = 'idle' | 'probing' | 'up' | 'down' | 'offline';

export interface Path {
  readonly tier: PathTier;
  readonly endpoint: string;
  readonly via: string;
  readonly remote: string;
  /** The attempt that opened what carries it here; null: nothing runs here for it. */
  readonly carrier: string | null;
  /** When the tunnel was told so. */
  readonly atMs: number;
}

export type Stage =
  /** There is a session already: does it still work? */
  | { readonly kind: 'check'; readonly atMs: number; readonly untilMs: number }
  /** Candidate after candidate gets its slot. */
  | { readonly kind: 'aim'; readonly atMs: number; readonly list: readonly Candidate[]; readonly slot: number; readonly untilMs: number }
  /** A carrier is open and the tunnel was told to use it. */
  | { readonly kind: 'confirm'; readonly atMs: number; readonly again: number; readonly untilMs: number }
  /** Something better is tried while `previous`, which works, is held. */
  | { readonly kind: 'trial'; readonly atMs: number; readonly untilMs: number; readonly previous: Path; readonly how: 'keep' | 'restart'; readonly part: 'pushed' | 'again' | 'longer' };

export interface Asking {
  readonly attempt: string;
  readonly tier: 'direct' | 'punch' | null;
  /** Where it leads when the other side agrees. */
  readonly trial: Candidate | null;
  readonly untilMs: number;
}

export interface Opening {
  readonly attempt: string;
  readonly tier: CarrierTier;
  readonly role: 'offering' | 'answering';
  readonly atMs: number;
  readonly untilMs: number;
}

export interface Spare {
  readonly path: Path;
  readonly held: boolean;
  readonly untilMs: number;
}

export interface Health {
  /** It answered an echo once: silence means something. */
  readonly echoes: boolean;
  readonly lastPongMs: number | null;
  /** When what it sent last grew, by the tunnel's count. */
  readonly lastBytesMs: number | null;
  readonly lastTrafficMs: number;
  /** Since when echoes get no answer. */
  readonly doubtMs: number | null;
  /** When that was noticed: from then on echoes follow closely, and some of them need time to come back. */
  readonly noticedMs: number;
  /** How long silence may last this time. */
  readonly patienceMs: number;
  readonly nextEchoMs: number | null;
  /** The peer asks for a way although there is one: until then it is looked at closely. */
  readonly alertUntilMs: number;
  readonly unanswered: number;
  readonly latencyMs: number | null;
  readonly seen: Seen | null;
}

/** What the tunnel says of this peer. */
export interface Seen {
  readonly atMs: number;
  readonly endpoint: string;
  /** Of the last handshake; null: never. */
  readonly handshakeMs: number | null;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** One search for a first path. */
export interface Round {
  readonly startedMs: number;
  /** Whether the peer gave any sign of life in it. */
  readonly heard: boolean;
  /** When carriers are looked for as well. */
  readonly carriersAtMs: number;
  readonly tried: readonly CarrierTier[];
  /** How often an offer was told to come again. */
  readonly waits: number;
  /** How often a question got no answer. */
  readonly asks: number;
  /** The next time that facts are asked for. */
  readonly askAtMs: number;
}

/** `seen`: a path of the same tier over IPv4, so that others learn our port there. */
export type Tried = PathTier | 'seen';
export type Tries = Readonly<Partial<Record<Tried, Try>>>;

export interface Try {
  readonly fails: number;
  /** Not before. */
  readonly nextMs: number;
}

export interface Counts {
  readonly switches: number;
  readonly attempts: number;
  readonly failures: number;
}

export type Event =
  | { readonly kind: 'ours'; readonly atMs: number; readonly ours: Ours }
  | { readonly kind: 'roster'; readonly atMs: number; readonly advertised: readonly string[] }
  | { readonly kind: 'wanted'; readonly atMs: number; readonly wanted: boolean }
  /** A person asks for a better path now. */
  | { readonly kind: 'retry'; readonly atMs: number }
  | { readonly kind: 'seen'; readonly atMs: number; readonly seen: Seen }
  | { readonly kind: 'tick'; readonly atMs: number }
  | { readonly kind: 'echo'; readonly atMs: number; readonly sentMs: number; readonly tookMs: number | null }
  /** `theirs` is null where the peer itself does not know its network yet. */
  | { readonly kind: 'answered'; readonly atMs: number; readonly attempt: string; readonly theirs: Theirs | null; readonly refusal: PathReasonCode | null }
  | { readonly kind: 'unanswered'; readonly atMs: number; readonly attempt: string; readonly code: PathReasonCode }
  /** The peer proposes. `attempt` is the driver's name for it. */
  | { readonly kind: 'offered'; readonly atMs: number; readonly attempt: string; readonly tier: PathTier | null; readonly theirs: Theirs }
  | { readonly kind: 'opened'; readonly atMs: number; readonly attempt: string; readonly tier: CarrierTier; readonly endpoint: string; readonly via: string; readonly remote: string; readonly runsHere: boolean }
  | { readonly kind: 'failed'; readonly atMs: number; readonly attempt: string; readonly code: PathReasonCode; readonly problem: string; readonly theirs: Theirs | null }
  /** A carrier that was open ended by itself. */
  | { readonly kind: 'ended'; readonly atMs: number; readonly attempt: string; readonly code: PathReasonCode; readonly problem: string };

export type Effect =
  /** The tunnel is to send elsewhere: told at once. */
  | { readonly kind: 'use' }
  /** Something that is shown changed. */
  | { readonly kind: 'tell' }
  | { readonly kind: 'ask'; readonly attempt: string; readonly tier: 'direct' | 'punch' | null }
  /** Answers a port-to-port offer, or one that only brought facts. */
  | { readonly kind: 'reply'; readonly attempt: string; readonly refusal: PathReasonCode | null }
  /** Begins a carrier, negotiates it (answering: replies) and goes on with it. */
  | { readonly kind: 'open'; readonly attempt: string; readonly tier: CarrierTier; readonly role: 'offering' | 'answering' }
  /** Ends an attempt, or what it opened. */
  | { readonly kind: 'close'; readonly attempt: string }
  | { readonly kind: 'hold'; readonly attempt: string; readonly held: boolean }
  | { readonly kind: 'echo'; readonly timeoutMs: number }
  /** What others see of this machine may be old. */
  | { readonly kind: 'observe' };

export interface Stepped {
  readonly next: State;
  readonly effects: readonly Effect[];
}

export type StepFunction = (state: State, event: Event) => Stepped;
