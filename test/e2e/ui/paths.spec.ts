import { failure } from '../../../src/base/failure.ts';
import { problem } from '../../fakes/problem.ts';
import type { FakeServer } from '../../fakes/serve-fake.ts';
import { misleadingNames } from '../../fakes/world.ts';
import { expect, test } from './fixture.ts';

/** What was asked for beside the pictures of the day, which a pane asks for by itself. */
const changes = (server: FakeServer) => server.app.calls.filter(({ name }) => name !== 'history.read');

test('each kind of path has its own word and its own shape in the list', async ({ open }) => {
  const { page } = await open({ scene: 'connected', at: 'peers' });
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) });
  const kinds = { nas: 'Direct', 'build-runner': 'Peer to peer', 'grace-desktop': 'Relayed by attic', 'printer-room': 'Looking', 'kitchen-tablet': 'No path', 'barn-camera': 'Silent', study: 'This device' };
  const shapes: string[] = [];
  for (const [name, word] of Object.entries(kinds)) {
    await expect(row(name).getByRole('gridcell').nth(1)).toHaveText(word);
    shapes.push(await row(name).locator('svg').first().evaluate((svg) => svg.innerHTML.replace(/<!--.*?-->/g, '')));
  }
  expect(new Set(shapes).size).toBe(shapes.length);
  await page.getByRole('button', { name: 'Status' }).click();
  await expect(page.getByRole('row').last()).toContainText('Silent');
});

test('a relayed peer says by whom, why, and what would fix it; looking again shows what comes of it', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers/grace-desktop' });
  const pane = page.getByRole('complementary', { name: 'grace-desktop' });
  await expect(pane.getByText('Relayed by attic')).toBeVisible();
  const why = pane.getByRole('region', { name: 'Why relayed?' });
  await expect(why.getByRole('listitem')).toHaveCount(3);
  await expect(why.getByRole('listitem').first()).toContainText('The router here takes another public port');
  await expect(why.getByRole('listitem').first()).toContainText('turn on port mapping');
  await why.getByText('1 more reason').click();
  await expect(why).toContainText('The next try is in 2 min.');
  await why.getByRole('button', { name: 'Look again' }).click();
  await expect(pane.getByText('A better way is being looked for.')).toBeVisible();
  await expect(pane.locator('.path')).toHaveText(/Direct\s*8\.4 ms round trip/);
  await expect(why).toHaveCount(0);
  expect(changes(server)).toEqual([{ name: 'peer.retry', input: { id: 'grace-desktop' } }]);
});

test('ping measures path by path, says which is in use, and a refusal is told', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers/grace-desktop' });
  const pane = page.getByRole('complementary', { name: 'grace-desktop' });
  server.app.refuseNext('peer.paths', failure('node.lost', {}));
  await pane.getByRole('button', { name: 'Ping' }).click();
  await expect(page.getByText('The part of the app that takes part in the network stopped.')).toBeVisible();
  await page.getByRole('button', { name: 'Close this message' }).click();
  const release = server.app.holdNext('peer.paths');
  await pane.getByRole('button', { name: 'Ping' }).click();
  await expect(pane.getByRole('button', { name: 'Pinging…' })).toBeDisabled();
  await expect(pane.getByText('Each path is measured')).toBeVisible();
  release();
  const table = pane.getByRole('table', { name: 'Paths to grace-desktop' });
  await expect(table.getByRole('rowheader')).toHaveText(['Direct', 'Through both routers', 'Peer to peer', 'Relayin use']);
  await expect(table.getByRole('row', { name: /^Relay/ })).toContainText('63.9 ms');
  await expect(table.getByRole('row', { name: /^Relay/ })).toContainText('0 of 3');
  await expect(table).toContainText('Nothing answered at 203.0.113.7:51820.');
  await expect(pane.getByText('Packets of up to 1420 bytes pass.')).toBeInViewport();
  expect(changes(server).at(-1)?.input).toEqual({ id: 'grace-desktop', count: 3, mtu: true });
  await page.getByRole('row', { name: /^nas / }).click();
  await expect(page.getByRole('table', { name: /^Paths to/ })).toHaveCount(0);
});

