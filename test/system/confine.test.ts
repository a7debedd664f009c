import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeProcess } from '../../src/helper/ports.ts';
import { type ConfineScripts, nodeProcesses } from '../../src/platform/node-processes.ts';
import { findUser } from '../../src/platform/users.ts';
import { until } from './helper-harness.ts';

const root = resolve(import.meta.dirname, '../..');
const script = join(import.meta.dirname, 'support/confine-probe.mjs');
const scripts: ConfineScripts = { launcher: join(root, 'src/helper/confine.ts'), preload: join(root, 'src/helper/confined.ts') };
const nobody = findUser('nobody');
const possible = process.platform === 'linux' && process.geteuid?.() === 0 && nobody !== undefined;

let folder = '';
let victim: ChildProcess;
beforeAll(() => {
  if (!possible) return;
  folder = mkdtempSync(join(tmpdir(), 'wml-confine-'));
  chmodSync(folder, 0o755);
  for (const path of ['run', 'state', 'state/keys', 'state/keys/1000', 'home', 'home/ann']) mkdirSync(join(folder, path));
  // Readable by everybody, so that nothing but the confinement keeps them from the probe.
  for (const path of ['state/keys/1000/home', 'home/ann/diary', 'journal']) writeFileSync(join(folder, path), 'secret', { mode: 0o644 });
  mkdirSync(join(folder, 'outside'));
  chmodSync(join(folder, 'outside'), 0o777);
  victim = spawn('setpriv', [`--reuid=${nobody?.uid}`, `--regid=${nobody?.gid}`, '--clear-groups', 'sleep', '300']);
});
afterAll(() => {
  if (!possible) return;
  victim.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: NodeProcess;
  readonly lines: string[];
  readonly confined: { layers: string[]; missing: string[] }[];
  readonly log: string[];
}

async function start(confine: ConfineScripts | undefined, tunnelId: string): Promise<Run> {
  const run = { lines: [] as string[], confined: [] as { layers: string[]; missing: string[] }[], log: [] as string[] };
  const processes = nodeProcesses({ script, runFolder: join(folder, 'run'), stateFolder: join(folder, 'state'), user: nobody, confine });
  const child = await processes.start({ uid: 1000, tunnelId }, { report: (line) => run.lines.push(line), log: (line) => run.log.push(line), confined: (line) => run.confined.push(JSON.parse(line)) });
  return { child, ...run };
}

async function probe(confine: ConfineScripts | undefined, tunnelId: string) {
  const neighbour = join(folder, 'state/nodes/1001');
  mkdirSync(neighbour, { recursive: true });
  writeFileSync(join(neighbour, 'mesh.db'), 'secret');
  chownSync(join(neighbour, 'mesh.db'), nobody?.uid ?? 0, nobody?.gid ?? 0);
  const files = {
    '/etc/shadow': '/etc/shadow', '/etc/passwd': '/etc/passwd', 'the helper\'s key': join(folder, 'state/keys/1000/home'), 'the helper\'s journal': join(folder, 'journal'),
    'another user\'s home': join(folder, 'home/ann/diary'), 'another tunnel\'s data': join(neighbour, 'mesh.db'), 'the first process\'s environment': '/proc/1/environ',
    'the environment of one like it': `/proc/${victim.pid}/environ`,
  };
  const run = await start(confine, tunnelId);
  run.child.send(JSON.stringify({ free: confine === undefined, files, outside: join(folder, 'outside'), victim: victim.pid, socketPath: run.child.socketPath }));
  await until(() => run.lines.length > 0, `an answer`, 20_000);
  run.child.endInput();
  expect(await run.child.ended).toEqual({ code: 0, signal: null });
  return { ...(JSON.parse(run.lines[0] ?? '') as { forbidden: Record<string, string>; needed: Record<string, string> }), confined: run.confined };
}

describe.runIf(possible)('the confined node process', () => {
  test('can do nothing of what it must not, and all of what it needs', async () => {
    const [free, kept] = [await probe(undefined, 'free'), await probe(scripts, 'kept')];
    const rows = Object.keys(kept.forbidden).map((name) => `${name.padEnd(42)} ${(free.forbidden[name] ?? '').padEnd(46)} ${kept.forbidden[name]}`);
    console.log(`${'what'.padEnd(42)} ${'as the same user, free'.padEnd(46)} confined\n${rows.join('\n')}`);
    expect(kept.confined).toEqual([
      { layers: ['no-new-privileges', 'no-capabilities', 'no-core-dumps', 'descriptor-limit', 'landlock', 'seccomp'], missing: [] },
      { layers: ['not-dumpable', 'no-programs'], missing: [] },
    ]);
    expect(Object.entries(kept.forbidden).filter(([, result]) => !result.startsWith('refused'))).toEqual([]);
    // What the machine itself lacks (a bare one may not know the name localhost) is not the confinement's doing.
    const needed = Object.keys(free.needed).filter((name) => free.needed[name] === 'fine');
    expect(needed.length).toBeGreaterThan(8);
    expect(needed).toContain('peer connections');
    expect(needed.map((name) => [name, kept.needed[name]])).toEqual(needed.map((name) => [name, 'fine']));
    // Without the confinement most of it works: the probe can tell the difference.
    const open = Object.entries(free.forbidden).filter(([, result]) => !result.startsWith('refused')).map(([name]) => name);
    expect(open).toEqual(expect.arrayContaining(['read the helper\'s key', 'read another user\'s home', 'read another tunnel\'s data', 'write outside', 'start /bin/sh', 'a second process', 'trace another', 'signal another', 'be dumped']));
    expect(readdirSync(join(folder, 'outside')).filter((name) => /^(folder|mine)-/.test(name)).length).toBe(2);
  });

  test('dies without a core dump when it crashes', async () => {
    const { child } = await start(scripts, 'crash');
    child.send('{"crash":true}');
    expect(await child.ended).toEqual({ code: null, signal: 'SIGABRT' });
    expect([readdirSync(child.dataDir), readdirSync('/').filter((name) => name.startsWith('core'))]).toEqual([[], []]);
  });

  test('what cannot be applied is said, and the rest holds', async () => {
    const { child, lines, confined } = await start({ ...scripts, preload: join(folder, 'no-such.mjs') }, 'broken');
    child.send('{"quick":true}');
    expect((await child.ended).code).not.toBe(0);
    expect([lines, confined.length]).toEqual([[], 1]);
  });

  test('what it costs to start', async () => {
    // As installed where it was built: sources are compiled at each start.
    const built: ConfineScripts = { launcher: join(root, 'dist/helper/confine.mjs'), preload: join(root, 'dist/helper/confined.mjs') };
    const measured = existsSync(built.launcher) && existsSync(built.preload) ? built : scripts;
    const times: Record<string, number[]> = { free: [], confined: [] };
    for (let round = 0; round < 7; round++) {
      for (const [name, confine] of [['free', undefined], ['confined', measured]] as const) {
        const begun = performance.now();
        const { child, lines } = await start(confine, `cost${name}`);
        child.send('{"quick":true}');
        await until(() => lines.length > 0, 'an answer', 20_000);
        times[name]?.push(performance.now() - begun);
        child.endInput();
        await child.ended;
      }
    }
    const median = (name: string): number => Math.round([...(times[name] ?? [])].sort((a, b) => a - b)[3] ?? 0);
    console.log(`start to first answer, median of 7: free ${median('free')} ms, confined ${median('confined')} ms (${measured === built ? 'bundles' : 'sources'})`);
  });
});
