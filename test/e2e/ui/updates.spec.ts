import { failure, toData } from '../../../src/base/failure.ts';
import { fakeRelease } from '../../fakes/update-app.ts';
import { expect, test } from './fixture.ts';

const section = (page: import('@playwright/test').Page) => page.getByRole('region', { name: 'Updates' });

test('a person looks, downloads, and is told how to install; the app runs nothing', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  const card = section(page);
  await expect(card).toContainText('The app has not looked for a newer one.');
  await card.getByRole('button', { name: 'Look now' }).click();
  await expect(card).toContainText('Version 0.2.0 can be downloaded. It is signed by the makers of this app.');
  await expect(card).toContainText('Peers can be grouped by owner.');
  await card.getByRole('button', { name: 'Download (96.5 MB)' }).click();
  await expect(card.getByRole('progressbar', { name: 'Download of the newer version' })).toBeVisible();
  await expect(card.getByRole('button', { name: /sudo apt install '.*webmesh-desktop_0\.2\.0_amd64\.deb'/ })).toBeVisible();
  await expect(card).toContainText('Install it with the package manager, in a terminal.');
  await card.getByRole('button', { name: 'Remove the file' }).click();
  await expect(card).toContainText('This is version 0.1.0');
  expect(server.app.calls.map(({ name }) => name)).toEqual(['update.check', 'update.download', 'update.dismiss']);
});

test('looking by itself is off until it is allowed', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  const tell = page.getByRole('switch', { name: 'Tell me about newer versions' });
  await expect(tell).not.toBeChecked();
  await tell.click();
  await expect(tell).toBeChecked();
  expect(server.app.calls.map(({ input }) => input)).toEqual([{ updates: 'tell' }]);
});

for (const [code, words] of [
  ['update.bad-signature', 'is not signed by the makers of this app'], ['update.expired', 'is too old to be believed'], ['update.older', 'is older than what was here before'],
  ['update.too-large', 'More came than there should be'], ['update.wrong-hash', 'is not the one that the makers of this app signed'],
] as const) {
  test(`${code} is told in two sentences, and that nothing was installed`, async ({ open }) => {
    const { page, server } = await open({ scene: 'connected', at: 'settings' });
    server.app.topics.update.set({ current: '0.1.0', checkedAtMs: null, phase: 'refused', failure: toData(failure(code, { file: 'timestamp.json' })) });
    const alert = section(page).getByRole('alert');
    await expect(alert).toContainText(words);
    await expect(alert).toContainText('Nothing was installed; this version goes on as it is.');
    await expect(section(page).getByRole('button', { name: 'Look now' })).toBeEnabled();
  });
}

test('a newer version is a quiet line on other screens; it leads to the settings and can be put away', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'connect' });
  const found = { current: '0.1.0', checkedAtMs: 1, phase: 'available', release: fakeRelease } as const;
  server.app.topics.update.set(found);
  await page.getByRole('link', { name: 'See what is new' }).click();
  await expect(section(page)).toContainText('can be downloaded');
  await expect(page.getByRole('link', { name: 'See what is new' })).toHaveCount(0);
  await page.goBack();
  await page.getByRole('button', { name: 'Put away' }).click();
  await expect(page.getByRole('link', { name: 'See what is new' })).toHaveCount(0);
  expect(server.app.topics.update.get().phase).toBe('idle');
});

test('a build that knows no address says so, and offers nothing', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  server.app.topics.update.set({ current: '0.1.0', checkedAtMs: null, phase: 'off' });
  await expect(section(page)).toContainText('This build knows no place to look for newer versions');
  await expect(section(page).getByRole('button')).toHaveCount(0);
  await expect(section(page).getByRole('switch')).toHaveCount(0);
});
