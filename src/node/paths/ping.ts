import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { type PathPeer, type PingPeerRequest, type PingPeerResponse } from '../../gen/webmesh/local/v1/local.ts';
import { type EchoPort } from '../path-ports.ts';
import { tierNumber } from './facts.ts';
import { type MeasuredServer } from './ports.ts';
import { type State } from './state.ts';
import { reasonsOf, toWire } from './view.ts';

export interface PingPorts {
  readonly echo: EchoPort;
  readonly servers: readonly MeasuredServer[];
  readonly nowMs: () => number;
  /** Of the tunnel, in bytes of inner packets. */
  readonly mtu: number;
}

const countMax = 100;
const timeoutMs = 1_500;
/** Every IPv6 link carries that much (RFC 8200, section 5). */
const mtuMin = 1_280;
const headers = { 4: 28, 6: 48 } as const;

/** Round trips to a peer: the path in use through the tunnel, then what each other tier is like beside it. */
export async function* pingPeer({ count, mtu }: PingPeerRequest, peer: PathPeer, state: () => State | null, ports: PingPorts, signal: AbortSignal): AsyncIterable<PingPeerResponse> {
  const now = state();
  if (!now) return;
  const current = now.phase === 'up' ? (now.path?.tier ?? null) : null;
  const address = peer.ipv4 || peer.ipv6;
  const family = address.includes(':') ? 6 : 4;
  const base = { tier: tierNumber(current), current: current !== null, endpoint: now.path?.endpoint ?? '', latencyMs: -1, reason: undefined, mtu: 0 };
  if (current === null) yield { ...base, reason: toWire(reasonsOf(now, ports.nowMs())[0] ?? { code: 'waiting', tier: null, detail: {} }) };
  else {
    for (let i = 0; i < Math.min(countMax, count === 0 ? 3 : count); i++) {
      const tookMs = await ports.echo.ping(address, peer.grpcPort, { bytes: 56, timeoutMs }, signal);
      yield { ...base, latencyMs: tookMs ?? -1, ...(tookMs === null ? { reason: toWire({ code: 'no-answer', tier: current, detail: {} }) } : {}) };
    }
    if (mtu) yield { ...base, latencyMs: -1, mtu: await largest(ports, address, peer.grpcPort, headers[family], signal) };
  }
  for (const tier of now.plan.carriers) if (tier !== current) yield beside(tier, now, ports);
  for (const reason of reasonsOf(now, ports.nowMs())) {
    if (reason.tier !== null && reason.tier !== current) yield { ...base, tier: tierNumber(reason.tier), current: false, endpoint: '', reason: toWire(reason) };
  }
}

/** A tier that is not in use: the way to its relay can be measured, the way behind it not. */
function beside(tier: PathTier, state: State, { servers }: PingPorts): PingPeerResponse {
  const nearest = tier === 'turn' ? servers.find((one) => one.roundTripMs !== null) : undefined;
  const code: PathReasonCode = state.found[tier]?.code ?? (tier === 'turn' && servers.length === 0 ? 'no-relay' : 'waiting');
  return { tier: tierNumber(tier), current: false, endpoint: nearest?.server.nodeId ?? '', latencyMs: nearest?.roundTripMs ?? -1, reason: nearest ? undefined : toWire({ code, tier, detail: {} }), mtu: 0 };
}

/** The largest inner packet that comes back, by halving; 0 when not even the smallest does. */
async function largest({ echo, mtu }: PingPorts, address: string, port: number, header: number, signal: AbortSignal): Promise<number> {
  const passes = async (bytes: number): Promise<boolean> => {
    // Once more: one that is lost on the way is not too large.
    for (let i = 0; i < 2; i++) if ((await echo.ping(address, port, { bytes: bytes - header, timeoutMs: 700 }, signal)) !== null) return true;
    return false;
  };
  const top = Math.max(mtuMin, Math.min(mtu, 9_000));
  if (await passes(top)) return top;
  if (!(await passes(mtuMin))) return 0;
  let [good, bad] = [mtuMin, top];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
