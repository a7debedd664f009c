import type { Page } from '@playwright/test';
import { failure } from '../../../src/base/failure.ts';
import type { FakeServer } from '../../fakes/serve-fake.ts';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { misleadingNames } from '../../fakes/world.ts';
import { expect, test } from './fixture.ts';

const signal = new AbortController().signal;
const asked = (server: FakeServer): string[] => server.app.calls.map((call) => call.name).filter((name) => name !== 'invite.open');

/** As a deep link or a file that was opened with the app: it comes from the core, not from the page. */
async function offer(page: Page, server: FakeServer, said: Parameters<typeof invitationAt>[1] = {}): Promise<string> {
  const link = linkOf(invitationAt(Date.now(), said));
  await server.app.handlers['invite.open']({ link }, signal);
  await page.getByRole('dialog').waitFor();
  return link;
}

test('shows everything there is to know, and nothing happens before Join', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  const link = await offer(page, server);
  const dialog = page.getByRole('dialog', { name: 'Join Lab?' });
  for (const text of ["Ada's laptop", 'Member', 'in 23 h', 'attic.example.net:8443', 'Nothing has happened yet.']) await expect(dialog).toContainText(text);
  const groups = await dialog.getByRole('list', { name: 'Fingerprint of the network' }).getByRole('listitem').allTextContents();
  expect([groups.length, groups.every((group) => /^[0-9A-F]{8}$/.test(group))]).toEqual([8, true]);
  expect(groups.join('')).toBe(invitationAt(0).fingerprint.replaceAll(':', ''));
  // The focus is on the heading: a key that was meant for something else answers nothing.
  await expect(dialog.getByRole('heading', { name: 'Join Lab?' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  expect(asked(server)).toEqual([]);
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page.getByText('to Lab for')).toBeVisible();
  expect(server.app.calls.slice(-2)).toMatchObject([{ name: 'invite.redeem', input: { link } }, { name: 'session.connect' }]);
});

test('Not now and Escape put it away without a trace', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected', at: 'peers' });
  await offer(page, server);
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await offer(page, server);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect([...new Set(asked(server))]).toEqual(['invite.dismiss']);
  expect(server.app.topics.profiles.get().list).toHaveLength(2);
});

test('a pasted link is shown at once, wherever it is pasted', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'first-run' });
  const link = linkOf(invitationAt(Date.now()));
  await page.evaluate((text) => navigator.clipboard.writeText(text), `Join us: ${link}`);
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('Control+V');
  await expect(page.getByRole('dialog', { name: 'Join Lab?' })).toBeVisible();
  await page.getByRole('button', { name: 'Not now' }).click();
  await page.getByRole('textbox', { name: 'Invite link' }).focus();
  await page.keyboard.press('Control+V');
  await expect(page.getByRole('dialog', { name: 'Join Lab?' })).toBeVisible();
  expect(server.app.calls.filter((call) => call.name === 'invite.open').map((call) => call.input)).toEqual([{ link }, { link }]);
});

test('a link that is typed in, and one that is damaged', async ({ open }) => {
  const { page } = await open({ scene: 'first-run' });
  const box = page.getByRole('textbox', { name: 'Invite link' });
  await box.fill('webmesh://join/CgRIb21l');
  await page.getByRole('button', { name: 'Look at the invite' }).click();
  await expect(page.getByRole('alert')).toContainText('This is no whole invite: a part is missing or was changed. Nothing was done with it. Copy the whole link once more');
  await expect(box).toHaveAttribute('aria-invalid', 'true');
  await expect(box).toHaveValue('webmesh://join/CgRIb21l');
  await box.fill(linkOf(invitationAt(Date.now())));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Join Lab?' })).toBeVisible();
});

test('a file is chosen or dropped; only its content counts, and only when it is small', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected', at: 'add' });
  const link = linkOf(invitationAt(Date.now()));
  const chooser = page.locator('input[type=file]');
  await chooser.setInputFiles({ name: 'holiday.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(`${link}\n`) });
  await page.getByRole('button', { name: 'Not now' }).click();
  await chooser.setInputFiles({ name: 'Lab.webmesh-invite', mimeType: 'text/plain', buffer: Buffer.alloc(4097, 97) });
  await expect(page.getByRole('alert')).toContainText('The file is larger than allowed (at most 4 KiB).');
  await page.getByRole('link', { name: 'Settings' }).click();
  for (const content of [`${link}\n`, 'x'.repeat(5000)]) {
    const data = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'Lab.webmesh-invite'));
      return transfer;
    }, content);
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    if (content.length < 4096) await page.getByRole('button', { name: 'Not now' }).click();
  }
  await expect(page.getByText('The file is larger than allowed')).toBeVisible();
  expect(server.app.calls.filter((call) => call.name === 'invite.open').map((call) => call.input)).toEqual([{ link }, { link }]);
});

