import { failure } from '../../../src/base/failure.ts';
import { misleadingNames } from '../../fakes/world.ts';
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

test('filters narrow the list down, say how many they leave, and are taken off at once', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  const grid = page.getByRole('grid', { name: 'Peers' });
  await page.getByRole('button', { name: 'Relayed 2' }).click();
  await expect(grid).toHaveAttribute('aria-rowcount', '3');
  await page.getByRole('button', { name: 'Not reached 3' }).click();
  await expect(grid).toHaveAttribute('aria-rowcount', '6');
  await page.getByRole('button', { name: 'Favourites 2' }).click();
  await expect(page.getByText('No device is left by these filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(grid).toHaveAttribute('aria-rowcount', '13');
  await expect(page.getByRole('group', { name: 'Show only' }).locator('[aria-pressed=true]')).toHaveCount(0);
});

test('finds by role and by who added a device', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  const search = page.getByRole('searchbox');
  await search.fill("ada's admin");
  await expect(page.getByRole('row').nth(1)).toContainText('study');
  await search.fill('guest');
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '3');
});

test('groups have heads with counts that stay in view, and the keys pass over them', async ({ open }) => {
  const { page } = await open({ scene: 'crowd', at: 'peers' });
  await page.getByLabel('Groups').selectOption('state');
  await expect(page.getByRole('rowheader', { name: /^Reached directly/ })).toContainText(/1,\d\d\d/);
  await page.locator('.body').evaluate((body) => void (body.scrollTop = 4_000));
  await expect(page.locator('.stuck')).toContainText('Reached directly');
  const grid = page.getByRole('grid', { name: 'Peers' });
  await grid.focus();
  await page.keyboard.press('End');
  await expect(page.locator('.stuck')).toContainText('Not reached at the moment');
  await expect(grid).toHaveAttribute('aria-activedescendant', 'peer-2000');
  await expect(page.locator('#peer-2000')).toBeInViewport();
  for (let i = 0; i < 3; i++) await page.keyboard.press('PageUp');
  const [row, stuck] = [await page.locator('.row.cursor').boundingBox(), await page.locator('.stuck').boundingBox()];
  expect((row?.y ?? 0) >= (stuck?.y ?? 0) + (stuck?.height ?? 0) - 1).toBe(true);
  await page.keyboard.press('Home');
  await expect(page.getByRole('rowheader', { name: /^This device/ })).toBeInViewport();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.locator('#pane-title')).toHaveText('ada-laptop');
  await expect(page.getByRole('rowheader', { name: /^This device/ })).toBeInViewport();
});

test('columns, groups and order are chosen and remembered', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Added by' }).check();
  await page.getByRole('checkbox', { name: 'Endpoint' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Columns' })).toBeFocused();
  await page.getByRole('columnheader', { name: 'Added by' }).getByRole('button').click();
  await page.getByLabel('Groups').selectOption('role');
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Added by' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(page.getByRole('columnheader', { name: 'Endpoint' })).toHaveCount(0);
  await expect(page.getByRole('rowheader').first()).toHaveText('Admins3');
});

test('a favourite is set with the mouse, with a key and in the pane; what the core refuses does not show', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers' });
  await page.getByRole('row', { name: 'workshop' }).last().hover();
  await page.getByRole('button', { name: 'Favourite: workshop' }).click();
  await expect(page.getByRole('row').nth(4)).toContainText('workshop');
  const grid = page.getByRole('grid', { name: 'Peers' });
  await grid.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('s');
  await expect(page.getByRole('row').nth(4)).toContainText('vps-helsinki');
  await page.goto(`${server.url}#/peers/attic`);
  const star = page.getByRole('complementary', { name: 'attic' }).getByRole('button', { name: 'Favourite' });
  server.app.refuseNext('peer.favourite', failure('input.limit', { what: 'favourites', most: 256 }));
  await star.click();
  await expect(page.getByRole('status').filter({ hasText: '256' })).toBeVisible();
  await expect(star).toHaveAttribute('aria-pressed', 'false');
  await star.click();
  await expect(star).toHaveAttribute('aria-pressed', 'true');
  expect(server.app.calls.filter(({ name }) => name === 'peer.favourite').map(({ input }) => input)).toEqual([
    { peer: 'workshop', on: true }, { peer: 'vps-helsinki', on: true }, { peer: 'attic', on: true }, { peer: 'attic', on: true },
  ]);
});

