import { unreachable } from '../../base/assert.ts';
import { cancelAsking, cancelOpening, change, closePath, type Draft, dropAgreed, emit, fail, forget, isBetter, note, replan, setBack, speaksFirst } from './draft.ts';
import { endpointOf, isReachable, type Ours, rankOf } from './facts.ts';
import { type Candidate } from './plan.ts';
import { Mapping } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { echoed, echoEveryMs, echoTimeoutMs, ended, lose, moved, saw, silentAtMs } from './health.ts';
import { answered, ask, failed, offered, opened, oursChanged, trialCandidate, unanswered } from './negotiating.ts';
import { tryDown } from './knocking.ts';
import { giveUp, goOffline, nextCarrier, open, openNext, rest, search, stageOver, tryInstead } from './searching.ts';
import { type Event, type State, type Stepped } from './state.ts';
import { planOf } from './draft.ts';
import { portTiers, times } from './times.ts';
import { type PathTier } from '../../base/path-reasons.ts';

/** Before anything was tried. */
export function initialState(me: string, id: string, ours: Ours, advertised: readonly string[]): State {
  const facts = { ours, advertised, theirs: null, stranger: false };
  return {
    me, id, ...facts, wanted: false, plan: planOf(facts),
    phase: ours.online ? 'idle' : 'offline', sinceMs: 0, path: null, push: 0, restart: 0,
    stage: null, agreed: null, asking: null, opening: null, spares: [],
    health: { echoes: false, lastPongMs: null, lastBytesMs: null, lastTrafficMs: -times.fresh, doubtMs: null, noticedMs: 0, patienceMs: times.patience, nextEchoMs: null, alertUntilMs: 0, unanswered: 0, latencyMs: null, seen: null },
    round: { startedMs: 0, heard: false, carriersAtMs: 0, tried: [], waits: 0, asks: 0, askAtMs: 0 },
    tries: {}, found: {}, lost: null, downs: 0, retryAtMs: null, lastAskMs: -times.retell, told: null, serial: 0,
    counts: { switches: 0, attempts: 0, failures: 0 },
  };
}

/**
 * The whole machine of one peer: what happened → the next state and what must be done. Pure: no clock, no dice, no waiting. First the event,
 * then everything whose time has come; `dueMs` says when the next time is.
 */
export function step(state: State, event: Event): Stepped {
  const draft: Draft = { s: state, now: event.atMs, effects: [] };
  take(draft, event);
  due(draft);
  return { next: draft.s, effects: draft.effects };
}

function take(d: Draft, event: Event): void {
  switch (event.kind) {
    case 'ours': return ours(d, event);
    case 'roster': return roster(d, event.advertised);
    case 'wanted': return wanted(d, event.wanted);
    case 'retry': return retry(d);
    case 'seen': return saw(d, event.seen);
    case 'tick': return;
    case 'echo': return echoed(d, event);
    case 'answered': return answered(d, event);
    case 'unanswered': return unanswered(d, event.attempt, event.code);
    case 'offered': return offered(d, event);
    case 'opened': return opened(d, event);
    case 'failed': return failed(d, event);
    case 'ended': return ended(d, event);
    default: return unreachable(event);
  }
}

function ours(d: Draft, event: Extract<Event, { kind: 'ours' }>): void {
  const before = d.s.ours;
  oursChanged(d, event);
  if (before.online && !event.ours.online) return goOffline(d);
  if (!event.ours.online) return;
  if (!before.online) return search(d);
  if (event.ours.moves > before.moves) {
    change(d, { downs: 0 });
    moved(d);
  }
}

function roster(d: Draft, advertised: readonly string[]): void {
  if (advertised.length === d.s.advertised.length && advertised.every((one, i) => one === d.s.advertised[i])) return;
  change(d, { advertised });
  forget(d, portTiers);
  replan(d);
  change(d, { downs: 0 });
  if (d.s.phase === 'down') search(d);
}

function wanted(d: Draft, now: boolean): void {
  if (now === d.s.wanted) return;
  change(d, { wanted: now });
  if (!d.s.ours.online) return;
  if (now && d.s.phase === 'idle') search(d);
  else if (!now) rest(d);
}

