import { expect, test } from './fixture.ts';

test('finds a peer by name, address and key', async ({ open }) => {
  const { page, server } = await open({ scene: 'crowd', at: 'peers' });
  const search = page.getByRole('searchbox', { name: 'Search by name, address or key' });
  const key = server.app.topics.peers.get().list[1500]?.publicKey.slice(0, 12) ?? '';
  for (const [query, found] of [['garden', 'garden-pi'], ['node-1777', 'node-1777'], ['172.16.0.14', 'ada-laptop'], [key, 'node-1499']] as const) {
    await search.fill(query);
    await expect(page.getByRole('row').nth(1)).toContainText(found);
    await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', /^\d{1,2}$/);
  }
  await search.fill('nobody-at-all');
  await expect(page.getByText('No device matches “nobody-at-all”.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '2002');
});

test('works with the keyboard alone', async ({ open }) => {
  const { page } = await open({ scene: 'crowd', at: 'peers' });
  await page.keyboard.press('/');
  await page.keyboard.type('node-00');
  await page.keyboard.press('ArrowDown');
  const grid = page.getByRole('grid', { name: 'Peers' });
  await expect(grid).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const title = page.locator('#pane-title');
  await expect(title).toHaveText('node-0013');
  await page.keyboard.press('ArrowDown');
  await expect(title).toHaveText('node-0014');
  await expect(grid).toHaveAttribute('aria-activedescendant', 'peer-2');
  await page.keyboard.press('End');
  await expect(title).toHaveText('node-0099');
  await expect(page.getByRole('row', { name: 'node-0099' })).toBeInViewport();
  await page.keyboard.press('Escape');
  await expect(title).toHaveCount(0);
  await expect(grid).toBeFocused();
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('searchbox')).toHaveValue('');
});

test('sorts by what was asked for', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  await page.getByRole('button', { name: 'Traffic' }).click();
  await page.getByRole('button', { name: 'Traffic' }).click();
  await expect(page.getByRole('columnheader', { name: 'Traffic' })).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('row').nth(1)).toContainText('GB');
});

test('the pane says everything and why, pings and asks for metrics', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  await page.getByRole('row', { name: 'kitchen-tablet' }).click();
  const pane = page.getByRole('complementary', { name: 'kitchen-tablet' });
  await expect(pane).toContainText('No way to this peer works at the moment.');
  await expect(pane).toContainText('The routers on both sides take another public port for each connection');
  await page.getByRole('row', { name: 'nas', exact: false }).first().click();
  const nas = page.getByRole('complementary', { name: 'nas' });
  await nas.getByRole('button', { name: 'Ping' }).click();
  await expect(nas.getByText('Measured now.')).toBeVisible();
  await nas.getByRole('button', { name: 'Ask for metrics' }).click();
  await expect(nas.getByText('Debian GNU/Linux')).toBeVisible();
  await expect(nas.getByRole('meter', { name: '/ in use' })).toBeVisible();
});

test('a peer that joins appears without a reload', async ({ open }) => {
  const { page, server } = await open({ scene: 'alone', at: 'peers' });
  await expect(page.getByText('No other device has joined yet.')).toBeVisible();
  server.app.show('host', 1);
  await expect(page.getByRole('row', { name: 'attic' })).toBeVisible();
});

test('at 360 px rows fold into two lines and the pane covers the screen', async ({ open, page: blank }) => {
  await blank.setViewportSize({ width: 360, height: 740 });
  const { page } = await open({ scene: 'connected', at: 'peers' });
  // One that is in view: while the list scrolls it lets no click through.
  const row = page.getByRole('row', { name: 'attic' }).first();
  expect((await row.boundingBox())?.height).toBe(60);
  await row.click();
  await expect(page.locator('#pane-title')).toBeFocused();
  const pane = await page.getByRole('complementary', { name: 'attic' }).boundingBox();
  expect(pane?.width).toBe(360);
  await page.getByRole('button', { name: 'Back to the list' }).click();
  await expect(page.getByRole('grid')).toBeFocused();
});

/** Frames while the list is scrolled for three seconds and of 2,000 rows a hundred count on and a hundred change their way each second. */
const scrollAndCount = `new Promise((done) => {
  const body = document.querySelector('[role=grid] .body');
  const frames = []; let last = performance.now(); const start = last;
  const frame = (now) => {
    frames.push(now - last); last = now; body.scrollTop += 60;
    if (now - start < 3000) requestAnimationFrame(frame);
    else done({ frames: frames.length, long: frames.filter((ms) => ms > 100).length, worst: Math.round(Math.max(...frames)), rows: document.querySelectorAll('[role=row]').length, scrolled: body.scrollTop });
  };
  requestAnimationFrame(frame);
})`;

test('2,000 peers scroll without a stutter while traffic and paths change each second', async ({ open }, info) => {
  const { page } = await open({ scene: 'crowd', at: 'peers', tickMs: 1000 });
  await page.getByRole('row', { name: 'node-0012' }).waitFor();
  const seen = await page.evaluate<{ frames: number; long: number; worst: number; rows: number; scrolled: number }>(scrollAndCount);
  info.annotations.push({ type: 'frames', description: JSON.stringify(seen) });
  process.stdout.write(`2,000 peers, 3 s of scrolling: ${JSON.stringify(seen)}\n`);
  expect(seen.rows).toBeLessThan(60);
  expect(seen.scrolled).toBeGreaterThan(1500);
  expect(seen.long).toBeLessThan(10);
});
