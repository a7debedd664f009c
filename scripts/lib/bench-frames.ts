import { type Browser, type Page } from 'playwright';
import { quantile } from './bench-figures.ts';

/** What one frame cost the page's main thread, script, style, layout and paint together, in milliseconds; the threads that draw work beside it. */
export interface FrameWork {
  readonly main: readonly number[];
  readonly drawing: readonly number[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
}

/** Traces the page while `work` runs. A frame lasts from one animation callback to the next, so `work` must ask for one each time. Tracing itself costs a little. */
export async function tracedFrames<T>(browser: Browser, page: Page, work: () => Promise<T>): Promise<{ readonly value: T; readonly frames: FrameWork }> {
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'cc'] });
  try {
    const value = await work();
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] };
    return { value, frames: framesOf(traceEvents) };
  } catch (error) {
    await browser.stopTracing().catch(() => {});
    throw error;
  }
}

function framesOf(events: readonly TraceEvent[]): FrameWork {
  const callbacks = events.filter(({ name }) => name === 'FireAnimationFrame').toSorted((a, b) => a.ts - b.ts);
  const [first] = callbacks;
  if (!first) throw new Error('the trace shows no frame');
  const page = callbacks.filter(({ pid, tid }) => pid === first.pid && tid === first.tid);
  const starts = page.map(({ ts }) => ts);
  const drawers = new Set(events.filter(({ name, ph, pid, args }) => ph === 'M' && name === 'thread_name' && pid === first.pid && /^(Compositor|ThreadPool)/.test(args?.name ?? '')).map(({ tid }) => tid));
  const tasks = events.filter(({ name, ph, dur, pid }) => ph === 'X' && dur !== undefined && name === 'RunTask' && pid === first.pid);
  return { main: sums(tasks.filter(({ tid }) => tid === first.tid), starts), drawing: sums(events.filter(({ name, pid, tid, dur }) => name === 'RasterTask' && dur !== undefined && pid === first.pid && drawers.has(tid)), starts) };
}

/** Milliseconds of these tasks in each frame but the last, which has no end. A task belongs to the frame in which it begins. */
function sums(tasks: readonly TraceEvent[], starts: readonly number[]): number[] {
  const sum = starts.slice(1).map(() => 0);
  for (const { ts, dur = 0 } of tasks) {
    const frame = starts.findLastIndex((start) => start <= ts);
    if (frame >= 0 && frame < sum.length) sum[frame] = (sum[frame] ?? 0) + dur / 1_000;
  }
  return sum;
}

export function spreadOf(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(1)}, p95 ${quantile(times, 0.95).toFixed(1)}, longest ${Math.max(...times).toFixed(0)} ms`;
}
