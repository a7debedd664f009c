import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { expect, test } from './fixture.ts';

test('inviting and consenting work with the keyboard alone, and the focus goes back', async ({ open, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page, server } = await open({ scene: 'host' });
  const invite = page.getByRole('button', { name: 'Invite', exact: true });
  for (let i = 0; i < 8 && !(await invite.evaluate((button) => button === document.activeElement)); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Invite to Studio' })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeEnabled();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Copy link' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('Copied.');
  await page.keyboard.press('Escape');
  await expect(invite).toBeFocused();
  await server.app.handlers['invite.open']({ link: linkOf(invitationAt(Date.now())) }, new AbortController().signal);
  await expect(page.getByRole('heading', { name: 'Join Lab?' })).toBeFocused();
  const join = page.getByRole('dialog').getByRole('button', { name: 'Join', exact: true });
  for (let i = 0; i < 6 && !(await join.evaluate((button) => button === document.activeElement)); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByText('to Lab for')).toBeVisible();
});

test('every screen is reached and used with the keyboard alone, and the focus is seen', async ({ open }) => {
  const { page, server } = await open({ scene: 'disconnected' });
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the screen' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  const connect = page.getByRole('button', { name: 'Connect', exact: true });
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent.trim()')) === 'Connect') break;
  }
  await expect(connect).toBeFocused();
  await expect(connect).toHaveCSS('outline-style', 'solid');
  await page.keyboard.press('Enter');
  await expect.poll(() => server.app.calls.length).toBe(1);
  for (const [name, heading] of [[/^Peers/, 'Peers'], [/^People/, 'People'], ['This device', 'This device'], ['Settings', 'Settings']] as const) {
    await page.getByRole('link', { name }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    await expect(page.getByRole('navigation').locator('[aria-current=page]')).toContainText(heading);
  }
});
