import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test as base } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { redirectPage } from '../../../src/platform/open-browser.ts';
import { askForLink } from '../../../src/platform/web-door.ts';
import { emptyHome, fakeHome, removeHome, type FakeHome } from '../home.ts';
import { startShell, type RunningShell } from './shell.ts';

const test = base.extend<{ fake: FakeHome; shell: RunningShell }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what a fixture needs
  fake: async ({}, use) => {
    const fake = await fakeHome('disconnected');
    await use(fake);
    await fake.remove();
  },
  shell: async ({ fake }, use) => {
    const shell = await startShell(fake.home.folder);
    await use(shell);
    await shell.stop();
  },
});

test('the link opens the app once, the ticket leaves the address, and reload works', async ({ page, browser, shell, fake }) => {
  await page.goto(shell.url);
  await expect(page).toHaveURL(/^http:\/\/127\.0\.0\.1:\d+\/(#.*)?$/);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disconnect', exact: true })).toBeVisible();
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['session.connect']);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Disconnect', exact: true })).toBeVisible();
  const stranger = await (await browser.newContext()).newPage();
  expect((await stranger.goto(shell.url))?.status()).toBe(403);
  expect((await stranger.goto(`${shell.origin}/`))?.status()).toBe(403);
});

test('a browser that was sent by the private file gets in, although the cookie is strict', async ({ page, shell, fake }) => {
  const file = join(fake.home.folder, 'open.html');
  await writeFile(file, redirectPage(await askForLink(fake.home.webSocket)));
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByRole('button', { name: 'Connect', exact: true })).toBeVisible();
  expect(new URL(page.url()).origin).toBe(shell.origin);
});

test('a page of another site cannot read, embed or steer the app, even in the browser that is signed in', async ({ page, context, shell, fake }) => {
  await page.goto(shell.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const evil = await context.newPage();
  await evil.route('http://evil.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>evil</h1>' }));
  await evil.goto('http://evil.example/');
  const outcome = await evil.evaluate(async (origin) => {
    const read = await fetch(`${origin}/`, { credentials: 'include' }).then(() => 'read', () => 'refused');
    const blind = await fetch(`${origin}/`, { mode: 'no-cors', credentials: 'include' }).then(({ type }) => type, () => 'refused');
    const socket = await new Promise((resolve) => {
      const ws = new WebSocket(`${origin.replace('http', 'ws')}/ws`);
      ws.onopen = () => resolve('open');
      ws.onerror = () => resolve('refused');
    });
    const frame = Object.assign(document.createElement('iframe'), { src: `${origin}/` });
    document.body.append(frame);
    await new Promise((resolve) => (frame.onload = resolve));
    let inside = 'readable';
    try {
      inside = frame.contentDocument === null ? 'closed' : 'readable';
    } catch {
      inside = 'closed';
    }
    return { read, blind: blind === 'opaque' ? 'opaque' : blind, socket, inside };
  }, shell.origin);
  expect(outcome).toMatchObject({ read: 'refused', socket: 'refused', inside: 'closed' });
  expect(fake.app.calls).toEqual([]);
});

test('the content policy lets the page draw itself and nothing more', async ({ page, shell }) => {
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) violations.push(message.text());
  });
  await page.goto(shell.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const name of ['Peers', 'This device', 'Settings']) await page.getByRole('navigation').getByText(name).first().click();
  expect(violations).toEqual([]);
  const broken = await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.broken = 1' }));
    return Reflect.get(window, 'broken');
  });
  expect(broken).toBe(undefined);
});

test('a second shell of the same home says where the first one is and ends with code 3', async ({ shell, fake }) => {
  const second = await startShell(fake.home.folder);
  expect(new URL(second.url).origin).toBe(shell.origin);
  expect(await new Promise((resolve) => second.process.once('exit', resolve))).toBe(3);
});

test('a guest ends when the core that it showed ends', async ({ shell, fake }) => {
  const ended = new Promise((resolve) => shell.process.once('exit', resolve));
  await fake.stopCore();
  expect(await ended).toBe(0);
  expect(shell.output.join('')).toContain('has ended');
});

test('with the real core: it starts without a helper, answers, and SIGTERM leaves no socket behind', async ({ page }) => {
  const home = await emptyHome();
  const shell = await startShell(home.folder);
  await page.goto(shell.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await isAlive(home.appSocket)).toBe(true);
  expect(await shell.stop()).toBe(0);
  expect([await isAlive(home.appSocket), await isAlive(home.webSocket)]).toEqual([false, false]);
  await removeHome(home);
});
