import { problemTitleIn } from './say.ts';
import type { Warning } from './state.ts';
import { shared as english } from './words/en/index.ts';

/** What is said of problems in English, as the command line says it. */
export const { titles: problemTitles, fixes: fixLabels, severities: severityWords, notices: noticeWords, backAgain, allProblems, fixDone } = english.health;

/** With the name of its network, where several could be meant. */
export function problemTitleOf(warning: Pick<Warning, 'code' | 'network'>): string {
  return problemTitleIn(english, warning);
}
