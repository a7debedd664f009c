import type { Page } from '@playwright/test';
import axe from 'axe-core';

/** axe on an open page: what WCAG 2.0, 2.1 and 2.2 at levels A and AA and axe's best practices find wrong, and what it could not decide. */
export interface Verdict {
  /** `rule: element: why`, one a fault. */
  readonly violations: readonly string[];
  /** The same of what axe leaves to a person, without contrast: own-checks.ts decides that for all text. */
  readonly undecided: readonly string[];
}

const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/** `only` names rules; left out: all of them. The page may be judged again after it changed. */
export async function judge(page: Page, only?: readonly string[]): Promise<Verdict> {
  // By the debugger, not by a script element: the page's content policy stays as it is.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async ([rules, tags]) => {
    const run = (Reflect.get(window, 'axe') as { run: typeof axe.run }).run;
    const { violations, incomplete } = await run(document, {
      resultTypes: ['violations', 'incomplete'], preload: false,
      runOnly: rules === null ? { type: 'tag', values: [...tags] } : { type: 'rule', values: [...rules] },
      ...(rules === null ? { rules: { 'target-size': { enabled: true } } } : {}),
    });
    const told = (results: typeof violations): string[] =>
      results.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) => `${id}: ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`));
    return { violations: told(violations), undecided: told(incomplete.filter(({ id }) => id !== 'color-contrast')) };
  }, [only ?? null, levels] as const);
}
