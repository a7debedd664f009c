import type { Page } from '@playwright/test';
import { problem } from '../../fakes/problem.ts';
import type { FakeServer } from '../../fakes/serve-fake.ts';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { fakeRelease } from '../../fakes/update-app.ts';
import type { SceneName } from '../../fakes/world.ts';
import { expect, test } from './fixture.ts';

/** Everything that can be opened is looked at too. */
const unfold = "for (const details of document.querySelectorAll('details')) details.open = true";

/** What a checker of accessibility would look for first, on each screen in both themes and at both ends of the widths. */
const places: readonly { readonly scene: SceneName; readonly at: string; readonly open?: (page: Page, server: FakeServer) => Promise<unknown> }[] = [
  { scene: 'first-run', at: 'connect' }, { scene: 'disconnected', at: 'connect' }, { scene: 'joining', at: 'connect' }, { scene: 'clear-text', at: 'connect' }, { scene: 'blocked', at: 'connect' },
  { scene: 'degraded', at: 'connect' }, { scene: 'connected', at: 'peers' }, { scene: 'connected', at: 'peers/kitchen-tablet' }, { scene: 'host', at: 'device' }, { scene: 'connected', at: 'settings' },
  { scene: 'connected', at: 'health' }, { scene: 'host', at: 'health?wrong', open: async (page, server) => {
    server.app.topics.health.set({ warnings: (['audit-broken', 'udp-blocked', 'peer-unreachable', 'secrets-in-file'] as const).map((code) => problem(code, { peer: 'nas' })) });
    await page.getByRole('list', { name: 'Problems and hints' }).waitFor();
  } },
  { scene: 'host', at: 'people', open: async (page) => page.evaluate(unfold) }, { scene: 'clear-text', at: 'people' },
  { scene: 'host', at: 'audit', open: async (page) => page.getByText('Chain intact').waitFor() }, { scene: 'waiting', at: 'connect' }, { scene: 'refused', at: 'connect' }, { scene: 'alone', at: 'connect' },
  { scene: 'host', at: 'connect?invite', open: async (page) => { await page.getByRole('button', { name: 'Invite', exact: true }).click(); await page.getByRole('img').waitFor(); await page.evaluate(unfold); } },
  { scene: 'first-run', at: 'connect?consent', open: async (page, server) => {
    await server.app.handlers['invite.open']({ link: linkOf(invitationAt(Date.now(), { known: 'Home', needsApproval: true })) }, new AbortController().signal);
    await page.getByRole('dialog').getByText('More', { exact: true }).click();
  } },
  { scene: 'connected', at: 'peers/grace-desktop', open: async (page) => { await page.getByRole('button', { name: 'Ping' }).click(); await page.getByText('Packets of up to').waitFor(); await page.evaluate(unfold); } },
  { scene: 'malicious', at: 'peers/vps-helsinki' },
  { scene: 'malicious', at: 'peers?groups', open: async (page) => { await page.getByLabel('Groups').selectOption('owner'); await page.getByRole('button', { name: 'Direct' }).click(); } },
  { scene: 'connected', at: 'peers?columns', open: async (page) => { if ((page.viewportSize()?.width ?? 0) > 760) await page.getByRole('button', { name: 'Columns' }).click(); } },
  { scene: 'connected', at: 'peers?map', open: async (page) => { await page.getByRole('button', { name: 'Map' }).click(); await page.getByText('In words').click(); } },
  { scene: 'malicious', at: 'peers?map', open: async (page) => { await page.getByRole('button', { name: 'Map' }).click(); await page.getByText('In words').click(); } },
  { scene: 'connected', at: 'peers/nas?forward', open: async (page) => {
    await page.getByRole('button', { name: 'Forward a port…' }).click();
    await page.getByRole('textbox', { name: 'Local address' }).fill('0.0.0.0');
    await page.getByRole('button', { name: 'Forward', exact: true }).click();
    await page.getByRole('alert').waitFor();
  } },
  { scene: 'host', at: 'device?day', open: async (page) => { await page.getByRole('radio', { name: '24 h' }).check(); await page.getByRole('region', { name: 'Peers' }).waitFor(); await page.getByRole('button', { name: 'Export 24 h as CSV' }).click(); await page.getByText('Written to').first().waitFor(); } },
  { scene: 'host', at: 'device?offers', open: async (page) => {
    await page.getByRole('switch', { name: 'Figures for Prometheus' }).click();
    await page.getByRole('textbox', { name: 'Port', exact: true }).fill('445');
    await page.getByRole('button', { name: 'Check the network' }).click();
    await page.getByText('Copy as text').waitFor();
    await page.evaluate(unfold);
  } },
  { scene: 'host', at: 'people?cut', open: async (page) => page.getByRole('button', { name: 'Refuse Linus' }).click() },
  { scene: 'host', at: 'people?root', open: async (page) => page.getByRole('button', { name: 'Save it to a file…' }).click() },
  ...(['available', 'downloading', 'ready', 'refused'] as const).map((phase) => ({ scene: 'connected' as const, at: `${phase === 'available' ? 'connect' : 'settings'}?update-${phase}`, open: async (page: Page, server: FakeServer) => {
    const told = { available: { phase: 'available', release: fakeRelease }, downloading: { phase: 'downloading', release: fakeRelease, bytes: 4e7 }, ready: { phase: 'ready', release: fakeRelease, path: '/x/a.deb' }, refused: { phase: 'refused', failure: { code: 'update.older', retry: 'after-user', detail: {} } } } as const;
    server.app.topics.update.set({ current: '0.1.0', checkedAtMs: 1, ...told[phase] });
    await page.getByText(phase === 'refused' ? 'is older than what was here before' : 'Version 0.2.0').first().waitFor();
  } })),
];

