import { unreachable } from '../../base/assert.ts';
import type { PeerView } from '../../contract/state.ts';
import { locale, spokenNow, t } from '../words/spoken.svelte.ts';
import { type FactsOf, ownerWord, roleRank, roleWord } from './peer-facts.ts';
import { reachOf } from './peer-list.ts';

/** Search, filters, order and groups of the peer list. Pure; made for ten thousand rows that change every second. */
export const sortKeys = ['name', 'path', 'address', 'role', 'owner', 'part', 'handshake', 'traffic', 'latency'] as const;
export type SortKey = (typeof sortKeys)[number];
export interface Sort {
  readonly key: SortKey;
  readonly down: boolean;
}

export const filters = ['direct', 'relayed', 'none', 'mine', 'favourites'] as const;
export type Filter = (typeof filters)[number];

export const groupings = ['none', 'owner', 'role', 'state'] as const;
export type Grouping = (typeof groupings)[number];

export interface Wish {
  readonly query: string;
  readonly filters: ReadonlySet<Filter>;
  readonly group: Grouping;
  readonly sort: Sort;
}

/** A line of the list: a peer with its place among the peers, or the head of a group. */
export type Line =
  | { readonly kind: 'peer'; readonly key: string; readonly peer: PeerView; readonly rank: number }
  | { readonly kind: 'head'; readonly key: string; readonly label: string; readonly count: number };

export interface Browsed {
  readonly peers: readonly PeerView[];
  readonly lines: readonly Line[];
}

export type Browse = (list: readonly PeerView[], facts: FactsOf, wish: Wish) => Browsed;

/**
 * Orders lists of thousands many times a second. Comparing names the way people do is slow, so each name's place is worked out once
 * and kept until a name appears that has none, or another language is spoken.
 */
export function createBrowse(): Browse {
  let spoken: ReturnType<typeof inLanguage> | undefined;
  return (list, facts, { query, filters: wanted, group, sort }) => {
    if (spoken?.language !== spokenNow()) spoken = inLanguage();
    const { collator, placeOf, hayOf } = spoken;
    const places = placeOf(list);
    const own = list.find(({ self }) => self)?.id;
    const hay = hayOf(facts, own);
    const passes = passing(wanted, facts);
    const finds = query.trim() === '' ? () => true : searching(query, hay);
    const found = list.filter(firstOfItsName()).filter((peer) => passes(peer) && finds(peer));
    const ordered = inOrder(found, sort, places, valuesOf(sort.key, facts, own, collator, list));
    if (group === 'none') return { peers: ordered, lines: ordered.map(lineOf) };
    return grouped(ordered, (peer) => groupOf(peer, group, facts, own), collator);
  };
}

function inLanguage() {
  const collator = new Intl.Collator(locale(), { numeric: true, sensitivity: 'base' });
  return { language: spokenNow(), collator, placeOf: createPlaces(collator), hayOf: createHay() };
}

function createPlaces(collator: Intl.Collator): (list: readonly PeerView[]) => ReadonlyMap<string, number> {
  let places = new Map<string, number>();
  return (list) => {
    if (list.some((peer) => !places.has(peer.id)) || places.size > 2 * list.length + 64) {
      const names = [...new Set(list.map((peer) => peer.id))].sort(collator.compare);
      places = new Map(names.map((name, place) => [name, place]));
    }
    return places;
  };
}

/** Rows are told apart by name. A mesh has each name once; a list from elsewhere that breaks this must not break the page. */
function firstOfItsName(): (peer: PeerView) => boolean {
  const seen = new Set<string>();
  return ({ id }) => seen.size < seen.add(id).size;
}

/** The ways of being reached add up; the others narrow down. */
function passing(wanted: ReadonlySet<Filter>, facts: FactsOf): (peer: PeerView) => boolean {
  const anyReach = wanted.has('direct') || wanted.has('relayed') || wanted.has('none');
  return (peer) => {
    if (wanted.has('favourites') && !peer.favourite) return false;
    if (wanted.has('mine') && !peer.self && !facts(peer.id).mine) return false;
    return !anyReach || (!peer.self && wanted.has(reachOf(peer)));
  };
}

/** How many devices each filter alone would leave. */
export function countFilters(list: readonly PeerView[], facts: FactsOf): Readonly<Record<Filter, number>> {
  const counts = { direct: 0, relayed: 0, none: 0, mine: 0, favourites: 0 };
  for (const peer of list) {
    if (!peer.self) counts[reachOf(peer)] += 1;
    if (peer.favourite) counts.favourites += 1;
    if (peer.self || facts(peer.id).mine) counts.mine += 1;
  }
  return counts;
}

/** Every word of the query must stand in what is known of a peer. Keys keep their case. */
function searching(query: string, hay: (peer: PeerView) => string): (peer: PeerView) => boolean {
  const words = query.trim().split(/\s+/);
  const lower = words.map((word) => word.toLowerCase());
  return (peer) => {
    const text = hay(peer);
    return words.every((word, i) => text.includes(lower[i] ?? '') || peer.publicKey.includes(word));
  };
}

/** A peer's text is put together once for each value of the topics, not for each key that is pressed. */
function createHay(): (facts: FactsOf, own: string | undefined) => (peer: PeerView) => string {
  let of: FactsOf | undefined;
  let texts = new WeakMap<PeerView, string>();
  return (facts, own) => {
    if (facts !== of) texts = new WeakMap();
    of = facts;
    return (peer) => {
      const known = texts.get(peer);
      if (known !== undefined) return known;
      const { id, ipv4, ipv6, endpoint } = peer;
      const { name, owner } = facts(id);
      const text = `${id} ${name} ${ipv4 ?? ''} ${ipv6 ?? ''} ${endpoint ?? ''} ${roleWord(peer, facts)} ${t.peers.parts[peer.role].word} ${owner === null ? '' : ownerWord(owner, facts, own)}`.toLowerCase();
      texts.set(peer, text);
      return text;
    };
  };
}

