/**
 * Everything that can be said about the sources in a minute and a half, two things at a time: types, lint, layers, unused code,
 * the lock file, the API's shape, unit and component tests. `npm run check`, or `npm run check -- tsc biome` for some of it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

interface Task {
  readonly name: string;
  readonly command: readonly string[];
  /** A file that this needs; without it the task is skipped and says so. */
  readonly needs?: string;
}

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const node = process.execPath;

const first: Task = { name: 'generate', command: [node, 'scripts/generate.ts'] };
/** The long ones come first, so that the short ones fill the gaps. */
const tasks: readonly Task[] = [
  { name: 'unit', command: [bin('vitest'), 'run', '--project', 'unit', '--no-isolate', '--reporter', 'dot'] },
  { name: 'svelte-check', command: [bin('svelte-check'), '--tsconfig', 'src/renderer/tsconfig.json', '--threshold', 'warning'], needs: 'src/renderer/tsconfig.json' },
  { name: 'tsc', command: [bin('tsc'), '-p', '.'] },
  { name: 'tsc-e2e', command: [bin('tsc'), '-p', 'test/e2e'] },
  { name: 'renderer', command: [bin('vitest'), 'run', '--project', 'renderer', '--reporter', 'dot'], needs: 'src/renderer' },
  { name: 'layers', command: [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'test', 'scripts'] },
  { name: 'knip', command: [bin('knip'), '--no-progress'] },
  { name: 'biome', command: [bin('biome'), 'lint', '--error-on-warnings', '--diagnostic-level=warn', '.'] },
  { name: 'buf-lint', command: [bin('buf'), 'lint'] },
  { name: 'buf-breaking', command: [bin('buf'), 'breaking', '--against', 'proto/image.binpb'] },
  { name: 'words', command: [node, 'scripts/words.ts'] },
  { name: 'lock-gaps', command: [node, 'scripts/lock-gaps.ts'] },
];
const atOnce = 2;

const names = [first, ...tasks].map((task) => task.name);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}

const startMs = performance.now();
const queue = tasks.filter((task) => asked.length === 0 || asked.includes(task.name));
const failed: string[] = [];
if (await run(first)) await Promise.all(Array.from({ length: atOnce }, work));
const all = failed.length === 0 ? 'all well' : `failed: ${failed.join(', ')}`;
console.log(`${all} · ${seconds(startMs)} s`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let task = queue.shift(); task; task = queue.shift()) await run(task);
}

/** Prints one line, and what a failing task said. */
async function run({ name, command, needs }: Task): Promise<boolean> {
  if (needs !== undefined && !existsSync(join(root, needs))) {
    console.log(`skip  ${name.padEnd(13)} there is no ${needs}`);
    return true;
  }
  const taskStartMs = performance.now();
  const { code, output } = await outcome(command);
  console.log(`${code === 0 ? 'ok   ' : 'FAIL '} ${name.padEnd(13)} ${seconds(taskStartMs)} s`);
  if (code === 0) return true;
  failed.push(name);
  console.log(output.trimEnd().replace(/^/gm, '      '));
  return false;
}

function outcome([program = '', ...args]: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(parts).toString() }));
  });
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}
