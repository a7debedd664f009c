import type { PeerView } from '../../contract/state.ts';
import { type Reach, reachOf } from './peer-list.ts';

/**
 * A picture of how this device reaches the others: itself in the middle, whom it reaches around it, whoever is relayed behind the one who
 * relays, and outside those who are not reached. It shows this device's own paths; no other member tells of its own. Places follow
 * from names alone, so the same mesh gives the same picture.
 */
export interface Topology {
  readonly nodes: readonly MapNode[];
  readonly links: readonly MapLink[];
}

export interface MapNode {
  readonly id: string;
  readonly kind: 'self' | 'near' | 'relay' | 'behind' | 'away' | 'more';
  /** From -1 to 1, the middle is 0; x to the right, y down. */
  readonly x: number;
  readonly y: number;
  /** Null for the devices that are counted only, and for a relay that is not in the list. */
  readonly peer: PeerView | null;
  /** How many devices stand behind this mark: 1, or more for those that are counted only. */
  readonly count: number;
}

export interface MapLink {
  readonly from: MapNode;
  readonly to: MapNode;
  readonly kind: 'direct' | 'relayed';
}

/** More marks than these are no picture any more; the rest is counted. */
export const drawnMax = 240;
const nearRings = [0.36, 0.5, 0.64] as const;
const nearPerRing = 36;
const [behindRing, awayRing] = [0.8, 0.97];

interface Sector {
  readonly id: string;
  readonly peer: PeerView | null;
  readonly behind: readonly PeerView[];
}

/** Lays out the given peers, in their order; favourites and relays are drawn before others where not all can be. */
export function topologyOf(peers: readonly PeerView[], self: PeerView | undefined, most = drawnMax): Topology {
  const others = peers.filter((peer) => !peer.self);
  const relays = new Set(others.flatMap(({ path }) => (path.kind === 'relay' ? [path.node] : [])));
  const chosen = choose(others, relays, most);
  const drawn = new Set(chosen.map(({ id }) => id));
  const hidden = others.filter(({ id }) => !drawn.has(id));
  const middle: MapNode = { id: self?.id ?? '', kind: 'self', x: 0, y: 0, peer: self ?? null, count: 1 };
  const sectors = sectorsOf(chosen, relays);
  const near = placeSectors(sectors, middle);
  const away = ring(chosen.filter((peer) => reachOf(peer) === 'none' && !relays.has(peer.id)), 'away', awayRing);
  return { nodes: [middle, ...near.nodes, ...away, ...countsOf(hidden)], links: near.links };
}

function choose(others: readonly PeerView[], relays: ReadonlySet<string>, most: number): readonly PeerView[] {
  if (others.length <= most) return others;
  const first = others.filter((peer) => relays.has(peer.id) || peer.favourite);
  const ids = new Set(first.map(({ id }) => id));
  // Each way of being reached keeps its share, so that a few that are relayed are seen among thousands that are not.
  const rest = (['relayed', 'none', 'direct'] as const).map((reach) => others.filter((peer) => !ids.has(peer.id) && reachOf(peer) === reach));
  const taken: PeerView[] = first.slice(0, most);
  for (const [turn, list] of rest.entries()) taken.push(...list.slice(0, Math.floor((most - taken.length) / (rest.length - turn))));
  return taken;
}

/** Everyone who is reached directly, with those who are behind them; relays that are not in the list stand there by name only. */
function sectorsOf(chosen: readonly PeerView[], relays: ReadonlySet<string>): readonly Sector[] {
  const behind = new Map<string, PeerView[]>();
  for (const peer of chosen) {
    if (peer.path.kind !== 'relay') continue;
    const list = behind.get(peer.path.node);
    if (list === undefined) behind.set(peer.path.node, [peer]);
    else list.push(peer);
  }
  const known = chosen.filter((peer) => peer.path.kind !== 'relay' && (reachOf(peer) === 'direct' || relays.has(peer.id)));
  const listed = new Set(known.map(({ id }) => id));
  const elsewhere = [...behind.keys()].filter((id) => !listed.has(id)).sort();
  // A relay may itself be reached through another one: then it stands twice, as the device behind and as the name that relays.
  return [...known.map((peer) => ({ id: peer.id, peer, behind: behind.get(peer.id) ?? [] })), ...elsewhere.map((id) => ({ id, peer: null, behind: behind.get(id) ?? [] }))];
}

