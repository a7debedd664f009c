import { expect, test } from './fixture.ts';

test('this device: role, features, quorum, charts that move', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'device', tickMs: 200 });
  await expect(page.getByText('3 devices manage this network together. Changes need 2 of them, so one may be off.')).toBeVisible();
  await expect(page.getByText('This device leads.')).toBeVisible();
  await expect(page.getByText('Network directory')).toBeVisible();
  await expect(page.locator('canvas')).toHaveCount(4);
  await expect(page.getByRole('meter', { name: '/home in use' })).toHaveAttribute('aria-valuenow', '92');
  const tunnel = page.getByRole('region', { name: 'Tunnel' });
  await expect(tunnel).toContainText('/s in');
  const before = await tunnel.textContent();
  await expect.poll(() => tunnel.textContent()).not.toBe(before);
  server.app.show('disconnected');
  await expect(page.getByText('Not running. It starts when you connect.')).toBeVisible();
});

test('settings ask the core; the theme follows the topic', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('radio', { name: 'As the system' }).check();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
  await page.getByRole('switch', { name: 'Start the app when I log in' }).click();
  await page.getByLabel('What the log keeps').selectOption('debug');
  await expect.poll(() => server.app.calls.map((call) => call.input)).toEqual([{ theme: 'dark' }, { theme: 'system' }, { startAtLogin: true }, { logLevel: 'debug' }]);
  await expect(page.getByRole('switch', { name: 'Start the app when I log in' })).toBeChecked();
});

test('networks are renamed, and forgotten only after a question', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  await page.getByRole('button', { name: 'Rename Studio' }).click();
  await page.getByLabel('New name for Studio').fill('Workshop');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Forget Workshop' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forget Workshop?' });
  await expect(dialog).toContainText('This device runs the network.');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  expect(server.app.topics.profiles.get().list.map((p) => p.name)).toEqual(['Home', 'Workshop']);
  await page.getByRole('button', { name: 'Forget Workshop' }).click();
  await dialog.getByRole('button', { name: 'Forget' }).click();
  await expect(page.getByText('Forgot Workshop.')).toBeVisible();
  expect(server.app.topics.profiles.get().list.map((p) => p.name)).toEqual(['Home']);
});

test('shows the log and writes a report', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'settings' });
  await page.getByRole('button', { name: 'Show the log' }).click();
  await expect(page.getByRole('log')).toContainText('helper.tunnel applied');
  await page.getByLabel('Only warnings and errors').check();
  await expect(page.getByRole('log')).not.toContainText(' info ');
  await page.getByRole('button', { name: 'Export a report' }).click();
  await expect(page.getByText('webmesh-2026-11-22.json')).toBeVisible();
});

test('names of a network are switched off for this device alone, and why they do not work is said beside the switch', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  const home = page.getByRole('switch', { name: 'Names of Home in every program' });
  await expect(home).toBeChecked();
  await expect(page.getByText('“ping nas.home.internal” finds the device nas.')).toBeVisible();
  const session = server.app.topics.session.get();
  if (session.phase !== 'connected') throw new Error('the scene is not connected');
  server.app.topics.session.set({ ...session, tunnel: { ...session.tunnel, names: { keeper: '', problem: 'programs here do not ask systemd-resolved' } } });
  await expect(page.getByText('Not at the moment: programs here do not ask systemd-resolved.')).toBeVisible();
  await home.click();
  await expect(home).not.toBeChecked();
  await expect(page.getByText('Not at the moment')).toHaveCount(0);
  expect(server.app.topics.profiles.get().list.map(({ name, names }) => [name, names])).toEqual([['Home', false], ['Studio', true]]);
});
