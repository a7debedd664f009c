import { type PathReasonCode } from '../../base/path-reasons.ts';
import { cancelOpening, change, closePath, type Draft, dropAgreed, emit, fail, hold, keepSpare, note, tell, use } from './draft.ts';
import { isLoopback } from './facts.ts';
import { adopt } from './negotiating.ts';
import { check, endTrial, pathAt, search, succeed } from './searching.ts';
import { type Event, type Seen, type Stage, type State } from './state.ts';
import { isProbablyOff, times } from './times.ts';

/** Whether the path in use works, and which one it is: echoes through it, and what the tunnel counts. */

/** More than our own echoes, and consensus with a member without a vote, make in a second. */
const trafficBytes = 2_500;

export function echoed(d: Draft, { sentMs, tookMs }: Extract<Event, { kind: 'echo' }>): void {
  const { stage, phase, health } = d.s;
  if (tookMs === null) return missed(d, sentMs);
  if (phase === 'idle' || phase === 'offline') return;
  change(d, { health: { ...health, echoes: true, unanswered: 0, lastPongMs: Math.max(health.lastPongMs ?? 0, sentMs), doubtMs: null, patienceMs: times.patience, latencyMs: smooth(health.latencyMs, tookMs) } });
  if (stage) {
    if (tells(d.s, stage, sentMs)) succeed(d);
    return;
  }
  if (phase !== 'up') return succeed(d);
  if (health.doubtMs !== null) tell(d);
}

/** Whether an echo that came back went the way that is being tried: not the old one, which only what is held cannot. */
function tells({ health: { seen } }: State, stage: Stage, sentMs: number): boolean {
  if (stage.kind === 'check') return sentMs >= stage.atMs;
  if (stage.kind === 'trial') return sentMs >= stage.atMs && stage.previous.carrier !== null;
  // A session of before may come to life again until the order ends it: the peer's new place is told by its next packet.
  const handshakeMs = seen?.handshakeMs ?? null;
  const oldSession = handshakeMs !== null && handshakeMs < stage.atMs && stage.atMs - handshakeMs < times.sessionMax;
  return sentMs >= stage.atMs + (oldSession ? times.applied : 0);
}

function smooth(before: number | null, nowMs: number): number {
  return before === null ? nowMs : before + (nowMs - before) / 4;
}

function missed(d: Draft, sentMs: number): void {
  const { health, phase, stage, path } = d.s;
  change(d, { health: { ...health, unanswered: health.unanswered + 1 } });
  if (phase !== 'up' || stage || !path || !health.echoes || sentMs < path.atMs) return;
  if (health.doubtMs !== null || (health.lastPongMs ?? 0) >= sentMs) return;
  change(d, { health: { ...d.s.health, doubtMs: sentMs, noticedMs: d.now, nextEchoMs: d.now } });
}

export function echoEveryMs(s: State, nowMs: number): number {
  const { health, stage, phase, path } = s;
  if (stage) return seemsOff(s) ? times.echo.tryingLate : times.echo.trying;
  if (phase !== 'up') return seemsOff(s) ? times.echo.tryingLate : times.echo.busy;
  if (!health.echoes && health.unanswered > 5) return times.echo.deaf;
  if (health.doubtMs !== null) return times.echo.doubt;
  if (nowMs < health.alertUntilMs || nowMs - health.lastTrafficMs < 3_000) return times.echo.busy;
  return path && nowMs - path.atMs < times.fresh ? times.echo.fresh : times.echo.idle;
}

/** A search for a machine that is probably off goes slowly until it gives a sign of life. */
function seemsOff({ phase, downs, round }: State): boolean {
  return phase === 'probing' && isProbablyOff(downs) && !round.heard;
}

/** Patience with one echo: some round trips, but no longer than a path may be silent. */
export function echoTimeoutMs({ health, stage }: State): number {
  if (stage || health.latencyMs === null) return 1_000;
  return Math.min(1_500, Math.max(700, Math.round(4 * health.latencyMs)));
}

/** The moment when silence becomes a loss; null while there is none. */
export function silentAtMs({ phase, stage, health, path }: State): number | null {
  if (phase !== 'up' || stage || !path) return null;
  if (!health.echoes && health.doubtMs === null) return Math.max(health.lastBytesMs ?? 0, path.atMs) + times.silentStranger;
  if (health.doubtMs === null) return null;
  const bytes = (health.lastBytesMs ?? 0) > health.doubtMs ? Math.min((health.lastBytesMs ?? 0) + times.patience, health.doubtMs + times.halfDead) : 0;
  return Math.max(health.doubtMs + health.patienceMs, health.noticedMs + times.lastWord, bytes);
}

export function lose(d: Draft, code: PathReasonCode, detail: Readonly<Record<string, string>>): void {
  const { s } = d;
  const { path } = s;
  if (path) {
    note(d, path.tier, code, detail);
    change(d, { lost: { code, tier: path.tier, detail } });
    if (d.now - s.sinceMs > times.proven) change(d, { tries: { ...d.s.tries, [path.tier]: { fails: 0, nextMs: 0 } } });
    // Whatever took it may have had nothing to do with its tier.
    fail(d, path.tier, times.lossesCount);
    closePath(d, path);
    if (path.carrier) change(d, { path: null });
  }
  emit(d, { kind: 'observe' });
  dropAgreed(d);
  // At the far end of a relay nothing tells whether it still stands: unless they just asked for it, it is not waited for where theory has something sure.
  const spare = d.s.spares.filter((one) => one.path.carrier !== null || s.plan.ports !== 'yes' || d.now - one.path.atMs < times.arrival).at(-1);
  search(d, { lost: true });
  if (!spare || d.s.phase !== 'probing') return;
  // What it replaced a moment ago is still open.
  change(d, { spares: d.s.spares.filter((one) => one !== spare) });
  hold(d, spare.path, false);
  adopt(d, spare.path);
}

