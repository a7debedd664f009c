import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { isAlive } from '../../../src/platform/app-socket.ts';
import { kind, launch, standinOnly, test } from './fixture.ts';

const root = join(import.meta.dirname, '../../..');

/** What a person types into a terminal: the AppImage with these words. Answers the code and what was printed. */
function typed(words: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: unknown; lines: readonly string[] }> {
  return new Promise((resolve) => execFile(join(root, 'test/electron-standin/bin/electron'), [process.env.WEBMESH_APP_FOLDER ?? root, ...words], { env, timeout: 30_000 }, (error, output) => resolve({ code: error?.code ?? 0, lines: output.split('\n').filter(Boolean) })));
}

test('an AppImage says who opens invites, and --uninstall ends it and takes back all but the networks; --purge those too [electron: standin]', async () => {
  test.skip(kind === 'real', standinOnly);
  const person = await mkdtemp(join(tmpdir(), 'wm-shell-'));
  const file = join(person, 'Web mesh.AppImage');
  const [config, data] = [join(person, 'config'), join(person, 'share')];
  const home = join(config, 'webmesh');
  const more = { STANDIN_PACKAGED: '1', APPIMAGE: file, HOME: person, XDG_CONFIG_HOME: config, XDG_DATA_HOME: data };
  const env = { ...process.env, ...more };
  const service = join(data, 'webmesh', 'service', 'bin');
  await mkdir(service, { recursive: true });
  const socket = join(person, 'no-helper.sock');
  try {
    const electron = await launch(home, [], { more });
    const page = await electron.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    const entry = join(data, 'applications', 'webmesh-appimage.desktop');
    await expect.poll(() => readFile(entry, 'utf8').catch(() => '')).toContain(`Exec="${file}" -- %u\n`);
    const ended = new Promise((resolve) => electron.process().once('exit', resolve));
    const first = await typed(['--uninstall', '--helper-socket', socket], env);
    expect(await ended).toBe(0);
    expect({ ...first, lines: first.lines.map((line) => line.replaceAll(person, '~')) }).toEqual({ code: 0, lines: [
      'Ended the app, which disconnected.', 'Removed ~/share/webmesh/service', 'Removed ~/share/applications/webmesh-appimage.desktop', 'Removed ~/share/mime/packages/webmesh-appimage.xml',
      'Kept your networks, keys and settings in ~/config/webmesh; --purge removes them too.', ...(existsSync('/var/lib/webmesh') && !existsSync('/opt/Webmesh') ? ['What the system service kept belongs to root: sudo rm -r /var/lib/webmesh'] : []), 'Now delete ~/Web mesh.AppImage',
    ] });
    expect([await isAlive(join(home, 'run', 'app.sock')), existsSync(entry), existsSync(home)]).toEqual([false, false, true]);
    expect((await typed(['--uninstall', '--purge', '--helper-socket', socket], env)).lines[0]).toBe(`Removed ${home}`);
    // The stand-in's browser has a folder of its own.
    expect((await readdir(config)).filter((name) => name !== 'chromium')).toEqual([]);
  } finally {
    await rm(person, { recursive: true, force: true });
  }
});

test('an app that is no AppImage says that a package is removed in another way, and removes nothing [electron: standin]', async ({ fake }) => {
  test.skip(kind === 'real', standinOnly);
  const { APPIMAGE: _none, ...env } = process.env;
  const answer = await typed(['--uninstall', '--purge', '--home', fake.home.folder], env);
  expect(answer).toEqual({ code: 1, lines: ['This works for an AppImage. An installed package is removed by the system’s package manager.'] });
  expect(await isAlive(fake.home.appSocket)).toBe(true);
});

test('--uninstall ends a helper that runs from the copy, and then removes the copy [electron: standin]', async () => {
  test.skip(kind === 'real', standinOnly);
  test.skip(process.getuid?.() !== 0, 'the helper runs as root');
  const person = await mkdtemp(join(tmpdir(), 'wm-shell-'));
  const service = join(person, 'share', 'webmesh', 'service');
  const [run, state] = [join(person, 'run'), join(person, 'state')];
  for (const folder of [join(service, 'bin'), run, state]) await mkdir(folder, { recursive: true, mode: 0o700 });
  // A network namespace of its own: whatever the helper would change, it is not this machine's.
  await copyFile(process.execPath, join(service, 'bin', 'webmesh'));
  const helper = spawn('unshare', ['-n', join(service, 'bin', 'webmesh'), join(root, 'dist/helper/helper.mjs'), '--run', run, '--state', state], { stdio: 'ignore' });
  const ended = once(helper, 'exit');
  try {
    await expect.poll(() => isAlive(join(run, 'helper.sock')), { timeout: 15_000 }).toBe(true);
    const env = { ...process.env, STANDIN_PACKAGED: '1', APPIMAGE: join(person, 'W.AppImage'), HOME: person, XDG_CONFIG_HOME: join(person, 'config'), XDG_DATA_HOME: join(person, 'share') };
    const { code, lines } = await typed(['--uninstall', '--helper-socket', join(run, 'helper.sock')], env);
    expect([code, ...lines.slice(0, 2)]).toEqual([0, 'Ended the system service and its tunnels.', `Removed ${service}`]);
    await ended;
  } finally {
    helper.kill('SIGKILL');
    await rm(person, { recursive: true, force: true });
  }
});