test('a forward is opened with the keyboard alone; what cannot be is said before anything is asked, and a refusal stays in the dialog', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers/ada-laptop' });
  const button = page.getByRole('button', { name: 'Forward a port…' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Forward a port of ada-laptop' });
  await expect(dialog.getByRole('heading')).toBeFocused();
  const asked = (): unknown[] => server.app.calls.filter((call) => call.name === 'forward.open').map((call) => call.input);
  const remote = dialog.getByRole('textbox', { name: 'Port', exact: true });
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('radio', { name: 'TCP' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(remote).toBeFocused();
  await page.keyboard.type('99999');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('The remote port cannot be used as it is: write a number from 1 to 65535.');
  await expect(remote).toBeFocused();
  await expect(remote).toHaveAttribute('aria-invalid', 'true');
  expect(asked()).toEqual([]);

  await remote.fill('22');
  await dialog.getByRole('textbox', { name: 'Local port' }).fill('8080');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('Another program on this device already uses the local port 8080.');
  await expect(dialog.getByRole('textbox', { name: 'Local port' })).toBeFocused();
  server.app.refuseNext('forward.open', failure('mesh.refused', { problem: 'this node does not share tcp 127.0.0.1:22' }));
  await dialog.getByRole('textbox', { name: 'Local port' }).fill('');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('ada-laptop refused: this node does not share tcp 127.0.0.1:22.');
  await expect(remote).toHaveValue('22');

  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(button).toBeFocused();
  expect(asked().at(-1)).toEqual({ peer: 'ada-laptop', protocol: 'tcp', remoteAddress: '127.0.0.1', remotePort: 22, localAddress: '127.0.0.1', localPort: 0 });
  await expect(page.getByText('Connect to 127.0.0.1:20001 on this device.')).toBeVisible();
});

test('an address that others reach too is warned of; Escape leaves everything as it was', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers/nas' });
  await page.getByRole('button', { name: 'Forward a port…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Local address' }).fill('0.0.0.0');
  await expect(dialog.getByText('Whoever reaches this device at that address can then use this port, too.')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Local address' }).fill('::1');
  await expect(dialog.getByText('Whoever reaches this device')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  expect(changes(server)).toEqual([]);
});

test('forwards stand in the pane and on this device: copied, counted, closed', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'connected', at: 'peers/nas' });
  const mine = page.getByRole('list', { name: 'Forwards to nas' });
  await expect(mine.getByRole('listitem')).toHaveCount(1);
  await mine.getByRole('button', { name: 'Copy the local address: 127.0.0.1:8080' }).click();
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe('127.0.0.1:8080');
  await page.getByRole('link', { name: 'This device' }).click();
  const all = page.getByRole('list', { name: 'Forwards', exact: true });
  await expect(all.getByRole('listitem').first()).toContainText(/nas, port 80\s+2 connections\s+received 18\.2 MB\s+sent 48\.1 kB/);
  await expect(all.getByRole('listitem').nth(1)).toContainText('kitchen-tablet refused: this node does not share udp 192.168.7.1:53.');
  server.app.tick();
  await expect(all.getByRole('listitem').first()).toContainText('18.3 MB');
  await all.getByRole('link', { name: 'nas' }).click();
  await expect(page.locator('#pane-title')).toHaveText('nas');
  await page.goBack();
  await all.getByRole('button', { name: 'Close 127.0.0.1:8080' }).click();
  await expect(all.getByRole('listitem')).toHaveCount(1);
  await expect(all).toBeFocused();
  server.app.refuseNext('forward.close', failure('node.lost', {}));
  await all.getByRole('button', { name: /^Close/ }).click();
  await expect(page.getByText('The part of the app that takes part in the network stopped.')).toBeVisible();
  await expect(all.getByRole('listitem')).toHaveCount(1);
});

test('what this device does for others: the switch is the wish, the line below it is the fact', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'device', stepMs: 900 });
  const card = page.getByRole('region', { name: 'What this device does for others' });
  const line = (label: string) => card.getByRole('status').filter({ hasText: `${label}: ` });
  await expect(line('Relay (TURN)')).toContainText('Answers now.');
  const dns = 'Names of devices (mesh DNS)';
  await card.getByRole('switch', { name: dns }).click();
  await expect(line(dns)).toContainText('Still answers');
  await expect(line(dns)).toHaveCount(0);
  await card.getByRole('switch', { name: dns }).click();
  await expect(line(dns)).toContainText('it does not answer yet');
  server.app.topics.health.set({ warnings: [problem('service-down', { service: 'meshDns', problem: '', port: 5353 })] });
  await expect(line(dns)).toContainText('it does not answer: another program on this device has port 5353.');
  await expect(line(dns)).toContainText('Answers now.');
  server.app.refuseNext('offers.set', failure('internal.storage', {}));
  await card.getByRole('switch', { name: 'Relay (TURN)' }).click();
  await expect(page.getByText('The app could not save its settings')).toBeVisible();
  await expect(card.getByRole('switch', { name: 'Relay (TURN)' })).toBeChecked();

  const limit = card.getByRole('textbox', { name: 'At most' });
  await limit.fill('0');
  await limit.press('Enter');
  await expect(card.getByRole('alert')).toContainText('The limit of the relay cannot be used as it is');
  await expect(limit).toBeFocused();
  await limit.fill('120');
  await card.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(card.getByRole('alert')).toHaveCount(0);
  await expect(card.getByRole('button', { name: 'Set', exact: true })).toHaveCount(0);
  expect(server.app.calls.map((call) => call.input)).toEqual([
    { profile: 'studio2', meshDns: false }, { profile: 'studio2', meshDns: true }, { profile: 'studio2', turnServer: false }, { profile: 'studio2', relayMbit: 120 },
  ]);
  server.app.show('disconnected');
  await expect(line('Help devices meet (WebRTC)')).toContainText('Starts when this device connects.');
});