function retry(d: Draft): void {
  change(d, { tries: {}, downs: 0 });
  if (d.s.phase === 'down' || d.s.phase === 'idle') search(d);
}

/** Everything whose time has come. */
function due(d: Draft): void {
  const { asking, opening, stage, phase } = d.s;
  if (phase === 'offline' || phase === 'idle') return;
  if (asking && asking.untilMs <= d.now) {
    cancelAsking(d);
    change(d, { asking });
    unanswered(d, asking.attempt, 'cannot-negotiate');
  }
  if (opening && d.s.opening === opening && opening.untilMs <= d.now) openingLate(d);
  if (stage && d.s.stage === stage && stage.untilMs <= d.now) stageOver(d, stage);
  expireSpares(d);
  const silent = silentAtMs(d.s);
  if (silent !== null && silent <= d.now) lose(d, 'went-silent', { silentMs: String(d.now - (d.s.health.doubtMs ?? silent - times.silentStranger)) });
  const { agreed } = d.s;
  if (agreed && agreed.atMs <= d.now) {
    if (d.s.phase !== 'up' || d.s.stage || d.s.health.doubtMs !== null) dropAgreed(d);
    else {
      change(d, { agreed: null });
      tryInstead(d, agreed.path);
    }
  }
  if (d.s.phase === 'probing') probe(d);
  if (d.s.phase === 'down' && d.s.retryAtMs !== null && d.s.retryAtMs <= d.now) tryDown(d);
  if (d.s.phase === 'up') upkeep(d);
  echo(d);
}

function openingLate(d: Draft): void {
  const { opening } = d.s;
  if (!opening) return;
  cancelOpening(d);
  if (opening.role === 'offering') {
    note(d, opening.tier, 'no-answer');
    if (d.s.phase === 'up') fail(d, opening.tier);
    else setBack(d, opening.tier);
  }
  if (d.s.phase === 'probing') change(d, { round: { ...d.s.round, carriersAtMs: d.now } });
}

function expireSpares(d: Draft): void {
  if (!d.s.spares.some((one) => one.untilMs <= d.now)) return;
  for (const { path, untilMs } of d.s.spares) if (untilMs <= d.now) closePath(d, path);
  change(d, { spares: d.s.spares.filter((one) => one.untilMs > d.now) });
}

function probe(d: Draft): void {
  const { asking, opening, stage, round } = d.s;
  const busy = stage?.kind === 'confirm' || stage?.kind === 'check';
  if (!asking && !d.s.stranger && round.askAtMs <= d.now) {
    change(d, { round: { ...round, askAtMs: d.now + times.ask + times.askAgain } });
    ask(d, portTier(d.s));
  }
  if (!opening && !busy && round.carriersAtMs <= d.now && nextCarrier(d.s)) openNext(d);
  const over = round.startedMs + times.round <= d.now && !busy;
  if (over && !d.s.opening) return giveUp(d);
  if (!d.s.opening && !d.s.stage && !d.s.asking && !nextCarrier(d.s) && (d.s.stranger || d.s.round.askAtMs > d.now)) giveUp(d);
}

function portTier(s: State): 'direct' | 'punch' {
  return s.plan.candidates.find((one) => one.likely)?.tier ?? 'punch';
}

/** While a path works: something better when theory allows it and its turn has come, and facts where none were heard yet. */
function upkeep(d: Draft): void {
  const next = nextTrial(d.s);
  if (next && next.atMs <= d.now && quiet(d.s)) {
    if (next.tier === 'direct' || next.tier === 'punch') ask(d, next.tier, toBeSeen(d.s) ?? trialCandidate(d, next.tier));
    else open(d, next.tier);
    return;
  }
  if (retellAtMs(d.s) <= d.now && quiet(d.s)) ask(d, null);
}

function quiet({ agreed, asking, opening, stage, health }: State): boolean {
  return !agreed && !asking && !opening && !stage && health.doubtMs === null;
}

