import { attemptName, cancelAsking, cancelOpening, change, closePath, type Draft, dropAgreed, emit, fail, hold, keepSpare, note, pushAgain, setBack, speaksFirst, tell, triedAs, use } from './draft.ts';
import { Mapping } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { isLoopback, isReachable } from './facts.ts';
import { type Candidate, type CarrierTier, tierOfEndpoint } from './plan.ts';
import { type Path, type Stage, type State } from './state.ts';
import { openingMs, retryAtMs, times, turnMs } from './times.ts';

/** The search for a first path, or for one again: ports at once, carriers soon after, whatever answers first is taken. */

export interface Search {
  /** A path was lost: both sides may not know yet, so nobody waits for the other. */
  readonly lost?: boolean;
  /** The peer asks: it has been told all that a question of ours would. */
  readonly answering?: boolean;
}

export function search(d: Draft, { lost = false, answering = false }: Search = {}): void {
  const { s } = d;
  if (!s.ours.online) return goOffline(d);
  if (!s.wanted) return rest(d);
  endTrial(d);
  if (!answering) cancelAsking(d);
  if (s.opening?.role === 'offering') cancelOpening(d);
  dropAgreed(d);
  const first = speaksFirst(s);
  const wait = lost ? times.carriersAfterLoss : times.carriersAfter;
  change(d, {
    phase: 'probing', sinceMs: d.now, retryAtMs: null, stage: null,
    round: {
      startedMs: d.now, heard: answering, tried: [], waits: 0, asks: 0,
      carriersAtMs: d.now + wait + (first || lost ? 0 : times.otherOpensLater),
      askAtMs: d.now + (answering ? times.askAgain : first || lost ? 0 : times.otherWaits),
    },
    health: { ...d.s.health, doubtMs: null, nextEchoMs: d.now },
  });
  hurryCarriers(d);
  if (!lost && !answering && hasSession(d.s, d.now)) check(d, times.check);
  else aim(d);
  tell(d);
}

export function goOffline(d: Draft): void {
  endAll(d);
  change(d, { phase: 'offline', sinceMs: d.now });
  tell(d);
}

/** Nobody asks for this peer. What comes by itself is still noticed. */
export function rest(d: Draft): void {
  endAll(d);
  closePath(d, d.s.path);
  for (const { path } of d.s.spares) closePath(d, path);
  change(d, { phase: 'idle', sinceMs: d.now, path: null, spares: [], downs: 0 });
  tell(d);
}

function endAll(d: Draft): void {
  endTrial(d);
  cancelAsking(d);
  cancelOpening(d);
  dropAgreed(d);
  change(d, { stage: null, retryAtMs: null, health: { ...d.s.health, doubtMs: null, nextEchoMs: null } });
}

/** A trial that is not decided counts for nothing: the path is the one before. */
export function endTrial(d: Draft): void {
  const { stage, path } = d.s;
  if (stage?.kind !== 'trial') return;
  closePath(d, path);
  hold(d, stage.previous, false);
  change(d, { stage: null });
  use(d, stage.previous, stage.how);
}

/** A session with this peer that may still work, e.g. of an earlier life of this process. */
function hasSession({ health, path, spares }: State, nowMs: number): boolean {
  const { seen } = health;
  if (!seen || seen.handshakeMs === null || nowMs - seen.handshakeMs > times.sessionMax || seen.endpoint === '') return false;
  return !isLoopback(seen.endpoint) || [path, ...spares.map((one) => one.path)].some((one) => one?.carrier !== null && one?.endpoint === seen.endpoint);
}