/** Favourites come first by name, whichever way round; this device before everyone. */
function inOrder(found: PeerView[], { key, down }: Sort, places: ReadonlyMap<string, number>, value: (peer: PeerView) => number): readonly PeerView[] {
  const turn = down ? -1 : 1;
  const byName = key === 'name';
  const rows = found.map((peer) => ({ peer, value: value(peer), place: peer.self ? -1 : (places.get(peer.id) ?? 0), star: byName && peer.favourite ? 0 : 1, own: byName && peer.self && !down ? 0 : 1 }));
  rows.sort((a, b) => a.own - b.own || a.star - b.star || turn * (a.value - b.value) || (byName ? turn : 1) * (a.place - b.place));
  return rows.map(({ peer }) => peer);
}

const pathOrder: readonly PeerView['path']['kind'][] = ['self', 'direct', 'ice', 'relay', 'waiting', 'silent', 'down'];
const partOrder: readonly PeerView['role'][] = ['leader', 'voter', 'observer', 'unknown'];

/** Numbers to compare by; unknown ones go last when rising. */
function valuesOf(key: SortKey, facts: FactsOf, own: string | undefined, collator: Intl.Collator, list: readonly PeerView[]): (peer: PeerView) => number {
  switch (key) {
    case 'name': return () => 0;
    case 'path': return (peer) => pathOrder.indexOf(peer.path.kind);
    case 'address': return (peer) => addressRank(peer.ipv4);
    case 'role': return (peer) => roleRank(peer, facts);
    case 'owner': return ownerRanks(facts, own, collator, list);
    case 'part': return (peer) => partOrder.indexOf(peer.role);
    case 'handshake': return (peer) => -(peer.lastHandshakeMs ?? -1);
    case 'traffic': return (peer) => peer.receiveBytes + peer.transmitBytes;
    case 'latency': return (peer) => peer.latencyMs ?? Number.MAX_SAFE_INTEGER;
    default: return unreachable(key);
  }
}

function addressRank(ipv4: string | null): number {
  return ipv4 === null ? Number.MAX_SAFE_INTEGER : ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function ownerRanks(facts: FactsOf, own: string | undefined, collator: Intl.Collator, list: readonly PeerView[]): (peer: PeerView) => number {
  const owners = new Set(list.map(({ id }) => facts(id).owner));
  const words = [...owners].map((owner) => ({ owner, word: ownerWord(owner, facts, own) })).sort((a, b) => Number(a.owner === null) - Number(b.owner === null) || collator.compare(a.word, b.word));
  const ranks = new Map(words.map(({ owner }, rank) => [owner, rank]));
  return ({ id }) => ranks.get(facts(id).owner) ?? words.length;
}

interface Group {
  readonly key: string;
  readonly label: string;
  /** Groups of equal rank follow their labels. */
  readonly rank: number;
}

const stateRanks = { direct: 1, relayed: 2, none: 3 } as const;

function groupOf(peer: PeerView, by: Exclude<Grouping, 'none'>, facts: FactsOf, own: string | undefined): Group {
  const { heads } = t.peers;
  switch (by) {
    case 'owner': {
      const { owner } = facts(peer.id);
      if (owner === null) return { key: 'owner', label: heads.ownerUnknown, rank: 2 };
      return owner === own ? { key: `owner ${owner}`, label: heads.addedHere, rank: 0 } : { key: `owner ${owner}`, label: heads.addedBy(ownerWord(owner, facts, own)), rank: 1 };
    }
    case 'role': {
      const { role } = facts(peer.id);
      return { key: `role ${role ?? peer.role}${role === null ? '?' : ''}`, label: (role === null ? heads.parts[peer.role] : heads.roles[role]) ?? heads.parts.unknown, rank: Math.floor(roleRank(peer, facts) / (role === null ? 1 : partOrder.length)) };
    }
    case 'state': {
      if (peer.self) return { key: 'self', label: heads.self, rank: 0 };
      const reach = peer.path.kind === 'down' ? 'none' : reachOf(peer);
      return { key: `state ${reach}`, label: heads[reach], rank: stateRanks[reach] };
    }
    default: return unreachable(by);
  }
}

/** Keeps the order inside of each group, and puts heads with counts between them. */
function grouped(ordered: readonly PeerView[], groupOfPeer: (peer: PeerView) => Group, collator: Intl.Collator): Browsed {
  const groups = new Map<string, { readonly group: Group; readonly peers: PeerView[] }>();
  for (const peer of ordered) {
    const group = groupOfPeer(peer);
    const known = groups.get(group.key);
    if (known === undefined) groups.set(group.key, { group, peers: [peer] });
    else known.peers.push(peer);
  }
  const sorted = [...groups.values()].sort((a, b) => a.group.rank - b.group.rank || collator.compare(a.group.label, b.group.label));
  const peers = sorted.flatMap((each) => each.peers);
  const lines: Line[] = [];
  let rank = 0;
  for (const { group, peers: members } of sorted) {
    lines.push({ kind: 'head', key: `head ${group.key}`, label: group.label, count: members.length });
    for (const peer of members) lines.push(lineOf(peer, rank++));
  }
  return { peers, lines };
}

function lineOf(peer: PeerView, rank: number): Line {
  return { kind: 'peer', key: `peer ${peer.id}`, peer, rank };
}
