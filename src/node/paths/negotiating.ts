import { type PathReasonCode, pathTiers } from '../../base/path-reasons.ts';
import { attemptName, cancelOpening, change, closePath, type Draft, emit, fail, forget, isBetter, keepSpare, learn, newAim, note, replan, setBack, speaksFirst, tell, triedAs, tryAgain, use } from './draft.ts';
import { type Candidate, type CarrierTier } from './plan.ts';
import { aimAnew, endTrial, hurryCarriers, search, tryInstead, tryToBeSeen } from './searching.ts';
import { type Event, type Opening, type Path, type State, type Tried } from './state.ts';
import { isProbablyOff, openingMs, portTiers, times, turnMs } from './times.ts';

/** What is agreed with the other side: facts and ports by one question and its answer, carriers by an offer and its answer. */
type Of<K extends Event['kind']> = Extract<Event, { kind: K }>;

export function ask(d: Draft, tier: 'direct' | 'punch' | null, trial: Candidate | null = null): void {
  const attempt = attemptName(d);
  change(d, { asking: { attempt, tier, trial, untilMs: d.now + times.ask }, lastAskMs: d.now, told: d.s.ours });
  emit(d, { kind: 'ask', attempt, tier });
}

export function answered(d: Draft, { attempt, theirs, refusal }: Of<'answered'>): void {
  const { asking } = d.s;
  if (asking?.attempt !== attempt) return;
  change(d, { asking: null });
  if (theirs) learn(d, theirs);
  else change(d, { told: null });
  if (asking.trial) return trialAnswered(d, asking.trial, refusal);
  // It was only knocked at: it is there.
  if (d.s.phase === 'down') return search(d, { answering: true });
  if (d.s.phase !== 'probing') return;
  hurryCarriers(d);
  aimAnew(d, false);
}

function trialAnswered(d: Draft, candidate: Candidate, refusal: PathReasonCode | null): void {
  if (d.s.phase !== 'up' || d.s.stage || !d.s.path) return;
  const tried = triedAs(d.s.path, candidate.tier);
  if (refusal === null) return tried === 'seen' ? tryToBeSeen(d, pathTo(candidate, d.now)) : tryInstead(d, pathTo(candidate, d.now));
  if (refusal !== 'waiting') {
    note(d, candidate.tier, 'refused-there', { code: refusal });
    return fail(d, tried);
  }
  postpone(d, tried, times.trialsApart);
}

export function pathTo({ tier, endpoint }: Candidate, atMs: number): Path {
  return { tier, endpoint, via: '', remote: endpoint, carrier: null, atMs };
}

export function unanswered(d: Draft, attempt: string, code: PathReasonCode): void {
  const { asking } = d.s;
  if (asking?.attempt !== attempt) return;
  change(d, { asking: null, told: null });
  if (code === 'peer-cannot' && !d.s.stranger) {
    change(d, { stranger: true, theirs: null });
    replan(d);
  }
  if (asking.trial) postpone(d, triedAs(d.s.path, asking.trial.tier), times.retell);
  if (d.s.phase !== 'probing') return;
  const { round } = d.s;
  if (code !== 'peer-cannot') change(d, { lost: { code: 'cannot-negotiate', tier: null, detail: {} }, round: { ...round, asks: round.asks + 1, askAtMs: d.now + (isProbablyOff(d.s.downs) && !round.heard ? times.askAgainLate : againMs(round.asks)) } });
  else change(d, { round: { ...d.s.round, carriersAtMs: d.now } });
}

/** Who just starts is reached in a moment; who is not, is asked later and later. */
function againMs(before: number): number {
  return Math.min(times.askAgain, times.waitAgain * 2 ** before);
}

/** Not a failure of the tier: it could not be tried now. */
function postpone(d: Draft, tried: Tried, forMs: number): void {
  change(d, { tries: { ...d.s.tries, [tried]: { fails: d.s.tries[tried]?.fails ?? 0, nextMs: d.now + forMs } } });
}

export function offered(d: Draft, event: Of<'offered'>): void {
  if (!d.s.ours.online) return emit(d, { kind: 'reply', attempt: event.attempt, refusal: 'offline' });
  const before = d.s.theirs;
  learn(d, event.theirs);
  if (d.s.phase === 'probing') hurryCarriers(d);
  // What was given up may work for what it is now.
  if (d.s.phase === 'down' && d.s.theirs !== before) search(d, { answering: true });
  const { tier } = event;
  if (tier === null) return emit(d, { kind: 'reply', attempt: event.attempt, refusal: null });
  if (tier === 'direct' || tier === 'punch') return portsOffered(d, event.attempt, tier);
  carrierOffered(d, event.attempt, tier);
}

