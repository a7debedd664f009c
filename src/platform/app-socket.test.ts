import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect as netConnect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Port } from '../contract/client.ts';
import { connect, isAlive, limits, listen } from './app-socket.ts';
import { messageLimits } from './message-limits.ts';
import { frameLimits, lineReader } from './socket-port.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-sock-'));
  path = join(folder, 'run', 'app.sock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const echo = (port: Port): void => port.onMessage((message) => port.send({ echo: message }));
const next = (port: Port): Promise<unknown> => new Promise((resolve) => port.onMessage(resolve));
const gone = (port: Port): Promise<void> => new Promise((resolve) => port.onClose(resolve));

test('carries messages both ways and belongs to its user alone', async () => {
  const socket = await listen(path, echo);
  const port = await connect(path);
  port.send({ text: 'grüße\n', list: [1, null] });
  expect(await next(port)).toEqual({ echo: { text: 'grüße\n', list: [1, null] } });
  const modes = await Promise.all([path, join(folder, 'run')].map(async (file) => ((await stat(file)).mode & 0o777).toString(8)));
  expect(modes).toEqual(['600', '700']);
  await socket.close();
});

test('close ends every connection and leaves nothing behind', async () => {
  const socket = await listen(path, echo);
  const port = await connect(path);
  const ended = gone(port);
  port.onMessage(() => {});
  await socket.close();
  await ended;
  expect(await isAlive(path)).toBe(false);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a second core is refused while the first one lives', async () => {
  const socket = await listen(path, echo);
  await expect(listen(path, echo)).rejects.toMatchObject({ code: 'app.already-running' });
  expect(await isAlive(path)).toBe(true);
  await socket.close();
});

test('of ten that start at once over a dead socket exactly one wins', async () => {
  await (await listen(path, echo)).close();
  spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]);
  expect((await stat(path)).isSocket()).toBe(true);
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => listen(path, echo)));
  const winners = results.filter((result) => result.status === 'fulfilled');
  expect(winners).toHaveLength(1);
  expect(await isAlive(path)).toBe(true);
  await winners[0]?.value.close();
});

test('nobody there is app.not-running', async () => {
  await expect(connect(path)).rejects.toMatchObject({ code: 'app.not-running' });
});

test('a home folder with too long a name is refused with a sentence', async () => {
  const long = join(folder, 'x'.repeat(limits.pathBytesMax), 'app.sock');
  await expect(listen(long, echo)).rejects.toMatchObject({ code: 'input.invalid', detail: { field: 'home' } });
});

test('a line that is not JSON ends that connection only', async () => {
  const socket = await listen(path, echo);
  const bad = netConnect(path);
  const ended = new Promise((resolve) => bad.once('close', resolve));
  bad.resume().write('{"half": \n');
  await ended;
  const port = await connect(path);
  port.send(1);
  expect(await next(port)).toEqual({ echo: 1 });
  await socket.close();
});

test('a file that is no socket gives way like any dead socket', async () => {
  await (await listen(path, echo)).close();
  await writeFile(path, 'x');
  const socket = await listen(path, echo);
  expect(await isAlive(path)).toBe(true);
  await socket.close();
});

test('lines are joined over chunks and a line past the limit throws', () => {
  const seen: string[] = [];
  const take = lineReader((line) => seen.push(line), 10);
  for (const chunk of ['12', '34\n5', '\n\n678\n9']) take(chunk);
  expect(seen).toEqual(['1234', '5', '678']);
  expect(() => take('0123456789')).toThrow('too long');
  expect(frameLimits.messageMax).toBeGreaterThan(10);
});