/** Facts are exchanged when the peer's were never heard, or ours changed, while a better path might come of it. */
function retellAtMs({ stranger, theirs, told, ours: now, lastAskMs, path, sinceMs, plan }: State): number {
  if (stranger || !path) return Number.POSITIVE_INFINITY;
  const useful = theirs === null || (told?.nat !== now.nat && (plan.best === null || rankOf(path.tier) > rankOf('direct')));
  if (useful) return Math.max(lastAskMs + times.retell * (theirs === null ? 3 : 1), sinceMs + 1_000);
  // What is relayed may be better by now, for reasons that only the other side knows.
  return portTiers.includes(path.tier) ? Number.POSITIVE_INFINITY : lastAskMs + times.factsAge;
}

function nextTrial(s: State): { readonly tier: PathTier; readonly atMs: number } | null {
  const { path, plan, tries, sinceMs, stranger } = s;
  if (!path) return null;
  const ports = stranger ? [] : plan.candidates.filter((one) => one.likely).map((one) => one.tier);
  const better: PathTier[] = [...new Set<PathTier>([...ports, ...plan.carriers])].filter((tier) => isBetter(tier, path.tier));
  const wait = speaksFirst(s) ? times.firstTrial : times.otherTrial;
  const trials = better.map((tier) => ({ tier, atMs: Math.max(sinceMs + wait * (portTiers.includes(tier) ? 1 : 3), tries[tier]?.nextMs ?? 0) }));
  if (toBeSeen(s)) trials.push({ tier: 'direct', atMs: Math.max(sinceMs + wait, tries.seen?.nextMs ?? 0) });
  return trials.toSorted((a, b) => a.atMs - b.atMs)[0] ?? null;
}

/**
 * Nobody sees how our router translates the tunnel's IPv4 port while it speaks IPv6 to everybody who could: peers that have IPv4 alone would
 * not know where to aim. Where IPv4 does as well, it is taken.
 */
function toBeSeen({ path, plan, theirs, ours: { nat } }: State): Candidate | null {
  const unseen = nat.mapping === Mapping.MAPPING_EASY && !nat.tunnelEndpoints.some((at) => endpointOf(at)?.ip.family === 4);
  if (!unseen || !path || !theirs || !isReachable(theirs.nat) || path.carrier !== null || endpointOf(path.endpoint)?.ip.family !== 6) return null;
  return plan.candidates.find((one) => one.likely && one.tier === 'direct' && endpointOf(one.endpoint)?.ip.family === 4) ?? null;
}

function echo(d: Draft): void {
  const { health, phase } = d.s;
  if (phase !== 'up' && phase !== 'probing') return;
  if (health.nextEchoMs !== null && health.nextEchoMs > d.now) return;
  change(d, { health: { ...health, nextEchoMs: d.now + echoEveryMs(d.s, d.now) } });
  emit(d, { kind: 'echo', timeoutMs: echoTimeoutMs(d.s) });
}

/** When the machine wants to be called again; infinity: only by what happens. */
export function dueMs(s: State): number {
  if (s.phase === 'offline' || s.phase === 'idle') return Number.POSITIVE_INFINITY;
  const at: (number | null | undefined)[] = [s.agreed?.atMs, s.asking?.untilMs, s.opening?.untilMs, s.stage?.untilMs, silentAtMs(s), ...s.spares.map((one) => one.untilMs)];
  if (s.phase === 'down') at.push(s.retryAtMs);
  else at.push(s.health.nextEchoMs);
  if (s.phase === 'probing' && !s.opening && s.stage?.kind !== 'confirm' && s.stage?.kind !== 'check') at.push(s.round.startedMs + times.round);
  if (s.phase === 'probing' && !s.asking) at.push(s.stranger ? null : s.round.askAtMs);
  if (s.phase === 'probing' && !s.opening && nextCarrier(s) && s.stage?.kind !== 'confirm' && s.stage?.kind !== 'check') at.push(s.round.carriersAtMs);
  if (s.phase === 'up' && quiet(s)) at.push(nextTrial(s)?.atMs, retellAtMs(s));
  return Math.min(...at.map((one) => one ?? Number.POSITIVE_INFINITY));
}
