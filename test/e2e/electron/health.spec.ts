import { expect } from '@playwright/test';
import { problem } from '../../fakes/problem.ts';
import { kind, on, type StandinHandle, standinOnly, test } from './fixture.ts';

type Electron = Parameters<Parameters<typeof test>[2]>[0]['electron'];

/** What was shown and closed, in order. */
function notices(electron: Electron): Promise<readonly string[]> {
  return electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).recorded.filter(({ api }) => api.startsWith('Notification')).map(({ api, args }) => `${api}: ${(args[0] as { title: string }).title}`));
}

test(`a problem is a notification while the window is out of sight, and goes with it ${on}`, async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  const window = await electron.browserWindow(page);
  fake.app.topics.health.set({ warnings: [problem('device-pending', { count: 1, name: 'Ada' }, { id: 'device-pending:ada' })] });
  await page.waitForTimeout(2_500);
  expect(await notices(electron)).toEqual([]); // the window was in front
  await window.evaluate((w) => w.hide());
  fake.app.topics.health.set({ warnings: [problem('device-pending', { count: 2, name: 'Linus' }, { id: 'device-pending:linus' })] });
  await expect.poll(() => notices(electron)).toEqual(['Notification: Webmesh: A device waits for approval']);
  fake.app.topics.health.set({ warnings: [] });
  await expect.poll(() => notices(electron)).toEqual(['Notification: Webmesh: A device waits for approval', 'Notification.close: Webmesh: A device waits for approval']);
});

test(`a kind that is switched off is silent, the others are not ${on}`, async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  const window = await electron.browserWindow(page);
  await window.evaluate((w) => w.hide());
  fake.app.topics.settings.set({ ...fake.app.topics.settings.get(), notifyDevices: false });
  fake.app.topics.health.set({ warnings: [problem('device-pending'), problem('certificate-expiring', { days: 3 })] });
  await expect.poll(() => notices(electron)).toEqual(['Notification: Webmesh: The certificate ends soon']);
});

test(`the tray names the worst problem and fixes it ${on}`, async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const items = (): Promise<readonly string[]> =>
    electron.evaluate((module) => {
      const menu = [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu;
      return ['problem', 'fix', 'problems'].map((id) => menu?.getMenuItemById(id)?.label ?? '-');
    });
  const click = (id: string): Promise<void> => electron.evaluate((module, item) => [...(Reflect.get(module, 'standin') as StandinHandle).trays][0]?.menu?.getMenuItemById(item)?.click(), id);
  fake.app.topics.health.set({ warnings: [problem('helper-missing'), problem('secrets-in-file')] });
  await expect.poll(items).toEqual(['⚠ The system service is not running', 'Start the service…', 'All 2 problems and hints…']);
  await click('problems');
  await expect(page.getByRole('heading', { level: 1, name: 'Health' })).toBeVisible();
  await click('fix');
  await expect.poll(() => fake.app.calls.at(-1)).toEqual({ name: 'helper.start', input: {} });
  await expect.poll(items).toEqual(['-', '-', '-']);
  fake.app.topics.health.set({ warnings: [problem('audit-broken')] });
  await expect.poll(async () => (await items())[1]).toBe('Open the log');
  await click('fix');
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
});
