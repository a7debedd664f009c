import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Secret } from '../base/log.ts';
import { createLog, fileSink, type LogSink, stderrSink } from './log-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webmesh-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lines(): { sink: LogSink; seen: string[] } {
  const seen: string[] = [];
  return { seen, sink: { write: (line) => void seen.push(line), close: () => {} } };
}
const clock = { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) };

test('writes one JSON object a line with time, level, scope and event', () => {
  const { sink, seen } = lines();
  createLog({ sink, clock, level: 'info', scope: 'node' }).scope('raft').warn('election', { term: 3n, key: new Secret('x'), bytes: new Uint8Array(3) });
  expect(seen).toEqual(['{"t":"2026-01-02T03:04:05.006Z","level":"warn","scope":"node.raft","event":"election","term":"3","key":"•••","bytes":"<3 bytes>"}\n']);
});

test('the level can change at run time, for scopes already taken too', () => {
  const { sink, seen } = lines();
  const log = createLog({ sink, clock, level: 'warn', scope: 'node' });
  const scoped = log.scope('raft');
  scoped.info('quiet');
  log.setLevel('debug');
  scoped.debug('loud');
  expect(seen.map((line) => JSON.parse(line).event)).toEqual(['loud']);
});

test('prints what cannot be printed as such, and cuts what is too long', () => {
  const { sink, seen } = lines();
  const log = createLog({ sink, clock, level: 'info', scope: 'node' });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  log.info('loop', { loop });
  log.info('long', { text: 'x'.repeat(100_000) });
  log.info('odd', { level: 'forged', error: Object.assign(new Error('no'), { code: 'EIO' }) });
  const parsed = seen.map((line) => JSON.parse(line));
  expect(parsed[0]).toMatchObject({ event: 'loop', unprintable: expect.stringContaining('circular') });
  expect(parsed[1].truncated.length).toBe(8192);
  expect(parsed[2]).toMatchObject({ level: 'info', error: { name: 'Error', message: 'no', code: 'EIO' } });
});

test('rotates at the size limit and keeps a fixed number of files', () => {
  const sink = fileSink(join(folder, 'logs', 'app.log'), { bytesMax: 10, filesMax: 3 });
  for (const n of [1, 2, 3, 4, 5]) sink.write(`line-${n}\n`);
  sink.close();
  const folderOfLogs = join(folder, 'logs');
  expect(readdirSync(folderOfLogs).map((name) => [name, readFileSync(join(folderOfLogs, name), 'utf8')])).toEqual([
    ['app.log', 'line-5\n'], ['app.log.1', 'line-4\n'], ['app.log.2', 'line-3\n'],
  ]);
});

test('a path that cannot be written never throws', () => {
  const sink = fileSink(join(folder, 'a\0b'));
  sink.write('x\n');
  sink.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a stalled reader of standard error costs lines, which are counted', () => {
  const seen: string[] = [];
  const stream = { writableLength: 2 << 20, write: (text: string | Uint8Array) => seen.push(String(text)) > 0 };
  const sink = stderrSink(stream);
  sink.write('a\n');
  sink.write('b\n');
  stream.writableLength = 0;
  sink.write('c\n');
  expect(seen).toEqual(['{"level":"warn","scope":"log","event":"lines-dropped","count":2}\n', 'c\n']);
});

test.runIf(process.platform === 'linux')('a full disk costs lines, and no descriptors', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  const sink = fileSink(join(folder, 'full.log'), { openFile: () => openSync('/dev/full', 'a') });
  for (let i = 0; i < 50; i++) sink.write('line\n');
  expect(open() - before).toBeLessThan(5);
  sink.close();
});
