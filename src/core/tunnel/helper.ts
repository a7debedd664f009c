import { withDeadline } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { asFailure, type Failure, failure, failureCodes } from '../../base/failure.ts';
import type { Identity } from '../../base/identity.ts';
import type { Generation, NodeIdentity, NodeSpec, NodeState, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { offeredServices, offersOf, serves } from '../paths/offers.ts';
import type { Profile } from '../profiles.ts';
import type { Lease } from '../session/state.ts';
import type { Advertised } from './endpoints.ts';

/** Numbers of TunnelPhase. The generated enum lives beside the gRPC client, which the core does not load. */
export const tunnelPhase = { none: 1, up: 2, failed: 3 } as const;

/** Milliseconds that each call to the helper may take. Starting an engine is the slowest thing it does. */
export const helperMs = { hello: 3_000, apply: 20_000, clear: 10_000, node: 15_000 } as const;

export function generation(epoch: number, revision: number): Generation {
  return { epoch: BigInt(epoch), revision: BigInt(revision) };
}

/** A call to the helper with its deadline. A helper that does not answer in time is one that cannot be reached. */
export async function askHelper<T>(clock: Clock, deadlineMs: number, what: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await withDeadline(clock, deadlineMs, what, signal, call);
  } catch (error) {
    if (asFailure(error).code === 'mesh.timeout' && !signal.aborted) throw failure('helper.unreachable', { what, deadlineMs }, error);
    throw error;
  }
}

/**
 * What the node process must run as, before the lease is known and with it. In a secured network whoever votes serves the public as a host
 * does: an invite may name it, and it proves who it is. `identity` is null in clear text and nowhere else. `namesPort`: where this machine's
 * resolver asks, when it takes no other (Windows).
 */
export function nodeSpec(profile: Profile, lease: Lease | null, { primary, others }: Advertised, identity: Identity | null, namesPort = 0): NodeSpec {
  const host = profile.kind === 'host';
  const open = serves(profile);
  const offered = offeredServices(offersOf(profile));
  return {
    tunnelId: profile.id,
    nodeId: profile.nodeId,
    meshIpv4: lease?.ipv4 ?? '',
    meshIpv6: lease?.ipv6 ?? '',
    raftPort: profile.raftPort,
    grpcPort: profile.grpcPort,
    wireguardPort: profile.wireguardPort,
    primaryEndpoint: primary,
    endpoints: [...others],
    publicAddresses: open ? ['0.0.0.0', '::'] : [],
    services: { leaderProxy: true, meshApi: true, peerDiscovery: open, metrics: true, admin: open, ...offered.services },
    paths: { ...offered.paths, localDomain: profile.suffix, localDnsPort: namesPort },
    bootstrap: host ? { networkName: profile.name, ipv4Network: profile.ipv4Network ?? '' } : undefined,
    identity: identity === null ? undefined : nodeIdentity(identity),
    insecure: profile.trust === 'clear-text',
  };
}

function nodeIdentity({ privateKey, chain, authority }: Identity): NodeIdentity {
  return {
    privateKey: Buffer.from(privateKey), chain: chain.map((der) => Buffer.from(der)),
    authorityKey: Buffer.from(authority?.privateKey ?? []), authorityChain: (authority?.chain ?? []).map((der) => Buffer.from(der)),
  };
}

/** Throws the helper's own word on why the tunnel is not up. */
export function assertUp(state: TunnelState): void {
  if (state.phase === tunnelPhase.failed) throw failure('tunnel.failed', { problem: state.problem.slice(0, 300) });
}

/** Throws why the node process is not running, in its own failure code. */
export function assertNode(state: NodeState): void {
  const problem = nodeProblem(state);
  if (!state.running && problem) throw problem;
}

/** What the node process says of itself, as a Failure; null when all is well. Its text is `code: name value, …, problem why`. */
export function nodeProblem({ problem, problemCode }: NodeState): Failure | null {
  if (problem === '') return null;
  const code = failureCodes.find((known) => known === problemCode) ?? 'node.start-failed';
  const text = problem.startsWith(code) ? problem.slice(code.length).replace(/^[:\s]+/, '') : problem;
  const port = /\bport (\d{1,5})\b/.exec(text)?.[1];
  const path = /\bpath ([^,]+)/.exec(text)?.[1];
  const why = /\b(?:problem|reason|message) (.+)$/.exec(text)?.[1] ?? (port ?? path ? '' : text);
  return failure(code, { problem: why.slice(0, 300), ...(port === undefined ? {} : { port: Number(port) }), ...(path === undefined ? {} : { path }) });
}
