import { expect, test } from 'vitest';
import { hit, newEdge, newSeen, startInput } from './coverage.ts';
import { fuzz } from './engine.ts';
import { instrument } from './instrument.ts';
import { minimise } from './minimise.ts';
import { probe } from './probe.ts';
import { regressionFolders, regressionsOf } from './regressions.ts';
import { bytes } from './shapes/bytes.ts';
import { Broken, type Opened, type Target } from './target.ts';
import { targets } from './targets/targets.ts';

test.each(targets.map((target) => [target.name, target] as const))('%s takes its seeds and what once broke it', async (name, target) => {
  const opened = await target.open();
  for (const input of [...opened.seeds, ...regressionsOf(name)]) await opened.run(input);
  opened.close?.();
});

test('every folder of regressions is a target', () => {
  const names = targets.map(({ name }) => name);
  expect([regressionFolders().filter((folder) => !names.includes(folder)), new Set(names).size]).toEqual([[], names.length]);
});

test('an instrumented source does what it did, and tells each branch', () => {
  const source = 'export const f = (a: number): string => (a > 1 ? "big" : a < 0 && a > -5 ? "cold" : (() => { if (a === 0) return "none"; else for (const x of [a]) return "one" + x; return ""; })());';
  const plain = instrument('/none.ts', source).replace('export const f = (a: number): string =>', 'return (a) =>');
  const taken: number[] = [];
  const f = new Function('webmeshFuzzHit', plain)((edge: number) => taken.push(edge)) as (a: number) => string;
  expect([f(2), f(-1), f(0), f(1)]).toEqual(['big', 'cold', 'none', 'one1']);
  expect(new Set(taken).size).toBe(10);
});

test('an input is news when it takes another edge, or an edge more often', () => {
  const [a, b] = [newEdge(), newEdge()];
  const seen = newSeen();
  const learns = (...edges: number[]): boolean => {
    startInput();
    for (const edge of edges) hit(edge);
    return seen.learn();
  };
  expect([learns(a), learns(a), learns(b), learns(a, b), learns(a, a), learns(a, a, a, a), learns(a, a, a, a, a)]).toEqual([true, false, true, false, true, true, false]);
});

test('coverage leads to a bug that chance does not find', async () => {
  const source = 'export const f = (a) => { if (a.length > 3) if (a[0] === 7) if (a[1] === 99) if (a[2] === 201) if (a[3] === 44) throw new TypeError("found"); };';
  const plain = instrument('/planted.ts', source).replace('export const f =', 'return');
  const finds = async (told: (edge: number) => void): Promise<number> => {
    const run = new Function('webmeshFuzzHit', plain)(told) as (input: Uint8Array) => undefined;
    const target: Target = { name: 'planted', from: 'this test', shape: bytes, open: () => ({ seeds: [new Uint8Array(8)], run }) };
    return (await fuzz(target, { target: 'planted', inputs: 40_000, seed: 1, window: new SharedArrayBuffer(1 << 17) })).findings.length;
  };
  expect([await finds(hit), await finds(() => {})]).toEqual([1, 0]);
});

const opened = (run: Opened['run']): Opened => ({ seeds: [], run });

test.each<[string, Opened['run'], string]>([
  ['a throw', () => { throw new TypeError('x'); }, 'TypeError'],
  ['a rejection', () => Promise.reject(new Error('later')), 'Error'],
  ['a slow parser', () => { for (const start = process.threadCpuUsage(); process.threadCpuUsage(start).user < 80_000; ); return undefined; }, 'Broken'],
  ['too much output', () => 1 << 20, 'Broken'],
  ['a changed prototype', () => { Object.assign(Object.prototype, { polluted: 1 }); return undefined; }, 'Broken'],
])('%s is a finding', async (_, run, name) => {
  await expect(probe(opened(run), new Uint8Array(4), 0)).rejects.toMatchObject({ name });
  expect('polluted' in {}).toBe(false);
});

test('a failing input is cut down to what makes it fail', async () => {
  const fails = async (input: Uint8Array): Promise<boolean> => Buffer.from(input).includes('BUG');
  expect(Buffer.from(await minimise(Buffer.from(`${'x'.repeat(500)}BUG${'y'.repeat(500)}`), fails)).toString()).toBe('BUG');
  expect(new Broken('x').name).toBe('Broken');
});