export function ended(d: Draft, { attempt, code, problem }: Extract<Event, { kind: 'ended' }>): void {
  const { s } = d;
  change(d, { spares: s.spares.filter(({ path }) => path.carrier !== attempt), agreed: s.agreed?.path.carrier === attempt ? null : s.agreed });
  if (s.stage?.kind === 'trial' && s.stage.previous.carrier === attempt) {
    // The way back is gone. If the trial was good, nothing is lost; if not, silence will tell.
    change(d, { stage: { ...s.stage, previous: { ...s.stage.previous, carrier: null } } });
    return;
  }
  if (s.path?.carrier !== attempt) return;
  if (s.stage?.kind === 'trial') return endTrial(d);
  change(d, { path: { ...s.path, carrier: null } });
  if (s.phase === 'up') return lose(d, code, problem === '' ? {} : { problem });
  note(d, s.path.tier, code, problem === '' ? {} : { problem });
  change(d, { path: null, stage: s.stage?.kind === 'confirm' ? null : s.stage, round: { ...s.round, carriersAtMs: d.now } });
}

/** What the tunnel says, about a second late. */
export function saw(d: Draft, seen: Seen): void {
  const { health } = d.s;
  const before = health.seen;
  const received = before !== null && seen.receivedBytes > before.receivedBytes;
  const bytes = before === null ? 0 : Math.abs(seen.receivedBytes - before.receivedBytes) + Math.abs(seen.sentBytes - before.sentBytes);
  change(d, { health: { ...health, seen, lastBytesMs: received ? seen.atMs : health.lastBytesMs, lastTrafficMs: bytes > trafficBytes ? seen.atMs : health.lastTrafficMs } });
  // Traffic begins on a quiet path: look at once whether it still carries.
  if (bytes > trafficBytes && d.s.phase === 'up' && health.nextEchoMs !== null) change(d, { health: { ...d.s.health, nextEchoMs: Math.min(health.nextEchoMs, d.now + times.echo.busy) } });
  // What is sent and not answered asks for a look as well, however little it is.
  const unanswered = before !== null && seen.sentBytes > before.sentBytes && !received;
  if (unanswered && health.echoes && d.s.phase === 'up' && !d.s.stage && d.s.health.nextEchoMs !== null) change(d, { health: { ...d.s.health, nextEchoMs: d.now } });
  follow(d, seen, before);
}

/** WireGuard roams to wherever the peer's last packet came from. It is right: nothing here fights it. */
function follow(d: Draft, seen: Seen, before: Seen | null): void {
  const { s } = d;
  const shook = seen.handshakeMs !== null && (before === null || before.handshakeMs === null || seen.handshakeMs > before.handshakeMs + 500);
  if (s.phase === 'up' && !s.stage) return roam(d, seen);
  if (!shook || seen.handshakeMs === null || seen.endpoint === '' || unknownLoopback(s, seen.endpoint)) return;
  if (s.phase === 'idle' || s.phase === 'down') {
    change(d, { phase: 'probing', sinceMs: d.now, round: { startedMs: seen.handshakeMs - 1, heard: true, tried: [], waits: 0, asks: 0, carriersAtMs: d.now + times.arrival + times.carriersAfter, askAtMs: d.now + times.arrival } });
    return check(d, times.arrival);
  }
  if (s.phase !== 'probing' || seen.handshakeMs < s.round.startedMs || s.stage?.kind === 'check' || s.stage?.kind === 'confirm') return;
  check(d, times.arrival);
}

function roam(d: Draft, seen: Seen): void {
  const { path, spares } = d.s;
  if (!path || seen.endpoint === '' || seen.endpoint === path.endpoint || seen.atMs < path.atMs + times.settled || unknownLoopback(d.s, seen.endpoint)) return;
  const next = pathAt(d.s, seen.endpoint, d.now);
  const spare = spares.find((one) => one.path.endpoint === seen.endpoint);
  change(d, { spares: spares.filter((one) => one !== spare) });
  if (spare?.held) hold(d, spare.path, false);
  keepSpare(d, path, false, times.spare);
  const { counts } = d.s;
  change(d, { path: { ...next, atMs: d.now }, sinceMs: next.tier === path.tier ? d.s.sinceMs : d.now, counts: { ...counts, switches: counts.switches + 1 } });
  tell(d);
}

function unknownLoopback({ path, spares, stage }: State, endpoint: string): boolean {
  if (!isLoopback(endpoint)) return false;
  const known = [path, stage?.kind === 'trial' ? stage.previous : null, ...spares.map((one) => one.path)];
  return !known.some((one) => one?.endpoint === endpoint && one.carrier !== null);
}

/** This machine moved: what worked is asked at once, and given up sooner than silence would tell. */
export function moved(d: Draft): void {
  const { s } = d;
  if (s.phase !== 'up') return search(d);
  endTrial(d);
  cancelOpening(d);
  change(d, { health: { ...d.s.health, doubtMs: s.health.echoes ? d.now : null, noticedMs: d.now, patienceMs: times.patienceAfterMove, nextEchoMs: d.now } });
  if (d.s.path) use(d, d.s.path, 'keep');
  change(d, { health: { ...d.s.health, doubtMs: s.health.echoes ? d.now : null } });
}
