import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { eachLine } from './lines.ts';

async function linesOf(chunks: readonly (string | Buffer)[], bytesMax = 8): Promise<readonly string[]> {
  const input = new PassThrough();
  const lines: string[] = [];
  eachLine(input, bytesMax, (line) => lines.push(line));
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await new Promise((resolve) => input.once('close', resolve));
  return lines;
}

test.each([
  [['one\ntwo\r\n\nthree'], ['one', 'two', '', 'three']],
  [['o', 'ne\nt', 'wo\n'], ['one', 'two']],
  [[Buffer.from('zo\u00eb\n').subarray(0, 3), Buffer.from('zo\u00eb\n').subarray(3)], ['zo\u00eb']],
  [['12345678\n123456789\n1\n'], ['12345678', '12345678', '1']],
  [['1234', '5678', '9abc', 'def\n', 'ok\n'], ['12345678', 'ok']],
  [['\n\n'], ['', '']],
  [[], []],
])('%j are the lines %j', async (chunks, lines) => {
  expect(await linesOf(chunks)).toEqual(lines);
});

test('a line without an end costs its limit and no more', async () => {
  const input = new PassThrough();
  let told = 0;
  eachLine(input, 1_000, (line) => (told += line.length));
  global.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 64; i++) {
    input.write(chunk.subarray());
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([told, process.memoryUsage().arrayBuffers - before < 16 << 20]).toEqual([0, true]);
  input.end('\n');
  await new Promise((resolve) => input.once('close', resolve));
  expect(told).toBe(1_000);
});
