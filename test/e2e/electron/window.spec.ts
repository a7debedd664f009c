import { expect } from '@playwright/test';
import { emptyHome, removeHome } from '../home.ts';
import { launch, on, test } from './fixture.ts';

test(`the window talks to the core over the real bridge ${on}`, async ({ page, fake }) => {
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect.poll(() => fake.app.topics.session.get().phase).toBe('connected');
  await expect(page.getByRole('button', { name: 'Disconnect', exact: true })).toBeVisible();
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['session.connect']);
  fake.app.show('blocked');
  await expect(page.getByText('51820').first()).toBeVisible();
});

test(`the page's world has the bridge and nothing else: no Node, no Electron, nothing to change ${on}`, async ({ page }) => {
  const world = await page.evaluate(() => {
    const bridge = Reflect.get(window, 'webmesh') as Record<string, unknown>;
    let redefined = 'yes';
    try {
      Object.defineProperty(window, 'webmesh', { value: 1 });
    } catch (error) {
      redefined = (error as Error).name;
    }
    return {
      bridge: Object.keys(bridge).sort(),
      frozen: Object.isFrozen(bridge) && !Reflect.set(bridge, 'send', 1),
      redefined,
      node: ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter((name) => name in window),
      leaks: Object.getOwnPropertyNames(window).filter((name) => /standin|electron|ipc/i.test(name)),
      origin: location.protocol,
    };
  });
  expect(world).toMatchObject({ bridge: ['onMessage', 'platform', 'send'], frozen: true, redefined: 'TypeError', node: [], leaks: [] });
});

