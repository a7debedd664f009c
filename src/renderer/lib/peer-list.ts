import { unreachable } from '../../base/assert.ts';
import type { ClusterRole, PathReasonView, PeerPath, PeerView } from '../../contract/state.ts';
import { pathWords } from '../../contract/words.ts';

/** How a peer's path looks: a shape and a word for each, so that colour is never alone. */
export interface PathView {
  readonly word: string;
  readonly shape: 'self' | 'full' | 'pair' | 'bent' | 'ring' | 'cross' | 'half' | 'dash';
  readonly tone: 'on' | 'via' | 'wait' | 'off';
  readonly why: string;
}

export function pathView(path: PeerPath): PathView {
  const { word, what } = pathWords(path);
  return { word, why: what, ...looks(path) };
}

function looks(path: PeerPath): Pick<PathView, 'shape' | 'tone'> {
  switch (path.kind) {
    case 'self': return { shape: 'self', tone: 'on' };
    case 'direct': return { shape: 'full', tone: 'on' };
    case 'ice': return { shape: 'pair', tone: 'on' };
    case 'relay': return { shape: 'bent', tone: 'via' };
    case 'waiting': return { shape: path.reason === 'no-path' || path.reason === 'both-behind-nat' ? 'cross' : 'ring', tone: 'wait' };
    case 'silent': return { shape: 'half', tone: 'wait' };
    case 'down': return { shape: 'dash', tone: 'off' };
    default: return unreachable(path);
  }
}

/** The question that a peer's path raises, or null where there is nothing to ask. */
export function whyQuestion({ path, why }: Pick<PeerView, 'path' | 'why'>): string | null {
  if (reasonsOf(why).length === 0) return null;
  switch (path.kind) {
    case 'relay': return 'Why relayed?';
    case 'ice': return 'Why not direct?';
    case 'waiting': return path.reason === 'looking' || path.reason === 'no-handshake-yet' ? 'What was tried?' : 'Why no path?';
    case 'silent': return 'What happened?';
    default: return null;
  }
}

/** The reasons that tell something; that nothing is better is no reason. */
export function reasonsOf(why: readonly PathReasonView[]): readonly PathReasonView[] {
  return why.filter((reason) => reason.code !== 'best');
}

/** Ways that carry packets now. */
export function isReached({ path }: Pick<PeerView, 'path'>): boolean {
  return path.kind === 'direct' || path.kind === 'ice' || path.kind === 'relay';
}

export const roleWords: Readonly<Record<ClusterRole, { readonly word: string; readonly why: string }>> = {
  leader: { word: 'Leader', why: 'Takes changes to the network and passes them to everyone.' },
  voter: { word: 'Voter', why: 'Votes on changes and can take over as leader.' },
  observer: { word: 'Member', why: 'Keeps a full copy of the network, does not vote.' },
  unknown: { word: 'Unknown', why: 'The network does not say which role this device has.' },
};

export type SortKey = 'name' | 'path' | 'role' | 'handshake' | 'traffic' | 'latency';
export interface Sort {
  readonly key: SortKey;
  readonly down: boolean;
}

/**
 * Orders lists of thousands many times a second. Comparing names the way people do is slow, so each name's place is worked out once
 * and kept until a name appears that has none.
 */
export function createPeerOrder(): (list: readonly PeerView[], query: string, sort: Sort) => readonly PeerView[] {
  const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  let places = new Map<string, number>();
  return (list, query, sort) => {
    if (list.some((peer) => !places.has(peer.id)) || places.size > 2 * list.length + 64) {
      const names = [...new Set(list.map((peer) => peer.id))].sort(collator.compare);
      places = new Map(names.map((name, place) => [name, place]));
    }
    const place = (peer: PeerView): number => (peer.self ? -1 : (places.get(peer.id) ?? 0));
    const found = (query.trim() === '' ? [...list] : list.filter(matches(query))).filter(firstOfItsName());
    const turn = sort.down ? -1 : 1;
    const value = valueOf[sort.key];
    return found.sort((a, b) => turn * (value(a) - value(b)) || (sort.key === 'name' ? turn : 1) * (place(a) - place(b)));
  };
}

/** Rows are told apart by name. A mesh has each name once; a list from elsewhere that breaks this must not break the page. */
function firstOfItsName(): (peer: PeerView) => boolean {
  const seen = new Set<string>();
  return ({ id }) => seen.size < seen.add(id).size;
}

/** Numbers to compare by; unknown ones go last when rising. */
const valueOf: Readonly<Record<SortKey, (peer: PeerView) => number>> = {
  name: () => 0,
  path: (peer) => ['self', 'direct', 'ice', 'relay', 'waiting', 'silent', 'down'].indexOf(peer.path.kind),
  role: (peer) => ['leader', 'voter', 'observer', 'unknown'].indexOf(peer.role),
  handshake: (peer) => -(peer.lastHandshakeMs ?? -1),
  traffic: (peer) => peer.receiveBytes + peer.transmitBytes,
  latency: (peer) => peer.latencyMs ?? Number.MAX_SAFE_INTEGER,
};

/** Every word of the query must stand in the name, an address, the endpoint or the key. Keys keep their case. */
export function matches(query: string): (peer: PeerView) => boolean {
  const words = query.trim().split(/\s+/);
  const lower = words.map((word) => word.toLowerCase());
  return (peer) => {
    const hay = `${peer.id} ${peer.ipv4 ?? ''} ${peer.ipv6 ?? ''} ${peer.endpoint ?? ''}`.toLowerCase();
    return words.every((word, i) => hay.includes(lower[i] ?? '') || peer.publicKey.includes(word));
  };
}