test('what runs on a peer is a link outside, to its address and a port, and nothing else', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers/nas' });
  const pane = page.getByRole('complementary', { name: 'nas' });
  const link = pane.getByRole('link');
  await expect(link).toHaveAttribute('href', 'http://172.16.0.15/');
  await pane.getByLabel('What to open').selectOption('ssh');
  await pane.getByRole('textbox', { name: 'Port to open' }).fill('2222');
  await expect(link).toHaveAttribute('href', 'ssh://172.16.0.15:2222');
  await expect(link).toHaveAttribute('rel', 'noreferrer');
  await pane.getByRole('textbox', { name: 'Port to open' }).fill('22/../x');
  await expect(link).toHaveCount(0);
  await expect(pane.getByRole('alert')).toHaveText('A port is a number from 1 to 65535.');
  await expect(pane.getByRole('button', { name: 'Copy the ssh line of nas: ssh 172.16.0.15' })).toBeVisible();
});

test('round trips are drawn once there are some', async ({ open, page: blank }) => {
  await blank.clock.install();
  const { page, server } = await open({ scene: 'connected', at: 'peers/attic' });
  for (let i = 0; i < 4; i++) {
    await page.clock.runFor(6_000);
    server.app.tick();
    await page.waitForTimeout(60);
  }
  await expect(page.getByRole('complementary', { name: 'attic' }).getByText(/^Round trip over \d+ s: \d/)).toBeVisible();
});

test('the map is used with the keyboard alone, and says the same in words', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers' });
  await page.getByRole('button', { name: 'Map' }).focus();
  await page.keyboard.press('Enter');
  const map = page.getByRole('group', { name: /^Map of 11 devices/ });
  await expect(map.getByRole('button')).toHaveCount(12);
  for (let i = 0; i < 12 && !(await page.evaluate(`document.activeElement?.id.startsWith('map-')`)); i++) await page.keyboard.press('Tab');
  await expect(map.getByRole('button', { name: 'study: This device' })).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(map.getByRole('button', { name: 'nas: Direct, favourite' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#pane-title')).toHaveText('nas');
  await page.getByRole('button', { name: 'Ask nas whom it sees' }).click();
  await expect(page.getByText(/^It shook hands with \d+ devices of these lately/)).toBeVisible();
  expect(server.app.calls.filter(({ name }) => name === 'peer.metrics')).toEqual([{ name: 'peer.metrics', input: { id: 'nas' } }]);
  await page.keyboard.press('Escape');
  await expect(map.getByRole('button', { name: 'nas: Direct, favourite' })).toBeFocused();
  await page.getByText('In words').click();
  await expect(page.getByRole('term').filter({ hasText: 'Through workshop' })).toBeVisible();
  await page.getByRole('definition').getByRole('button', { name: 'vps-helsinki' }).click();
  await expect(page.locator('#pane-title')).toHaveText('vps-helsinki');
});

test('names made to mislead head no group, fill no map and open nothing', async ({ open }) => {
  const { page, server } = await open({ scene: 'malicious', at: 'peers' });
  const { source, list } = server.app.topics.peers.get();
  server.app.topics.peers.set({ source, list: list.map((p, i) => (i === 2 ? { ...p, id: misleadingNames.markup, ipv4: 'javascript:alert(1)', ipv6: null } : i === 3 ? { ...p, id: misleadingNames.turned } : i === 4 ? { ...p, id: misleadingNames.long.repeat(3) } : p)) });
  const { devices, ...trust } = server.app.topics.trust.get();
  server.app.topics.trust.set({ ...trust, devices: devices.map((d) => (d.id === 'attic' ? { ...d, name: misleadingNames.turned } : d)) });
  await page.getByLabel('Groups').selectOption('owner');
  await expect(page.getByRole('rowheader', { name: /^Added by Homegnp\.exe/ })).toBeVisible();
  await page.getByRole('row', { name: '<img src=x' }).first().click();
  await expect(page.locator('#pane-title')).toContainText('<img src=x');
  await expect(page.getByRole('complementary').getByRole('link')).toHaveCount(0);
  await page.getByRole('button', { name: 'Map' }).click();
  await page.getByText('In words').click();
  expect(await page.locator('main').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  expect([await page.title(), await page.locator('main img').count()]).toEqual(['Peers · Connected · Webmesh', 0]);
});

test('ten thousand peers are found, grouped and drawn', async ({ open }) => {
  const { page } = await open({ scene: 'crowd', peers: 10_000, at: 'peers' });
  await expect(page.getByText('10,000 devices you may reach.')).toBeVisible();
  await page.getByRole('searchbox').fill('node-9876');
  await expect(page.getByRole('row').nth(1)).toContainText('node-9876');
  await page.getByRole('searchbox').fill('');
  await page.getByRole('grid').focus();
  await page.keyboard.press('End');
  await expect(page.locator('#peer-10000')).toBeInViewport();
  expect(await page.getByRole('row').count()).toBeLessThan(60);
  await page.getByRole('button', { name: 'Map' }).click();
  await expect(page.getByText(/^\d,\d{3} more devices reached directly$/)).toBeVisible();
  expect(await page.getByRole('group', { name: /^Map of 10,000 devices/ }).getByRole('button').count()).toBeLessThan(260);
});
