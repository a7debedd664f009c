import type { FailureData } from '../base/failure.ts';
import type { Words } from './detail.ts';
import { plainText } from './plain-text.ts';
import { pathIn, sentenceIn, warningIn, whyIn } from './say.ts';
import type { PathReasonView, PeerPath, Warning } from './state.ts';
import { shared as english } from './words/en/index.ts';
import type { PathWords } from './words/type.ts';

export { plainText };
export type { PathWords, Words };

/** What is said of failures, problems and paths in English: the command line is read by scripts too, and speaks one language. */

/** The two sentences of a failure. */
export function sentence(failure: Pick<FailureData, 'code' | 'detail'>): Words {
  return sentenceIn(english, failure);
}

/** The two sentences of a warning. */
export function warningSentence(warning: Pick<Warning, 'code' | 'detail'>): Words {
  return warningIn(english, warning);
}

/** How a peer is reached. */
export function pathWords(path: PeerPath): PathWords {
  return pathIn(english, path);
}

/** Why a path is not better, and what would fix it. */
export function whyWords(reason: PathReasonView): Words {
  return whyIn(english, reason);
}

export const { nat: natWords, tiers: tierWords } = english.paths;
