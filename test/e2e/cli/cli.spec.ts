import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { emptyHome, removeHome } from '../home.ts';

const root = join(import.meta.dirname, '../../..');

/** The built program, as it is installed. */
function webmesh(home: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'dist/cli/cli.mjs'), '--home', home, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

test('from nothing to a running app and back, without a window and without a helper', async () => {
  const home = await emptyHome();
  const helper = ['--helper-socket', join(home.folder, 'no-helper.sock')];
  expect((await webmesh(home.folder, 'status')).code).toBe(3);
  // No network yet: the app is started all the same, and says what comes next.
  expect(await webmesh(home.folder, 'up', ...helper)).toMatchObject({ code: 2, err: expect.stringContaining('webmesh profile create NAME') });
  expect(await webmesh(home.folder, 'status')).toMatchObject({ code: 0, out: expect.stringContaining('Disconnected.') });
  const created = await webmesh(home.folder, 'profile', 'create', 'Cabin', '--json');
  expect(created).toMatchObject({ code: 0, err: '' });
  const { profile } = JSON.parse(created.out) as { profile: string };
  expect(JSON.parse((await webmesh(home.folder, 'profile', 'list', '--json')).out)).toMatchObject({ profiles: [{ id: profile, name: 'Cabin', kind: 'host' }] });
  // Without a helper there is no tunnel: it is said in words, and never as a success.
  const up = await webmesh(home.folder, 'up', 'cabin', '--timeout', '3');
  expect([4, 5]).toContain(up.code);
  expect(`${up.out}${up.err}`).toMatch(/helper|service/i);
  expect(`${up.out}${up.err}`).not.toMatch(/^\s+at /m);
  const link = (await webmesh(home.folder, 'open')).out.trim();
  expect((await fetch(link)).status).toBe(200);
  expect((await fetch(link)).status).toBe(403);
  expect(await webmesh(home.folder, 'quit')).toMatchObject({ code: 0, err: '' });
  expect([await isAlive(home.appSocket), await isAlive(home.webSocket)]).toEqual([false, false]);
  await removeHome(home);
});