function portsOffered(d: Draft, attempt: string, tier: 'direct' | 'punch'): void {
  const { s } = d;
  const reply = (refusal: PathReasonCode | null): void => emit(d, { kind: 'reply', attempt, refusal });
  if (s.plan.ports === 'no') return reply(s.plan.excluded[0]?.code ?? 'no-endpoint');
  if (s.phase === 'up' && s.path) {
    if (s.stage || s.agreed || s.health.doubtMs !== null) return reply('waiting');
    reply(null);
    const candidate = trialCandidate(d, tier);
    // Same or worse than what works here: for them it does not, or they want to be seen. They aim anew, and need no more of us than quiet.
    if (candidate && candidate.endpoint !== s.path.endpoint) return change(d, { agreed: { path: pathTo(candidate, d.now), atMs: d.now + answerTravelsMs(s) } });
    return change(d, { health: { ...s.health, nextEchoMs: d.now } });
  }
  reply(null);
  // Both asked at once: one of the questions is enough.
  if (s.phase === 'probing') return aimAnew(d, true);
  search(d, { answering: true });
}

/** One way through the tunnel, and a little more. */
function answerTravelsMs({ health }: State): number {
  return Math.min(600, Math.max(150, Math.round((health.latencyMs ?? 300) * 0.75)));
}

/** Which candidate is tried next: in turn, those of the tier that is spoken of before others. */
export function trialCandidate(d: Draft, tier: 'direct' | 'punch'): Candidate | null {
  const likely = d.s.plan.candidates.filter((one) => one.likely);
  const list = likely.some((one) => one.tier === tier) ? likely.filter((one) => one.tier === tier) : likely;
  return list[(d.s.tries[tier]?.fails ?? 0) % Math.max(1, list.length)] ?? null;
}

function carrierOffered(d: Draft, attempt: string, tier: CarrierTier): void {
  const { s } = d;
  if (!s.ours.tiers.includes(tier)) return emit(d, { kind: 'reply', attempt, refusal: 'peer-cannot' });
  if (s.opening) {
    if (s.opening.role === 'offering' && oursStands(s, s.opening, tier, d.now)) return emit(d, { kind: 'reply', attempt, refusal: 'waiting' });
    cancelOpening(d);
  }
  // A moment ago both sides opened one: this offer is older, and was long on its way.
  if (s.phase === 'probing' && s.stage?.kind === 'confirm' && s.path && s.path.tier !== 'direct' && s.path.tier !== 'punch' && d.now - s.stage.atMs < times.glare) {
    return emit(d, { kind: 'reply', attempt, refusal: 'waiting' });
  }
  change(d, { opening: { attempt, tier, role: 'answering', atMs: d.now, untilMs: d.now + openingMs[tier] + times.otherOpensLater } });
  emit(d, { kind: 'open', attempt, tier, role: 'answering' });
  if (s.phase === 'up') alarm(d, tier);
  else if (s.phase === 'down' || s.phase === 'idle') search(d, { answering: true });
}

/**
 * They look for a carrier although there is a way: it works no longer, or ends with the handshake that they will make. Where what they offer is
 * no better than what is in use, they have lost that: no trial may take the time in which an echo decides.
 */
function alarm(d: Draft, tier: CarrierTier): void {
  const { health, path, stage } = d.s;
  change(d, { health: { ...health, nextEchoMs: d.now, alertUntilMs: d.now + times.alert } });
  if (!path || stage || !health.echoes || health.doubtMs !== null || isBetter(tier, path.tier)) return;
  const patienceMs = Math.max(times.patienceAfterMove, Math.round(3 * (health.latencyMs ?? 0)));
  change(d, { health: { ...d.s.health, doubtMs: d.now, noticedMs: d.now, patienceMs } });
}

/**
 * Both offered at once: what theory, now that both sides' facts are known, has first; of two alike the lower id's. Who offers later did not get
 * ours, and perhaps never will; who offers again gave up the other.
 */
function oursStands(s: State, { tier: mine, atMs }: Opening, theirs: CarrierTier, nowMs: number): boolean {
  const rank = (tier: CarrierTier): number => s.plan.carriers.indexOf(tier) >>> 0;
  if (rank(mine) !== rank(theirs)) return rank(mine) < rank(theirs) && nowMs - atMs < times.glare;
  return speaksFirst(s) && nowMs - atMs < times.glare;
}

