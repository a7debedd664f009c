import { failure } from '../../../src/base/failure.ts';
import { problem } from '../../fakes/problem.ts';
import { expect, test } from './fixture.ts';

test('the panel lists what is wrong, the worst first, since when, and what to do', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'health' });
  await expect(page.getByRole('status').filter({ hasText: 'Nothing is wrong.' })).toBeVisible();
  const nowMs = Date.now();
  server.app.topics.health.set({ warnings: [
    problem('node-port-in-use', { port: 9443 }, { sinceMs: nowMs - 125_000 }), problem('peer-unreachable', { count: 3, peer: 'nas' }, { sinceMs: nowMs }), problem('audit-broken', {}, { sinceMs: nowMs - 3_700_000 }),
  ] });
  const items = page.getByRole('list', { name: 'Problems and hints' }).getByRole('listitem');
  await expect(items.getByRole('heading')).toHaveText(['The audit log does not fit together', 'A port is taken', 'Not every peer is reached']);
  await expect(items.nth(0)).toContainText('Error · for 1 h');
  await expect(items.nth(1)).toContainText('Warning · for 2 min');
  await expect(items.nth(1)).toContainText('Another program on this device already uses TCP port 9443');
  await expect(items.nth(1).getByRole('button')).toHaveCount(0);
  await expect(items.nth(2)).toContainText('Hint · just now');
  await expect(page.getByRole('status').filter({ hasText: '2 problems and 1 hint.' })).toBeVisible();
  await expect(page.getByLabel('2 problems')).toBeVisible();
});

test('a hint is put away, a problem cannot be', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'health' });
  server.app.topics.health.set({ warnings: [problem('clear-text', { profile: 'Home' }), problem('secrets-in-file')] });
  await expect(page.getByRole('button', { name: /^Put away/ })).toHaveCount(1);
  await page.getByRole('button', { name: 'Put away: Keys are kept in a file' }).click();
  await expect(page.getByText('Keys are kept in a file')).toHaveCount(0);
  expect(server.app.calls).toEqual([{ name: 'health.dismiss', input: { id: 'secrets-in-file' } }]);
});

test('names that other programs do not find are a hint with its reason; nothing can be done from here but to put it away', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'health' });
  server.app.topics.health.set({ warnings: [problem('dns-not-set', { problem: 'another program has port 5353; next: end that program', suffix: 'home.internal' })] });
  const item = page.getByRole('list', { name: 'Problems and hints' }).getByRole('listitem');
  await expect(item.getByRole('heading')).toHaveText('Names do not work in other programs');
  await expect(item).toContainText('Other programs on this device do not find the network\'s devices by name: another program has port 5353; next: end that program.');
  await expect(item).toContainText('Their addresses work. It is tried again every minute.');
  await expect(item.getByRole('link')).toHaveCount(0);
  await expect(item.getByRole('button')).toHaveCount(1);
  await item.getByRole('button', { name: 'Put away: Names do not work in other programs' }).click();
  await expect(page.getByText('Names do not work')).toHaveCount(0);
  expect(server.app.calls).toEqual([{ name: 'health.dismiss', input: { id: 'dns-not-set' } }]);
});

const commands = [
  { code: 'helper-missing', label: 'Start the service…', call: { name: 'helper.start', input: {} } },
  { code: 'cannot-connect', label: 'Try again', call: { name: 'session.connect', input: {} } },
  { code: 'connection-lost', label: 'Try again', call: { name: 'session.retry', input: {} } },
  { code: 'renewal-failing', label: 'Renew now', call: { name: 'certificate.renew', input: {} } },
  { code: 'peer-unreachable', fix: 'look-again', label: 'Look again', call: { name: 'peer.retry', input: { id: 'nas' } } },
] as const;

for (const { code, label, call, ...more } of commands) {
  test(`${code}: the button does it`, async ({ open }) => {
    const { page, server } = await open({ scene: 'connected', at: 'health' });
    server.app.topics.health.set({ warnings: [problem(code, { peer: 'nas', count: 1 }, more)] });
    await page.getByRole('button', { name: label }).click();
    await expect.poll(() => server.app.calls).toEqual([call]);
  });
}

