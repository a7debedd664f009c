import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, expect, test as base } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { redirectPage } from '../../../src/platform/open-browser.ts';
import { askForLink } from '../../../src/platform/web-door.ts';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
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

/** A page at another port of 127.0.0.1: the same site to browsers, and on a shared machine perhaps somebody else's. */
async function neighbour(body: string): Promise<{ readonly origin: string; readonly cookies: string[]; close(): Promise<void> }> {
  const cookies: string[] = [];
  const server = createServer((request, response) => {
    cookies.push(request.headers.cookie ?? '');
    response.writeHead(200, { 'content-type': 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cookies,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

test('a name that is bound to this machine by its owner (DNS rebinding) gets nothing', async ({ shell, fake, launchOptions }) => {
  const port = new URL(shell.origin).port;
  const browser = await chromium.launch({ ...launchOptions, args: [...(launchOptions.args ?? []), '--host-resolver-rules=MAP rebound.example 127.0.0.1'] });
  try {
    const page = await browser.newPage();
    const ticket = new URL(shell.url).search;
    for (const path of ['/', `/${ticket}`, '/assets/x.js']) expect((await page.goto(`http://rebound.example:${port}${path}`))?.status()).toBe(403);
    const socket = await page.evaluate((at) => new Promise((resolve) => {
      const ws = new WebSocket(`ws://rebound.example:${at}/ws`);
      ws.onopen = () => resolve('open');
      ws.onerror = () => resolve('refused');
    }), port);
    expect([socket, fake.app.calls]).toEqual(['refused', []]);
    // The ticket was not used up by it.
    expect((await page.goto(shell.url))?.status()).toBe(200);
  } finally {
    await browser.close();
  }
});

test('a page at another port of this address gets the cookie from the browser, and can do nothing with the app', async ({ page, context, shell, fake }) => {
  await page.goto(shell.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const evil = await neighbour('<h1>neighbour</h1>');
  const tab = await context.newPage();
  await tab.goto(evil.origin);
  const outcome = await tab.evaluate(async (origin) => {
    const status = (url: string, init: RequestInit): Promise<string> => fetch(url, { credentials: 'include', ...init }).then(({ type }) => type, () => 'refused');
    const loads = (tag: 'img' | 'script' | 'iframe' | 'object', field: 'src' | 'data', path: string): Promise<string> => new Promise((resolve) => {
      const element = Object.assign(document.createElement(tag), { [field]: `${origin}${path}` });
      element.onload = () => resolve(tag === 'iframe' || tag === 'object' ? 'shown' : 'loaded');
      element.onerror = () => resolve('refused');
      document.body.append(element);
      setTimeout(() => resolve('nothing'), 1_500);
    });
    const form = Object.assign(document.createElement('form'), { method: 'post', action: `${origin}/`, target: 'posted' });
    document.body.append(Object.assign(document.createElement('iframe'), { name: 'posted' }), form);
    form.submit();
    const socket = await new Promise((resolve) => {
      const ws = new WebSocket(`${origin.replace('http', 'ws')}/ws`);
      ws.onopen = () => resolve('open');
      ws.onerror = () => resolve('refused');
    });
    return {
      read: await status(`${origin}/`, {}), post: await status(`${origin}/`, { method: 'POST', body: 'x' }), put: await status(`${origin}/`, { method: 'PUT', body: 'x' }),
      script: await loads('script', 'src', '/index.html'), image: await loads('img', 'src', '/favicon.svg'), frames: frames.length, socket,
    };
  }, shell.origin);
  expect(outcome).toMatchObject({ read: 'refused', post: 'refused', put: 'refused', script: 'refused', image: 'refused', socket: 'refused' });
  // Why the kernel is asked as well: the browser does give our cookie to the other port.
  expect(evil.cookies.some((cookie) => cookie.includes('webmesh-'))).toBe(true);
  expect(fake.app.calls).toEqual([]);
  await evil.close();
});

test('a window that opened the app keeps no hold on it, and the app sends no referrer', async ({ page, context, shell }) => {
  const evil = await neighbour('<h1>opener</h1>');
  await page.goto(evil.origin);
  const opened = context.waitForEvent('page');
  await page.evaluate((url) => void Reflect.set(window, 'held', window.open(url)), shell.url);
  const app = await opened;
  await expect(app.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await app.evaluate(() => [window.opener, document.referrer])).toEqual([null, expect.not.stringContaining('ticket')]);
  expect(await page.evaluate(() => (Reflect.get(window, 'held') as Window).closed)).toBe(true);
  await evil.close();
});

test('over TLS the page works in a browser that accepted the authority of this device', async ({ browser, fake }) => {
  const shell = await startShell(fake.home.folder, ['--tls']);
  expect(shell.origin).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(shell.url);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disconnect', exact: true })).toBeVisible();
  expect(await context.cookies()).toMatchObject([{ name: expect.stringMatching(/^__Host-webmesh-\d+$/), secure: true, httpOnly: true, sameSite: 'Strict' }]);
  expect(shell.output.join('')).toMatch(/SHA-256 of the authority[^\n]*: ([0-9A-F]{2}:){31}[0-9A-F]{2}/);
  await context.close();
  await shell.stop();
});

test('an invite given at the start is shown and asks; nothing happens before', async ({ page, fake }) => {
  const link = linkOf(invitationAt(Date.now(), { networkName: 'Lab' }));
  const file = join(fake.home.folder, 'Lab.webmesh-invite');
  await writeFile(file, `${link}\n`);
  const shell = await startShell(fake.home.folder, ['--open-link', file]);
  await page.goto(shell.url);
  await expect(page.getByText('Lab').first()).toBeVisible();
  expect(fake.app.calls).toEqual([{ name: 'invite.open', input: { link } }]);
  await shell.stop();
});
