import type { LanguageChoice } from '../../../src/contract/language.ts';
import { expect, test } from './fixture.ts';

test('the chosen language comes at once, without a reload, and what was typed stays', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  await page.getByRole('button', { name: 'Rename Home' }).click();
  await page.getByRole('textbox', { name: 'New name for Home' }).fill('Attic & garden');
  await page.getByLabel('Language').selectOption('Deutsch');
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.getByRole('textbox', { name: 'Neuer Name für Home' })).toHaveValue('Attic & garden');
  expect(server.app.calls.map((call) => call.input)).toEqual([{ language: 'de' }]);
  await expect(page).toHaveTitle('Einstellungen · Verbunden · Webmesh');
});

test('one language is read, and no other', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'connect' });
  const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => /assets\/(\w+)-/.exec(name)?.[1] ?? '').filter((name) => ['en', 'de', 'fr', 'es', 'zh', 'pseudo'].includes(name)));
  expect(files).toEqual(['en']);
});

test('a language that is written from right to left turns the page around', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'connect' });
  const settings = server.app.topics.settings.get();
  // No choice of the settings: the core would refuse it.
  server.app.topics.settings.set({ ...settings, language: 'ar-XB' as LanguageChoice });
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  const [side, main] = await Promise.all([page.locator('header.side').boundingBox(), page.getByRole('main').boundingBox()]);
  expect((side?.x ?? 0) > (main?.x ?? 0)).toBe(true);
  expect(await page.getByRole('navigation').innerText()).not.toMatch(/[a-z]{3}/i);
});
