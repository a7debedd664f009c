import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type ProcessMeter } from '../node/path-ports.ts';

/** How often the event loop is looked at: seldom enough to leave an idle machine asleep. */
const lookMs = 100;

/** Measures this process from here on. */
export function openProcessMeter(): ProcessMeter {
  const delay = monitorEventLoopDelay({ resolution: lookMs });
  delay.enable();
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  // It counts from one look to the next: what is above the pause between them is the delay.
  const seconds = (nanoseconds: number): number => (delay.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - lookMs / 1000));
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
        loopDelaySeconds: { mean: seconds(delay.mean), p99: seconds(delay.percentile(99)), max: seconds(delay.max) },
      };
    },
    close: () => void delay.disable(),
  };
}

/** What this system does not have, or does not show a confined process, is left out. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
