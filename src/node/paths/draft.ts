import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { Mapping, type NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { noNat, type Theirs, rankOf, sameTheirs } from './facts.ts';
import { type Plan, planPaths, tierOfEndpoint } from './plan.ts';
import { type Effect, type Path, type State, type Tried } from './state.ts';
import { backOffMs, portTiers, times } from './times.ts';

/** One call of the machine: the state as it becomes, and what must be done. Lives as long as one `step`. */
export interface Draft {
  s: State;
  readonly now: number;
  readonly effects: Effect[];
}

export function change(d: Draft, change: Partial<State>): void {
  d.s = { ...d.s, ...change };
}

export function emit(d: Draft, ...effects: Effect[]): void {
  d.effects.push(...effects);
}

export function tell(d: Draft): void {
  if (!d.effects.some(({ kind }) => kind === 'tell')) d.effects.push({ kind: 'tell' });
}

/** The one that speaks first, so that two do not interrupt each other. */
export function speaksFirst({ me, id }: State): boolean {
  return me < id;
}

export function planOf({ ours, advertised, theirs, stranger }: Pick<State, 'ours' | 'advertised' | 'theirs' | 'stranger'>): Plan {
  return planPaths({ ours, advertised, theirs, stranger });
}

export function replan(d: Draft): void {
  change(d, { plan: planOf(d.s) });
  dropOpening(d);
  rename(d);
  tell(d);
}

/** What was found in use, and not told, is called by what is known of the peer. */
function rename(d: Draft): void {
  const { path, phase, stage } = d.s;
  if (phase !== 'up' || stage || !path || path.carrier !== null || path.via !== '') return;
  const tier = tierOfEndpoint(path.endpoint, d.s);
  if (tier === path.tier) return;
  change(d, { path: { ...path, tier } });
  tell(d);
}

/** What is being opened although theory, knowing more by now, says that it cannot work, only keeps the next from its turn. */
function dropOpening(d: Draft): void {
  const { opening, plan, phase, round } = d.s;
  if (phase !== 'probing' || !opening || plan.carriers.includes(opening.tier)) return;
  cancelOpening(d);
  change(d, { round: { ...round, carriersAtMs: Math.min(round.carriersAtMs, d.now) } });
}

/** Has the tunnel send there: with a new handshake, or keeping the session it has. */
export function use(d: Draft, path: Path | null, how: 'restart' | 'keep'): void {
  const { s } = d;
  change(d, {
    path: path && { ...path, atMs: d.now },
    push: s.push + 1,
    restart: s.restart + (how === 'restart' ? 1 : 0),
    counts: { ...s.counts, switches: s.counts.switches + (path?.endpoint === s.path?.endpoint ? 0 : 1) },
    health: { ...s.health, nextEchoMs: d.now, doubtMs: null, latencyMs: null },
  });
  emit(d, { kind: 'use' });
}

/** Tells the tunnel's endpoint anew without a change of the path. */
export function pushAgain(d: Draft): void {
  change(d, { push: d.s.push + 1 });
  emit(d, { kind: 'use' });
}

export function attemptName(d: Draft): string {
  const serial = d.s.serial + 1;
  change(d, { serial, counts: { ...d.s.counts, attempts: d.s.counts.attempts + 1 } });
  return `o${serial}`;
}

export function note(d: Draft, tier: PathTier, code: PathReasonCode, detail: Readonly<Record<string, string>> = {}): void {
  change(d, { found: { ...d.s.found, [tier]: { code, tier, detail } }, counts: { ...d.s.counts, failures: d.s.counts.failures + 1 } });
  tell(d);
}

/** A tier that failed in the place of one that worked waits, longer each time; `most` bounds how long where it may not be to blame. */
export function fail(d: Draft, tried: Tried, most = Number.POSITIVE_INFINITY): void {
  const before = d.s.tries[tried]?.fails ?? 0;
  const fails = Math.max(before, Math.min(most, before + 1));
  change(d, { tries: { ...d.s.tries, [tried]: { fails, nextMs: d.now + backOffMs(times.backOff, fails) } } });
}

/** What a trial of this tier counts for: in the place of a path of the same tier it is made to be seen, and the tier has nothing to prove. */
export function triedAs(inUse: Path | null, tier: PathTier): Tried {
  return inUse?.tier === tier ? 'seen' : tier;
}

/** A tier that failed when nothing worked: it has its turn in the next search, or a little after something else worked. */
export function setBack(d: Draft, tier: PathTier): void {
  change(d, { tries: { ...d.s.tries, [tier]: { fails: d.s.tries[tier]?.fails ?? 0, nextMs: d.now + times.backOff.first } } });
}

export function forget(d: Draft, tiers: readonly PathTier[]): void {
  const gone = new Set<string>([...tiers, 'seen']);
  const kept = <T>(all: Readonly<Partial<Record<PathTier, T>>>): Partial<Record<PathTier, T>> => Object.fromEntries(Object.entries(all).filter(([tier]) => !gone.has(tier)));
  change(d, { tries: kept(d.s.tries), found: kept(d.s.found) });
}

/** Other facts: what failed for the ones before has a turn at once, and is not trusted like new: it waits longer than 30 s when it fails again. */
export function tryAgain(d: Draft, tiers: readonly PathTier[]): void {
  const { tries } = d.s;
  const again = Object.fromEntries(tiers.flatMap((tier) => (tries[tier] ? [[tier, { fails: Math.min(1, tries[tier].fails), nextMs: d.now }]] : [])));
  forget(d, tiers);
  change(d, { tries: { ...d.s.tries, ...again } });
}

/** An easy NAT is seen at another port: what failed for the one before, or while nobody had seen any, says nothing of it. */
export function newAim(before: NatReport, now: NatReport): boolean {
  return now.mapping === Mapping.MAPPING_EASY && now.tunnelEndpoints.some((at) => !before.tunnelEndpoints.includes(at));
}

/** What a peer says of itself; a change is a reason to try again what failed. */
export function learn(d: Draft, theirs: Theirs): void {
  if (!d.s.round.heard) change(d, { round: { ...d.s.round, heard: true } });
  const { s } = d;
  rename(d);
  if (!s.stranger && sameTheirs(s.theirs, theirs)) return;
  const moved = s.theirs !== null && (s.theirs.nat.mapping !== theirs.nat.mapping || s.theirs.nat.publicIpv4 !== theirs.nat.publicIpv4 || s.theirs.nat.publicIpv6 !== theirs.nat.publicIpv6);
  const aim = newAim(s.theirs?.nat ?? noNat, theirs.nat);
  change(d, { theirs, stranger: false });
  if (moved || aim) tryAgain(d, portTiers);
  replan(d);
  if (s.theirs === null) askForEcho(d);
}

/** A handshake alone was believed, as of a stranger. Now it is known to be none, so it must answer. */
function askForEcho(d: Draft): void {
  const { phase, stage, health } = d.s;
  if (phase === 'up' && !stage && !health.echoes) change(d, { health: { ...health, doubtMs: d.now, noticedMs: d.now, nextEchoMs: d.now } });
}

export function cancelAsking(d: Draft): void {
  if (d.s.asking) emit(d, { kind: 'close', attempt: d.s.asking.attempt });
  change(d, { asking: null });
}

export function cancelOpening(d: Draft): void {
  if (d.s.opening) emit(d, { kind: 'close', attempt: d.s.opening.attempt });
  change(d, { opening: null });
}

export function closePath(d: Draft, path: Path | null): void {
  if (path?.carrier) emit(d, { kind: 'close', attempt: path.carrier });
}

/** Keeps what was in use for a while; it may be needed again, or be what the other side still uses. */
export function keepSpare(d: Draft, path: Path, held: boolean, forMs: number): void {
  // A path from port to port leaves nothing behind. At the far end of a relay its address is all that there is.
  if (path.carrier === null && path.tier !== 'turn') return;
  const spares = [...d.s.spares.filter((one) => one.path.endpoint !== path.endpoint), { path, held, untilMs: d.now + forMs }];
  for (const one of spares.slice(0, -3)) closePath(d, one.path);
  change(d, { spares: spares.slice(-3) });
}

/** What was agreed to and cannot be tried now: what opened for it stays, as the other side may come that way. */
export function dropAgreed(d: Draft): void {
  const { agreed } = d.s;
  if (!agreed) return;
  change(d, { agreed: null });
  keepSpare(d, agreed.path, false, times.offeredSpare);
}

export function hold(d: Draft, path: Path, held: boolean): void {
  if (path.carrier) emit(d, { kind: 'hold', attempt: path.carrier, held });
}

export function isBetter(a: PathTier, b: PathTier): boolean {
  return rankOf(a) < rankOf(b);
}