test('a relay that is switched on gets a limit; nothing is shared until it stands in the list, and what that opens is said first', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'device' });
  const card = page.getByRole('region', { name: 'What this device does for others' });
  await card.getByRole('switch', { name: 'Relay (TURN)' }).click();
  await expect(card.getByRole('textbox', { name: 'At most' })).toHaveValue('20');
  const shares = card.getByRole('group', { name: 'Shared addresses' });
  await expect(shares).toContainText('Nothing is shared: members of Home reach no program through this device.');
  await shares.getByRole('button', { name: 'Share' }).click();
  await expect(shares.getByRole('alert')).toContainText('The shared address cannot be used as it is: write a number from 1 to 65535.');
  await expect(shares.getByRole('textbox', { name: 'Port' })).toBeFocused();
  await shares.getByRole('textbox', { name: 'Address' }).fill('192.168.1.7');
  await shares.getByRole('textbox', { name: 'Port' }).fill('445');
  await page.keyboard.press('Enter');
  const item = shares.getByRole('listitem');
  await expect(item).toContainText('Every member may reach TCP port 445 of 192.168.1.7 through this device');
  await expect(shares).not.toContainText('Nothing is shared');
  await shares.getByRole('textbox', { name: 'Port' }).fill('22');
  await expect(shares.getByRole('status')).toContainText('Every member may reach TCP port 22 on this device, also of a program that listens for this device alone.');
  server.app.refuseNext('offers.set', failure('internal.storage', {}));
  await page.keyboard.press('Enter');
  await expect(page.getByText('The app could not save its settings')).toBeVisible();
  await expect(shares.getByRole('textbox', { name: 'Port' })).toHaveValue('22');
  await expect(item).toHaveCount(1);
  await shares.getByRole('button', { name: 'Remove tcp 192.168.1.7:445' }).click();
  await expect(item).toHaveCount(0);
  await expect(shares.getByRole('list')).toBeFocused();
  expect(server.app.topics.paths.get().offers).toMatchObject({ turnServer: true, relayMbit: 20, shares: [] });
});

test('the network check shows that it runs, what it found, and goes into a message as text', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'connected', at: 'device' });
  const card = page.getByRole('region', { name: 'Network check' });
  await expect(card).toContainText('A router that helps.');
  server.app.refuseNext('network.check', failure('network.offline', {}));
  await card.getByRole('button', { name: 'Check the network' }).click();
  await expect(card.getByRole('alert')).toBeVisible();
  const paths = server.app.topics.paths.get();
  server.app.topics.paths.set({ ...paths, nat: paths.nat && { ...paths.nat, mapping: 'blocked' } });
  const release = server.app.holdNext('network.check');
  await card.getByRole('button', { name: 'Check the network' }).click();
  await expect(card.getByRole('button', { name: 'Checking…' })).toBeDisabled();
  await expect(card).toHaveAttribute('aria-busy', 'true');
  await expect(card.getByRole('alert')).toHaveCount(0);
  release();
  await expect(card.getByText('UDP is blocked.')).toBeVisible();
  await expect(card.getByRole('row', { name: /^attic Relay \(TCP\)/ })).toContainText('24.1 ms');
  await expect(card.getByRole('row', { name: /^workshop/ })).toContainText('no answer');
  await expect(card).toContainText('The network here lets no UDP through. Ask whoever runs this network to allow UDP');
  await card.getByRole('button', { name: 'Copy as text' }).click();
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toMatch(/^Network check, [^]*- UDP: is blocked[^]*- attic, Relay \(TCP\), 203\.0\.113\.1:3478: 24\.1 ms/);
  server.app.show('disconnected');
  await expect(card.getByRole('button', { name: 'Check again' })).toBeDisabled();
});

test('names and details from elsewhere stay text, and turn or widen nothing', async ({ open, page: blank }) => {
  await blank.setViewportSize({ width: 360, height: 740 });
  const { page } = await open({ scene: 'malicious', at: 'peers/grace-desktop' });
  const pane = page.getByRole('complementary', { name: 'grace-desktop' });
  await expect(pane.getByText('Relayed by Homegnp.exe')).toBeVisible();
  await expect(pane).toContainText(`Nothing answered at ${misleadingNames.markup}.`);
  await page.goto(`${page.url().split('#')[0]}#/device`);
  await expect(page.getByRole('link', { name: misleadingNames.markup }).first()).toBeVisible();
  await expect(page.locator('main img')).toHaveCount(0);
  await expect(page).toHaveTitle('This device · Connected · Webmesh');
  expect(await page.evaluate('[document.documentElement, document.querySelector("main")].map((el) => el.scrollWidth <= el.clientWidth)')).toEqual([true, true]);
});

test('what is hidden for the eye does not make the window itself scroll', async ({ open, page: blank }) => {
  await blank.setViewportSize({ width: 360, height: 740 });
  const { page } = await open({ scene: 'host', at: 'device' });
  await page.getByRole('heading', { name: 'Disks' }).evaluate((heading) => heading.scrollIntoView());
  expect(await page.evaluate('[document.documentElement.scrollTop, document.body.scrollTop]')).toEqual([0, 0]);
  await expect(page.getByRole('navigation')).toBeInViewport({ ratio: 1 });
});
