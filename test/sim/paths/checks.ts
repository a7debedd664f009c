import { PathPhase, type PathView } from '../../../src/gen/webmesh/local/v1/local.ts';
import { type PathTier } from '../../../src/base/path-reasons.ts';
import { tierName } from '../../../src/node/paths/facts.ts';
import { hostOf } from './nat.ts';
import { portsWork } from './theory.ts';
import { type SimNode, type World } from './world.ts';

/** Counts of a run, added up over seeds. */
export interface Figures {
  pairs: number;
  ports: number;
  relayed: number;
  troubles: number;
  /** Pairs that were up again after the trouble ended, and those of them that took no longer than five seconds. */
  healed: number;
  healedIn5s: number;
  /** Pairs of worlds in which nothing ever goes wrong, and those of them that were up within three seconds of the start of the first machine. */
  calm: number;
  calmIn3s: number;
}

export const noFigures = (): Figures => ({ pairs: 0, ports: 0, relayed: 0, troubles: 0, healed: 0, healedIn5s: 0, calm: 0, calmIn3s: 0 });

export interface Pair {
  readonly a: SimNode;
  readonly b: SimNode;
}

export function pairsOf(world: World): Pair[] {
  return world.nodes.flatMap((a, i) => world.nodes.slice(i + 1).map((b) => ({ a, b })));
}

export function viewOf(node: SimNode, of: SimNode): PathView | undefined {
  return node.paths.view.get().paths.find((one) => one.id === of.id);
}

/** Why this pair is not yet as good as theory has it; null: it is. */
export function shortfall(world: World, { a, b }: Pair): string | null {
  const best = portsWork(a, b) ? ['direct', 'punch'] : relaysOf(world, a, b);
  for (const [node, other] of [[a, b], [b, a]] as const) {
    const view = viewOf(node, other);
    if (view?.phase !== PathPhase.PATH_PHASE_UP) return `${node.id} to ${other.id}: phase ${view?.phase ?? 'none'}, ${describe(node, other)}`;
    const tier = tierName(view.tier) ?? 'none';
    if (!best.includes(tier)) return `${node.id} to ${other.id}: ${tier} where theory has ${best.join(' or ')}, ${describe(node, other)}`;
  }
  return null;
}

function relaysOf(world: World, a: SimNode, b: SimNode): string[] {
  const turn = world.plan.turn && [a, b].every((one) => one.kind() !== 'blocked' && one.station.ipv4 !== null);
  return turn ? ['turn'] : ['stream'];
}

export function describe(a: SimNode, b: SimNode): string {
  const of = (one: SimNode): string => `${one.id} ${one.kind()} v4 ${one.station.ipv4 ?? '-'} v6 ${one.station.ipv6 ?? '-'}`;
  return `${of(a)}; ${of(b)}${a.station.router === b.station.router ? '; one router' : ''}`;
}

/** What is said must be so: reasons of theory name kinds that are really there. */
export function lies({ a, b }: Pair): string[] {
  return [[a, b], [b, a]].flatMap(([node, other]) => {
    if (!node || !other) return [];
    const view = viewOf(node, other);
    return (view?.reasons ?? []).flatMap(({ code, tier }) => (untrue(code, tierName(tier), node, other) ? [`${node.id} says ${code} of ${other.id} and tier ${tierName(tier) ?? '-'}, ${describe(node, other)}`] : []));
  });
}

/** Codes of what happened (no answer, lost, refused, failed) tell of the last try and cannot be judged later. */
function untrue(code: string, tier: PathTier | null, node: SimNode, other: SimNode): boolean {
  switch (code) {
    case 'both-nats-hard': return node.kind() !== 'hard' || other.kind() !== 'hard';
    case 'hard-nat-here': return node.kind() !== 'hard';
    case 'hard-nat-there': return other.kind() !== 'hard';
    case 'udp-blocked-here': return node.kind() !== 'blocked';
    case 'udp-blocked-there': return other.kind() !== 'blocked';
    // Relays have IPv4 alone.
    case 'no-common-family': return tier === 'turn' ? Boolean(node.station.ipv4 && other.station.ipv4) : Boolean((node.station.ipv4 && other.station.ipv4) || (node.station.ipv6 && other.station.ipv6));
    // All of them know all calls, and in peace every host relays.
    case 'peer-cannot': case 'no-relay': case 'relay-full': return true;
    case 'no-hairpin': return node.station.router !== other.station.router;
    case 'not-observed': return isObserved(node) && isObserved(other);
    case 'offline': return node.station.up && other.station.up;
    default: return false;
  }
}

/** A host's tunnel hears it in IPv4, so it was told its port. */
function isObserved(node: SimNode): boolean {
  return node.world.hosts().some((host) => {
    const endpoint = host.wireguard.peers.get(node.key)?.endpoint ?? '';
    return hostOf(endpoint) === node.publicIp() && host.station.router !== node.station.router;
  });
}

/** Why it is relayed must be among the reasons. */
export function silence({ a, b }: Pair): string[] {
  if (portsWork(a, b)) return [];
  return [[a, b], [b, a]].flatMap(([node, other]) => {
    if (!node || !other) return [];
    const codes = (viewOf(node, other)?.reasons ?? []).map(({ code }) => code);
    const expected = expectedCodes(node, other);
    return codes.some((code) => expected.includes(code)) ? [] : [`${node.id} does not say why ${other.id} is relayed (${codes.join(', ')} and none of ${expected.join(', ')}), ${describe(node, other)}`];
  });
}

function expectedCodes(node: SimNode, other: SimNode): string[] {
  const kinds = [node.kind(), other.kind()];
  if (kinds[0] === 'blocked') return ['udp-blocked-here'];
  if (kinds[1] === 'blocked') return ['udp-blocked-there'];
  if (!(node.station.ipv4 && other.station.ipv4)) return ['no-common-family'];
  if (kinds[0] === 'hard' && kinds[1] === 'hard') return ['both-nats-hard'];
  return kinds[0] === 'hard' ? ['hard-nat-here', 'both-nats-hard'] : ['hard-nat-there', 'both-nats-hard'];
}

