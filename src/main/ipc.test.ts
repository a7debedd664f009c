import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { serve } from '../contract/carrier.ts';
import { createLog } from '../platform/log-file.ts';
import { systemClock } from '../platform/clock.ts';
import { messageLimits } from '../platform/message-limits.ts';
import { createFakeApp } from '../../test/fakes/app.ts';
import { serveWindows } from './ipc.ts';
import { isPlainMessage, plainLimits } from './plain-message.ts';

/** One window, and what main sent to it. */
function windowed() {
  const app = createFakeApp(systemClock, { scene: 'disconnected' });
  const ipc = new EventEmitter();
  let nowMs = 0;
  const log = createLog({ sink: { write: () => {}, close: () => {} }, clock: systemClock, level: 'error', scope: 'test' });
  serveWindows(ipc as never, (port) => serve(port, app.handlers, app.topics), log, { monotonicMs: () => nowMs });
  const sent: { kind: string; id?: number; ok?: boolean; failure?: { code: string } }[] = [];
  const sender = Object.assign(new EventEmitter(), { id: 1, isDestroyed: () => false, send: (_channel: string, message: never) => void sent.push(message) });
  const say = (message: unknown, url = 'app://webmesh/index.html'): void => void ipc.emit('webmesh', { sender, senderFrame: { url, parent: null } }, message);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const replies = () => sent.filter(({ kind }) => kind === 'reply').map(({ id, ok, failure }) => [id, ok, failure?.code]);
  return { app, sender, sent, say, settled, replies, pass: (ms: number) => void (nowMs += ms) };
}

const holdsItself: unknown[] = [];
holdsItself.push(holdsItself);
const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

test('only small plain JSON is looked at, and looking costs no more than the limits', () => {
  const plain = [null, 1, 'x', {}, [], { kind: 'call', id: 1, name: 'x', input: { a: [1, { b: null }] } }, 'x'.repeat(plainLimits.charactersMax), deep(plainLimits.depthMax)];
  const other = [
    new Map(), new Set(), new Date(0), /x/, new Error('x'), 1n, Symbol('x'), () => 1, new Uint8Array(8), new ArrayBuffer(1 << 20), holdsItself, { a: holdsItself }, deep(plainLimits.depthMax + 1), deep(5_000),
    'x'.repeat(plainLimits.charactersMax + 1), Array.from({ length: plainLimits.valuesMax + 1 }, () => 0), new Array(2 ** 32 - 1), { ['n'.repeat(plainLimits.charactersMax + 1)]: 1 }, Object.create({ inherited: 1 }),
  ];
  expect(plain.map(isPlainMessage)).toEqual(plain.map(() => true));
  expect(other.map(isPlainMessage)).toEqual(other.map(() => false));
});

test('garbage on the channel is dropped or answered with a Failure, and the next call works', async () => {
  const it = windowed();
  it.say({ kind: 'call', id: 1, name: 'session.connect', input: {} }); // before it attached: nobody is there to answer
  it.say({ kind: 'attach' });
  const garbage = [undefined, null, 0, '', 'x', [], {}, { kind: 'call' }, { kind: 'call', id: 'a', name: 'app.quit' }, { kind: 'cancel', id: {} }, { kind: 'reply', id: 1, ok: true }, { kind: '__proto__' }, new Map(), holdsItself];
  for (const message of garbage) it.say(message);
  it.say({ kind: 'call', id: 2, name: 'audit.list', input: { search: new Map() } });
  it.say({ kind: 'call', id: 3, name: 'constructor', input: {} });
  it.say({ kind: 'call', id: 4, name: 'mesh.create', input: { name: 'x'.repeat(2 << 20) } });
  it.say({ kind: 'call', id: 5, name: 'mesh.create', input: [] });
  it.say({ kind: 'call', id: 6, name: 'session.disconnect', input: {} });
  await it.settled();
  expect(it.replies().sort()).toEqual([[2, false, 'input.limit'], [3, false, 'input.unknown-command'], [4, false, 'input.limit'], [5, false, 'input.invalid'], [6, true, undefined]]);
  expect(it.app.calls.map(({ name }) => name)).toEqual(['session.disconnect']);
});

test('a flood is answered with Failures, then cut off; attaching again does not bring more', async () => {
  const it = windowed();
  it.say({ kind: 'attach' });
  for (let id = 1; id <= messageLimits.atOnce + 10; id++) it.say({ kind: 'call', id, name: 'session.disconnect', input: {} });
  await it.settled();
  expect(it.replies().filter(([, , code]) => code === 'app.busy').length).toBeGreaterThanOrEqual(11);
  const before = it.sent.length;
  for (let i = 0; i <= messageLimits.refusedMax; i++) it.say({ kind: 'attach' });
  it.say({ kind: 'call', id: 9999, name: 'session.disconnect', input: {} });
  expect(it.sent.length).toBe(before);
  it.pass(60_000);
  it.say({ kind: 'attach' });
  it.say({ kind: 'call', id: 10_000, name: 'session.disconnect', input: {} });
  await it.settled();
  expect(it.replies().at(-1)).toEqual([10_000, true, undefined]);
});

test('a page that attaches again and again leaves one listener behind, not one each time', () => {
  const it = windowed();
  for (let i = 0; i < 50; i++) it.say({ kind: 'attach' });
  expect([it.sender.listenerCount('destroyed'), it.sender.listenerCount('render-process-gone')]).toEqual([2, 1]);
});

test('another frame and another page are not heard', async () => {
  const it = windowed();
  it.say({ kind: 'attach' });
  const before = it.sent.length;
  for (const url of ['https://evil.example/', 'app://webmesh.evil/', 'about:blank', 'data:text/html,x']) it.say({ kind: 'call', id: 1, name: 'app.quit', input: {} }, url);
  await it.settled();
  expect([it.sent.length, it.app.calls]).toEqual([before, []]);
});