/** Asks what stands before anything is replaced. */
export function check(d: Draft, forMs: number): void {
  const { seen } = d.s.health;
  const { path: told } = d.s;
  if (!seen) return;
  // What the tunnel reports may be older than what it was told since.
  const older = told !== null && seen.atMs < told.atMs + times.settled && (seen.handshakeMs ?? 0) <= told.atMs;
  const path = told && (seen.endpoint === told.endpoint || older) ? told : pathAt(d.s, seen.endpoint, d.now);
  const spares = d.s.spares.filter((one) => one.path !== path);
  change(d, { spares });
  if (told && told !== path) keepSpare(d, told, false, times.spare);
  change(d, { path, stage: { kind: 'check', atMs: d.now, untilMs: d.now + forMs }, health: { ...d.s.health, nextEchoMs: d.now } });
}

/** What an endpoint that WireGuard uses is, of all that is known here. */
export function pathAt(s: State, endpoint: string, nowMs: number): Path {
  const known = [s.path, ...s.spares.map((one) => one.path)].find((one) => one?.endpoint === endpoint);
  return known ?? { tier: tierOfEndpoint(endpoint, s), endpoint, via: '', remote: endpoint, carrier: null, atMs: nowMs };
}

/** Candidate after candidate, each with a handshake of its own at once. */
export function aim(d: Draft): void {
  const list = aims(d.s, d.now);
  const first = list[0];
  if (!first) return change(d, { stage: null });
  change(d, { stage: { kind: 'aim', atMs: d.now, list, slot: 0, untilMs: d.now + turnMs(0, speaksFirst(d.s)) } });
  take(d, first);
}

/** New facts: begins again when they lead elsewhere, or when this side began before the other one could. */
export function aimAnew(d: Draft, asked: boolean): void {
  const { stage, health, round } = d.s;
  if (stage?.kind === 'confirm' || stage?.kind === 'check' || stage?.kind === 'trial') return;
  if (!asked && stage?.kind === 'aim' && sameList(stage.list, aims(d.s, d.now)) && d.now - round.startedMs > times.otherWaits) return;
  // Somebody got through: a new handshake would end what just began.
  if (health.seen?.handshakeMs && health.seen.handshakeMs > round.startedMs) return;
  aim(d);
}

function sameList(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  return a.length === b.length && a.every((one, i) => one.endpoint === b[i]?.endpoint);
}

/** A tier that keeps failing after it worked is not taken again at once while something else carries. */
function aims(s: State, nowMs: number): readonly Candidate[] {
  const { candidates, carriers } = s.plan;
  const likely = candidates.filter((one) => one.likely);
  // What is likely has two turns before what is not has one.
  return [...likely, ...likely, ...candidates.filter((one) => !one.likely)].filter(({ tier }) => {
    const tried = s.tries[tier];
    return carriers.length === 0 || !tried || tried.fails < 3 || tried.nextMs <= nowMs;
  });
}

function take(d: Draft, { tier, endpoint }: Candidate): void {
  // Who can be reached by everybody, by a peer that cannot, waits for its handshake: our own would only end it.
  const awaited = isReachable(d.s.ours.nat) && d.s.theirs !== null && !isReachable(d.s.theirs.nat);
  // While there is a session, its next packet shows where it is now, and an endpoint of ours would only lead away from there.
  if (awaited && d.s.path?.carrier === null && hasSession(d.s, d.now)) return;
  closePath(d, d.s.path);
  use(d, { tier, endpoint, via: '', remote: endpoint, carrier: null, atMs: d.now }, awaited ? 'keep' : 'restart');
}

/** A stage's time is over. */
export function stageOver(d: Draft, stage: Stage): void {
  switch (stage.kind) {
    case 'check': return checked(d, stage.atMs);
    case 'aim': return nextSlot(d, stage);
    case 'confirm': return confirmAgain(d, stage);
    case 'trial': return decide(d, stage);
  }
}

function checked(d: Draft, atMs: number): void {
  const { health, round } = d.s;
  const handshake = health.seen?.handshakeMs ?? null;
  if (handshake !== null && handshake >= Math.min(atMs, round.startedMs) - times.arrival && withoutEchoes(d.s, atMs)) return succeed(d);
  aim(d);
}

