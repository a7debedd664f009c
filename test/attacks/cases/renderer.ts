/**
 * A page that was taken over: it calls every channel and every command with garbage, from the top frame, from a frame inside it, and from a
 * page elsewhere. Nothing but what a row of the contract allows may reach the core.
 */
import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../../src/base/random.ts';
import { serve } from '../../../src/contract/carrier.ts';
import { type CommandName, commands } from '../../../src/contract/commands.ts';
import { createLog } from '../../../src/platform/log-file.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { channel, serveWindows } from '../../../src/main/ipc.ts';
import { pageOrigin } from '../../../src/main/page-protocol.ts';
import { createFakeApp } from '../../fakes/app.ts';
import { json } from '../../fuzz/shapes/json.ts';
import { type Attack, demand, summary } from '../attack.ts';

const names = Object.keys(commands) as CommandName[];

function windowed() {
  const app = createFakeApp(systemClock, { scene: 'connected' });
  const ipc = new EventEmitter();
  let nowMs = 0;
  serveWindows(ipc as never, (port) => serve(port, app.handlers, app.topics), createLog({ sink: { write: () => {}, close: () => {} }, clock: systemClock, level: 'error', scope: 'attack' }), { monotonicMs: () => (nowMs += 10) });
  const replies: { id: number; ok: boolean; failure?: { code: string } }[] = [];
  const sender = Object.assign(new EventEmitter(), { id: 1, isDestroyed: () => false, send: (_: string, message: { kind: string } & (typeof replies)[number]) => void (message.kind === 'reply' && replies.push(message)) });
  const say = (message: unknown, frame: unknown = { url: `${pageOrigin}/index.html`, parent: null }): void => void ipc.emit(channel, { sender, senderFrame: frame }, message);
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  say({ kind: 'attach' });
  return { app, say, settled, replies };
}

async function pageWorks(): Promise<void> {
  const it = windowed();
  it.say({ kind: 'call', id: 1, name: 'peer.ping', input: { id: 'attic' } });
  await it.settled();
  demand(it.replies[0]?.ok === true, 'our own page is served');
  it.app.close();
}

/** Every name with every kind of wrong input; nothing of it may reach a handler. */
const wrong: readonly unknown[] = [null, 0, 'x', [], [{}], { extra: 1 }, { id: {} }, { id: '' }, { id: 'x'.repeat(300), role: 'root' }, { profile: '../../etc/passwd' }, { link: 7 }, { lines: -1 }, { theme: 'x' }, JSON.parse('{"__proto__":{"id":"attic"}}'), { id: ['attic'] }, { name: '\u0000' .repeat(99) }];

export const renderer: readonly Attack[] = [
  {
    name: 'renderer-garbage-on-every-command', aim: 'window channel', expected: 'nothing but rows of the contract reached the core', counter: pageWorks,
    attack: async () => {
      const it = windowed();
      let id = 1;
      for (const name of [...names, '__proto__', 'constructor', 'toString', '', 'app.quit ', 'APP.QUIT']) for (const input of wrong) it.say({ kind: 'call', id: id++, name, input });
      const random = seeded(1);
      for (let round = 0; round < 5_000; round++) {
        const text = json(Buffer.from(JSON.stringify({ kind: 'call', id: id++, name: names[round % names.length], input: { id: 'attic' } })), { random, words: names, other: new Uint8Array() });
        try {
          it.say(JSON.parse(Buffer.from(text).toString()));
        } catch {
          it.say(Buffer.from(text).toString());
        }
      }
      await it.settled();
      const bad = it.app.calls.filter(({ name, input }) => !commands[name].input.safeParse(input).success);
      const codes = new Set(it.replies.flatMap(({ failure }) => (failure ? [failure.code] : [])));
      it.app.close();
      if (codes.has('internal.unexpected')) return 'something broke inside';
      return bad.length === 0 && !('polluted' in {}) ? 'nothing but rows of the contract reached the core' : `${bad.length} bad inputs reached the core`;
    },
  },
  {
    name: 'renderer-other-frame-or-page', aim: 'window channel', expected: 'not heard', counter: pageWorks,
    attack: async () => {
      const it = windowed();
      const call = { kind: 'call', id: 1, name: 'app.quit', input: {} };
      const frames = [
        { url: `${pageOrigin}/index.html`, parent: {} }, { url: 'https://evil.example/', parent: null }, { url: `${pageOrigin}.evil.example/`, parent: null }, { url: 'about:blank', parent: null }, { url: 'file:///etc/passwd', parent: null },
        { url: 'data:text/html,x', parent: null }, null,
      ];
      for (const frame of frames) for (const message of [{ kind: 'attach' }, call]) it.say(message, frame);
      await it.settled();
      const seen = it.replies.length === 0 && it.app.calls.length === 0 ? 'not heard' : 'heard';
      it.app.close();
      return seen;
    },
  },
  {
    name: 'renderer-only-one-channel', aim: 'window channel', expected: 'one channel, nothing exposed but a port', counter: pageWorks,
    attack: async () => {
      const folder = join(import.meta.dirname, '../../../src/main');
      const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).map((name) => readFileSync(join(folder, name), 'utf8'));
      const doors = sources.flatMap((text) => [...text.matchAll(/\bipc(?:Main)?\.(on|once|handle|handleOnce)\(\s*([\w'"]+)/g)].map(([, , name]) => name));
      const preload = readFileSync(join(folder, 'preload.ts'), 'utf8');
      const exposed = [...preload.matchAll(/exposeInMainWorld\(/g)].length;
      const powers = /nodeIntegration: true|contextIsolation: false|sandbox: false|webSecurity: false|invoke\(|sendSync/.test(sources.join('\n'));
      return summary(doors as string[]) === 'channel' && exposed === 1 && !powers ? 'one channel, nothing exposed but a port' : `${doors.join(', ')}; ${exposed} exposed; ${powers ? 'more power than needed' : ''}`;
    },
  },
];
