import type { Page } from '@playwright/test';
import { startMs } from '../state-steps.ts';
import { openState, states } from '../states.ts';
import { expect, test } from './fixture.ts';
import { judge } from './judge.ts';
import { ownProblems } from './own-checks.ts';
import { saysOf } from './says.ts';

/**
 * Every screen and state that there is (../states.ts), judged by axe and by our own checks: wide and narrow, light and dark, unfolded, at 400 % zoom,
 * with text twice as large, and without motion. One load a state; window and theme change in place.
 */
test.use({ viewport: { width: 1280, height: 820 }, colorScheme: 'light', contextOptions: { reducedMotion: 'reduce' }, timezoneId: 'UTC' });

type Look = (page: Page) => Promise<readonly string[]>;

const looks: Readonly<Record<string, Look>> = {
  'wide, light': whole,
  'nothing moves': (page) => page.evaluate(() => document.getAnimations().map((each) => `moves: ${each instanceof CSSAnimation ? each.animationName : each instanceof CSSTransition ? each.transitionProperty : each.id}`)),
  'nothing is read aloud while nothing happens': async (page) => {
    await page.evaluate(listen);
    for (const ms of [1_000, 1_000, 60_000]) await page.clock.fastForward(ms);
    return page.evaluate(() => Reflect.get(window, 'heard') as string[]);
  },
  'wide, dark': async (page) => (await page.emulateMedia({ colorScheme: 'dark' }), contrast(page)),
  'forced colours': async (page) => {
    await page.emulateMedia({ forcedColors: 'active' });
    const found = (await page.evaluate(ownProblems)).filter((each) => each.startsWith('contrast'));
    await page.emulateMedia({ forcedColors: 'none' });
    return found;
  },
  'text twice as large': async (page) => {
    await page.evaluate(() => void (document.documentElement.style.fontSize = '200%'));
    const found = (await page.evaluate(ownProblems)).filter((each) => each.startsWith('wider'));
    await page.evaluate(() => void (document.documentElement.style.fontSize = ''));
    return found;
  },
  'narrow, dark, unfolded': async (page) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.evaluate(() => document.querySelectorAll('details').forEach((each) => void (each.open = true)));
    return whole(page);
  },
  // 1280 × 1024 at 400 % (WCAG 1.4.10).
  'zoomed to 400 %': async (page) => {
    await page.setViewportSize({ width: 320, height: 256 });
    return (await page.evaluate(ownProblems)).filter((each) => each.startsWith('wider'));
  },
};

/** What axe leaves to a person, and what was seen when a person looked. */
const looked: Readonly<Record<string, string>> = {
  'scrollable-region-focusable: .body': 'the grid around it has the focus, and the arrow keys scroll it: peers.spec.ts',
  'label-content-name-mismatch: .other': 'the letter of a network is the first of its name, which the label says in full',
};

for (const state of states) {
  test(`${state.name}: it says what it must, and axe and our own checks find nothing wrong`, async ({ page }) => {
    await page.clock.install({ time: startMs });
    const stage = await openState(page, state);
    try {
      const found: Record<string, readonly string[]> = {};
      const unsaid = await missing(page, state.name);
      if (unsaid.length > 0) found['what it must say'] = unsaid;
      for (const [name, look] of Object.entries(looks)) {
        const faults = await look(page);
        if (faults.length > 0) found[name] = faults;
      }
      expect(found).toEqual({});
    } finally {
      await stage.close();
    }
  });
}

/** Runs in the page: keeps what a screen reader would be told from now on. */
function listen(): void {
  const heard: string[] = [];
  Reflect.set(window, 'heard', heard);
  const live = '[role=status], [role=alert], [aria-live]';
  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      const region = (target instanceof Element ? target : target.parentElement)?.closest(live);
      const said = type === 'characterData' ? target.textContent : [...addedNodes].map(({ textContent }) => textContent).join(' ');
      if (region !== null && region !== undefined && region.getAttribute('aria-live') !== 'off' && said?.trim()) heard.push(`read aloud: ${said.trim()}`);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

async function missing(page: Page, name: string): Promise<readonly string[]> {
  const says = saysOf[name];
  if (says === undefined) return ['a state that is not in says.ts'];
  const text = await page.evaluate(() => [...document.querySelectorAll('body, dialog[open]')].map((each) => (each as HTMLElement).innerText).join('\n') + [...document.querySelectorAll('option:checked')].map(({ textContent }) => textContent).join('\n'));
  const unsaid = says.words.filter((words) => !text.replace(/\s+/g, ' ').includes(words));
  const usable = says.control === null || (await page.getByRole('button', { name: says.control, exact: true }).or(page.getByRole('link', { name: says.control, exact: true })).filter({ visible: true }).first().isEnabled({ timeout: 500 }).catch(() => false));
  return [...unsaid, ...(usable ? [] : [`no usable control: ${says.control}`])];
}

async function whole(page: Page): Promise<readonly string[]> {
  const { violations, undecided } = await judge(page);
  return [...violations, ...undecided.filter((each) => !Object.keys(looked).some((start) => each.startsWith(`${start}: `))).map((each) => `undecided ${each}`), ...(await page.evaluate(ownProblems))];
}

async function contrast(page: Page): Promise<readonly string[]> {
  return [...(await judge(page, ['color-contrast'])).violations, ...(await page.evaluate(ownProblems)).filter((each) => each.startsWith('contrast'))];
}

test('faults that are planted are found', async ({ open }) => {
  const { page } = await open({ scene: 'connected' });
  expect(await whole(page)).toEqual([]);
  await page.evaluate(() => {
    const main = document.querySelector('main') as HTMLElement;
    const add = (name: string, more: (el: HTMLElement) => void): void => {
      const el = document.createElement(name);
      more(el);
      if (name === 'h4') main.append(el);
      else main.prepend(el);
    };
    add('img', (el) => el.setAttribute('src', 'icon.svg'));
    add('button', (el) => el.setAttribute('aria-labelledby', 'nowhere'));
    add('p', (el) => { el.style.color = '#999'; el.style.background = '#fff'; el.textContent = 'pale'; });
    add('h4', (el) => void (el.textContent = 'a level left out'));
    add('div', (el) => { el.style.width = '2000px'; el.textContent = 'wide'; });
    add('div', (el) => { el.setAttribute('role', 'checkbox'); el.textContent = 'half a control'; });
    add('ul', (el) => el.append(document.createElement('p')));
    for (const name of ['a', 'b']) add('button', (el) => { el.style.cssText = 'display: block; width: 12px; height: 12px; padding: 0; font-size: 6px'; el.textContent = name; });
  });
  const rules = new Set((await whole(page)).map((each) => each.replace(/:.*/s, '').replace(/ [\d.]+$/, '')));
  expect([...rules].sort()).toEqual(expect.arrayContaining(['aria-labelledby to nothing', 'aria-required-attr', 'button-name', 'color-contrast', 'contrast', 'heading-order', 'image-alt', 'list', 'no name', 'small', 'target-size', 'wider than its window']));
  await page.evaluate(() => document.body.animate([{ opacity: 1 }, { opacity: 1 }], 60_000).play());
  expect(await (looks['nothing moves'] as Look)(page)).toHaveLength(1);
  await page.evaluate(listen);
  await page.evaluate(() => document.querySelector('.state')?.append('changed'));
  expect(await page.evaluate(() => Reflect.get(window, 'heard') as string[])).toEqual(['read aloud: changed']);
});