/**
 * Who never answered an echo is perhaps unable to: a new handshake says enough of strangers, and of others when something came after it.
 * Alone it says that one packet passed each way, and the other side may have begun anew since.
 */
function withoutEchoes({ health, stranger, theirs }: State, sinceMs: number): boolean {
  return !health.echoes && (stranger || theirs === null || (health.lastBytesMs ?? 0) > sinceMs + times.applied);
}

function nextSlot(d: Draft, stage: Extract<Stage, { kind: 'aim' }>): void {
  const slot = stage.slot + 1;
  const next = stage.list[slot % stage.list.length];
  if (slot >= Math.min(times.slotsMax, Math.max(3, stage.list.length)) || !next) {
    for (const tier of new Set(stage.list.map((one) => one.tier))) {
      note(d, tier, d.s.plan.doubt);
      setBack(d, tier);
    }
    return change(d, { stage: null });
  }
  change(d, { stage: { ...stage, slot, atMs: d.now, untilMs: d.now + turnMs(slot, speaksFirst(d.s)) } });
  take(d, next);
}

function confirmAgain(d: Draft, stage: Extract<Stage, { kind: 'confirm' }>): void {
  const { path, health } = d.s;
  if (!path) return change(d, { stage: null });
  const handshake = health.seen?.handshakeMs ?? null;
  if (handshake !== null && handshake > d.s.round.startedMs && health.seen?.endpoint === path.endpoint && withoutEchoes(d.s, stage.atMs)) return succeed(d);
  if (stage.again > 0) {
    change(d, { stage: { ...stage, again: stage.again - 1, untilMs: d.now + turnMs(times.confirmAgain - stage.again + 1, speaksFirst(d.s)) } });
    return use(d, path, 'restart');
  }
  note(d, path.tier, 'no-answer', { endpoint: path.endpoint });
  setBack(d, path.tier);
  closePath(d, path);
  change(d, { path: null, stage: null, round: { ...d.s.round, carriersAtMs: d.now } });
}

/** Something better is tried in the place of what works: the session stays, the old carrier is silenced, an echo decides. */
export function tryInstead(d: Draft, better: Path): void {
  const previous = d.s.path;
  if (!previous) return;
  hold(d, previous, true);
  const untilMs = d.now + (previous.carrier === null ? times.pushAgain : times.trial);
  change(d, { stage: { kind: 'trial', atMs: d.now, untilMs, previous, how: 'keep', part: previous.carrier === null ? 'pushed' : 'again' } });
  use(d, better, 'keep');
  // The answer to an echo of before would take WireGuard back: silence first. The far end of a relay is held by the other side.
  if (previous.carrier === null && previous.tier !== 'turn') change(d, { health: { ...d.s.health, nextEchoMs: d.now + times.pushAgain + times.applied } });
}

/**
 * From one port to the same other one by another family, which the other side did not ask for: whatever it sends meanwhile would take the tunnel
 * back, and under traffic it never stops. With a new session alone nothing of before counts; it costs one round trip.
 */
export function tryToBeSeen(d: Draft, other: Path): void {
  const previous = d.s.path;
  if (!previous) return;
  change(d, { stage: { kind: 'trial', atMs: d.now, untilMs: d.now + times.trial, previous, how: 'restart', part: 'again' } });
  use(d, other, 'restart');
  change(d, { health: { ...d.s.health, nextEchoMs: d.now + times.applied } });
}

/**
 * Nothing runs here for what was in use, so it could not be silenced: an echo alone proves nothing. Only the tunnel's own word, which comes a
 * second late, says which way was taken.
 */