test('a message that arrived before anyone listened is kept', async () => {
  const server = createServer((socket) => socket.write('"early"\n'));
  await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
  const port = await connect(join(folder, 's'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await next(port)).toBe('early');
  port.close();
  server.close();
});

/** Tests of another user need to be root first; everywhere else the kernel's answer about ourselves is what is tested. */
const asRoot = test.runIf(process.platform === 'linux' && process.geteuid?.() === 0);
const nobody = 65_534;
const openToAll = (...files: string[]): void => void execFileSync('chmod', ['a+rwx', folder, ...files]);
const asNobody = (code: string): string[] => [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, '-e', code];

asRoot('another user is cut off by the word of the kernel, even where every file mode would let him in', async () => {
  let served = 0;
  const socket = await listen(path, (port) => {
    served++;
    echo(port);
  });
  openToAll(join(folder, 'run'), path);
  const code = `const s = require('net').connect(${JSON.stringify(path)}, () => s.write('1\\n')); s.on('data', (d) => console.log('heard', String(d))); s.on('error', (e) => console.log(e.code)); s.on('close', () => console.log('closed'))`;
  const child = spawn('setpriv', asNobody(code), { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout.on('data', (data) => said.push(String(data)));
  await once(child, 'close');
  expect([said.join('').trim().split('\n').at(-1), served]).toEqual(['closed', 0]);
  const port = await connect(path);
  port.send(1);
  expect([await next(port), served]).toEqual([{ echo: 1 }, 1]);
  await socket.close();
});

asRoot('an app of another user in our place is not spoken to', async () => {
  await mkdir(join(folder, 'run'));
  openToAll(join(folder, 'run'));
  const code = `require('net').createServer((s) => s.on('data', (d) => console.log('heard', String(d)))).listen(${JSON.stringify(path)}, () => console.log('ready'))`;
  const child = spawn('setpriv', asNobody(code), { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout.on('data', (data) => said.push(String(data)));
  await once(child.stdout, 'data');
  await expect(connect(path)).rejects.toMatchObject({ code: 'auth.not-permitted', detail: { reason: 'another user answers there' } });
  child.kill();
  await once(child, 'exit');
  expect(said.join('')).toBe('ready\n');
});

asRoot('a folder that another user made first is refused and not repaired', async () => {
  await mkdir(join(folder, 'run'));
  await chown(join(folder, 'run'), nobody, nobody);
  await expect(listen(path, echo)).rejects.toMatchObject({ code: 'auth.not-permitted', detail: { reason: 'it belongs to another user' } });
});

test('a link in the place of the folder is refused, and what it points to keeps its mode', async () => {
  await mkdir(join(folder, 'victim'));
  await chmod(join(folder, 'victim'), 0o755);
  await symlink(join(folder, 'victim'), join(folder, 'run'));
  await expect(listen(path, echo)).rejects.toMatchObject({ code: 'auth.not-permitted', detail: { reason: 'it is a link and no folder' } });
  expect((await stat(join(folder, 'victim'))).mode & 0o777).toBe(0o755);
});

test('a link in the place of the socket gives way, and what it points to stays', async () => {
  await (await listen(path, echo)).close();
  await writeFile(join(folder, 'victim'), 'precious');
  await symlink(join(folder, 'victim'), path);
  const socket = await listen(path, echo);
  expect([await readFile(join(folder, 'victim'), 'utf8'), await isAlive(path)]).toEqual(['precious', true]);
  await socket.close();
});

test('a folder in the place of the socket is a sentence and no crash', async () => {
  await mkdir(path, { recursive: true });
  await expect(listen(path, echo)).rejects.toMatchObject({ code: 'internal.storage' });
});

test('a folder that was open is closed before the socket is in it', async () => {
  await mkdir(join(folder, 'run'), { mode: 0o777 });
  await chmod(join(folder, 'run'), 0o777);
  const socket = await listen(path, echo);
  expect((await stat(join(folder, 'run'))).mode & 0o777).toBe(0o700);
  await socket.close();
});

test('a message past the limit ends that connection; a flood hears Failures and goes on living', async () => {
  const socket = await listen(path, echo);
  const long = await connect(path);
  const ended = gone(long);
  long.onMessage(() => {});
  long.send('x'.repeat(limits.messageMax));
  await ended;
  const port = await connect(path);
  const answers = { echo: 0, busy: 0 };
  const all = new Promise<void>((resolve) => port.onMessage((message) => {
    if ('echo' in (message as object)) answers.echo++;
    else answers.busy++;
    if (answers.echo + answers.busy === messageLimits.atOnce + 500) resolve();
  }));
  for (let id = 0; id < messageLimits.atOnce + 500; id++) port.send({ kind: 'call', id, name: 'x' });
  await all;
  expect(answers.echo).toBeGreaterThanOrEqual(messageLimits.atOnce);
  expect(answers.busy).toBeGreaterThan(0);
  await socket.close();
});