test(`the content policy is enforced: no inline script, no handler attribute, no eval, nothing from elsewhere ${on}`, async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const violations = new Set<string>();
    document.addEventListener('securitypolicyviolation', (event) => violations.add(event.effectiveDirective));
    const add = (tag: string, fields: object): void => void document.body.append(Object.assign(document.createElement(tag), fields));
    add('script', { textContent: 'window.broken = "inline"' });
    add('script', { src: 'https://example.com/x.js' });
    add('img', { src: 'https://example.com/x.png' });
    add('iframe', { src: 'https://example.com/' });
    document.body.insertAdjacentHTML('beforeend', '<img src="./none.png" onerror="window.broken = 1">');
    document.body.insertAdjacentHTML('beforeend', '<form action="https://example.com/"><button>x</button></form>');
    document.querySelector('form')?.submit();
    await fetch('https://example.com/').catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { violations: [...violations].sort(), broken: Reflect.get(window, 'broken') };
  });
  expect(seen).toEqual({ violations: ['connect-src', 'form-action', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem'], broken: undefined });
});

test(`the page cannot go elsewhere or open windows; help links go to the browser ${on}`, async ({ electron, page }) => {
  await electron.evaluate(({ shell }) => {
    const opened: string[] = [];
    Reflect.set(globalThis, 'opened', opened);
    shell.openExternal = async (url) => void opened.push(url);
  });
  await page.evaluate(() => {
    for (const href of ['https://www.wireguard.com/install/', 'https://evil.example/', 'file:///etc/passwd', 'http://github.com/']) {
      const link = Object.assign(document.createElement('a'), { href, target: '_blank', rel: 'noreferrer' });
      document.body.append(link);
      link.click();
    }
    window.open('https://evil.example/');
  });
  await expect.poll(() => electron.evaluate(() => Reflect.get(globalThis, 'opened'))).toEqual(['https://www.wireguard.com/install/']);
  const address = page.url();
  await page.evaluate(() => void (location.href = 'http://127.0.0.1:9/elsewhere'));
  await page.waitForTimeout(300);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect([page.url(), electron.windows().length]).toEqual([address, 1]);
});

test(`a peer's page opens outside only at an address of the present mesh, written anew ${on}`, async ({ electron, page, fake }) => {
  fake.app.show('connected');
  await expect(page.getByRole('button', { name: 'Disconnect', exact: true })).toBeVisible();
  await electron.evaluate(({ shell }) => {
    const opened: string[] = [];
    Reflect.set(globalThis, 'opened', opened);
    shell.openExternal = async (url) => void opened.push(url);
  });
  await page.evaluate(() => {
    for (const href of ['http://172.16.99.99/', 'http://172.16.0.11/reboot', 'http://root@172.16.0.11/', 'ftp://172.16.0.11/', 'http://127.0.0.1/', 'HTTP://172.16.0.11:080/', 'https://172.16.0.12:8443/']) {
      const link = Object.assign(document.createElement('a'), { href, target: '_blank', rel: 'noreferrer' });
      document.body.append(link);
      link.click();
    }
  });
  // The last one came too soon after the one before.
  await expect.poll(() => electron.evaluate(() => Reflect.get(globalThis, 'opened'))).toEqual(['http://172.16.0.11/']);
  await page.goto(`${page.url().replace(/#.*/, '')}#/peers/attic`);
  await page.getByLabel('What to open').selectOption('ssh');
  await page.waitForTimeout(1_100);
  await page.getByRole('link', { name: 'Open ssh://172.16.0.11' }).click();
  await expect.poll(() => electron.evaluate(() => Reflect.get(globalThis, 'opened'))).toEqual(['http://172.16.0.11/', 'ssh://172.16.0.11']);
  expect(electron.windows().length).toBe(1);
});

test(`permissions are denied ${on}`, async ({ page }) => {
  const states = await page.evaluate(async () => {
    const query = async (name: string): Promise<string> => (await navigator.permissions.query({ name: name as PermissionName })).state;
    return [await query('geolocation'), await query('notifications'), await query('camera')];
  });
  expect(states).toEqual(['denied', 'denied', 'denied']);
});

test(`what a page sends must be a call of the contract, with good input ${on}`, async ({ page, fake }) => {
  const answers = await page.evaluate(async () => {
    const bridge = Reflect.get(window, 'webmesh') as { send(message: unknown): void; onMessage(take: (message: unknown) => void): void };
    const replies: unknown[] = [];
    bridge.onMessage((message) => {
      if ((message as { kind: string }).kind === 'reply') replies.push(message);
    });
    for (const message of [null, 7, 'x', {}, { kind: 'call' }, { kind: 'call', id: 'a', name: 'app.quit' }]) bridge.send(message);
    bridge.send({ kind: 'call', id: 9001, name: 'shell.run', input: { command: 'id' } });
    bridge.send({ kind: 'call', id: 9002, name: '__proto__', input: {} });
    bridge.send({ kind: 'call', id: 9003, name: 'profile.remove', input: { profile: '../../etc' } });
    while (replies.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    return replies.map((reply) => (reply as { failure: { code: string } }).failure.code);
  });
  expect(answers).toEqual(['input.unknown-command', 'input.unknown-command', 'input.invalid']);
  expect(fake.app.calls).toEqual([]);
});

test(`a page that sends garbage in floods hears Failures, and main goes on ${on}`, async ({ page, fake }) => {
  const outcome = await page.evaluate(async () => {
    const bridge = Reflect.get(window, 'webmesh') as { send(message: unknown): void; onMessage(take: (message: unknown) => void): void };
    const codes = new Map<number, string>();
    bridge.onMessage((message) => {
      const { kind, id, failure } = message as { kind: string; id: number; failure?: { code: string } };
      if (kind === 'reply') codes.set(id, failure?.code ?? 'ok');
    });
    const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
    const send = (message: unknown): void => {
      try {
        bridge.send(message);
      } catch {
        // What the bridge cannot carry never reached main.
      }
    };
    send({ kind: 'call', id: 1, name: 'mesh.create', input: { name: 'x'.repeat(2 << 20) } });
    send({ kind: 'call', id: 2, name: 'mesh.create', input: deep(100) });
    send({ kind: 'call', id: 3, name: 'invite.redeem', input: { link: Array.from({ length: 20_000 }, () => 0) } });
    for (const message of [[], [[]], { kind: 'attach', more: deep(50) }, { kind: 'cancel', id: 1e9 }, { kind: 'reply', id: 1, ok: true, value: 1 }, { kind: 'topic', name: 'session', value: {} }, Number.NaN, 1e308]) send(message);
    for (let id = 100; id < 2_100; id++) send({ kind: 'call', id, name: 'x'.repeat(300), input: {} });
    const endMs = Date.now() + 15_000;
    while (codes.size < 2_003 && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    send({ kind: 'call', id: 9_999, name: 'session.disconnect', input: {} });
    while (!codes.has(9_999) && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
    const flood = [...codes].filter(([id]) => id >= 100 && id < 2_100).map(([, code]) => code);
    return { big: [1, 2, 3].map((id) => codes.get(id)), kinds: [...new Set(flood)].sort(), count: flood.length, after: codes.get(9_999) };
  });
  expect(outcome).toEqual({ big: ['input.limit', 'input.limit', 'input.limit'], kinds: ['app.busy', 'input.unknown-command'], count: 2_000, after: 'ok' });
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['session.disconnect']);
});

test(`where the core is in this process, it is main alone that ends a flood ${on}`, async () => {
  const home = await emptyHome();
  const electron = await launch(home.folder);
  const page = await electron.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(() => {
    const heard: string[] = [];
    Reflect.set(window, 'heard', heard);
    (Reflect.get(window, 'webmesh') as { onMessage(take: (message: unknown) => void): void }).onMessage((message) => {
      const { kind, id, failure } = message as { kind: string; id?: number; failure?: { detail: { problem?: string } } };
      if (kind === 'reply' && (id ?? 0) >= 1_000) heard.push(failure?.detail.problem ?? 'looked at');
    });
  });
  // As if they had all come in one moment: how fast a page can send depends on the machine.
  await electron.evaluate(({ BrowserWindow, ipcMain }) => {
    const sender = BrowserWindow.getAllWindows()[0]?.webContents;
    for (let id = 1_000; id < 2_600; id++) ipcMain.emit('webmesh', { sender, senderFrame: sender?.mainFrame }, { kind: 'call', id, name: 'no.such', input: {} });
  });
  const heard = (): Promise<readonly string[]> => page.evaluate(() => Reflect.get(window, 'heard') as readonly string[]);
  await expect.poll(async () => (await heard()).length, { timeout: 20_000 }).toBe(1_600);
  // The core's own limit, on calls that run at the same time, has no such words.
  const refused = (await heard()).filter((problem) => problem === 'too many messages at once').length;
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThanOrEqual(600);
  await electron.close();
  await removeHome(home);
});
