import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asFailure } from '../base/failure.ts';
import { Secret } from '../base/log.ts';
import { commandRunner } from './command-runner.ts';
import { commandLine, helperCommand } from './elevate.ts';
import { journalFile } from './helper-files.ts';
import { machineFacts } from './machine-facts.ts';
import { nodeProcesses } from './node-processes.ts';
import { findProcesses, killProcess, seeProcess } from './processes.ts';
import { assertTrustedSocket } from './trusted-socket.ts';
import { findUser } from './users.ts';

const place = { uid: 1000, tunnelId: 'home' };
const isRoot = process.geteuid?.() === 0;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wmh-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'fine';
  } catch (error) {
    const { code, detail } = asFailure(error);
    return `${code} ${detail['reason'] ?? ''}`.trim();
  }
}

test('a UDP port that somebody holds is not free, of whichever kind of address; one that was just let go is', async () => {
  for (const [type, address] of [['udp4', '127.0.0.1'], ['udp6', '::1']] as const) {
    const holder = createSocket({ type, ipv6Only: type === 'udp6' });
    await new Promise<void>((resolve) => holder.bind(0, address, resolve));
    const { port } = holder.address();
    expect([type, await machineFacts.udpPortFree(port)]).toEqual([type, false]);
    const asked = machineFacts.udpPortFree(port);
    setTimeout(() => holder.close(), 150);
    expect([type, await asked]).toEqual([type, true]);
  }
});

test('a program gets its input as a file that leaves no name behind, and nothing of our environment', async () => {
  process.env['WEBMESH_TEST_SECRET'] = 'x';
  const runner = commandRunner(folder);
  const { code, stdout } = await runner.run({ argv: ['sh', '-c', 'cat /dev/stdin; env | grep -c WEBMESH; ls -A "$0"', folder], input: new Secret('key') });
  expect([code, stdout]).toEqual([0, 'key0\n']);
  expect(await runner.run({ argv: ['false'] })).toEqual({ code: 1, stdout: '', stderr: '' });
  await expect(runner.run({ argv: ['no-such-program'] })).rejects.toMatchObject({ code: 'tunnel.engine-missing', detail: { program: 'no-such-program' } });
});

test('the journal is appended to and set aside', async () => {
  const file = journalFile(join(folder, 'state/journal'));
  expect(await file.read()).toBe(undefined);
  await file.append('a\n');
  await file.append('b\n');
  expect([await file.read(), statSync(join(folder, 'state/journal')).mode & 0o777]).toEqual(['a\nb\n', 0o600]);
  await file.setAside();
  expect(await file.read()).toBe(undefined);
});

test.runIf(process.platform === 'linux')('a process is known by number and start time, and only that one is killed', async () => {
  const child = spawn('sleep', ['731']);
  const seen = findProcesses(({ argv }) => argv[1] === '731')[0];
  expect(seen).toMatchObject({ pid: child.pid, argv: ['sleep', '731'] });
  if (!seen) return;
  expect(await killProcess({ pid: seen.pid, startTicks: '1' }, 'SIGKILL', 1_000)).toBe(true);
  expect(seeProcess(seen.pid)).toEqual(seen);
  expect(await killProcess(seen, 'SIGKILL', 1_000)).toBe(true);
  expect(seeProcess(seen.pid)).toBe(undefined);
});

test.runIf(process.platform !== 'win32')('a socket is trusted only where nobody else could have put it', async () => {
  const open = join(folder, 'open');
  mkdirSync(open);
  const path = join(open, 'helper.sock');
  expect(codeOf(() => assertTrustedSocket(path))).toBe('helper.unreachable');
  writeFileSync(path, '');
  expect(codeOf(() => assertTrustedSocket(path))).toBe('helper.not-trusted not a socket');
  rmSync(path);
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen(path, done));
  expect(codeOf(() => assertTrustedSocket(path))).toBe('fine');
  chmodSync(open, 0o777);
  expect(codeOf(() => assertTrustedSocket(path))).toBe('helper.not-trusted others can write the folder');
  chmodSync(open, 0o1777);
  expect(codeOf(() => assertTrustedSocket(path))).toBe('fine');
  await new Promise((done) => server.close(done));
});

