import type { WarningCode } from './state.ts';
import { shared as english } from './words/en/index.ts';

/** What is said of problems in English, as the command line says it. */
export const { titles: problemTitles, fixes: fixLabels, severities: severityWords, notices: noticeWords, backAgain, allProblems, fixDone } = english.health;

/** The head of a notification. */
export function noticeTitle(code: WarningCode): string {
  return english.health.noticeTitle(problemTitles[code]);
}
