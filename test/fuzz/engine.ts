import { between, chance, pick, type Random, seeded } from '../../src/base/random.ts';
import { newSeen, wordsOf } from './coverage.ts';
import { type Finding, type Job, type Result } from './job.ts';
import { minimise } from './minimise.ts';
import { heapMiB, limits, liveMiB, probe } from './probe.ts';
import { regressionsOf } from './regressions.ts';
import { inputBytesMax } from './shapes/shape.ts';
import { type Opened, type Target } from './target.ts';

const findingsMax = 5;
const corpusMax = 4_096;
/** Words change only when new files are reached. */
const wordsEvery = 2_000;
const heapEvery = 500;
const longBytes = 1_024;

/**
 * Runs one target: first the inputs that once failed, then its seeds, then mutations of whatever reached something new. What it does
 * follows from the seed alone.
 */
export async function fuzz(target: Target, { seed, inputs, window }: Job): Promise<Result> {
  const random = seeded(seed ^ hashOf(target.name));
  const show = shower(window);
  const seen = newSeen();
  const corpus: Uint8Array[] = [];
  const findings = new Map<string, Finding>();
  const opened = await target.open();
  const cpu = process.threadCpuUsage();
  let words: readonly string[] = ['0'];
  let [ran, worstMs, startMiB] = [0, 0, 0];

  const run = async (input: Uint8Array): Promise<void> => {
    show(input);
    ran++;
    try {
      worstMs = Math.max(worstMs, await probe(opened, input, worstMs, () => {
        if (seen.learn() && corpus.length < corpusMax) corpus.push(input);
      }));
    } catch (error) {
      await found(error, input);
    }
  };
  const found = async (error: unknown, input: Uint8Array): Promise<void> => {
    const problem = problemOf(error);
    if (findings.has(keyOf(problem)) || findings.size >= findingsMax) return;
    findings.set(keyOf(problem), { problem, input });
    const short = problem.includes('slow') || problem.includes('hang') ? input : await minimise(input, async (candidate) => {
      show(candidate);
      return keyOf(await outcome(opened, candidate)) === keyOf(problem);
    });
    findings.set(keyOf(problem), { problem, input: short });
  };

  for (const input of [...regressionsOf(target.name), ...opened.seeds]) await run(input);
  if (corpus.length === 0) corpus.push(opened.seeds[0] ?? new Uint8Array());
  for (let i = 0; i < inputs && findings.size < findingsMax; i++) {
    if (i % wordsEvery === 0) words = ['0', ...(target.words ?? []), ...wordsOf(seen.files())];
    if (i === Math.floor(inputs / 10)) startMiB = await liveMiB();
    if (i % heapEvery === 0 && heapMiB() > limits.peakMiB && (await liveMiB()) > limits.peakMiB) await found(new Error('memory grows without bound'), corpus.at(-1) as Uint8Array);
    await run(nextInput(target, opened, corpus, words, random));
    // A target without a turn of its own would let nobody else's timers and messages run.
    if (i % 4_096 === 4_095) await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.threadCpuUsage(cpu);
  const grown = (await liveMiB()) - startMiB;
  if (grown > limits.growthMiB) await found(new Error(`memory grew by ${Math.round(grown)} MiB`), new Uint8Array());
  opened.close?.();
  return { target: target.name, inputs: ran, kept: corpus.length, edges: seen.edges(), worstMs, heapMiB: grown, cpuSeconds: (user + system) / 1e6, findings: [...findings.values()] };
}

/** Something made anew, or a kept input after one to eight changes; the newest are asked more often. */
function nextInput({ shape }: Target, { generate }: Opened, corpus: readonly Uint8Array[], words: readonly string[], random: Random): Uint8Array {
  if (generate !== undefined && chance(random, 0.1)) return generate(random);
  const from = chance(random, 0.4) ? Math.max(0, corpus.length - 24) : 0;
  const draw = (): Uint8Array => corpus[between(random, from, corpus.length - 1)] as Uint8Array;
  let input = draw();
  // Long inputs cost the most and teach the least.
  for (let tries = 0; input.length > longBytes && tries < 8; tries++) input = draw();
  for (let i = 2 ** between(random, 0, 3); i > 0; i--) input = shape(input, { random, words, other: pick(random, corpus) }).subarray(0, inputBytesMax);
  return input;
}

async function outcome(opened: Opened, input: Uint8Array): Promise<string> {
  try {
    await probe(opened, input, limits.slowMs);
    return 'well';
  } catch (error) {
    return problemOf(error);
  }
}

/** The error and the first line of ours on its stack. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  const line = error.stack?.split('\n').find((each) => /^\s+at .*\/src\//.test(each)) ?? error.stack?.split('\n').find((each) => /^\s+at .*\/test\/fuzz\/targets\//.test(each)) ?? '';
  return `${error.name}: ${error.message.slice(0, 200)} ${line.trim().replace(/file:\/\/.*\/(src|test)\//, '$1/')}`.trim();
}

/** Two findings are one when the same place fails, whatever values it names. */
function keyOf(problem: string): string {
  return problem.replace(/[0-9]+(?!.*\(|.*:)/g, '#').replace(/ms$/, '');
}

function hashOf(name: string): number {
  return [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619), 0x811c9dc5);
}

/** Puts the input where the main thread finds it when this one hangs or dies. */
function shower(window: SharedArrayBuffer): (input: Uint8Array) => void {
  const head = new Int32Array(window, 0, 2);
  const body = new Uint8Array(window, 8);
  return (input) => {
    const length = Math.min(input.length, body.length);
    body.set(input.subarray(0, length));
    head[1] = length;
    Atomics.add(head, 0, 1);
  };
}