function decide(d: Draft, stage: Extract<Stage, { kind: 'trial' }>): void {
  const { lastPongMs, seen } = d.s.health;
  if (stage.part === 'pushed') {
    // What was still on its way from the old place had WireGuard roam back there.
    change(d, { stage: { ...stage, part: 'again', untilMs: stage.atMs + times.trial + times.pushAgain } });
    return pushAgain(d);
  }
  const quietMs = times.applied + (stage.how === 'keep' ? times.pushAgain : 0);
  const answered = stage.previous.carrier === null && lastPongMs !== null && lastPongMs >= stage.atMs + quietMs;
  if (!answered) return rollBack(d);
  if (stage.part !== 'longer') return change(d, { stage: { ...stage, part: 'longer', untilMs: d.now + times.settled } });
  if (seen && seen.atMs > stage.atMs + times.applied + 1_000 && seen.endpoint === d.s.path?.endpoint) return succeed(d);
  rollBack(d);
}

function rollBack(d: Draft): void {
  const { path } = d.s;
  endTrial(d);
  if (!path) return;
  // Both asked at once: the answer to our own question would only repeat what just failed.
  if (d.s.asking?.trial?.tier === path.tier) cancelAsking(d);
  note(d, path.tier, path.carrier ? 'no-answer' : d.s.plan.doubt);
  fail(d, triedAs(d.s.path, path.tier));
  // Not before the order is applied: an echo that went nowhere would look like a loss.
  change(d, { health: { ...d.s.health, nextEchoMs: d.now + times.applied } });
}

/** An echo came back: there is a path. */
export function succeed(d: Draft): void {
  const { s } = d;
  const { stage } = s;
  if (stage?.kind === 'trial') {
    keepSpare(d, stage.previous, true, times.spare);
    // Made to be seen: whoever looks now sees something new.
    if (stage.how === 'restart') emit(d, { kind: 'observe' });
  }
  // A carrier that is being opened goes on: it may be what the echo came through.
  const changed = s.phase !== 'up' || stage?.kind === 'trial';
  const path = d.s.path ?? (s.health.seen ? pathAt(s, s.health.seen.endpoint, d.now) : null);
  change(d, {
    phase: 'up', stage: null, downs: 0, retryAtMs: null, path, lost: null, ...(changed ? { sinceMs: d.now } : {}),
    health: { ...d.s.health, doubtMs: null, patienceMs: times.patience },
  });
  tell(d);
}

/** The next carrier, while nothing answers. */
export function openNext(d: Draft): void {
  const tier = nextCarrier(d.s);
  if (tier) open(d, tier);
}

export function nextCarrier({ plan, round }: State): CarrierTier | null {
  return plan.carriers.find((tier) => !round.tried.includes(tier)) ?? null;
}

export function open(d: Draft, tier: CarrierTier): void {
  const attempt = attemptName(d);
  change(d, { opening: { attempt, tier, role: 'offering', atMs: d.now, untilMs: d.now + openingMs[tier] }, round: { ...d.s.round, tried: [...d.s.round.tried, tier] } });
  emit(d, { kind: 'open', attempt, tier, role: 'offering' });
}

/**
 * Where theory leaves only carriers, they are opened without waiting for ports that cannot answer; where one NAT is hard and the other filters, a
 * hole is so unlikely that they wait a moment only.
 */
export function hurryCarriers(d: Draft): void {
  const { plan, round, ours, theirs, stranger } = d.s;
  if (theirs === null && !stranger) return;
  const hard = [ours.nat, theirs?.nat].some((nat) => nat?.mapping === Mapping.MAPPING_HARD);
  if (plan.ports === 'yes' || (plan.ports === 'maybe' && !hard)) return;
  const atMs = round.startedMs + (speaksFirst(d.s) ? 0 : times.otherWaits);
  const soonMs = d.now + (plan.ports === 'no' ? 0 : times.carriersWhereHard);
  change(d, { round: { ...round, carriersAtMs: Math.min(round.carriersAtMs, Math.max(soonMs, atMs)) } });
}

/** Everything was tried. WireGuard goes on knocking by itself; we come back later. */
export function giveUp(d: Draft): void {
  const downs = d.s.downs + 1;
  cancelAsking(d);
  change(d, { stage: null, phase: 'down', sinceMs: d.now, downs, retryAtMs: retryAtMs(d.s.id, downs, d.now) });
  tell(d);
}
