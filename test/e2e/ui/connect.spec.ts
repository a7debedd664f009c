import { failure, toData } from '../../../src/base/failure.ts';
import { expect, test } from './fixture.ts';

test('connects and disconnects with one button, through the phases of the topic', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected', stepMs: 1500 });
  const says = page.getByRole('region', { name: 'Connection' }).getByRole('status');
  await expect(says).toContainText('Not connected');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(says).toContainText('Asking attic.example.net:8443 to let this device in.');
  await expect(page.getByRole('list', { name: 'Steps of connecting' }).locator('[aria-current=step]')).toContainText('Join');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();
  await expect(says).toContainText('Connected');
  await expect(page).toHaveTitle('Connected · Webmesh');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await expect(says).toContainText('Not connected');
  expect(server.app.calls.map((call) => call.name)).toEqual(['session.connect', 'session.disconnect']);
});

test('cancels while connecting', async ({ open }) => {
  const { page } = await open({ scene: 'joining' });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('button', { name: 'Connect', exact: true })).toBeVisible();
});

test('says what blocks and what to do', async ({ open }) => {
  const { page, server } = await open({ scene: 'blocked' });
  await expect(page.getByRole('alert')).toContainText('Another program already uses UDP port 51820, which the tunnel needs. Use another port: the other devices learn it by themselves. Or stop that program');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'Disconnect' })).toBeVisible();
  server.app.show('blocked');
  await page.getByRole('button', { name: 'Use another port' }).click();
  await expect(page.getByRole('button', { name: 'Disconnect' })).toBeVisible();
  expect(server.app.calls.map((call) => call.name)).toEqual(['session.connect', 'profile.port']);
  server.app.show('reconnecting');
  await expect(page.getByRole('alert')).toContainText('No answer from attic.example.net:8443.');
  await expect(page.getByText(/Next try in \d s \(attempt 3\)\./)).toBeVisible();
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect.poll(() => server.app.calls.at(-1)?.name).toBe('session.retry');
});

test('tells a frozen network, polling and clear text apart from trouble', async ({ open }) => {
  const { page, server } = await open({ scene: 'degraded' });
  await expect(page.getByRole('alert')).toContainText('Changes are frozen, traffic is fine');
  server.app.show('polling');
  await expect(page.getByRole('alert')).toContainText('asks for the list of peers every few seconds. Traffic is fine.');
  server.app.show('clear-text');
  await expect(page.getByText('Clear text.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('note', { name: 'Clear text' })).toContainText('Joining and managing Home is not encrypted');
});

test('keeps the last state, greyed, while the app is away, and goes on when it is back', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected' });
  server.refuse(true);
  server.drop();
  await expect(page.getByText('Lost contact with the app; trying again.')).toBeVisible();
  await expect(page.getByText('to Home for')).toBeVisible();
  await expect(page.locator('main > div')).toHaveAttribute('inert');
  server.app.show('disconnected');
  server.refuse(false);
  await expect(page.getByRole('button', { name: 'Connect', exact: true })).toBeEnabled({ timeout: 10_000 });
  await expect(page.getByText('Lost contact')).toHaveCount(0);
});

test('switches networks', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected' });
  await page.getByRole('combobox', { name: 'Network' }).selectOption('studio2');
  await expect.poll(() => server.app.calls).toEqual([{ name: 'profile.select', input: { profile: 'studio2' } }]);
  await expect(page.getByText('Studio is off.')).toBeVisible();
  // Home stays connected; it is a click away.
  await page.getByRole('button', { name: 'Show Home: connected' }).click();
  await expect(page.getByText('to Home for')).toBeVisible();
});

test('two networks are connected: each is shown in its turn and disconnected by itself', async ({ open }) => {
  const { page, server } = await open({ scene: 'two-networks' });
  await page.getByRole('button', { name: 'Show Studio: connected' }).click();
  await expect(page.getByText('to Studio for')).toBeVisible();
  await page.getByRole('button', { name: 'Disconnect', exact: true }).click();
  await expect(page.getByText('Studio is off.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show Home: connected' })).toBeVisible();
  await page.goto(page.url().replace(/#.*/, '#/settings'));
  await page.getByRole('switch', { name: 'Connect Chess club when the app starts' }).click();
  await expect(page.getByRole('switch', { name: 'Connect Chess club when the app starts' })).toBeChecked();
  await page.getByRole('button', { name: 'Connect Chess club', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disconnect Chess club' })).toBeVisible();
  await page.getByLabel('Colour Chess club').selectOption('teal');
  await page.getByLabel('Names end in Chess club').fill('studio.internal');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('the network Studio has it already')).toBeVisible();
  expect(server.app.calls.map(({ name }) => name)).toEqual(['profile.select', 'session.disconnect', 'profile.mark', 'session.connect', 'profile.mark', 'profile.mark']);
});

test('a network that another one is in the way of names that one: on its page, among the problems and in the settings', async ({ open }) => {
  const { page, server } = await open({ scene: 'two-networks' });
  const conflict = toData(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wmhome1', tunnelId: 'home1', other: 'Home' }));
  await page.getByRole('button', { name: 'Show Studio: connected' }).click();
  await expect(page.getByText('to Studio for')).toBeVisible();
  server.app.topics.session.set({ want: 'connected', profile: 'studio2', epoch: 9, phase: 'blocked', failure: conflict });
  await expect(page.getByText('Your network “Home” uses addresses that this one needs as well (10.7.0.0/16).').first()).toBeVisible();
  await expect(page.getByText('Disconnect “Home”, then try again').first()).toBeVisible();
  await page.goto(page.url().replace(/#.*/, '#/settings'));
  await expect(page.getByText('Your network “Home” uses addresses').first()).toBeVisible();
});

test('copies an address', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page } = await open({ scene: 'connected' });
  await page.getByRole('button', { name: 'Copy the IPv4 address: 172.16.0.9' }).click();
  await expect(page.getByText('Copied the IPv4 address.')).toBeVisible();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('172.16.0.9');
});
