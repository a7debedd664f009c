import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { invitationAt, linkOf } from '../../fakes/trust-world.ts';
import { emptyHome, fakeHome, removeHome } from '../home.ts';

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

/** The program at a terminal of its own, with what is typed there; gives all that the terminal showed. */
function atTerminal(home: string, typed: readonly string[], ...args: string[]): Promise<{ code: number | null; shown: string }> {
  return new Promise((resolve) => {
    const words = [join(root, 'node_modules/.bin/node'), join(root, 'dist/cli/cli.mjs'), '--home', home, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', words, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' } });
    const left = [...typed];
    let shown = '';
    let asked = 0;
    child.stdout.on('data', (data) => {
      shown += String(data);
      // Types when asked, as a person does.
      const questions = shown.match(/(: |\[y\/N\] )(?=$|\r?\n)/g)?.length ?? 0;
      for (; asked < questions && left.length > 0; asked++) child.stdin.write(`${left.shift()}\r`);
    });
    child.once('close', (code) => resolve({ code, shown }));
  });
}

test('at a terminal: a passphrase is not shown, a question is asked once, an invite is a code that fits', async () => {
  const fake = await fakeHome('connected');
  const exported = await atTerminal(fake.home.folder, ['correct horse battery', 'correct horse battery'], 'root', 'export');
  expect([exported.code, exported.shown.includes('horse'), exported.shown.includes('/home/ada/Home-root-key.age')]).toEqual([0, false, true]);
  const link = linkOf(invitationAt(Date.now(), { networkName: 'Lab' }));
  const declined = await atTerminal(fake.home.folder, ['n'], 'join', link);
  expect([declined.code, declined.shown.includes('fingerprint'), declined.shown.includes('Nothing was joined.')]).toEqual([1, true, true]);
  const joined = await atTerminal(fake.home.folder, ['y'], 'join', link);
  expect([joined.code, joined.shown.includes('Connected for')]).toEqual([0, true]);
  expect(fake.app.calls.map(({ name }) => name)).toEqual(['root.export', 'invite.inspect', 'invite.inspect', 'invite.redeem', 'session.connect']);
  expect(fake.app.calls[0]?.input).toEqual({ passphrase: 'correct horse battery' });
  await fake.remove();
});

test('a link goes from one command to the other by standard input and is in no argument list', async () => {
  const fake = await fakeHome('connected');
  const made = await webmesh(fake.home.folder, 'invite', '--json');
  const { link } = JSON.parse(made.out) as { link: string };
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'dist/cli/cli.mjs'), '--home', fake.home.folder, 'join', '-', '--yes', '--json'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => (out += String(data)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).not.toContain(link);
  child.stdin.end(`${link}\n`);
  expect([await ended, JSON.parse(out)]).toEqual([0, expect.objectContaining({ phase: 'connected' })]);
  await fake.remove();
});

test('one machine in several networks: each is named, connected and left alone by its name', async () => {
  const fake = await fakeHome('two-networks');
  const standing = () => fake.app.topics.profiles.get().list.map(({ name, session }) => `${name} ${session.want}`);
  const { folder } = fake.home;
  expect(await webmesh(folder, 'up', 'chess club')).toMatchObject({ code: 0, err: '' });
  expect(standing()).toEqual(['Home connected', 'Studio connected', 'Chess club connected']);
  const status = await webmesh(folder, 'status', '--network', 'studio');
  expect([status.code, status.out.includes('Studio (hosted here)'), /^Chess club +connected/m.test(status.out)]).toEqual([0, true, true]);
  expect(await webmesh(folder, 'down', '--network', 'studio')).toMatchObject({ code: 0, out: 'Disconnected.\n' });
  expect(standing()).toEqual(['Home connected', 'Studio disconnected', 'Chess club connected']);
  expect(await webmesh(folder, 'down', 'nowhere')).toMatchObject({ code: 2, err: expect.stringMatching(/^webmesh: There is no network “nowhere” on this device\.\n/) });
  expect(await webmesh(folder, 'profile', 'mark', 'studio', '--auto-connect')).toMatchObject({ code: 0, out: 'Changed Studio.\n' });
  expect(await webmesh(folder, 'down', '--all')).toMatchObject({ code: 0, err: '' });
  expect(standing()).toEqual(['Home disconnected', 'Studio disconnected', 'Chess club disconnected']);
  await fake.remove();
});
