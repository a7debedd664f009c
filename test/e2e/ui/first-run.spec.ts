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

test('a wrong address is said in a sentence and what was typed stays', async ({ open }) => {
  const { page } = await open({ scene: 'first-run' });
  const address = page.getByRole('textbox', { name: 'Address' });
  const join = page.getByRole('button', { name: 'Join', exact: true });
  await address.fill('attic.example.net');
  await join.click();
  await expect(page.getByRole('alert')).toContainText('The address cannot be used as it is');
  await expect(address).toHaveValue('attic.example.net');
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await address.fill('nobody.example.net:8443');
  await page.getByRole('switch', { name: 'Clear text' }).check();
  await expect(page.getByText('whoever sits in between can read and change it')).toBeVisible();
  await join.click();
  await expect(page.getByRole('alert')).toContainText('No answer from nobody.example.net:8443.');
  await address.fill('attic.example.net:8443');
  await join.click();
  await expect(page.getByText('Joining and managing this network is not encrypted.')).toBeVisible();
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
