import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sentence, warningSentence } from '../../src/contract/words.ts';
import { end, Host, hostsFolder, until } from '../../scripts/lib/hosts.ts';
import { createLan, type Lan } from '../../scripts/lib/namespaces.ts';
import { build, ensureEngine, ensureTunnelTools } from '../../scripts/lib/prepare.ts';
import { root } from '../../scripts/lib/set-up.mjs';

/**
 * What bad input gets: one clear sentence with the next step, in the command line and in the topics; no stack trace in anything that is
 * printed; nothing lost; and the machine's addresses, routes and DNS as they were.
 */
const node = join(root, 'node_modules/.bin/node');
const cli = join(root, 'dist/cli/cli.mjs');
const maker = join(root, 'test/system/support/trouble-maker.ts');
const trace = /^\s+at |\bnode:internal|\.(mjs|cjs|ts|js):\d+|UnhandledPromise|Error:/m;

let folder: string;
let lan: Lan;
let made = 0;
let hosts: Host[] = [];
let makers: ChildProcess[] = [];
let mounts: string[] = [];
let before: string;

beforeAll(async () => {
  ensureTunnelTools();
  ensureEngine();
  // Other tests may run on the bundles that stand; `npm run build` makes them anew.
  if (![cli, 'dist/web/server.mjs', 'dist/helper/helper.mjs', 'dist/node/child.mjs'].every((path) => existsSync(resolve(root, path)))) build();
  folder = hostsFolder('trouble');
  lan = createLan('wmtrb', ['alpha', 'beta']);
  // The kernel tries a new IPv6 address for a second before it may be used.
  await until(() => !picture().includes('tentative'), 15_000, 'the addresses settle');
}, 90_000);

