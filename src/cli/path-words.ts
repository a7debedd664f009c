import { type PathReasonView, type PeerView } from '../contract/state.ts';
import { pathWords, whyWords } from '../contract/words.ts';
import { plain } from './format.ts';

/** A path that could hardly be better needs no reason. */
function isAsGoodAsItGets({ path, why }: PeerView): boolean {
  return path.kind === 'self' || path.kind === 'direct' || path.kind === 'down' || why.every(({ code }) => code === 'best');
}

/** The reason that tells most: what fails, before how long the next try takes. */
export function tellingReason(why: readonly PathReasonView[]): PathReasonView | undefined {
  return why.find(({ code }) => code !== 'waiting' && code !== 'best') ?? why.find(({ code }) => code === 'waiting');
}

/** `study  Relayed by attic. Why: … What would help: …`, or nothing where the path is fine. */
export function whyLine(peer: PeerView): string {
  const reason = tellingReason(peer.why);
  if (reason === undefined || isAsGoodAsItGets(peer)) return '';
  const { what, next } = whyWords(reason);
  return `${plain(peer.id)}: ${plain(pathWords(peer.path).word)}. ${plain(what)} ${plain(next)}\n`;
}
