import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type ProcessMeter } from '../node/path-ports.ts';

/** How often the event loop is looked at while somebody scrapes. */
const lookMs = 100;
/** Nobody has scraped for so long: the looks end, for each of them wakes an idle machine up. Prometheus comes every minute or more often. */
const unwatchedMs = 300_000;

/** Measures this process from here on; how late the loop comes, from the first sample on and as long as samples are taken. */
export function openProcessMeter(): ProcessMeter {
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  const loop = watchLoop();
  return {
    sample: () => {
      const { user, system } = process.cpuUsage();
      const memory = orNull(() => process.memoryUsage());
      return {
        runtime: process.version,
        startedAtSeconds,
        cpuSeconds: { user: user / 1e6, system: system / 1e6 },
        residentBytes: memory?.rss ?? null,
        heapUsedBytes: memory?.heapUsed ?? null,
        openDescriptors: orNull(() => readdirSync('/proc/self/fd').length),
        loopDelaySeconds: loop.delays(),
      };
    },
    close: loop.close,
  };
}

function watchLoop(): { delays(): { readonly mean: number; readonly p99: number; readonly max: number }; close(): void } {
  let delay: LoopDelay | null = null;
  let ending: NodeJS.Timeout | undefined;
  const stop = (): void => {
    delay?.disable();
    delay = null;
  };
  return {
    delays: () => {
      delay ??= enabled();
      clearTimeout(ending);
      ending = setTimeout(stop, unwatchedMs).unref();
      // It counts from one look to the next: what is above the pause between them is the delay.
      const { count } = delay;
      const seconds = (nanoseconds: number): number => (count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - lookMs / 1000));
      return { mean: seconds(delay.mean), p99: seconds(delay.percentile(99)), max: seconds(delay.max) };
    },
    close: () => {
      clearTimeout(ending);
      stop();
    },
  };
}

type LoopDelay = ReturnType<typeof monitorEventLoopDelay>;

function enabled(): LoopDelay {
  const delay = monitorEventLoopDelay({ resolution: lookMs });
  delay.enable();
  return delay;
}

/** What this system does not have, or does not show a confined process, is left out. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