/** Angles by weight: who relays for many gets room for them. */
function placeSectors(sectors: readonly Sector[], middle: MapNode): { readonly nodes: readonly MapNode[]; readonly links: readonly MapLink[] } {
  const total = sectors.reduce((sum, { behind }) => sum + weight(behind.length), 0);
  const crowded = Math.min(nearRings.length, Math.ceil(sectors.length / nearPerRing));
  const nodes: MapNode[] = [];
  const links: MapLink[] = [];
  let before = 0;
  for (const [index, { id, peer, behind }] of sectors.entries()) {
    const share = weight(behind.length) / total;
    const relays = behind.length > 0;
    const radius = relays ? nearRings[1] : (nearRings[crowded < 2 ? 1 : index % crowded] ?? nearRings[1]);
    const node: MapNode = { id: peer === null ? `relay ${id}` : id, kind: relays ? 'relay' : 'near', ...at((before + share / 2) * turn, radius), peer, count: 1 };
    nodes.push(node);
    links.push({ from: middle, to: node, kind: 'direct' });
    for (const [i, each] of behind.entries()) {
      const far: MapNode = { id: each.id, kind: 'behind', ...at((before + (share * (i + 0.5)) / behind.length) * turn, behindRing - (i % 2) * 0.07), peer: each, count: 1 };
      nodes.push(far);
      links.push({ from: node, to: far, kind: 'relayed' });
    }
    before += share;
  }
  return { nodes, links };
}

const turn = 2 * Math.PI;

function weight(behind: number): number {
  return Math.max(1, behind * 0.8);
}

function ring(peers: readonly PeerView[], kind: MapNode['kind'], radius: number): readonly MapNode[] {
  return peers.map((peer, i) => ({ id: peer.id, kind, ...at(((i + 0.5) / peers.length) * turn, radius), peer, count: 1 }));
}

/** What was not drawn, as one mark for each way of being reached, in the corners. */
function countsOf(hidden: readonly PeerView[]): readonly MapNode[] {
  const corners = { direct: [-0.93, -0.93], relayed: [0.93, -0.93], none: [0.93, 0.93] } as const;
  return (['direct', 'relayed', 'none'] as const).flatMap((reach) => {
    const count = hidden.filter((peer) => reachOf(peer) === reach).length;
    const [x, y] = corners[reach];
    return count === 0 ? [] : [{ id: `more ${reach}`, kind: 'more' as const, x, y, peer: null, count }];
  });
}

/** Clockwise from the top. */
function at(angle: number, radius: number): { readonly x: number; readonly y: number } {
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  return { x: round(Math.sin(angle) * radius), y: round(-Math.cos(angle) * radius) };
}

/** The next mark in a direction, for the arrow keys: the nearest one in that quarter. */
export function neighbour(nodes: readonly MapNode[], from: MapNode, key: string): MapNode | undefined {
  const way = ({ ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] } as const)[key];
  if (way === undefined) return undefined;
  const [dx, dy] = way;
  let best: { readonly node: MapNode; readonly cost: number } | undefined;
  for (const node of nodes) {
    const [x, y] = [node.x - from.x, node.y - from.y];
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy - y * dx);
    if (node.id === from.id || along <= 0 || aside > along) continue;
    const cost = along + 2 * aside;
    if (best === undefined || cost < best.cost) best = { node, cost };
  }
  return best?.node;
}

/** The picture in words: one line for each way and each relay. */
export interface Told {
  readonly reach: Reach;
  /** Who relays, where somebody does. */
  readonly relay: string | null;
  readonly names: readonly string[];
}

export function tell(peers: readonly PeerView[]): readonly Told[] {
  const others = peers.filter((peer) => !peer.self);
  const of = (want: (peer: PeerView) => boolean): readonly string[] => others.filter(want).map(({ id }) => id);
  const relays = [...new Set(others.flatMap(({ path }) => (path.kind === 'relay' ? [path.node] : [])))].sort();
  return [
    { reach: 'direct' as const, relay: null, names: of((peer) => reachOf(peer) === 'direct') },
    ...relays.map((relay) => ({ reach: 'relayed' as const, relay, names: of(({ path }) => path.kind === 'relay' && path.node === relay) })),
    { reach: 'none' as const, relay: null, names: of((peer) => reachOf(peer) === 'none') },
  ].filter(({ names }) => names.length > 0);
}
