import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { step } from '../../../src/core/session/step.ts';
import { play } from './notation.ts';

/** WEBMESH_REWRITE=1 writes the traces anew; look at the difference before you keep it. */
const rewrite = process.env['WEBMESH_REWRITE'] === '1';

for (const name of readdirSync(import.meta.dirname).filter((file) => file.endsWith('.txt'))) {
  test(`scenario ${name}`, () => {
    const path = join(import.meta.dirname, name);
    const text = readFileSync(path, 'utf8');
    const trace = play(text, step);
    if (rewrite) writeFileSync(path, trace);
    expect(trace).toBe(rewrite ? trace : text);
  });
}
