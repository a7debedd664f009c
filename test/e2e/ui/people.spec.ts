import { failure } from '../../../src/base/failure.ts';
import { problem } from '../../fakes/problem.ts';
import { expect, test } from './fixture.ts';

test('who waits comes first; an admin compares and accepts', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  await page.getByRole('link', { name: /People/ }).click();
  await expect(page.getByRole('heading', { level: 2 }).first()).toHaveText('Waiting for approval');
  const waiting = page.getByRole('region', { name: 'Waiting for approval' });
  await expect(waiting.getByRole('list', { name: 'Fingerprint of Linus' }).getByRole('listitem')).toHaveCount(8);
  await waiting.getByRole('button', { name: 'Accept Linus' }).click();
  await expect(page.getByText('Accepted Linus.')).toBeVisible();
  await expect(waiting).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'In the network' })).toContainText('11 devices');
  expect(server.app.calls).toEqual([{ name: 'device.approve', input: { id: 'linus-phone' } }]);
});

test('refusing and cutting off say what they mean, and can be left', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'people' });
  await page.getByRole('button', { name: 'Refuse Linus' }).click();
  await expect(page.getByRole('dialog', { name: 'Refuse Linus?' })).toContainText('This cannot be undone');
  await page.getByRole('button', { name: 'Leave it as it is' }).click();
  await page.locator('summary', { hasText: "Grace's desktop" }).click();
  await page.getByRole('button', { name: "Cut off Grace's desktop" }).click();
  const dialog = page.getByRole('dialog', { name: "Cut off Grace's desktop?" });
  await expect(dialog).toContainText('no device of the network talks to it any more');
  await expect(dialog).toContainText('This cannot be undone.');
  expect(server.app.calls).toEqual([]);
  server.app.refuseNext('device.revoke', failure('mesh.no-leader', {}));
  await dialog.getByRole('button', { name: 'Cut off', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('no leader');
  await dialog.getByRole('button', { name: 'Cut off', exact: true }).click();
  await expect(page.getByText("Cut off Grace's desktop.")).toBeVisible();
  await page.getByText('2 devices cut off').click();
  await expect(page.locator('.gone')).toContainText("Grace's desktop");
});

test('roles change after a question; the list shows what is true', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'people' });
  await page.locator('summary', { hasText: 'NAS' }).click();
  const role = page.locator('#role-nas');
  await role.selectOption('Admin');
  const dialog = page.getByRole('dialog', { name: 'Make NAS an admin?' });
  await expect(dialog).toContainText('NAS may then invite and accept devices, change roles and cut devices off, this one too.');
  await page.keyboard.press('Escape');
  await expect(role).toHaveValue('member');
  await role.selectOption('Guest');
  await page.getByRole('dialog', { name: 'Make NAS a guest?' }).getByRole('button', { name: 'Change role' }).click();
  await expect(page.getByText('NAS is now guest.')).toBeVisible();
  await expect(role).toHaveValue('guest');
  expect(server.app.calls).toEqual([{ name: 'device.role', input: { id: 'nas', role: 'guest' } }]);
});