export function opened(d: Draft, { attempt, tier, endpoint, via, remote, runsHere }: Of<'opened'>): void {
  const { s } = d;
  // The answer of an attempt that was given up: whatever it opened is of no use, and its other end is told by its end.
  if (s.opening?.attempt !== attempt) return emit(d, { kind: 'close', attempt });
  change(d, { opening: null });
  const path: Path = { tier, endpoint, via, remote, carrier: runsHere ? attempt : null, atMs: d.now };
  if (s.phase === 'up' && s.path) {
    if (!s.stage && !s.agreed && s.health.doubtMs === null && isBetter(tier, s.path.tier)) {
      if (s.opening.role === 'offering') return tryInstead(d, path);
      // Our answer may travel by what would be silenced, or by way of who would be cut off: it goes first.
      return change(d, { agreed: { path, atMs: d.now + answerTravelsMs(s) } });
    }
    // They want it, so for them ours may not work: it stays open, and WireGuard follows when they come this way.
    return keepSpare(d, path, false, times.offeredSpare);
  }
  if (s.phase !== 'probing') return emit(d, { kind: 'close', attempt });
  adopt(d, path, s.opening.role);
}

/**
 * Nothing else works: the tunnel goes this way now. Who offered begins the handshake: its end opened last. Two handshakes that cross end each
 * other, and then both wait; so who answered begins only when none came. At the far end of a relay it begins at once: before it spoke, the
 * relay knows nowhere to send.
 */
export function adopt(d: Draft, path: Path, role: Opening['role'] = 'offering'): void {
  endTrial(d);
  if (d.s.path?.carrier !== path.carrier) closePath(d, d.s.path);
  const farEndBegins = path.tier === 'turn' && path.remote === '';
  const waits = path.carrier !== null && (role === 'answering' || farEndBegins);
  change(d, { stage: { kind: 'confirm', atMs: d.now, again: times.confirmAgain + (waits ? 1 : 0), untilMs: d.now + (waits ? times.otherShakes : turnMs(0, speaksFirst(d.s))) } });
  use(d, path, waits ? 'keep' : 'restart');
}

export function failed(d: Draft, { attempt, code, problem, theirs }: Of<'failed'>): void {
  const { opening } = d.s;
  if (opening?.attempt !== attempt) return;
  change(d, { opening: null });
  if (theirs) learn(d, theirs);
  // A question that did not arrive says nothing of the carrier: a connection of the peer's earlier life, or none yet.
  if ((code === 'waiting' || (code === 'cannot-negotiate' && d.s.phase === 'probing')) && d.s.round.waits < times.waitsMax) return tryLater(d, opening);
  if (opening.role === 'offering') {
    note(d, opening.tier, code, problem === '' ? {} : { problem });
    if (d.s.phase === 'up') fail(d, opening.tier);
    else setBack(d, opening.tier);
  }
  if (d.s.phase === 'probing') change(d, { round: { ...d.s.round, carriersAtMs: d.now } });
}

/**
 * One of both is just starting, or is at something else: the same again, soon at first. The lower id comes sooner, or both would refuse each
 * other for ever.
 */
function tryLater(d: Draft, { tier, role }: Opening): void {
  const { round } = d.s;
  const waitMs = againMs(round.waits) + (speaksFirst(d.s) ? 0 : times.waitAgain);
  change(d, { round: { ...round, tried: round.tried.filter((one) => one !== tier), carriersAtMs: d.now + waitMs, waits: round.waits + (role === 'offering' ? 1 : 0) } });
  postpone(d, tier, times.trialsApart);
}

/** The facts of this machine changed: what failed for the old ones may work, and the peer is told where to look. */
export function oursChanged(d: Draft, { ours }: Of<'ours'>): void {
  const before = d.s.ours;
  change(d, { ours });
  if (before.online && !ours.online) return;
  const moved = ours.moves > before.moves;
  const other = before.nat.mapping !== ours.nat.mapping || before.nat.publicIpv4 !== ours.nat.publicIpv4 || before.nat.publicIpv6 !== ours.nat.publicIpv6;
  if (moved) forget(d, pathTiers);
  else if (other || newAim(before.nat, ours.nat)) tryAgain(d, portTiers);
  replan(d);
  const { phase, round } = d.s;
  if (phase === 'probing') change(d, { round: { ...round, askAtMs: Math.min(round.askAtMs, Math.max(d.now, d.s.lastAskMs + times.otherWaits)) } });
  if (phase === 'probing') hurryCarriers(d);
  if (phase === 'down') search(d);
  tell(d);
}

