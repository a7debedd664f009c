import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { forwardFromNamespace } from '../../../scripts/lib/forward.ts';
import { Host, hostsFolder } from '../../../scripts/lib/hosts.ts';
import { createLan, inNamespace, type Lan, ping } from '../../../scripts/lib/namespaces.ts';

/**
 * The whole product in Debian's Chromium: two hosts in namespaces, real helper, node, tunnel and web shell; every step is a click.
 * Needs root for the namespaces.
 */
test.skip(process.getuid?.() !== 0, 'network namespaces need root');

let folder: string;
let lan: Lan;
let hosts: Host[];
const forwards: (() => void)[] = [];

test.beforeAll(async () => {
  test.setTimeout(60_000);
  folder = hostsFolder('product');
  lan = createLan('wmprod', ['attic', 'study']);
  hosts = ['attic', 'study'].map((name) => new Host(name, folder, lan.namespace(name)));
  await Promise.all(hosts.map((host) => host.start()));
});

test.afterAll(async () => {
  test.setTimeout(60_000);
  for (const stop of forwards) stop();
  await Promise.all((hosts ?? []).map((host) => host.stop().catch(() => {})));
  lan?.remove();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('create a network, lead it, see a second device arrive, metrics move, disconnect and come back', async ({ browser }) => {
  test.setTimeout(120_000);
  const [attic, study] = hosts as [Host, Host];
  const first = await open(await browser.newPage(), attic);
  const second = await open(await browser.newPage(), study);
  const troubles = [watchConsole(first), watchConsole(second)];

  await first.getByLabel('Name of the network').fill('House');
  await first.getByRole('button', { name: 'Create network' }).click();
  await expectConnected(first);
  await first.getByRole('link', { name: 'This device' }).click();
  await expect(first.getByText('Leader', { exact: true })).toBeVisible({ timeout: 10_000 });
  await expect(first.getByText('House', { exact: true }).first()).toBeVisible();

  await first.getByRole('link', { name: 'Peers' }).click();
  await expect(first.getByText('This device').first()).toBeVisible();
  await second.getByLabel('Address', { exact: true }).fill(`${lan.address('attic')}:8443`);
  await second.getByRole('switch', { name: 'Clear text' }).click();
  await second.getByRole('button', { name: 'Join', exact: true }).click();
  await expectConnected(second);

  // The other device appears in the open window by itself.
  const { list } = await attic.topic('peers', (peers) => peers.list.length === 2, 5000, 'the second device arrives');
  const other = list.find((p) => !p.self) as (typeof list)[number];
  await expect(first.getByText(other.id)).toBeVisible({ timeout: 3000 });
  await expect(first.getByText('Direct').first()).toBeVisible({ timeout: 10_000 });
  expect((await ping(lan.namespace('attic'), other.ipv4 as string)).length).toBeGreaterThan(0);

  await expectMetricsMove(first);

  await second.getByRole('button', { name: 'Disconnect' }).click();
  await expect(second.getByRole('status').getByText('Not connected')).toBeVisible({ timeout: 10_000 });
  expect(await devices(study)).toEqual([]);
  await second.getByRole('button', { name: 'Connect', exact: true }).click();
  await expectConnected(second);
  expect(await devices(study)).toHaveLength(1);
  expect(troubles.flat()).toEqual([]);
});

async function open(page: Page, host: Host): Promise<Page> {
  const url = new URL(host.url as string);
  forwards.push(await forwardFromNamespace(host.paths.namespace as string, Number(url.port), join(folder, `${host.name}.forward`)));
  await page.goto(url.href);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
}

async function expectConnected(page: Page): Promise<void> {
  await expect(page.getByRole('status').getByText('Connected', { exact: true })).toBeVisible({ timeout: 20_000 });
}

/** Two looks at the figures of this device differ: the charts are fed. */
async function expectMetricsMove(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'This device' }).click();
  await expect(page.getByRole('heading', { name: 'Processor' })).toBeVisible();
  const figures = (): Promise<string> => page.locator('main').innerText();
  const before = await figures();
  await expect.poll(figures, { timeout: 10_000 }).not.toBe(before);
}

async function devices(host: Host): Promise<string[]> {
  const out = await inNamespace(host.paths.namespace as string, 'ip', ['-o', 'link']);
  return [...out.matchAll(/^\d+: (wm[^:@]+)/gm)].map((m) => m[1] as string);
}

function watchConsole(page: Page): string[] {
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()}`);
  });
  return troubles;
}
