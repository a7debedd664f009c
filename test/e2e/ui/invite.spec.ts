import { readFile } from 'node:fs/promises';
import jsQR from 'jsqr';
import { failure } from '../../../src/base/failure.ts';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { expect, test } from './fixture.ts';
import { pixelsOf } from './pixels.ts';

/** jsqr is CommonJS: what is imported is its whole module. */
const decode = ((jsQR as unknown as { default?: typeof jsQR.default }).default ?? jsQR) as typeof jsQR.default;

test('two clicks from connected to a link on the clipboard', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'host' });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('dialog')).toContainText('Copied.');
  const copied = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(copied).toMatch(/^webmesh:\/\/join\/[A-Za-z0-9_-]{100,}$/);
  expect(server.app.calls).toEqual([{ name: 'invite.create', input: { role: 'member', expiresInSeconds: 86_400, uses: 1, needsApproval: false } }]);
  await page.getByRole('button', { name: 'Done' }).click();
  expect(server.app.topics.trust.get().invites[0]).toMatchObject({ state: 'open', uses: 0 });
});

test('copies also where the page may not use the clipboard, as in the window of the app', async ({ open, context, page: blank }) => {
  await context.grantPermissions(['clipboard-read']);
  await blank.addInitScript("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));");
  const { page } = await open({ scene: 'host' });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('dialog')).toContainText('Copied.');
  expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^webmesh:\/\/join\//);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1280]) {
    test(`the code on the screen says the link, in ${colorScheme} at ${width}`, async ({ open, page: blank, context }) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await blank.setViewportSize({ width, height: 800 });
      await blank.emulateMedia({ colorScheme });
      const { page } = await open({ scene: 'host' });
      await page.getByRole('button', { name: 'Invite', exact: true }).click();
      await page.getByRole('button', { name: 'Copy link' }).click();
      await expect(page.getByRole('dialog')).toContainText('Copied.');
      const { data, width: w, height } = pixelsOf(await page.screenshot());
      expect(decode(data, w, height)?.data).toBe(await page.evaluate('navigator.clipboard.readText()'));
      const code = await page.getByRole('img', { name: 'QR code of the invite' }).boundingBox();
      expect(code?.width).toBeGreaterThan(200);
    });
  }
}

test('other wishes make another invite and take the unused one back', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite to Studio' });
  await expect(dialog.getByRole('button', { name: 'Copy link' })).toBeEnabled();
  await dialog.getByText('Options').click();
  await dialog.getByLabel('Joins as').selectOption('Guest');
  await dialog.getByLabel('How many').selectOption('5 devices');
  await dialog.getByLabel('Good for').selectOption('7 days');
  await dialog.getByRole('switch', { name: 'An admin accepts each device' }).click();
  await dialog.getByLabel('Note').fill('Workshop');
  await dialog.getByLabel('Note').blur();
  await expect(dialog.getByRole('button', { name: 'Copy link' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Make this one instead' }).click();
  await expect(dialog).toContainText('For 5 devices, until');
  await expect(dialog).toContainText('They join as a guest, once you accept each of them.');
  const first = server.app.topics.trust.get().invites[1];
  expect(server.app.calls.slice(1)).toEqual([
    { name: 'invite.create', input: { role: 'guest', expiresInSeconds: 604_800, uses: 5, needsApproval: true, note: 'Workshop' } }, { name: 'invite.revoke', input: { id: first?.id } },
  ]);
  expect(first?.state).toBe('revoked');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'People' }).click();
  await expect(page.getByRole('list', { name: 'Open invites' })).toContainText('Workshop');
  await page.getByRole('button', { name: 'Take back: Workshop', exact: true }).click();
  await expect(page.getByText('Taken back.', { exact: true })).toBeVisible();
});

test('saves a file that holds the link and nothing else', async ({ open }) => {
  const { page } = await open({ scene: 'host' });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()]);
  expect(download.suggestedFilename()).toBe('Studio.webmesh-invite');
  expect(await readFile(await download.path(), 'utf8')).toMatch(/^webmesh:\/\/join\/[A-Za-z0-9_-]+\n$/);
});

test('nothing jumps while the invite is being made', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  const make = server.app.handlers['invite.create'];
  let go = (): void => {};
  const wait = new Promise<void>((resolve) => (go = resolve));
  Object.assign(server.app.handlers, { 'invite.create': async (...call: Parameters<typeof make>) => { await wait; return make(...call); } });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const places = async () => Promise.all([page.getByRole('dialog'), page.getByRole('button', { name: 'Copy link' }), page.getByText('Options')].map((one) => one.boundingBox()));
  await expect(page.getByText('Making an invite…')).toBeVisible();
  const before = await places();
  go();
  await page.getByRole('img', { name: 'QR code of the invite' }).waitFor();
  expect(await places()).toEqual(before);
});

test('a refusal is said in the dialog, and trying again works', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  server.app.refuseNext('invite.create', failure('mesh.no-leader', {}));
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('no leader at the moment');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeEnabled();
});

test('members, guests and those who are not connected are not offered to invite', async ({ open }) => {
  const { page, server } = await open({ scene: 'guest' });
  const invite = page.getByRole('button', { name: 'Invite', exact: true });
  await expect(page.getByText('to Home for')).toBeVisible();
  await expect(invite).toHaveCount(0);
  for (const scene of ['disconnected', 'clear-text', 'waiting'] as const) {
    server.app.show(scene);
    await page.waitForTimeout(60);
    await expect(invite).toHaveCount(0);
  }
  server.app.show('connected');
  await expect(invite).toBeVisible();
});

test('founding to a copied link is three clicks and no typing', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page } = await open({ scene: 'first-run' });
  await page.getByRole('button', { name: 'Create network' }).click();
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByRole('dialog', { name: 'Invite to Home' })).toContainText('Copied.');
});

test('a link of another shape still fits: four long addresses and a name of 64 characters', async ({ open }) => {
  const { page, server } = await open({ scene: 'host' });
  const addresses = Array.from({ length: 4 }, (_, i) => `a-rather-long-name-of-a-node-${i}.mesh.example.net:8443`);
  const link = linkOf(invitationAt(Date.now(), { networkName: 'W'.repeat(64), addresses }));
  Object.assign(server.app.handlers, { 'invite.create': async () => ({ id: 'a'.repeat(16), link, expiresAtMs: Date.now() + 1e6 }) });
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('img', { name: 'QR code of the invite' }).waitFor();
  const { data, width, height } = pixelsOf(await page.screenshot());
  expect(decode(data, width, height)?.data).toBe(link);
});
