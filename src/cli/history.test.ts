import { expect, test } from 'vitest';
import { failure } from '../base/failure.ts';
import { attach } from '../contract/client.ts';
import { createFakeApp, fakePort, type FakeApp } from '../../test/fakes/app.ts';
import { virtualClock } from '../../test/sim/session/clock.ts';
import { run } from './run.ts';
import { type World } from './world.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);

function started(): { app: FakeApp; webmesh: (line: string) => Promise<{ code: number; out: string; err: string }> } {
  const clock = { ...virtualClock(), nowMs: () => nowMs };
  const app = createFakeApp(clock, { scene: 'connected' });
  return {
    app,
    webmesh: async (line) => {
      let [out, err] = ['', ''];
      const open = async () => attach(fakePort(app));
      const world: World = {
        version: '1', clock, interrupted: new AbortController().signal, screen: { columns: undefined, colours: false }, person: () => undefined,
        read: async () => Promise.reject(failure('input.invalid')), print: (text) => (out += text), complain: (text) => (err += text),
        at: () => ({ connect: open, startApp: open, link: async () => '', openBrowser: async () => true, serve: async () => 0 }),
      };
      return { code: await run(line.split(' '), world), out, err };
    },
  };
}

test('history: this device and the network, a spark line each and what it says in numbers', async () => {
  const { webmesh } = started();
  const { code, out } = await webmesh('history');
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect([lines[0], lines[5]]).toEqual(['This device, last 24 h', 'The network']);
  expect(lines.filter((line) => /[▁-█]{40}/.test(line)).map((line) => line.split(/ {2}/)[0])).toEqual(['processor', 'memory', 'load', 'received', 'sent', 'reached directly', 'relayed', 'not reached']);
  expect(out).toMatch(/processor {2}.*mean \d+ %, highest \d+ %/);
  expect(out).toMatch(/received .*\d GiB/);
});

test('history of a peer; a gap is blank, nothing at all is a sentence', async () => {
  const { app, webmesh } = started();
  const whole = (await webmesh('history nas')).out;
  expect(whole).toMatch(/^nas, last 24 h\nreceived /);
  expect(whole).toMatch(/round trip .*mean \d+\.\d ms, worst \d+\.\d ms\nreached .*\d+ % directly, \d+ % relayed, \d+ % not\n$/);
  app.history.kept = 'slept';
  expect((await webmesh('history nas')).out).toMatch(/received +[▁-█]{12,16} {4,}[▁-█] {4,}[▁-█]{12,20} /);
  app.history.kept = 'nothing';
  expect((await webmesh('history nas --hours 2')).out).toBe('nas, last 2 h\nNothing was measured in this time. The app writes a line each minute while it runs.\n');
  expect(app.calls.at(-1)).toEqual({ name: 'history.read', input: { about: { peer: 'nas' }, fromMs: nowMs - 7_200_000 } });
});

test('history as JSON, as files, and forgotten', async () => {
  const { app, webmesh } = started();
  const json: { host: { columns: Record<string, number[]> }; network: { kind: string } } = JSON.parse((await webmesh('history --json')).out);
  expect([json.host.columns['cpu']?.length, json.network.kind]).toEqual([1_440, 'network']);
  expect((await webmesh('history --csv')).out.split('\n').filter((line) => line !== '')).toHaveLength(2);
  expect(JSON.parse((await webmesh('history nas --csv --json')).out)).toEqual({ paths: [expect.stringMatching(/history-peer-.*\.csv$/)] });
  expect(await webmesh('history clear')).toEqual({ code: 0, out: 'Forgotten.\n', err: '' });
  expect(app.history.kept).toBe('nothing');
  expect(await webmesh('history --hours 99')).toMatchObject({ code: 2, err: expect.stringContaining('1 to 24') });
});
