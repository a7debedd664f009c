import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Finding, type Job, type Result } from './job.ts';
import { keepRegression } from './regressions.ts';
import { targets } from './targets/targets.ts';

const usage = `usage: npm run fuzz -- [options]
  --inputs N       inputs of each target (default 50000)
  --target NAME    this target only; may be given more than once
  --seed N         where the dice begin (default 1)
  --list           the targets and whom they protect from`;

/** An input that takes this long is not waited for. */
const hangMs = 20_000;
/** What clocks and collectors say, which a busy machine can bring about: believed when a second run of the target says so too. */
const machineWords = /^(Broken: )?(hangs|slow): |memory gr[eo]w|thread died/;
const windowBytes = 128 * 1024;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '50000' }, seed: { type: 'string', default: '1' }, target: { type: 'string', multiple: true }, list: { type: 'boolean' }, help: { type: 'boolean' },
  },
});
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
const chosen = targets.filter(({ name }) => values.target === undefined || values.target.includes(name));

if (values.help === true || Number.isNaN(inputs + seed) || chosen.length === 0) {
  console.log(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else if (values.list === true) {
  for (const { name, from } of targets) console.log(`${name.padEnd(20)} ${from}`);
} else {
  process.exitCode = (await runAll()) ? 0 : 1;
}

/** Runs all chosen targets on all cores, one line each as they end. True when nothing was found. */
async function runAll(): Promise<boolean> {
  const startedMs = performance.now();
  console.log(`${'target'.padEnd(20)} ${columns('inputs', 'kept', 'edges', 'worst ms', 'heap MiB', 'inputs/s')}  result`);
  const waiting = [...chosen].sort((a, b) => Number(b.heavy ?? false) - Number(a.heavy ?? false)).map(({ name }) => name);
  const results: Result[] = [];
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), waiting.length) }, () => lane(waiting, results)));
  const total = results.reduce((sum, one) => sum + one.inputs, 0);
  const found = results.reduce((sum, one) => sum + one.findings.length, 0);
  const { version } = process;
  for (const { target, findings } of results) for (const { problem } of findings) console.log(`FOUND ${target}: ${problem}`);
  console.log(`${results.length} targets, ${total} inputs, ${found} findings; ${((performance.now() - startedMs) / 1000).toFixed(1)} s on ${availableParallelism()} cores; seed ${seed}; Node ${version}`);
  return found === 0;
}

/** One worker after another: a new one when the last found something. */
async function lane(waiting: string[], results: Result[]): Promise<void> {
  const doubted = new Set<string>();
  for (let target = waiting.shift(); target !== undefined; ) {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: ['--disable-warning=ExperimentalWarning'] });
    for (let clean = true; clean && target !== undefined; ) {
      const result = await runIn(worker, target);
      clean = result.findings.length === 0;
      if (!doubted.has(target) && doubtful(result)) {
        doubted.add(target);
        console.log(`${target}: ${result.findings[0]?.problem}: that may have been the machine; once more from the start`);
        continue;
      }
      results.push(result);
      print(result);
      target = waiting.shift();
    }
    await worker.terminate();
  }
}

function doubtful({ findings }: Result): boolean {
  return findings.length > 0 && findings.every(({ problem }) => machineWords.test(problem));
}

function runIn(worker: Worker, target: string): Promise<Result> {
  const job: Job = { target, inputs, seed, window: new SharedArrayBuffer(windowBytes) };
  const head = new Int32Array(job.window, 0, 2);
  return new Promise((resolve) => {
    let [last, sinceMs] = [0, performance.now()];
    const end = (result: Result): void => {
      clearInterval(watch);
      worker.off('message', done);
      worker.off('error', died);
      resolve(result);
    };
    const lost = (problem: string): void => {
      const input = new Uint8Array(job.window.slice(8, 8 + (head[1] ?? 0)));
      end({ target, inputs: Atomics.load(head, 0), kept: 0, edges: 0, worstMs: 0, heapMiB: 0, cpuSeconds: 1, findings: [{ problem, input }] });
    };
    const done = (result: Result): void => end(result);
    const died = (error: Error): void => lost(`the thread died: ${error.stack ?? error.message}`);
    const watch = setInterval(() => {
      const now = Atomics.load(head, 0);
      if (now !== last || now === 0) [last, sinceMs] = [now, performance.now()];
      else if (performance.now() - sinceMs > hangMs) lost(`hangs: more than ${hangMs} ms`);
    }, 500);
    worker.on('message', done);
    worker.on('error', died);
    worker.postMessage(job);
  });
}

function print({ target, inputs: ran, kept, edges, worstMs, heapMiB, cpuSeconds, findings }: Result): void {
  const speed = Math.round(ran / cpuSeconds);
  console.log(`${target.padEnd(20)} ${columns(ran, kept, edges, worstMs.toFixed(1), heapMiB.toFixed(1), speed)}  ${findings.length === 0 ? 'ok' : `${findings.length} FOUND`}`);
  for (const finding of findings) console.log(`  ${finding.problem}\n    ${keep(target, finding)}`);
}

function keep(target: string, { input }: Finding): string {
  const path = relative(process.cwd(), keepRegression(target, input));
  return `${input.length} bytes in ${path}: npm run fuzz -- --target ${target} --inputs 1`;
}

function columns(...values: readonly (string | number)[]): string {
  return values.map((value) => String(value).padStart(9)).join(' ');
}
