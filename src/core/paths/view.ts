import { failureCodes, failure, toData } from '../../base/failure.ts';
import { pathReasonCodes, pathTiers, type PathTier } from '../../base/path-reasons.ts';
import type { NatView, NetcheckView, PathReasonView } from '../../contract/state.ts';
import type { FailureData } from '../../base/failure.ts';
import type { ForwardView as WireForward, NetcheckResponse, PathReason } from '../../gen/webmesh/local/v1/local.ts';
import type { NatReport } from '../../gen/webmesh/paths/v1/paths_messages.ts';

/** Bounds of what the node process, which speaks to strangers, may have the core pass on. */
const reasonsMax = 16;
const detailsMax = 8;
const textMax = 200;
const listMax = 16;

/** Numbers of PathPhase, whose generated enum lives beside the gRPC client, which the core does not load. */
export const pathPhase = { idle: 1, probing: 2, up: 3, down: 4, offline: 5 } as const;

/** The tier by its number on the wire; null for none, and for one that this version does not know. */
export function tierFrom(tier: number): PathTier | null {
  return pathTiers[tier - 1] ?? null;
}

/** Reasons in words of the contract. Those with a code of a later version are left out. */
export function reasonsFrom(reasons: readonly PathReason[]): readonly PathReasonView[] {
  return reasons.slice(0, reasonsMax).flatMap((reason) => reasonFrom(reason) ?? []);
}

export function reasonFrom(reason: PathReason | undefined): PathReasonView | null {
  const code = pathReasonCodes.find((known) => known === reason?.code);
  if (!reason || code === undefined) return null;
  const detail = Object.entries(reason.detail).slice(0, detailsMax).map(([name, value]) => [name.slice(0, textMax), value.slice(0, textMax)]);
  return { code, tier: tierFrom(reason.tier), detail: Object.fromEntries(detail) };
}

const mappings: Readonly<Record<number, NatView['mapping']>> = { 1: 'open', 2: 'easy', 3: 'hard', 4: 'blocked' };
const mappers = ['pcp', 'nat-pmp', 'upnp'] as const;

export function natFrom(nat: NatReport | undefined): NatView | null {
  if (!nat) return null;
  return {
    mapping: mappings[nat.mapping] ?? 'unknown',
    publicIpv4: text(nat.publicIpv4) || null,
    publicIpv6: text(nat.publicIpv6) || null,
    tunnelEndpoints: nat.tunnelEndpoints.slice(0, listMax).map(text),
    portMapping: mappers.find((by) => by === nat.portMapping) ?? null,
  };
}

const serverKinds = ['stun', 'turn-udp', 'turn-tcp', 'grpc'] as const;

export function netcheckFrom(check: NetcheckResponse): NetcheckView {
  const { ipv4, ipv6, udp, hairpin } = check;
  return {
    nat: natFrom(check.nat) ?? { mapping: 'unknown', publicIpv4: null, publicIpv6: null, tunnelEndpoints: [], portMapping: null },
    ipv4, ipv6, udp, hairpin,
    servers: check.servers.slice(0, 64).flatMap(({ nodeId, kind, address, latencyMs, problem }) => {
      const known = serverKinds.find((name) => name === kind);
      return known === undefined ? [] : [{ node: text(nodeId), kind: known, address: text(address), latencyMs: latencyMs < 0 ? null : latencyMs, problem: text(problem) || null }];
    }),
    portMapping: { pcp: text(check.portMapping['pcp']), 'nat-pmp': text(check.portMapping['nat-pmp']), upnp: text(check.portMapping['upnp']) },
    findings: reasonsFrom(check.findings),
  };
}

/** What the node process says is wrong with a forward, as plain data of a failure; null when nothing is. */
export function problemOf({ problemCode, problem }: Pick<WireForward, 'problemCode' | 'problem'>): FailureData | null {
  if (problemCode === '' && problem === '') return null;
  const code = failureCodes.find((known) => known === problemCode) ?? 'internal.unexpected';
  return toData(failure(code, { problem: text(problem) }));
}

function text(value: string | undefined): string {
  return (value ?? '').slice(0, textMax);
}