afterAll(() => {
  lan?.remove();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 30_000);

beforeEach(() => {
  before = picture();
});

afterEach(async () => {
  const printed = hosts.map(printedBy).join('');
  await Promise.all(hosts.map((host) => host.stop()));
  for (const child of makers) await end(child, 'SIGKILL', 2000);
  for (const path of mounts) execFileSync('umount', ['-l', path]);
  [hosts, makers, mounts] = [[], [], []];
  expect(printed).not.toMatch(/^\s+at /m);
  expect(picture()).toBe(before);
}, 30_000);

test('a wrong address: text that is none, nobody there, somebody else there', async () => {
  const host = await started();
  for (const address of ['::::', 'host:99999', 'http://x/', '300.1.1.1:8443']) await said(host, ['profile', 'join', `--insecure`, '--', address], 2, /an address looks like/);
  await joinsInVain(host, '198.18.77.2:9', 'mesh.unreachable', /No answer from 198\.18\.77\.2:9\b/);
  await Promise.all([trouble('garbage', 9001), trouble('http', 9002), trouble('silence', 9003)]);
  const patient = await started();
  const silence = joinsInVain(patient, '198.18.77.2:9003', /mesh\.(timeout|unreachable)/, /198\.18\.77\.2:9003/, 9);
  await joinsInVain(host, '198.18.77.2:9001', 'mesh.incompatible', /198\.18\.77\.2:9001 do not fit together: .*another protocol/);
  await joinsInVain(host, '198.18.77.2:9002', 'mesh.incompatible', /198\.18\.77\.2:9002 do not fit together: .*another protocol/);
  await silence;
  expect((await profiles(host)).length).toBe(3);
});

test('an incompatible node: no address, unusable addresses, bad keys, lists without end, and nothing that we know', async () => {
  const host = await started();
  const wrong = ['unimplemented', 'no-address', 'default-route', 'loopback-address', 'text-address', 'public-address', 'huge-list', 'huge-message'];
  await Promise.all(wrong.map((kind, i) => trouble(kind, 9010 + i)));
  for (const [i, kind] of wrong.entries()) await joinsInVain(host, `198.18.77.2:${9010 + i}`, 'mesh.incompatible', /do not fit together/, 5, kind);
  await trouble('lan-address', 9030);
  const ownNetwork = ['-n', host.paths.namespace as string, 'addr'] as const;
  execFileSync('ip', [...ownNetwork, 'add', '10.44.0.1/24', 'dev', 'eth0']);
  try {
    await joinsInVain(host, '198.18.77.2:9030', 'tunnel.conflict', /already uses/);
  } finally {
    execFileSync('ip', [...ownNetwork, 'del', '10.44.0.1/24', 'dev', 'eth0']);
  }
  // Peers whose keys are none are left out; the rest of the answer is used.
  await trouble('bad-keys', 9031);
  await cliOf(host, ['profile', 'join', '198.18.77.2:9031', '--insecure']);
  await said(host, ['up'], 0, /Connected/, 10);
  await cliOf(host, ['down']);
});

test('a port in use: WireGuard, API and Raft', async () => {
  const host = await started();
  await trouble('udp', 9050, 'alpha');
  await trouble('silence', 9051, 'alpha');
  const raftHolder = await trouble('silence', 9052, 'alpha');
  await said(host, ['profile', 'create', 'wireguard', '--wireguard-port', '9050'], 0, /Added/);
  await said(host, ['up', 'wireguard'], 5, /UDP port 9050/, 20);
  await expectBlocked(host, 'tunnel.port-in-use', /UDP port 9050/);
  await said(host, ['profile', 'create', 'api', '--grpc-port', '9051'], 0, /Added/);
  await said(host, ['up', 'api'], 5, /TCP port 9051/, 20);
  await expectBlocked(host, 'node.port-in-use', /TCP port 9051/);
  await said(host, ['profile', 'create', 'raft', '--raft-port', '9052'], 0, /Added/);
  await said(host, ['up', 'raft'], 0, /Connected/, 20);
  await warned(host, 'node-port-in-use', /TCP port 9052/);
  await end(raftHolder, 'SIGKILL', 2000);
  await host.topic('health', (h) => h.warnings.every((w) => w.code !== 'node-port-in-use'), 10_000, 'the port is taken back');
  await cliOf(host, ['down']);
  expect((await profiles(host)).length).toBe(3);
});

test('a missing engine', async () => {
  const host = newHost();
  const empty = join(folder, 'no-engine');
  mkdirSync(empty, { recursive: true });
  await helperOf(host, { cache: empty, path: '/usr/sbin:/sbin' });
  await host.startApp();
  await cliOf(host, ['profile', 'create', 'home']);
  await warned(host, 'engine-missing', /no usable WireGuard engine/);
  await said(host, ['up'], 5, /no usable WireGuard engine/, 20);
  await expectBlocked(host, 'tunnel.engine-missing', /Install WireGuard/);
});

test('no permission: no helper, a helper that is not ours to use, a home that is not ours', async () => {
  const host = newHost();
  await host.startApp();
  await cliOf(host, ['profile', 'create', 'home']);
  await warned(host, 'helper-missing', /system service .* not running/);
  await said(host, ['up', '--timeout', '2'], 4, /system service/);
  const { what } = sentence(reconnecting(await host.topic('session', (s) => s.phase === 'reconnecting', 15_000, 'reconnecting')));
  expect(what).toMatch(/does not answer/);

  const other = newHost('nobody');
  await helperOf(other, {});
  await said(other, ['profile', 'create', 'home', '--help'], 0, /Usage/);
  await said(other, ['up', '--helper-socket', other.helperSocket], 2, /knows no network/, 20, nobody);
  await said(other, ['profile', 'create', 'home'], 0, /Added/, 5, nobody);
  await said(other, ['up', '--timeout', '3'], 4, /permission|not allowed/, 10, nobody);
  const status = await cliOf(other, ['status'], { uid: nobody });
  expect(status.out).toMatch(/error: .*permission/);
  await cliOf(other, ['quit'], { uid: nobody });

  const closed = newHost();
  chmodSync(closed.paths.home, 0o700);
  await said(closed, ['status'], [1, 3], /not running|not allowed|could not/, 5, nobody);
  await said(closed, ['up'], 1, /could not save|not allowed/, 10, nobody);
});

test('a broken file is set aside, never lost, and everything starts', async () => {
  const host = await started();
  await cliOf(host, ['profile', 'create', 'home']);
  await cliOf(host, ['settings', '--log-level', 'debug']);
  await said(host, ['up'], 0, /Connected/, 20);
  await until(() => documents(host).length >= 4, 15_000, 'everything is stored');
  const id = (await profiles(host))[0]?.id as string;
  await host.stop();
  for (const name of documents(host)) garble(join(host.paths.home, 'documents', name));
  const journal = join(host.paths.state, 'journal');
  writeFileSync(journal, '{"engine":"kernel","step":{"kind":"remove-dev\nnot json at all\n');
  garble(join(host.paths.run, 'fence.json'), '{"tunnel":');
  const databases = ['raft.db', 'mesh.db'].map((file) => join(host.paths.state, 'nodes', String(process.getuid?.()), id, file));
  for (const path of databases) garble(path);
  await host.start();
  const { warnings } = await host.topic('health', (h) => h.warnings.filter((w) => w.code === 'file-set-aside').length >= 3, 15_000, 'files are named');
  for (const warning of warnings) expectWords(warningSentence(warning));
  const status = await cliOf(host, ['status']);
  expect(status.out).toMatch(/A file of the app was damaged at profiles\.json\.damaged-1/);
  expect(status.out).not.toMatch(trace);
  for (const name of ['profiles.json', 'settings.json', 'session.json']) expect(readdirSync(join(host.paths.home, 'documents'))).toContain(`${name}.damaged-1`);
  expect(readdirSync(host.paths.state)).toContain('journal.damaged-1');
  // The person puts the profiles back, as the warning says; the node's files come next.
  await host.stop();
  const kept = join(host.paths.home, 'documents', 'profiles.json');
  writeFileSync(kept, original(`${kept}.damaged-1`));
  await host.start();
  expect((await profiles(host)).map((p) => p.id)).toEqual([id]);
  await said(host, ['up', '--timeout', '5'], 5, /damaged/, 20);
  await expectBlocked(host, 'node.data-damaged', /kept, not overwritten/);
  expect(readdirSync(join(host.paths.home, 'documents'))).toContain(`network-${id}.json.damaged-1`);
  // Neither file was touched; the backup brings the network back.
  for (const path of databases) {
    expect(readFileSync(path)).toEqual(garbled(path));
    writeFileSync(path, originals.get(path) as Buffer);
  }
  await said(host, ['up', '--timeout', '15'], 0, /Connected/, 20);
  expect((await host.topic('node', (n) => n.running, 15_000, 'the node runs')).networkName).toBe('home');
});

test('a full disk: the home, and the folder of the helper', async () => {
  const host = newHost();
  smallDisk(host.paths.home);
  await host.start();
  await cliOf(host, ['profile', 'create', 'before']);
  fill(host.paths.home);
  // An app that runs goes on; what cannot be kept is refused.
  await said(host, ['profile', 'create', 'home'], 1, /disk is full/);
  await said(host, ['settings', '--log-level', 'debug'], 1, /disk is full/);
  await said(host, ['up'], 0, /Connected/, 20);
  await cliOf(host, ['quit']);
  fill(host.paths.home);
  await said(host, ['up'], 1, /disk is full/);
  rmSync(join(host.paths.home, 'filler'));
  await host.startApp();
  expect((await profiles(host)).map(({ name }) => name)).toEqual(['before']);

  const other = newHost();
  smallDisk(other.paths.state);
  await other.start();
  await cliOf(other, ['profile', 'create', 'home']);
  fill(other.paths.state);
  await said(other, ['up', '--timeout', '6'], [4, 5], /disk is full/, 20);
  const second = await run(other, [join(root, 'dist/helper/helper.mjs'), '--run', join(other.paths.run, 'second'), '--state', join(other.paths.state, 'second')]);
  expect([second.code, second.err]).toEqual([1, expect.stringMatching(/^webmesh helper: The disk is full at .*\n.+\n$/)]);
  rmSync(join(other.paths.state, 'filler'));
  await said(other, ['up', '--timeout', '20'], 0, /Connected/, 25);
});

test('a second instance: of the app, and of the helper', async () => {
  const host = await started();
  await cliOf(host, ['profile', 'create', 'home']);
  const second = await run(host, [join(root, 'dist/web/server.mjs'), '--home', host.paths.home, '--helper-socket', host.helperSocket, '--no-open']);
  expect([second.code, second.out]).toEqual([3, expect.stringMatching(/running already .*http:\/\//)]);
  expect(second.err + second.out).not.toMatch(trace);
  const helper = await run(host, [join(root, 'dist/helper/helper.mjs'), '--run', host.paths.run, '--state', host.paths.state]);
  expect(helper.code).toBe(3);
  expect(helper.err).not.toMatch(trace);
  expect(helper.err).toMatch(/already running/);
  expect(host.helper?.exitCode).toBe(null);
  await said(host, ['status'], 0, /Disconnected/);
});

test('a killed helper, node and app: a sentence while they are away', async () => {
  const host = await started();
  await cliOf(host, ['profile', 'create', 'home']);
  await said(host, ['up'], 0, /Connected/, 20);
  // One end is mended before it is worth a word; a node process that keeps ending is told.
  const killing = setInterval(() => host.processes().filter((p) => p.kind === 'node').forEach(({ pid }) => killed(pid)), 200);
  await warned(host, 'node-down', /not running/).finally(() => clearInterval(killing));
  await host.topic('node', (n) => n.running, 10_000, 'the node runs again');
  for (let round = 0; round < 3; round++) {
    for (const { pid } of host.processes().filter((p) => p.kind === 'engine')) process.kill(pid, 'SIGKILL');
    const lost = await host.topic('session', (s) => s.phase === 'reconnecting', 15_000, 'the lost engine is noticed');
    expectWords(sentence(reconnecting(lost)));
    await host.session('connected');
  }
  for (const { pid } of host.processes().filter((p) => p.kind === 'helper')) process.kill(pid, 'SIGKILL');
  await warned(host, 'helper-missing', /system service .* not running/);
  await said(host, ['status'], 0, /Reconnecting .*system service/);
  await host.startHelper();
  await host.session('connected');
  for (const { pid } of host.processes().filter((p) => p.kind === 'app')) process.kill(pid, 'SIGKILL');
  await said(host, ['status'], 3, /app is not running/);
  await host.startApp();
  await host.session('connected');
});

const nobody = 65_534;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function newHost(owner?: 'nobody'): Host {
  const host = new Host(`h${++made}`, folder, lan.namespace('alpha'));
  if (owner) execFileSync('chown', [String(nobody), host.paths.home]);
  hosts.push(host);
  return host;
}

async function started(): Promise<Host> {
  const host = newHost();
  await host.start();
  return host;
}

/** A helper with another engine cache and search path than the usual. */
async function helperOf(host: Host, { cache = join(root, '.cache/wireguard-go'), path = process.env['PATH'] ?? '' }): Promise<void> {
  const args = ['netns', 'exec', lan.namespace('alpha'), node, join(root, 'dist/helper/helper.mjs'), '--run', host.paths.run, '--state', host.paths.state, '--cache', cache];
  const child = spawn('/usr/sbin/ip', args, { cwd: root, stdio: 'ignore', detached: true, env: { ...process.env, PATH: path } });
  host.helper = child;
  await until(() => existsSync(host.helperSocket), 10_000, 'the helper serves');
}

/** Starts a neighbour that is not what it should be. */
async function trouble(kind: string, port: number, where: 'alpha' | 'beta' = 'beta'): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', lan.namespace(where), node, maker, kind, String(port)], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  makers.push(child);
  let ready = false;
  child.stdout?.once('data', () => (ready = true));
  await until(() => ready, 30_000, `${kind} stands`);
  return child;
}

function run(host: Host, args: readonly string[], { uid = 0, timeoutMs = 30_000 } = {}): Promise<Said> {
  const as = uid === 0 ? [node] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', node];
  return new Promise((resolve) => {
    const child = execFile('ip', ['netns', 'exec', host.paths.namespace as string, ...as, ...args], { encoding: 'utf8', timeout: timeoutMs, env: { ...process.env, HOME: host.paths.home } }, (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }));
  });
}

function cliOf(host: Host, args: readonly string[], options: { uid?: number; timeoutMs?: number } = {}): Promise<Said> {
  const at = args.indexOf('--');
  const home = ['--home', host.paths.home];
  return run(host, [cli, ...(at < 0 ? [...args, ...home] : [...args.slice(0, at), ...home, ...args.slice(at)])], options);
}

/** Runs the CLI and holds its answer against what is promised: the code, the words, one what and one next, and no trace. */
async function said(host: Host, args: readonly string[], code: number | readonly number[], words: RegExp, seconds = 10, uid = 0): Promise<Said> {
  const answer = await cliOf(host, args, { uid, timeoutMs: seconds * 1000 });
  const text = answer.out + answer.err;
  if (process.env['SHOW']) console.log(`$ webmesh ${args.join(' ')} -> ${answer.code}\n${text}`);
  expect(text, args.join(' ')).not.toMatch(trace);
  expect(text, args.join(' ')).toMatch(words);
  expect([code].flat(), `${args.join(' ')}: ${text}`).toContain(answer.code);
  if (answer.err !== '') expect(answer.err, 'what happened and what next, one line each').toMatch(/^webmesh: [^\n]+[.!]\n[^\n]+[.!]\n$/);
  return answer;
}

async function joinsInVain(host: Host, address: string, code: string | RegExp, words: RegExp, seconds = 2, name = address): Promise<void> {
  await host.client?.call('mesh.join', { address, insecure: true, name });
  const [session, up] = await Promise.all([
    host.topic('session', (s) => s.phase === 'blocked' || s.phase === 'reconnecting', 1000 * seconds + 5000, 'the session says why'),
    said(host, ['up', '--timeout', String(seconds)], [4, 5], words, seconds + 10),
  ]);
  const cause = session.phase === 'blocked' ? session.failure : reconnecting(session);
  expect(cause.code, `${name}: ${up.out}${up.err}`).toMatch(code);
  expectWords(sentence(cause));
  await host.client?.call('session.disconnect', {});
}

async function expectBlocked(host: Host, code: string, words: RegExp): Promise<void> {
  const session = await host.topic('session', (s) => s.phase === 'blocked', 10_000, 'blocked');
  if (session.phase !== 'blocked') throw new Error('blocked');
  expect(session.failure.code).toBe(code);
  expectWords(sentence(session.failure));
  expect(Object.values(sentence(session.failure)).join(' ')).toMatch(words);
}

/** One that ended meanwhile is as good. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

async function warned(host: Host, code: string, words: RegExp): Promise<void> {
  const { warnings } = await host.topic('health', (h) => h.warnings.some((w) => w.code === code), 10_000, `the warning ${code}`);
  const warning = warnings.find((w) => w.code === code);
  if (!warning) throw new Error(code);
  expectWords(warningSentence(warning));
  expect(Object.values(warningSentence(warning)).join(' ')).toMatch(words);
}

function reconnecting(session: { readonly phase: string }): Parameters<typeof sentence>[0] {
  if (!('cause' in session)) throw new Error(`reconnecting, not ${session.phase}`);
  return session.cause as Parameters<typeof sentence>[0];
}

function expectWords({ what, next }: { what: string; next: string }): void {
  for (const text of [what, next]) {
    expect(text).toMatch(/^[A-Z].*\.$/s);
    expect(text).not.toMatch(trace);
    expect(text).not.toMatch(/undefined|\[object|NaN|\n/);
  }
}

async function profiles(host: Host): Promise<readonly { readonly id: string; readonly name: string }[]> {
  return (await host.topic('profiles', () => true, 15_000, 'the profiles')).list;
}

function documents(host: Host): readonly string[] {
  return readdirSync(join(host.paths.home, 'documents')).filter((name) => name.endsWith('.json'));
}

const originals = new Map<string, Buffer>();

/** Cuts a file off in the middle, or writes nonsense over its beginning. */
function garble(path: string, text?: string): void {
  const whole = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  originals.set(path, whole);
  writeFileSync(path, text ?? garbled(path));
}

function garbled(path: string): Buffer {
  const whole = originals.get(path) as Buffer;
  return path.endsWith('.db') ? Buffer.concat([Buffer.alloc(2048, 0x5a), whole.subarray(2048)]) : whole.subarray(0, whole.length / 2);
}

/** What a file held before it was garbled. What was set aside must be exactly the garbled half. */
function original(keptAs: string): Buffer {
  const path = keptAs.replace(/\.damaged-1$/, '');
  expect(readFileSync(keptAs)).toEqual(garbled(path));
  return originals.get(path) as Buffer;
}

/** Mounts a disk of one megabyte in a folder's place. */
function smallDisk(path: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'wmtrb', path]);
  mounts.push(path);
}

/** Leaves not a byte. */
function fill(path: string): void {
  const file = openSync(join(path, 'filler'), 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}

/** Addresses and routes of the machine under test, without what only counts, and the names of DNS. */
function picture(): string {
  const of = (...args: string[]): string => execFileSync('ip', ['-n', lan.namespace('alpha'), ...args], { encoding: 'utf8' });
  return [of('addr'), of('route'), of('-6', 'route'), of('rule'), readFileSync('/etc/resolv.conf', 'utf8')].join('---\n');
}

function printedBy(host: Host): string {
  return ['app.stderr', 'helper.stderr', 'logs/shell.log'].map((name) => join(host.paths.home, name)).filter(existsSync).map((path) => readFileSync(path, 'utf8')).join('');
}
