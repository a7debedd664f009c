import { expect, test } from './fixture.ts';

test('this device: two minutes, an hour, a day; what the charts show stands beside them in words', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'device', tickMs: 200 });
  const charts = page.getByRole('region', { name: 'Measurements' });
  await expect(charts.getByRole('radio', { name: '2 min' })).toBeChecked();
  await expect(charts.locator('canvas')).toHaveCount(4);
  await charts.getByRole('radio', { name: '24 h' }).check();
  await expect(charts.locator('canvas')).toHaveCount(5);
  await expect(charts.getByRole('region', { name: 'Processor' })).toContainText(/\d+ % ?mean · highest \d+ % at \d\d:\d\d/);
  await expect(charts.getByRole('region', { name: 'Tunnel' })).toContainText(/GB in · .* out · busiest at \d\d:\d\d: \d+ kB\/s in/);
  await expect(charts.getByRole('region', { name: 'Peers' })).toContainText(/direct.*mean · \d.* relayed · .*not reached/s);
  const day = await charts.getByRole('region', { name: 'Memory' }).textContent();
  await charts.getByRole('radio', { name: '1 h' }).check();
  await expect(charts.getByRole('region', { name: 'Memory' })).not.toHaveText(day ?? '');
  expect(server.app.calls.filter(({ name }) => name === 'history.read').map(({ input }) => input).slice(0, 2)).toEqual([{ about: 'host' }, { about: 'network' }]);
  await charts.getByRole('radio', { name: '2 min' }).check();
  await expect(charts.getByRole('region', { name: 'Tunnel' })).toContainText('/s in');
});

test('the range is chosen with the keyboard, and the choice is a radio group with a name', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'device' });
  await page.getByRole('radio', { name: '2 min' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('group', { name: 'Time that the charts show' }).getByRole('radio', { name: '1 h' })).toBeChecked();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: '24 h' })).toBeChecked();
});

test('after a night asleep the day says how much of it was measured; without any it says so', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'device' });
  server.app.history.kept = 'slept';
  const charts = page.getByRole('region', { name: 'Measurements' });
  await charts.getByRole('radio', { name: '24 h' }).check();
  await expect(charts.getByRole('status').first()).toHaveText(/^Measured 16 h( \d min)? of 24 h: gaps are times when the app did not run, the device slept or was not connected\.$/);
  server.app.history.kept = 'nothing';
  await page.reload();
  await charts.getByRole('radio', { name: '24 h' }).check();
  await expect(charts.getByRole('status').first()).toHaveText('Nothing was measured in this time. The app writes down a line each minute while it runs.');
  await expect(charts.locator('canvas')).toHaveCount(0);
});

test('the day is exported, and where to is said', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'device' });
  await page.getByRole('radio', { name: '24 h' }).check();
  await page.getByRole('button', { name: 'Export 24 h as CSV' }).click();
  await expect(page.getByText('webmesh-history-host-2026-11-22.csv')).toBeVisible();
  await expect(page.getByText('webmesh-history-network-2026-11-22.csv')).toBeVisible();
  expect(server.app.calls.filter(({ name }) => name === 'history.export').map(({ input }) => input)).toEqual([{ about: 'host' }, { about: 'network' }]);
});

test('the pane of a peer has its day; another peer has another one, a new one none', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers/nas' });
  const day = page.getByRole('region', { name: 'Last 24 hours' });
  await expect(day).toContainText(/Reached directly \d+ % of the time, relayed \d+ %, not at all \d+ %\./);
  await expect(day.getByRole('region', { name: 'Traffic' })).toContainText(/in · .*out/);
  await expect(day.getByRole('region', { name: 'Round trip' })).toContainText(/ms ?mean · worst \d+\.\d ms at \d\d:\d\d/);
  await expect(day.locator('canvas')).toHaveCount(2);
  const nas = await day.textContent();
  await page.getByRole('row', { name: 'attic' }).first().click();
  await expect(day).toContainText('Reached directly');
  await expect.poll(() => day.textContent()).not.toBe(nas);
  await day.getByRole('button', { name: 'Export 24 h as CSV' }).click();
  await expect(day.getByText('webmesh-history-peer-2026-11-22.csv')).toBeVisible();
  server.app.history.kept = 'nothing';
  await page.reload();
  await expect(day).toHaveText(/Nothing is kept of this peer yet\./);
});