test('an invite that is too old cannot be joined with, also when it ends while it is looked at', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  await offer(page, server, { expiresAtMs: Date.now() - 1000 });
  await expect(page.getByRole('dialog', { name: 'This invite is too old' })).toContainText('Ask whoever invited you for a new one.');
  await expect(page.getByRole('button', { name: 'Join', exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Close' }).click();
  await offer(page, server, { expiresAtMs: Date.now() + 2500 });
  await expect(page.getByRole('button', { name: 'Join', exact: true })).toBeVisible();
  await expect(page.getByRole('dialog', { name: 'This invite is too old' })).toBeVisible();
});

test('a known network and an approval are told before', async ({ open }) => {
  const { page, server } = await open({ scene: 'connected' });
  await offer(page, server, { known: 'Home', needsApproval: true, role: 'guest' });
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('This device knows this network already, as “Home”.');
  await expect(dialog).toContainText('This device waits until an admin accepts it.');
  await expect(dialog).toContainText('Guest Reaches the devices of the network, changes nothing.');
});

test('ports and names can be chosen, a refusal stays in the dialog', async ({ open }) => {
  const { page, server } = await open({ scene: 'first-run' });
  const link = await offer(page, server);
  const dialog = page.getByRole('dialog');
  await dialog.getByText('More', { exact: true }).click();
  await dialog.getByLabel('API').fill('99999');
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('The API port cannot be used as it is');
  await dialog.getByLabel('API').fill('8543');
  await dialog.getByLabel('Name of this device').fill('lab-pc');
  server.app.refuseNext('invite.redeem', failure('auth.wrong-mesh', { address: 'attic.example.net:8443' }));
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('Another network than the expected one answers at attic.example.net:8443. Nothing was sent to it.');
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page.getByText('to Lab for')).toBeVisible();
  expect(server.app.calls.find((call) => call.name === 'invite.redeem')?.input).toEqual({ link, nodeId: 'lab-pc', grpcPort: 8543 });
});

test('waiting for an admin shows what to compare; refusals lead to another invite', async ({ open }) => {
  const { page, server } = await open({ scene: 'waiting' });
  const box = page.getByRole('region', { name: 'Connection' });
  await expect(box).toContainText('Waiting for approval');
  await expect(box.getByRole('list', { name: 'Fingerprint of this device' }).getByRole('listitem')).toHaveCount(8);
  await page.getByRole('button', { name: 'Ask again now' }).click();
  await expect.poll(() => asked(server)).toEqual(['session.retry']);
  server.app.show('refused');
  await expect(page.getByRole('alert')).toContainText('This invite was used already, as often as it may be.');
  await page.getByRole('link', { name: 'Use another invite' }).click();
  await expect(page.getByRole('heading', { name: 'Join with an invite' })).toBeVisible();
  await page.goBack();
  server.app.show('revoked');
  await expect(page.getByRole('alert')).toContainText('An admin cut this device off from the network.');
});

for (const [kind, name] of Object.entries(misleadingNames)) {
  test(`names made to mislead stay text: ${kind}`, async ({ open, page: blank }) => {
    await blank.setViewportSize({ width: 360, height: 740 });
    const { page, server } = await open({ scene: 'first-run' });
    await offer(page, server, { networkName: name, invitedBy: name, addresses: [name, `${name}:1`] });
    const dialog = page.getByRole('dialog');
    const text = (await dialog.textContent()) ?? '';
    expect(/(?!\u200d)[\p{Cc}\p{Cf}]/u.test(text.replaceAll('\n', ''))).toBe(false);
    expect(await dialog.evaluate((box) => [box.querySelectorAll('img, b, script').length, box.scrollWidth <= box.clientWidth])).toEqual([0, true]);
    if (kind === 'empty') await expect(dialog.getByRole('heading', { level: 2 })).toHaveText('Join without a name?');
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    await expect(page.getByText('for 0 s')).toBeVisible();
    expect(await page.title()).toBe('Connected · Webmesh');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
}
