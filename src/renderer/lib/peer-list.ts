import { unreachable } from '../../base/assert.ts';
import type { PathReasonView, PeerPath, PeerView } from '../../contract/state.ts';
import { pathWords } from '../words/say.ts';
import { t } from '../words/spoken.svelte.ts';

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
  const { questions } = t.paths;
  switch (path.kind) {
    case 'relay': return questions.relay;
    case 'ice': return questions.ice;
    case 'waiting': return path.reason === 'looking' || path.reason === 'no-handshake-yet' ? questions.looking : questions.none;
    case 'silent': return questions.silent;
    default: return null;
  }
}

/** The reasons that tell something; that nothing is better is no reason. */
export function reasonsOf(why: readonly PathReasonView[]): readonly PathReasonView[] {
  return why.filter((reason) => reason.code !== 'best');
}

export type Reach = 'direct' | 'relayed' | 'none';

/** Straight from device to device, through another member, or not at the moment. */
export function reachOf({ path }: Pick<PeerView, 'path'>): Reach {
  switch (path.kind) {
    case 'self': case 'direct': case 'ice': return 'direct';
    case 'relay': return 'relayed';
    case 'waiting': case 'silent': case 'down': return 'none';
    default: return unreachable(path);
  }
}

/** Ways that carry packets now. */
export function isReached({ path }: Pick<PeerView, 'path'>): boolean {
  return path.kind === 'direct' || path.kind === 'ice' || path.kind === 'relay';
}
