import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { emptyHome, removeHome } from '../home.ts';
import { kind, launch, on, type StandinHandle, standinOnly, test } from './fixture.ts';

const link = linkOf(invitationAt(Date.now(), { networkName: 'Lab' }));

test(`a link on the command line of the first start is shown and asks; nothing else happens ${on}`, async ({ fake }) => {
  const electron = await launch(fake.home.folder, [link, '--home', '/nowhere', '--helper-socket=/nowhere', '--hidden']);
  const page = await electron.firstWindow();
  await expect(page.getByText('Lab').first()).toBeVisible();
  expect(fake.app.calls.map(({ name, input }) => [name, input])).toEqual([['invite.open', { link }]]);
  const window = await electron.browserWindow(page);
  expect(await window.evaluate((w) => w.isVisible())).toBe(true);
  await electron.close();
});

test(`a second start hands its link or file to the first, whose window comes up ${on}`, async ({ electron, page, fake }) => {
  const window = await electron.browserWindow(page);
  const file = join(fake.home.folder, 'Lab of Ada.webmesh-invite');
  await writeFile(file, `${link}\n`);
  for (const [times, argument] of [link, file].entries()) {
    await window.evaluate((w) => w.hide());
    const second = await launch(fake.home.folder, [argument]).catch(() => undefined);
    await second?.close().catch(() => {});
    await expect.poll(() => fake.app.calls.length).toBe(times + 1);
    await expect.poll(() => window.evaluate((w) => w.isVisible())).toBe(true);
  }
  expect(fake.app.calls).toEqual([{ name: 'invite.open', input: { link } }, { name: 'invite.open', input: { link } }]);
  expect(fake.app.topics.session.get().phase).toBe('disconnected');
});

test(`links and files that the desktop hands over by events are taken; whatever is no invite does nothing ${on}`, async ({ electron, page, fake }) => {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const hand = (event: 'open-url' | 'open-file', text: string): Promise<boolean> =>
    electron.evaluate(({ app }, [name, value]) => {
      let prevented = false;
      app.emit(name as 'open-url', { preventDefault: () => (prevented = true) } as never, value as string);
      return prevented;
    }, [event, text] as const);
  for (const text of ['webmesh://leave/x', `${link} --inspect`, 'https://example.com/', 'webmesh://join/../x', 'file:///etc/passwd']) expect(await hand('open-url', text)).toBe(true);
  for (const text of ['/etc/passwd', '/dev/zero', '--x.webmesh-invite']) expect(await hand('open-file', text)).toBe(true);
  await page.waitForTimeout(300);
  expect(fake.app.calls).toEqual([]);
  await hand('open-url', link);
  await expect(page.getByText('Lab').first()).toBeVisible();
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['invite.open']);
});

test(`a damaged invite is told in words, without a box that stops everything ${on}`, async ({ electron, page, fake }) => {
  test.skip(kind === 'real', standinOnly);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await electron.evaluate(({ app }) => void app.emit('open-url', { preventDefault: () => {} } as never, 'webmesh://join/AAAA'));
  const told = (): Promise<readonly string[]> => electron.evaluate((module) => (Reflect.get(module, 'standin') as StandinHandle).recorded.filter(({ api }) => ['Notification', 'dialog.showErrorBox'].includes(api)).map(({ api, args }) => `${api} ${JSON.stringify(args)}`));
  await expect.poll(told).toEqual([expect.stringContaining('Webmesh cannot use this invite')]);
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['invite.open']);
});

test(`an invite that was opened in a terminal brings the window up ${on}`, async ({ electron, page, fake }) => {
  const window = await electron.browserWindow(page);
  await window.evaluate((w) => w.hide());
  await fake.app.handlers['invite.open']({ link }, new AbortController().signal);
  await expect.poll(() => window.evaluate((w) => w.isVisible())).toBe(true);
});

test(`with a keyring the keys of a new network are sealed; the topic says where they are ${on}`, async () => {
  test.skip(kind === 'real', 'a real keyring asks a person');
  const home = await emptyHome();
  process.env.STANDIN_KEYRING = '1';
  const electron = await launch(home.folder);
  delete process.env.STANDIN_KEYRING;
  const page = await electron.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const answer = await page.evaluate(async () => {
    const bridge = Reflect.get(window, 'webmesh') as { send(message: unknown): void; onMessage(take: (message: unknown) => void): void };
    return new Promise((resolve) => {
      bridge.onMessage((message) => {
        const { kind: what, id, ok } = message as { kind: string; id?: number; ok?: boolean };
        if (what === 'reply' && id === 9001) resolve(ok);
      });
      bridge.send({ kind: 'call', id: 9001, name: 'mesh.create', input: { name: 'Cabin' } });
    });
  });
  expect(answer).toBe(true);
  const files = await readdir(join(home.folder, 'secrets'));
  expect([files.length > 0, files.every((name) => name.endsWith('.sealed'))]).toEqual([true, true]);
  for (const name of files) expect(await readFile(join(home.folder, 'secrets', name), 'latin1')).not.toMatch(/chain|authority|root/);
  await electron.close();
  await removeHome(home);
});