/** Runs in the page: text below 4.5:1 (3:1 when large), controls without a name or too small to hit, ids used twice, and a page wider than its window. */
const problems = `(() => {
  const found = [];
  const seen = (el) => { const r = el.getBoundingClientRect(); const s = getComputedStyle(el); return r.width > 1 && r.height > 1 && s.visibility !== 'hidden' && !el.closest('.unseen') && s.clipPath === 'none'; };
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const ground = (el) => { const chain = []; for (let e = el; e; e = e.parentElement) chain.unshift(rgba(getComputedStyle(e).backgroundColor)); return chain.reduce((under, top) => over(top, under), [255, 255, 255]); };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement; const text = node.textContent.trim();
    if (!text || !seen(el) || el.closest('svg, :disabled, option')) continue;
    if (document.querySelector('dialog[open]') && !el.closest('dialog')) continue;
    const style = getComputedStyle(el); const under = ground(el); const ink = over(rgba(style.color), under);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x); const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.push('contrast ' + ratio.toFixed(2) + ': ' + text.slice(0, 40));
  }
  for (const el of document.querySelectorAll('a[href], button, input, select')) {
    if (!seen(el)) continue;
    const name = el.getAttribute('aria-label') || (el.getAttribute('aria-labelledby') && document.getElementById(el.getAttribute('aria-labelledby'))?.textContent) || [...(el.labels ?? [])].map((l) => l.textContent).join(' ') || el.textContent;
    if (!name.trim()) found.push('no name: ' + el.outerHTML.slice(0, 80));
    const r = el.getBoundingClientRect();
    if (r.height < 20 || r.width < 16) found.push('small: ' + name.trim().slice(0, 40) + ' ' + Math.round(r.width) + 'x' + Math.round(r.height));
  }
  const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push('id twice: ' + id);
  for (const el of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-activedescendant]')) {
    for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-activedescendant']) {
      for (const id of (el.getAttribute(attribute) ?? '').split(' ').filter(Boolean)) if (!document.getElementById(id)) found.push(attribute + ' to nothing: ' + id);
    }
  }
  const levels = [...document.querySelectorAll('h1, h2, h3')].filter(seen).map((h) => Number(h.tagName[1]));
  if (levels.filter((l) => l === 1).length !== 1) found.push('headings of level 1: ' + levels.join(''));
  if (document.querySelectorAll('main').length !== 1) found.push('no single main');
  for (const el of [document.documentElement, document.querySelector('main')]) if (el.scrollWidth > el.clientWidth) found.push('wider than its window: ' + el.tagName + ' ' + el.scrollWidth);
  return found;
})()`;

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1280]) {
    test(`names, contrast, headings and widths hold in ${colorScheme} at ${width}`, async ({ page: blank, open }) => {
      test.setTimeout(180_000);
      await blank.setViewportSize({ width, height: 800 });
      await blank.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found: Record<string, unknown> = {};
      for (const { scene, at, open: further } of places) {
        const { page, server } = await open({ scene, at: at.replace(/\?.*/, '') });
        await further?.(page, server);
        await page.waitForTimeout(80);
        found[`${scene} ${at}`] = await page.evaluate(problems);
      }
      expect(found).toEqual(Object.fromEntries(places.map(({ scene, at }) => [`${scene} ${at}`, []])));
    });
  }
}

test('inviting and consenting work with the keyboard alone, and the focus goes back', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'host' });
  const invite = page.getByRole('button', { name: 'Invite', exact: true });
  for (let i = 0; i < 8 && !(await invite.evaluate((button) => button === document.activeElement)); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Invite to Studio' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeEnabled();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('Copied.');
  await page.keyboard.press('Escape');
  await expect(invite).toBeFocused();
  await server.app.handlers['invite.open']({ link: linkOf(invitationAt(Date.now())) }, new AbortController().signal);
  await expect(page.getByRole('heading', { name: 'Join Lab?' })).toBeFocused();
  const join = page.getByRole('dialog').getByRole('button', { name: 'Join', exact: true });
  for (let i = 0; i < 6 && !(await join.evaluate((button) => button === document.activeElement)); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByText('to Lab for')).toBeVisible();
});

test('every screen is reached and used with the keyboard alone, and the focus is seen', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected' });
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the screen' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  const connect = page.getByRole('button', { name: 'Connect', exact: true });
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent.trim()')) === 'Connect') break;
  }
  await expect(connect).toBeFocused();
  await expect(connect).toHaveCSS('outline-style', 'solid');
  await page.keyboard.press('Enter');
  await expect.poll(() => server.app.calls.length).toBe(1);
  for (const [name, heading] of [[/^Peers/, 'Peers'], [/^People/, 'People'], ['This device', 'This device'], ['Settings', 'Settings']] as const) {
    await page.getByRole('link', { name }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(page.getByRole('navigation').locator('[aria-current=page]')).toContainText(heading);
  }
});