test('the elevated command is fixed: absolute plain paths, quoted, nothing else', () => {
  const words = helperCommand('/opt/Webmesh App/helper.mjs', { node: '/usr/bin/node', run: '/run/webmesh' }, 1000);
  expect(commandLine(words)).toBe("'/usr/bin/node' '/opt/Webmesh App/helper.mjs' '--run' '/run/webmesh' '--owner' '1000' '--detach'");
  expect(helperCommand('/opt/Webmesh/resources/bin/webmesh', { entry: '@helper' }, 1000).join(' ')).toBe('/opt/Webmesh/resources/bin/webmesh @helper --owner 1000 --detach');
  const bad = ['relative/helper.mjs', "/opt/x'y", '/opt/$(id)/h', '/opt/a;b', '/opt/`id`', '/opt/"x"', '/opt/a\nb', '/opt/../etc/x', '/opt/a\\b', '/opt/!x', '/opt/*'];
  expect(bad.map((path) => codeOf(() => helperCommand(path, { node: '/usr/bin/node' }, 1000)))).toEqual(bad.map(() => 'input.invalid not a plain absolute path'));
  expect(bad.map((path) => codeOf(() => helperCommand('/opt/helper', { cache: path }, 1000)))).toEqual(bad.map(() => 'input.invalid not a plain absolute path'));
  expect(codeOf(() => helperCommand('/opt/helper.mjs', {}, 1000))).toBe('input.invalid a script needs the program that runs it');
});

test.runIf(process.platform === 'linux' && isRoot)('the node process runs as another user, in folders of its own, and ends with its input', async () => {
  chmodSync(folder, 0o755);
  for (const name of ['run', 'state']) mkdirSync(join(folder, name));
  const script = join(folder, 'child.mjs');
  writeFileSync(script, `
    import { writeFileSync } from 'node:fs';
    writeFileSync(process.env.HOME + '/mine', 'x');
    console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), cwd: process.cwd(), env: Object.keys(process.env).sort() }));
    console.error('a log line');
    process.stdin.on('data', (text) => console.log('heard ' + String(text).trim())).on('end', () => process.exit(7));
  `);
  const user = findUser('nobody');
  const processes = nodeProcesses({ script, runFolder: join(folder, 'run'), stateFolder: join(folder, 'state'), user, confine: undefined });
  const reports: string[] = [];
  const logs: string[] = [];
  const child = await processes.start(place, { report: (line) => reports.push(line), log: (line) => logs.push(line), confined: () => {} });
  child.send('{"a":1}');
  while (reports.length < 2) await new Promise((done) => setTimeout(done, 5));
  child.endInput();
  expect(await child.ended).toEqual({ code: 7, signal: null });
  expect([JSON.parse(reports[0] ?? ''), reports[1], logs]).toEqual([
    { uid: user?.uid, gid: user?.gid, groups: [user?.gid], cwd: '/', env: ['HOME', 'LC_ALL', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'PATH', 'TMPDIR'] }, 'heard {"a":1}', ['a log line'],
  ]);
  const socketDir = dirname(child.socketPath);
  expect([child.dataDir, socketDir].map((path) => [path.slice(folder.length), statSync(path).mode & 0o777, statSync(path).uid, statSync(path).gid]))
    .toEqual([['/state/nodes/1000/home', 0o700, user?.uid, user?.gid], ['/run/nodes/1000/home', 0o570, 1000, user?.gid]]);
});

test.runIf(process.platform === 'linux' && isRoot)('a folder that keeps the unprivileged user out is named', async () => {
  for (const name of ['run', 'state']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'child.mjs'), '');
  const processes = nodeProcesses({ script: join(folder, 'child.mjs'), runFolder: join(folder, 'run'), stateFolder: join(folder, 'state'), user: findUser('nobody'), confine: undefined });
  await expect(processes.start(place, { report: () => {}, log: () => {}, confined: () => {} })).rejects.toMatchObject({ code: 'node.start-failed', detail: { path: folder, problem: 'the user nobody may not enter this folder' } });
});

test.runIf(process.platform === 'linux' && isRoot)('the node processes that earlier lives left behind are ended, others with their numbers are not', async () => {
  chmodSync(folder, 0o755);
  for (const name of ['run', 'state']) mkdirSync(join(folder, name));
  const script = join(folder, 'child.mjs');
  writeFileSync(script, 'setInterval(() => {}, 1000)');
  const options = { script, runFolder: join(folder, 'run'), stateFolder: join(folder, 'state'), user: findUser('nobody'), confine: undefined };
  const start = (tunnelId: string) => nodeProcesses(options).start({ ...place, tunnelId }, { report: () => {}, log: () => {}, confined: () => {} });
  const children = [await start('home'), await start('work'), await start('old')];
  // As a version with one process noted it.
  renameSync(join(folder, 'run/node-process.old.json'), join(folder, 'run/node-process.json'));
  await nodeProcesses({ ...options, script: '/another/script' }).stopStray();
  expect(children.map(({ pid }) => seeProcess(pid)?.pid)).toEqual(children.map(({ pid }) => pid));
  await nodeProcesses(options).stopStray();
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual(children.map(() => ({ code: null, signal: 'SIGTERM' })));
  expect(readdirSync(join(folder, 'run')).filter((name) => name.endsWith('.json'))).toEqual([]);
});
