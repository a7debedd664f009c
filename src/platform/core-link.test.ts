import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Port } from '../contract/client.ts';
import { failure } from '../base/failure.ts';
import { isAlive } from './app-socket.ts';
import { tryLock } from './file-lock.ts';
import { linkCore, portPair, relay, type RunningCore } from './core-link.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-link-'));
  path = join(folder, 'run', 'app.sock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const echoCore = (name: string): RunningCore => ({
  serve: (port) => port.onMessage((message) => port.send([name, message])),
  close: async () => {},
});
function ask(open: (port: Port) => void, message: unknown): Promise<unknown> {
  const [near, far] = portPair();
  const answer = new Promise((resolve) => near.onMessage(resolve));
  open(far);
  near.send(message);
  return answer;
}

test('the first shell owns the core, the second one is its guest and talks to the same core', async () => {
  const owner = await linkCore(path, async () => echoCore('first'));
  const guest = await linkCore(path, async () => echoCore('second'));
  expect([owner.kind, guest.kind]).toEqual(['owner', 'guest']);
  expect(await Promise.all([ask(owner.open, 1), ask(guest.open, 2)])).toEqual([['first', 1], ['first', 2]]);
  await guest.close();
  await owner.close();
});

test('a guest hears that the owner went away, and its ports close', async () => {
  const owner = await linkCore(path, async () => echoCore('first'));
  const guest = await linkCore(path, async () => echoCore('second'));
  const lost = new Promise<void>((resolve) => guest.onLost(resolve));
  const [near, far] = portPair();
  const closed = new Promise<void>((resolve) => near.onClose(resolve));
  guest.open(far);
  await owner.close();
  await Promise.all([lost, closed]);
});

test('a guest of an owner that is just ending waits for its place', async () => {
  await (await linkCore(path, async () => echoCore('first'))).close();
  const unlock = tryLock(`${path}.lock`);
  const coming = linkCore(path, async () => echoCore('second'));
  await new Promise((resolve) => setTimeout(resolve, 250));
  unlock?.();
  const link = await coming;
  expect(link.kind).toBe('owner');
  await link.close();
});

test('a core that cannot start frees the socket', async () => {
  const broken = linkCore(path, () => Promise.reject(failure('internal.storage')));
  await expect(broken).rejects.toMatchObject({ code: 'internal.storage' });
  expect(await isAlive(path)).toBe(false);
});

test('relay keeps what is said before the far end stands, and closes with it', async () => {
  const [window, near] = portPair();
  const [far, core] = portPair();
  const coming = Promise.withResolvers<Port>();
  const heard: unknown[] = [];
  core.onMessage((message) => heard.push(message));
  relay(near, coming.promise);
  window.send('a');
  window.send('b');
  await Promise.resolve();
  coming.resolve(far);
  await new Promise((resolve) => setImmediate(resolve));
  window.send('c');
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(['a', 'b', 'c']);
  const closed = new Promise<void>((resolve) => window.onClose(resolve));
  core.close();
  await closed;
});
