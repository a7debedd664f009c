import { expect, test } from './fixture.ts';

test('creates a network and sees itself lead it', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  await expect(page.getByRole('heading', { name: 'Welcome to Webmesh' })).toBeVisible();
  await page.getByLabel('Name of the network').fill('Attic');
  await page.getByRole('button', { name: 'Create network' }).click();
  await expect(page.getByText('to Attic for')).toBeVisible();
  expect(server.app.calls).toMatchObject([{ name: 'mesh.create', input: { name: 'Attic' } }, { name: 'session.connect' }]);
  await page.getByRole('link', { name: 'This device' }).click();
  await expect(page.getByText('This device leads.')).toBeVisible();
  await page.getByRole('link', { name: /^Peers/ }).click();
  await expect(page.getByText('No other device has joined yet.')).toBeVisible();
});

test('an old network in clear text is out of the way, and joined only when that is chosen by name', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  const form = page.getByRole('form', { name: 'Join an old network in clear text' });
  await expect(form).toBeHidden();
  await page.locator('summary', { hasText: 'Old network in clear text' }).click();
  const address = form.getByRole('textbox', { name: 'Address' });
  const join = form.getByRole('button', { name: 'Join in clear text' });
  await address.fill('attic.example.net');
  await expect(join).toBeDisabled();
  await expect(form.getByText('whoever sits in between can read and change it')).toBeVisible();
  await form.getByRole('switch', { name: 'Clear text' }).check();
  await join.click();
  await expect(page.getByRole('alert')).toContainText('The address cannot be used as it is');
  await expect(address).toHaveValue('attic.example.net');
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await address.fill('nobody.example.net:8443');
  await join.click();
  await expect(page.getByRole('alert')).toContainText('No answer from nobody.example.net:8443.');
  await address.fill('attic.example.net:8443');
  await join.click();
  await expect(page.getByRole('note', { name: 'Clear text' })).toBeVisible();
  expect(server.app.calls.at(-2)).toEqual({ name: 'mesh.join', input: { address: 'attic.example.net:8443', insecure: true } });
});

test('a network in clear text is founded only by its own switch', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  const form = page.getByRole('form', { name: 'Create a network' });
  await form.getByText('More', { exact: true }).click();
  await form.getByRole('switch', { name: 'Old network in clear text' }).check();
  await expect(form.getByText('will not be encrypted')).toBeVisible();
  await form.getByRole('button', { name: 'Create network' }).click();
  await expect(page.getByRole('note', { name: 'Clear text' })).toBeVisible();
  expect(server.app.calls[0]).toEqual({ name: 'mesh.create', input: { name: 'Home', insecure: true } });
});

test('a second network is added from Connect, and Back leads back', async ({ open }) => {
  const { page } = await open({ scene: 'connected' });
  await page.getByRole('link', { name: 'Add' }).click();
  await expect(page.getByRole('heading', { name: 'Add a network' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Connect', exact: true })).toBeVisible();
});

test('ports can be chosen, and a wrong one is said before anything is asked', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  const form = page.getByRole('form', { name: 'Create a network' });
  await form.getByLabel('Name of the network').fill('Attic');
  await form.getByText('More', { exact: true }).click();
  await form.getByLabel('WireGuard').fill('70000');
  await form.getByRole('button', { name: 'Create network' }).click();
  await expect(page.getByRole('alert')).toContainText('The WireGuard port cannot be used as it is: write a number from 1 to 65535.');
  expect(server.app.calls).toEqual([]);
  await form.getByLabel('WireGuard').fill('51830');
  await form.getByRole('button', { name: 'Create network' }).click();
  await expect(page.getByText('to Attic for')).toBeVisible();
  expect(server.app.calls).toMatchObject([{ name: 'mesh.create', input: { name: 'Attic', wireguardPort: 51_830 } }, { name: 'session.connect' }]);
});
