import type { Page } from '@playwright/test';
import { startMs, type Stage } from '../state-steps.ts';
import { openState, type State, states } from '../states.ts';
import { expect, test } from './fixture.ts';
import { judge } from './judge.ts';

/** Each screen with the keyboard alone (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11), and what people change in the system so that they see better. */
test.use({ viewport: { width: 1280, height: 820 }, contextOptions: { reducedMotion: 'reduce' }, timezoneId: 'UTC' });

const wide = [
  'first-run-more', 'first-run-damaged', 'consent', 'waiting', 'connect-off', 'connect-on', 'connect-warnings', 'connect-update', 'invite-options', 'people-open', 'people-cut-off', 'people-root', 'audit',
  'peers', 'peers-paths', 'peers-map-words', 'peers-forward-wrong', 'peers-columns', 'device-shares', 'history-day', 'health', 'settings-forget', 'settings-logs', 'settings-update-ready',
];
const narrow = ['first-run', 'connect-on', 'peers', 'peers-paths', 'peers-map', 'people', 'device-offers', 'settings'];

for (const [width, names] of [[1280, wide], [360, narrow]] as const) {
  for (const name of names) {
    test(`${name} at ${width}: Tab reaches every control in order, each is seen, and leads out again`, async ({ page }) => {
      await page.setViewportSize({ width, height: 740 });
      const stage = await opened(page, name);
      const faults: string[] = [];
      let round = 0;
      // Twice past the end, because the first round may begin in the middle; in a dialog the focus goes round without leaving.
      for (let i = 0; i < 200 && round < 2; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(lookAtFocus);
        if (at === 'out' || at === 'seen') round += at === 'out' ? 1 : 2;
        else faults.push(...at);
      }
      expect({ round: round >= 2, faults, missed: await page.evaluate(controlsMissed) }).toEqual({ round: true, faults: [], missed: [] });
      await stage.close();
    });
  }
}

/** What opens over the rest: where it is, who opens it, and what is open then. */
const overlays: readonly { readonly state: string; readonly by: string }[] = [
  { state: 'alone', by: 'Invite' }, { state: 'people', by: 'Refuse Linus' }, { state: 'people', by: 'Save it to a file…' }, { state: 'peers-forwarded', by: 'Forward a port…' },
  { state: 'settings', by: 'Forget Studio' },
];

for (const { state, by } of overlays) {
  test(`${by}: Enter opens a dialog that keeps the focus, Escape closes it, and the focus is where it was`, async ({ page }) => {
    const stage = await opened(page, state === 'alone' ? 'connect-alone' : state);
    const opener = page.getByRole('button', { name: by, exact: true }).first();
    await opener.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toBeVisible();
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press(i % 2 === 0 ? 'Tab' : 'Shift+Tab');
      // Between the last and the first control the browser itself has the focus.
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
      if (i % 2 === 1) await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(opener).toBeFocused();
    await stage.close();
  });
}

test('the choice of columns is a panel that Escape closes, and that the focus can leave', async ({ page }) => {
  const stage = await opened(page, 'peers');
  const columns = page.getByRole('button', { name: 'Columns' });
  await columns.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await expect(columns).toBeFocused();
  await expect(columns).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  for (let i = 0; i < 15; i++) await page.keyboard.press('Tab');
  await expect(columns).toHaveAttribute('aria-expanded', 'false');
  await stage.close();
});

test('at 400 % zoom the list of peers is reached, walked and opened with keys', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  const stage = await opened(page, 'peers');
  await page.getByRole('searchbox').focus();
  for (const key of ['Enter', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
  await expect(page.getByRole('grid')).toBeFocused();
  await expect(page.locator('.row.cursor')).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('#pane-title')).toBeFocused();
  await expect(page.locator('#pane-title')).toBeInViewport();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('grid')).toBeFocused();
  await stage.close();
});

test('a change of the connection is read aloud on every screen, once, and the title follows', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected', at: 'settings' });
  await expect(page).toHaveTitle('Settings · Not connected · Webmesh');
  const state = page.locator('[aria-live=polite][aria-atomic=true]').filter({ hasText: 'Not connected' });
  await expect(state).toHaveCount(1);
  server.app.show('connected');
  await expect(page.locator('.state[aria-live=polite]')).toContainText('Connected');
  await expect(page).toHaveTitle('Settings · Connected · Webmesh');
});