const places = [
  { code: 'udp-blocked', label: 'Check the network', heading: 'This device' },
  { code: 'peer-unreachable', label: 'See which', heading: 'Peers' },
  { code: 'device-pending', label: 'Open People', heading: 'People & devices' },
  { code: 'audit-broken', label: 'Open the log', heading: 'Audit log' },
  { code: 'service-down', label: 'See the offers', heading: 'This device' },
  { code: 'clear-text', label: 'See the networks', heading: 'Settings' },
  { code: 'cannot-connect', fix: 'new-invite', label: 'Use another invite', heading: 'Add a network' },
] as const;

for (const { code, label, heading, ...more } of places) {
  test(`${code}${'fix' in more ? `, ${more.fix}` : ''}: the way to where a person decides`, async ({ open }) => {
    const { page, server } = await open({ scene: 'host', at: 'health' });
    server.app.topics.health.set({ warnings: [problem(code, { count: 2 }, more)] });
    await page.getByRole('link', { name: label }).click();
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  });
}

test('a page to sign in at is a link that opens outside, and tells it nothing of the app', async ({ open }) => {
  const { page, server } = await open({ scene: 'reconnecting', at: 'health' });
  server.app.topics.health.set({ warnings: [problem('sign-in-needed', { link: 'http://wifi.example/in', host: 'wifi.example' })] });
  const link = page.getByRole('link', { name: 'Sign in…' });
  await expect(link).toHaveAttribute('href', 'http://wifi.example/in');
  await expect(link).toHaveAttribute('target', '_blank');
  await expect(link).toHaveAttribute('rel', 'noreferrer noopener');
  server.app.topics.health.set({ warnings: [problem('sign-in-needed', { link: 'javascript:alert(1)', host: '' })] });
  await expect(page.getByRole('heading', { name: 'This network wants you to sign in' })).toBeVisible();
  await expect(link).toHaveCount(0);
});

test('the network check begins by itself, the root key is asked for at once', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'health' });
  server.app.topics.health.set({ warnings: [problem('udp-blocked'), problem('root-not-exported')] });
  await page.getByRole('link', { name: 'Check the network' }).click();
  await expect.poll(() => server.app.calls.map(({ name }) => name)).toEqual(['network.check']);
  await page.goBack();
  await page.getByRole('link', { name: 'Save the key…' }).click();
  await expect(page.getByRole('dialog').getByLabel('Passphrase', { exact: true })).toBeVisible();
});

test('a fix that is refused says why, and the problem stays', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected', at: 'health' });
  server.app.topics.health.set({ warnings: [problem('helper-missing')] });
  server.app.refuseNext('helper.start', failure('helper.declined'));
  await page.getByRole('button', { name: 'Start the service…' }).click();
  await expect(page.getByRole('status').filter({ hasText: /permission|declined|not given/i })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'The system service is not running' })).toBeVisible();
});

test('each kind of notification has its switch, below the one for all', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'settings' });
  for (const [label, key] of [['Connection', 'notifyConnection'], ['Devices that wait', 'notifyDevices'], ['Certificates', 'notifyExpiry'], ['This device', 'notifyService']] as const) {
    const knob = page.getByRole('switch', { name: label, exact: true });
    await knob.click();
    await expect(knob).not.toBeChecked();
    expect(server.app.calls.at(-1)).toEqual({ name: 'settings.update', input: { [key]: false } });
    await knob.click();
    await expect(knob).toBeChecked();
  }
  await page.getByRole('switch', { name: 'Notify me' }).click();
  await expect(page.getByRole('switch', { name: 'Connection', exact: true })).toBeDisabled();
  expect(server.app.calls.at(-1)).toEqual({ name: 'settings.update', input: { notifications: false } });
});

test('before there is any network a missing service is said, and started from there', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  await expect(page.getByRole('heading', { level: 1, name: 'Welcome to Webmesh' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  server.app.topics.health.set({ warnings: [problem('helper-missing'), problem('secrets-in-file')] });
  await expect(page.getByRole('alert')).toContainText('The system service that makes the tunnel is not running');
  await page.getByRole('button', { name: 'Start the service…' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(server.app.calls).toEqual([{ name: 'helper.start', input: {} }]);
});
