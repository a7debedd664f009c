import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect as netConnect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Port } from '../contract/client.ts';
import { connect, isAlive, limits, listen } from './app-socket.ts';
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
