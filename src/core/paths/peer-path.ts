import { contains, isPrivate, networkOf, parseIp, type Prefix, splitHostPort } from '../../base/ip.ts';
import type { NatView, PathReasonView, PeerPath } from '../../contract/state.ts';
import type { PathView } from '../../gen/webmesh/local/v1/local.ts';
import { pathPhase, reasonsFrom, tierFrom } from './view.ts';

export interface PathFacts {
  readonly nat: NatView | null;
  /** Networks of this machine's interfaces. */
  readonly subnets: readonly Prefix[];
}

/** What is known of one peer beside the finder's word. */
export interface SeenPeer {
  /** Where the tunnel sends its packets; empty: nowhere yet. */
  readonly endpoint: string;
  readonly advertised: readonly string[];
  /** Since its last handshake; null when there was none. */
  readonly handshakeAgeMs: number | null;
}

/** A tunnel that shook hands so lately works, whatever is still being looked for. */
const freshMs = 10_000;

/** The finder's word as shells know it; null where it has none, and WireGuard's handshakes must tell. Pure. */
export function pathFrom(view: PathView | undefined, seen: SeenPeer, facts: PathFacts): PeerPath | null {
  switch (view?.phase) {
    case pathPhase.up: return upPath(view, seen, facts);
    case pathPhase.probing: return (seen.handshakeAgeMs ?? freshMs) < freshMs ? null : { kind: 'waiting', reason: 'looking' };
    case pathPhase.down: return seen.handshakeAgeMs !== null ? { kind: 'silent', reason: 'no-handshake-lately' } : { kind: 'waiting', reason: 'no-path' };
    case pathPhase.offline: return { kind: 'waiting', reason: 'no-path' };
    default: return null;
  }
}

function upPath(view: PathView, seen: SeenPeer, facts: PathFacts): PeerPath | null {
  switch (tierFrom(view.tier)) {
    case 'direct': return directPath(seen, facts);
    case 'punch': return { kind: 'direct', how: 'punched' };
    case 'ice': return { kind: 'ice', how: 'raw' };
    case 'channel': return { kind: 'ice', how: 'channel' };
    case 'turn': return { kind: 'relay', how: 'turn', node: view.via };
    case 'stream': return { kind: 'relay', how: 'stream', node: view.via };
    default: return null;
  }
}

/** Near, at the public address that it advertises, or through the port that our own router opens. Left open where it is none of these. */
function directPath({ endpoint, advertised }: SeenPeer, { nat, subnets }: PathFacts): PeerPath {
  const ip = parseIp(splitHostPort(endpoint)?.host ?? '');
  if (ip && subnets.some((subnet) => contains(subnet, ip))) return { kind: 'direct', how: 'lan' };
  if (ip && advertised.includes(endpoint) && !isPrivate({ ip, bits: ip.family === 4 ? 32 : 128 })) return { kind: 'direct', how: 'public' };
  return nat?.portMapping ? { kind: 'direct', how: 'mapped' } : { kind: 'direct' };
}

/** Why the path is not better, the most telling first. */
export function whyFrom(view: PathView | undefined): readonly PathReasonView[] {
  return view ? reasonsFrom(view.reasons) : [];
}

/** What WireGuard's port on loopback hides: where a carrier's packets really come from. */
export function shownEndpoint(endpoint: string, view: PathView | undefined): string {
  return view && view.remote !== '' && /^(127\.|\[::1\])/.test(endpoint) ? view.remote : endpoint;
}

/** Milliseconds through the tunnel, as the finder's echoes measured; null while it has none. */
export function latencyFrom(view: PathView | undefined): number | null {
  return view && view.phase === pathPhase.up && Number.isFinite(view.latencyMs) && view.latencyMs >= 0 ? Math.round(view.latencyMs * 100) / 100 : null;
}

export function subnetsOf(own: readonly { readonly address: string; readonly bits: number; readonly loopback: boolean }[]): readonly Prefix[] {
  return own.flatMap(({ address, bits, loopback }) => {
    const ip = loopback ? undefined : parseIp(address);
    return ip ? [networkOf({ ip, bits })] : [];
  });
}