test('each screen has a name, one first heading, no level left out, and says its language', async ({ open }) => {
  const { page } = await open({ scene: 'host' });
  for (const [at, title] of [['connect', 'Connected · Webmesh'], ['peers', 'Peers · Connected · Webmesh'], ['people', 'People · Connected · Webmesh'], ['audit', 'People · Connected · Webmesh'], ['device', 'This device · Connected · Webmesh'], ['health', 'Health · Connected · Webmesh'], ['settings', 'Settings · Connected · Webmesh']] as const) {
    await page.evaluate((place) => void (location.hash = `#/${place}`), at);
    await expect(page).toHaveTitle(title);
    const levels = await page.locator('h1, h2, h3, h4').evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    expect(levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1)).toEqual([]);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
  }
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
});

test('in forced colours what is on, chosen or here has another ground than what is not', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  const stage = await opened(page, 'peers-filtered');
  const grounds = (selector: string): Promise<string> => page.locator(selector).first().evaluate((el) => getComputedStyle(el).backgroundColor);
  for (const [on, off] of [['nav [aria-current]', 'nav a:not([aria-current])'], ['.chip[aria-pressed=true]', '.chip[aria-pressed=false]'], ['.views [aria-pressed=true]', '.views [aria-pressed=false]']] as const) expect(await grounds(on)).not.toBe(await grounds(off));
  await page.evaluate(() => void (location.hash = '#/settings'));
  await page.getByRole('heading', { name: 'Start', exact: true }).waitFor();
  expect(await grounds('[role=switch]:checked')).not.toBe(await grounds('[role=switch]:not(:checked)'));
  await page.evaluate(() => void (location.hash = '#/device'));
  await page.getByRole('heading', { name: 'Disks' }).waitFor();
  expect(await grounds('.fill')).not.toBe(await grounds('.track'));
  await stage.close();
});

test('who asks for more contrast gets 7:1', async ({ page }) => {
  await page.emulateMedia({ contrast: 'more' });
  for (const name of ['connect-on', 'people', 'health', 'peers-relayed']) {
    const stage = await opened(page, name);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect((await judge(page, ['color-contrast-enhanced'])).violations).toEqual([]);
    }
    await stage.close();
  }
});

async function opened(page: Page, name: string): Promise<Stage> {
  await page.clock.install({ time: startMs });
  return openState(page, states.find((each) => each.name === name) as State);
}

/** Runs in the page, after each Tab: what is wrong with where the focus is; `out` when it left the page, `seen` where it has been before. */
function lookAtFocus(): 'out' | 'seen' | readonly string[] {
  const el = document.activeElement;
  if (el === null || el === document.body) return 'out';
  const stops = (Reflect.get(window, 'stops') ?? new Set()) as Set<Element>;
  Reflect.set(window, 'stops', stops);
  if (stops.has(el)) return stops.values().next().value === el ? 'seen' : [];
  stops.add(el);
  const faults: string[] = [];
  const name = `${el.tagName} ${(el.getAttribute('aria-label') ?? el.textContent ?? '').trim().slice(0, 40)}`;
  if (el instanceof HTMLElement && el.tabIndex > 0) faults.push(`out of order: ${name}`);
  const { left, right, top, bottom } = el.getBoundingClientRect();
  const label = el instanceof HTMLInputElement ? el.labels?.[0] : undefined;
  const spots = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
  if (!spots.some((hit) => hit !== null && (el.contains(hit) || hit.contains(el) || label?.contains(hit)) && hit !== document.documentElement && hit !== document.body)) faults.push(`hidden: ${name}`);
  const shown = [el, el.nextElementSibling, ...el.children].some((each) => {
    if (each === null) return false;
    const { outlineStyle, outlineWidth, stroke } = getComputedStyle(each);
    return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) || (each.matches('.ring') && stroke !== 'none');
  });
  if (!shown) faults.push(`focus not seen: ${name}`);
  return faults;
}

/** Runs in the page: controls that are seen and not among the stops. Of a group of radio buttons one is enough. */
function controlsMissed(): string[] {
  const stops = Reflect.get(window, 'stops') as Set<Element>;
  const open = document.querySelector('dialog[open]');
  const wanted = [...document.querySelectorAll('*')].filter((el) => {
    if (!el.matches('a[href], button:not(:disabled), input:not(:disabled):not([type=radio]), select:not(:disabled), summary, [tabindex="0"]') || el.matches('[tabindex="-1"], [inert] *')) return false;
    return el.checkVisibility({ visibilityProperty: true }) && (open === null || open.contains(el));
  });
  return wanted.filter((el) => !stops.has(el)).map((el) => `${el.tagName} ${(el.getAttribute('aria-label') ?? el.textContent ?? '').trim().slice(0, 50)}`);
}
