import { isWorse } from '../../contract/health.ts';
import type { Warning } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';

/** By severity; among equals those that touch connectivity come first, as the topic has them. */
export function worstFirst(warnings: readonly Warning[]): readonly Warning[] {
  return [...warnings].sort((a, b) => (isWorse(a.severity, b.severity) ? -1 : isWorse(b.severity, a.severity) ? 1 : 0));
}

/** Worth a number beside the name of the screen. */
export function problemCount(warnings: readonly Warning[]): number {
  return warnings.filter(({ severity }) => severity !== 'info').length;
}

export function healthLine(warnings: readonly Warning[]): string {
  const problems = problemCount(warnings);
  const hints = warnings.length - problems;
  if (warnings.length === 0) return t.health.nothing;
  if (problems === 0) return t.health.onlyHints(hints);
  return hints === 0 ? t.health.onlyProblems(problems) : t.health.both(problems, hints);
}
