import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NodeSpec } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { HelperUnderTest, engineFolder, failureOf, missingForTunnels, sh, until } from './helper-harness.ts';

/** What somebody without root may have put where root is about to write, and that nothing is written through it. */
const missing = missingForTunnels();
const namespace = `wmlf${process.pid.toString(36)}`;
const stranger = 65_534;
const secret = 'what root must not touch';

let folder = '';
let helper: HelperUnderTest;
beforeAll(() => void (missing === null && sh(`ip netns add ${namespace}; ip -n ${namespace} link set lo up`)));
afterAll(() => void (missing === null && sh(`ip netns del ${namespace}`)));
beforeEach(() => {
  if (missing !== null) return;
  folder = mkdtempSync('/tmp/wmlf-');
  chmodSync(folder, 0o755);
  for (const name of ['run', 'state', 'victim', 'open']) mkdirSync(join(folder, name), { mode: 0o755 });
  chmodSync(join(folder, 'open'), 0o777);
  writeFileSync(join(folder, 'victim/file'), secret, { mode: 0o600 });
  helper = new HelperUnderTest(namespace, folder);
});
afterEach(async () => {
  if (missing !== null) return;
  await helper.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Ways to plant a file. */
const plants: Record<string, (path: string) => void> = {
  'a symbolic link': (path) => symlinkSync(join(folder, 'victim/file'), path),
  'a dangling link': (path) => symlinkSync(join(folder, 'victim/new'), path),
  'a hard link': (path) => linkSync(join(folder, 'victim/file'), path),
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  'a stranger\'s file': (path) => {
    writeFileSync(path, '', { mode: 0o644 });
    chownSync(path, stranger, stranger);
  },
  'a file that all can write': (path) => {
    writeFileSync(path, '');
    chmodSync(path, 0o666);
  },
};

function plant(how: string, ...path: readonly string[]): string {
  const at = join(folder, ...path);
  mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
  rmSync(at, { force: true });
  plants[how]?.(at);
  return at;
}

/** The victim as it was: same content, owner and mode, and nothing beside it. */
function untouched(): unknown {
  const { uid, mode } = lstatSync(join(folder, 'victim/file'));
  return { text: readFileSync(join(folder, 'victim/file'), 'utf8'), uid, mode: mode & 0o7777, names: readdirSync(join(folder, 'victim')), folder: lstatSync(join(folder, 'victim')).mode & 0o7777 };
}
const asBefore = { text: secret, uid: 0, mode: 0o600, names: ['file'], folder: 0o755 };

/** A helper that must not start: its code and what it said. */
function refusal(run = 'run', state = 'state', ...more: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = helper.launch(...more, '--run', join(folder, run), '--state', join(folder, state));
  let said = '';
  child.stderr?.on('data', (data) => (said += String(data)));
  return new Promise((done) => child.once('exit', (code) => done({ code, said })));
}

describe.runIf(missing === null)(`files that root touches${missing === null ? '' : ` (missing: ${missing})`}`, { timeout: 240_000 }, () => {
  test('its folders: led elsewhere, of strangers, open to all, or in such a one', async () => {
    const cases: readonly (readonly [string, string, () => void])[] = [
      ['a link in an open folder', 'open/link', () => symlinkSync(join(folder, 'victim'), join(folder, 'open/link'))],
      ['a folder in an open one', 'open/mine', () => mkdirSync(join(folder, 'open/mine'))],
      ['a stranger\'s', 'stranger', () => { mkdirSync(join(folder, 'stranger')); chownSync(join(folder, 'stranger'), stranger, stranger); }],
      ['below a stranger\'s', 'theirs/state', () => { mkdirSync(join(folder, 'theirs/state'), { recursive: true }); chownSync(join(folder, 'theirs'), stranger, stranger); }],
      ['open to all', 'all', () => { mkdirSync(join(folder, 'all')); chmodSync(join(folder, 'all'), 0o777); }],
      ['sticky and open to all', 'sticky', () => { mkdirSync(join(folder, 'sticky')); chmodSync(join(folder, 'sticky'), 0o1777); }],
      ['no folder', 'victim/file', () => {}],
    ];
    const results: unknown[] = [];
    for (const [what, name, make] of cases) {
      make();
      results.push([what, (await refusal('run', name)).code, (await refusal(name, 'state')).code]);
    }
    expect(results).toEqual(cases.map(([what]) => [what, 1, 1]));
    expect(untouched()).toEqual(asBefore);
  });

  test('lock, journal and fence: it does not start', async () => {
    const results: unknown[] = [];
    const places = [['state', 'helper.lock'], ['run', 'helper.lock'], ['state', 'helper.lock-journal'], ['state', 'journal'], ['state', 'journals/home'], ['run', 'fence.json']] as const;
    for (const place of places) {
      // A link to nothing is no file to read; it is refused where it would be written.
      for (const how of Object.keys(plants).filter((name) => name !== 'a dangling link' || place[1].startsWith('helper.lock'))) {
        const path = plant(how, ...place);
        const { code, said } = await refusal();
        results.push([place.join('/'), how, code, said.includes('"serving"'), untouched()]);
        rmSync(path, { force: true });
      }
    }
    expect(results.length).toBe(33);
    expect(results.filter((row) => JSON.stringify((row as unknown[]).slice(2)) !== JSON.stringify([1, false, asBefore]))).toEqual([]);
  });

  test('its socket: another file in the place is left alone', async () => {
    for (const how of Object.keys(plants)) {
      const path = plant(how, 'run', 'helper.sock');
      expect([how, (await refusal()).code, untouched()]).toEqual([how, 1, asBefore]);
      rmSync(path);
    }
  });

  test('its log: nothing is written through what lies there', async () => {
    for (const how of Object.keys(plants)) {
      const path = plant(how, 'state', 'helper.log');
      const child = helper.launch('--log-to-file');
      await until(() => existsSync(helper.socket) && (lstatSync(helper.socket).mode & 0o777) === 0o600, 'its socket', 20_000);
      await new Promise((done) => setTimeout(done, 300));
      child.kill('SIGTERM');
      expect([how, await new Promise((done) => child.once('exit', done)), untouched(), lstatSync(path).size === 0 || how.includes('link')]).toEqual([how, 0, asBefore, true]);
      rmSync(path);
    }
  });

  test('keys: a file or a folder that is not its own is not read, and no key is made', async () => {
    await helper.start();
    const results: unknown[] = [];
    for (const how of Object.keys(plants)) {
      const path = plant(how, 'state/keys/0', `id${Object.keys(plants).indexOf(how)}`);
      results.push([how, (await failureOf(helper.hello(`id${Object.keys(plants).indexOf(how)}`))).code, untouched()]);
      rmSync(path);
    }
    expect(results).toEqual(Object.keys(plants).map((how) => [how, 'internal.storage', asBefore]));
    rmSync(join(folder, 'state/keys'), { recursive: true });
    symlinkSync(join(folder, 'victim'), join(folder, 'state/keys'));
    expect((await failureOf(helper.hello('other'))).code).toBe('auth.not-permitted');
    expect(untouched()).toEqual(asBefore);
  });

  test('fence and note of the node process: what lies in the way of a new file is removed, never written through', async () => {
    const spec = NodeSpec.fromPartial({ tunnelId: 'home', nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: true, bootstrap: { networkName: 'home', ipv4Network: '172.29.0.0/16' } });
    for (const how of Object.keys(plants)) {
      const note = plant(how, 'run', 'node-process.home.json');
      plant(how, 'run', 'fence.json.new');
      await helper.start();
      expect([how, (await helper.setNode(1, 1, spec)).running]).toEqual([how, true]);
      expect([how, lstatSync(note).isFile(), lstatSync(note).nlink, lstatSync(note).uid, lstatSync(join(folder, 'run/fence.json')).isFile(), untouched()]).toEqual([how, true, 1, 0, true, asBefore]);
      await helper.stop();
      for (const name of ['run', 'state']) rmSync(join(folder, name), { recursive: true });
      for (const name of ['run', 'state']) mkdirSync(join(folder, name));
    }
  });

  test('folders of the node process: one that is another\'s, or a link, is refused', async () => {
    await helper.start();
    const spec = (tunnelId: string): NodeSpec => NodeSpec.fromPartial({ tunnelId, nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: true });
    mkdirSync(join(folder, 'state/nodes/0'), { recursive: true });
    symlinkSync(join(folder, 'victim'), join(folder, 'state/nodes/0/link'));
    mkdirSync(join(folder, 'state/nodes/0/roots'));
    const codes = [await failureOf(helper.setNode(1, 1, spec('link'))), await failureOf(helper.setNode(1, 2, spec('roots')))].map(({ code }) => code);
    rmSync(join(folder, 'state/nodes'), { recursive: true });
    mkdirSync(join(folder, 'state/nodes'));
    chmodSync(join(folder, 'state/nodes'), 0o777);
    codes.push((await failureOf(helper.setNode(1, 3, spec('open')))).code);
    expect([codes, untouched()]).toEqual([['node.start-failed', 'node.start-failed', 'auth.not-permitted'], asBefore]);
  });

  test('the engine: a program that others could have changed is not run', async () => {
    const cases: readonly (readonly [string, (path: string) => void])[] = [
      ['root\'s own', () => {}],
      ['writable by all', (path) => chmodSync(path, 0o777)],
      ['a stranger\'s', (path) => chownSync(path, stranger, stranger)],
      ['in an open folder', (path) => chmodSync(dirname(path), 0o777)],
      ['below an open folder', (path) => chmodSync(dirname(dirname(path)), 0o777)],
      ['a link to a stranger\'s', (path) => {
        chownSync(path, stranger, stranger);
        symlinkSync(path, `${path}-link`);
        execFileSync('mv', ['-T', `${path}-link`, join(dirname(path), '../../cache/wireguard-go')]);
      }],
    ];
    const results: unknown[] = [];
    for (const [what, change] of cases) {
      for (const name of ['cache', 'tools']) rmSync(join(folder, name), { recursive: true, force: true });
      const place = what.startsWith('a link') ? 'tools/bin' : 'cache';
      for (const name of ['cache', place, 'tools/cache']) mkdirSync(join(folder, name), { recursive: true });
      const path = what.startsWith('below') ? join(folder, 'tools/cache/wireguard-go') : join(folder, place, 'wireguard-go');
      copyFileSync(join(engineFolder, 'wireguard-go'), path);
      chmodSync(path, 0o755);
      change(path);
      const under = new HelperUnderTest(namespace, folder, { ...helper.place, cache: what.startsWith('below') ? join(folder, 'tools/cache') : join(folder, 'cache') });
      await under.start('--engine', 'wireguard-go');
      results.push([what, (await under.hello()).engine]);
      await under.stop();
    }
    expect(results).toEqual(cases.map(([what]) => [what, what === 'root\'s own' ? 'wireguard-go' : '']));
  });
});
