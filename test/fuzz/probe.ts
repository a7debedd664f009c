import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startInput } from './coverage.ts';
import { Broken, type Opened, outputLimits } from './target.ts';

/** What one input may cost. Times are processor time, so that a busy machine accuses nobody; the best of four runs counts. */
export const limits = { slowMs: 50, hangMs: 250, peakMiB: 512, growthMiB: 32 } as const;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Live bytes of this thread in MiB, after collecting what is dead. What native objects hold is given back in later turns. */
export async function liveMiB(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return heapMiB();
}

export function heapMiB(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return (used + external) / 2 ** 20;
}

/**
 * Runs one input under all checks. Answers its milliseconds; throws what is wrong with it. `ran` is called after the first run: what a slow
 * machine makes us repeat must not count as reached twice, or the same seed would not give the same inputs.
 */
export async function probe(opened: Opened, input: Uint8Array, worstMs: number, ran: () => void = () => {}): Promise<number> {
  startInput();
  const startedMs = performance.now();
  const running = opened.run(input);
  const outputBytes = running instanceof Promise ? await running : running;
  const tookMs = performance.now() - startedMs;
  checkPrototypes();
  if (outputBytes !== undefined && outputBytes > input.length * outputLimits.factor + outputLimits.bytes) throw new Broken(`${outputBytes} bytes came out of ${input.length}`);
  ran();
  // Whether it was the input or the machine is seen by asking again.
  return tookMs > Math.max(1, worstMs) ? confirmed(opened, input, tookMs) : tookMs;
}

async function confirmed(opened: Opened, input: Uint8Array, firstMs: number): Promise<number> {
  let bestMs = firstMs;
  for (let i = 0; i < 3; i++) {
    const before = process.threadCpuUsage();
    await opened.run(input);
    const { user, system } = process.threadCpuUsage(before);
    bestMs = Math.min(bestMs, (user + system) / 1000);
  }
  if (bestMs > (opened.slowMs ?? limits.slowMs)) throw new Broken(bestMs > limits.hangMs ? `hangs: ${Math.round(bestMs)} ms` : `slow: ${Math.round(bestMs)} ms`);
  return bestMs;
}

const shared = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype, Promise.prototype];
const names = shared.map((prototype) => Reflect.ownKeys(prototype).length);

/** What all objects share must stay as it is, whatever names an input uses. */
function checkPrototypes(): void {
  for (const [i, prototype] of shared.entries()) {
    if (Reflect.ownKeys(prototype).length === names[i]) continue;
    for (const key of Reflect.ownKeys(prototype).slice(names[i])) Reflect.deleteProperty(prototype, key);
    throw new Broken('a shared prototype was changed');
  }
}