test('the last admin can be neither cut off nor demoted, and it is said why', async ({ open }) => {
  const { page, server } = await open({ scene: 'alone', at: 'people' });
  await page.locator('summary', { hasText: 'Study' }).click();
  await page.getByRole('button', { name: 'Cut off Study' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('It is the only admin.');
  await expect(dialog.getByRole('button')).toHaveText(['Close']);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.locator('#role-study').selectOption('Member');
  await expect(dialog).toContainText('Make another device an admin first.');
  expect(server.app.calls).toEqual([]);
});

test('a guest reads and is offered nothing to change', async ({ open }) => {
  const { page } = await open({ scene: 'guest', at: 'people' });
  await page.locator('summary', { hasText: 'NAS' }).click();
  await expect(page.getByRole('list', { name: 'Fingerprint of NAS' })).toBeVisible();
  for (const name of [/^Cut off/, /^Accept/, /^Refuse/, /^Take back/]) await expect(page.getByRole('button', { name })).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Invites' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
});

test('the root key: saved with a passphrase, removed, brought back; nothing of it stays in the page', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'people' });
  await page.getByRole('button', { name: 'Save it to a file…' }).click();
  const first = page.getByLabel('Passphrase');
  await expect(first).toHaveAttribute('autocomplete', 'new-password');
  await expect(page.getByLabel('Once more')).toHaveAttribute('type', 'password');
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await first.fill('short');
  await expect(page.getByText('Too short: 10 characters at least.')).toBeVisible();
  await first.fill('correct horse battery');
  await page.getByLabel('Once more').fill('correct horse batterz');
  await expect(page.getByText('The two are not the same.')).toBeVisible();
  await expect(save).toBeDisabled();
  await page.getByLabel('Once more').fill('correct horse battery');
  await save.click();
  await expect(page.getByRole('dialog')).toContainText('Home-root-key.age');
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.evaluate('document.documentElement.innerHTML.includes("correct horse") || location.href.includes("horse") || Object.keys(localStorage).some((key) => key !== "webmesh.language") || sessionStorage.length > 0')).toBe(false);
  await page.getByRole('button', { name: 'Remove it from this device…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('it was removed from this device')).toBeVisible();
  await page.getByRole('button', { name: 'Bring it here from its file…' }).click();
  await page.getByLabel('File of the root key').setInputFiles({ name: 'key.age', mimeType: 'text/plain', buffer: Buffer.from('age-encryption.org/v1') });
  await page.getByLabel('Passphrase').fill('wrong horse');
  await page.getByRole('button', { name: 'Bring it here', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('The passphrase does not open this file. Nothing was changed.');
  await page.getByLabel('Passphrase').fill('correct horse battery');
  await page.getByRole('button', { name: 'Bring it here', exact: true }).click();
  await expect(page.getByText('The root key is on this device again.')).toBeVisible();
  expect(server.app.calls.map((call) => call.name)).toEqual(['root.export', 'root.remove', 'root.import', 'root.import']);
});

test('invites are listed with what they are worth; the certificate renews on request', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'people' });
  const invites = page.getByRole('region', { name: 'Invites' });
  await expect(invites).toContainText('Margaret, for the new phone');
  await expect(invites).toContainText('Guest, 2 of 10 used, an admin accepts each device.');
  await invites.getByText('3 invites that are over').click();
  for (const word of ['Used', 'Too old', 'Taken back']) await expect(invites.getByText(word, { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Renew now' }).click();
  await expect(page.getByText('Renewed the certificate and the tunnel key')).toBeVisible();
  expect(server.app.calls).toEqual([{ name: 'certificate.renew', input: {} }]);
});

test('thousands of devices are searched, not scrolled', async ({ open }) => {
  const { page } = await open({ scene: 'crowd', at: 'people' });
  await expect(page.getByText(/^2,00\d devices$/)).toBeVisible();
  expect(await page.locator('summary').count()).toBeLessThan(80);
  await page.getByRole('button', { name: /^Show more of 2,00/ }).click();
  await expect.poll(() => page.locator('summary').count()).toBeGreaterThan(200);
  await page.getByRole('searchbox').fill('node-1777');
  await expect(page.locator('summary', { hasText: 'node-1777' })).toBeVisible();
  await expect(page.getByText('1 device found')).toBeVisible();
});

test('names made to mislead stay text, everywhere they are shown', async ({ open, page: blank }) => {
  await blank.setViewportSize({ width: 360, height: 740 });
  const { page } = await open({ scene: 'malicious', at: 'people' });
  for (const at of ['people', 'audit', 'connect', 'settings']) {
    await page.goto(page.url().replace(/#.*/, `#/${at}`));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForTimeout(80);
    const seen = await page.evaluate(`(() => ({ marks: /[\\u0000-\\u0008\\u200b\\u202a-\\u202e\\u2060-\\u2069]/.test(document.body.innerText), elements: document.querySelectorAll('main img, main b').length, wide: document.querySelector('main').scrollWidth }))()`);
    expect({ at, ...(seen as object) }).toEqual({ at, marks: false, elements: 0, wide: 360 });
  }
});

test('the audit log: newest first, searched, paged, exported', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'people' });
  await page.getByRole('link', { name: 'Audit log' }).click();
  await expect(page.getByText('Chain intact')).toBeVisible();
  const entries = page.getByRole('region', { name: 'Entries, newest first' }).getByRole('listitem');
  await expect(entries).toHaveCount(50);
  await expect(entries.first()).toContainText('#130');
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect(entries).toHaveCount(100);
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect(entries).toHaveCount(130);
  await expect(page.getByRole('button', { name: 'Show older' })).toHaveCount(0);
  await expect(entries.last()).toContainText('Study founded the network: Home');
  await page.getByRole('searchbox').fill('old-laptop');
  await expect(entries.first()).toContainText('Study cut a device off: Old laptop');
  await expect.poll(() => entries.count()).toBeLessThan(20);
  await page.getByRole('searchbox').fill('nothing like this');
  await expect(page.getByText('No entry matches “nothing like this”.')).toBeVisible();
  await page.getByRole('button', { name: 'Export all' }).click();
  await expect(page.getByText('Home-audit-2026-11-22.jsonl')).toBeVisible();
  await expect(page.getByRole('navigation').locator('[aria-current=page]')).toContainText('People');
  expect(server.app.calls.map((call) => call.name).at(-1)).toBe('audit.export');
});

test('a broken chain is said in red words, and a refusal in its own', async ({ open }) => {
  const { page, server } = await open({ scene: 'host', at: 'audit' });
  await expect(page.getByText('Chain intact')).toBeVisible();
  server.app.topics.health.set({ warnings: [problem('audit-broken')] });
  await page.getByRole('button', { name: 'Read again' }).click();
  await expect(page.getByText('Chain broken')).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('The audit log does not fit together any more');
  server.app.refuseNext('audit.list', failure('auth.not-permitted', { reason: 'only for admins' }));
  await page.getByRole('button', { name: 'Read again' }).click();
  await expect(page.getByText('This is not allowed: only for admins.')).toBeVisible();
});

test('warnings of trust lead to where they are dealt with', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  server.app.topics.health.set({ warnings: [
    problem('device-pending', { count: 1, name: 'Linus' }), problem('certificate-expiring', { days: 6 }),
    problem('root-not-exported'), problem('audit-broken'),
  ] });
  await expect(page.getByRole('alert')).toHaveCount(2);
  await expect(page.getByText('The certificate of this device ends in 6 days.')).toBeVisible();
  await expect(page.getByText('“Linus” would like to join and waits for an admin.')).toBeVisible();
  await page.getByRole('link', { name: 'Open the log' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible();
});

test('clear text is red on every screen, in the switch and in words', async ({ open }) => {
  const { page } = await open({ scene: 'clear-text' });
  const banner = page.getByRole('note', { name: 'Clear text' });
  for (const at of ['connect', 'peers', 'people', 'device', 'settings', 'add']) {
    await page.goto(page.url().replace(/#.*/, `#/${at}`));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect(banner).toBeVisible();
    await expect(page.locator('.banner')).toHaveCSS('background-color', 'rgb(176, 38, 29)');
  }
  await page.goto(page.url().replace(/#.*/, '#/people'));
  await expect(page.getByText('This network runs in clear text')).toBeVisible();
  await page.goto(page.url().replace(/#.*/, '#/connect'));
  await expect(page.locator('.switch .badge')).toHaveText('clear text');
  await expect(page.getByText('none while joining and managing: clear text')).toBeVisible();
});
