import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appImageFile, copyService, serviceRuns, standingFolder } from './appimage.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wmi-appimage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('only a whole path is believed to be an AppImage, or a folder for data', () => {
  expect([{}, { APPIMAGE: 'x.AppImage' }, { APPIMAGE: '/home/anna/x.AppImage' }].map((env) => appImageFile(env))).toEqual([undefined, undefined, '/home/anna/x.AppImage']);
  // Of a terminal that is an AppImage itself, its children inherit both.
  const inherited = { APPIMAGE: '/home/anna/term.AppImage', APPDIR: '/tmp/.mount_term' };
  expect([appImageFile(inherited, '/opt/Webmesh/webmesh-desktop'), appImageFile(inherited, '/tmp/.mount_term/webmesh-desktop')]).toEqual([undefined, '/home/anna/term.AppImage']);
  expect(standingFolder({ XDG_DATA_HOME: '/data' })).toBe('/data/webmesh/service');
  expect(standingFolder({ XDG_DATA_HOME: 'data' })).toMatch(/\/\.local\/share\/webmesh\/service$/);
});

test('the service is copied out whole, and a later version leaves nothing of the one before', async () => {
  const [mounted, standing] = [join(folder, 'mounted'), join(folder, 'standing')];
  const put = (version: string, addon: string): void => {
    rmSync(mounted, { recursive: true, force: true });
    for (const part of ['bin', 'node_modules', 'renderer']) mkdirSync(join(mounted, part), { recursive: true });
    writeFileSync(join(mounted, 'bin/webmesh'), version);
    writeFileSync(join(mounted, 'node_modules', addon), '');
  };
  for (const [version, addon] of [['1', 'old.node'], ['2', 'new.node']] as const) {
    put(version, addon);
    expect(await copyService(mounted, standing)).toBe(standing);
  }
  expect([readFileSync(join(standing, 'bin/webmesh'), 'utf8'), readdirSync(standing).sort(), readdirSync(join(standing, 'node_modules')), readdirSync(folder).sort()])
    .toEqual(['2', ['bin', 'node_modules'], ['new.node'], ['mounted', 'standing']]);
});

test('a program that runs from the copy is seen until it ends', async () => {
  mkdirSync(join(folder, 'bin'));
  copyFileSync('/bin/sleep', join(folder, 'bin/webmesh'));
  expect(serviceRuns(folder)).toBe(false);
  const child = spawn(join(folder, 'bin/webmesh'), ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  expect(serviceRuns(folder)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(serviceRuns(folder)).toBe(false);
});
