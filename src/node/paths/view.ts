import { type PathPeer, PathPhase, type PathReason, type PathView } from '../../gen/webmesh/local/v1/local.ts';
import { type Reason, rankOf, tierNumber } from './facts.ts';
import { type State } from './state.ts';

const phases = {
  idle: PathPhase.PATH_PHASE_IDLE, probing: PathPhase.PATH_PHASE_PROBING, up: PathPhase.PATH_PHASE_UP, down: PathPhase.PATH_PHASE_DOWN, offline: PathPhase.PATH_PHASE_OFFLINE,
} as const;

/** The machine of one peer as the app sees it. `nowMs` is the monotonic clock, `wallMs` the same moment since 1970. */
export function viewOf(peer: PathPeer, state: State, { nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number }): PathView {
  const { path, phase } = state;
  // While something is tried in its place, the path that is counted on is the one before.
  const shown = state.stage?.kind === 'trial' ? state.stage.previous : path;
  return {
    id: peer.id, publicKey: peer.publicKey, phase: phases[phase],
    tier: tierNumber(phase === 'up' ? (shown?.tier ?? null) : null),
    endpoint: path?.endpoint ?? '', push: state.push, restart: state.restart,
    via: shown?.via ?? '', remote: shown?.remote ?? '',
    reasons: reasonsOf(state, nowMs).map(toWire),
    sinceMs: BigInt(Math.round(wallMs - (nowMs - state.sinceMs))),
    latencyMs: phase === 'up' && state.health.latencyMs !== null ? state.health.latencyMs : -1,
  };
}

/** Why it is not better, the most telling first: what theory forbids, what was tried, what is waited for. */
export function reasonsOf(state: State, nowMs: number): readonly Reason[] {
  const { phase, path, plan, found, tries, lost } = state;
  if (phase === 'offline') return [{ code: 'offline', tier: null, detail: {} }];
  if (phase === 'idle') return [];
  const rank = phase === 'up' && path ? rankOf(state.stage?.kind === 'trial' ? state.stage.previous.tier : path.tier) : Number.POSITIVE_INFINITY;
  const better = ({ tier }: Reason): boolean => tier === null || rankOf(tier) < rank;
  const theory = plan.excluded.filter(better);
  const tried = Object.values(found).filter(better).filter((one) => !theory.some((other) => other.code === one.code));
  const waits = Object.entries(tries).filter(([tier]) => tried.some((one) => one.tier === tier)).map(([, { nextMs }]) => nextMs);
  const nextMs = phase === 'down' ? state.retryAtMs : phase === 'up' && waits.length > 0 ? Math.min(...waits) : null;
  const reasons: Reason[] = [...theory, ...tried];
  if (phase !== 'up' && lost && !reasons.some((one) => one.code === lost.code && one.tier === lost.tier)) reasons.push(lost);
  if (nextMs !== null && nextMs > nowMs) reasons.push({ code: 'waiting', tier: null, detail: { retryInMs: String(Math.round(nextMs - nowMs)) } });
  if (phase === 'up' && path && (plan.best === null || rank <= rankOf(plan.best))) reasons.push({ code: 'best', tier: path.tier, detail: {} });
  return reasons.slice(0, 12);
}

export function toWire({ code, tier, detail }: Reason): PathReason {
  return { code, tier: tierNumber(tier), detail: { ...detail } };
}
