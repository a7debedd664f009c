import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from './hosts.ts';

/** A ping that goes on until it is stopped. Moments are those of Date.now(), in milliseconds. */
export interface Pinging {
  /** When the first answer came; null when none came in time. */
  firstAnswer(timeoutMs: number): Promise<number | null>;
  /** When the first of five answers in a row came to pings that were sent after this moment; null when none came in time. */
  steadySince(afterMs: number, timeoutMs: number): Promise<number | null>;
  /** How many of the pings sent since this moment were not answered, up to the newest answer. */
  lostSince(afterMs: number): number;
  stop(): void;
}

/** This many answers in a row mean that traffic flows. */
const steady = 5;

/** Sends a ping every `everyMs` from a namespace. Begins anew when the command ends by itself: where there is no route yet it gives up at once. */
export function pinging(namespace: string, target: string, everyMs: number): Pinging {
  const startedMs = Date.now();
  /** Pings are counted from the start, whatever command sent them. */
  const answers = new Map<number, number>();
  let child: ChildProcess | null = null;
  let stopped = false;
  const slotOf = (ms: number): number => Math.round((ms - startedMs) / everyMs);
  const sentAt = (slot: number): number => startedMs + slot * everyMs;
  const begin = (): void => {
    if (stopped) return;
    const offset = slotOf(Date.now());
    child = spawn('ip', ['netns', 'exec', namespace, 'ping', '-n', '-i', String(everyMs / 1000), '-W', '1', target], { stdio: ['ignore', 'pipe', 'ignore'] });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (text) => {
      const sequence = /icmp_seq=(\d+) .*time=/.exec(text)?.[1];
      if (sequence) answers.set(offset + Number(sequence) - 1, Date.now());
    });
    child.once('exit', () => setTimeout(begin, everyMs));
  };
  const steadyFrom = (afterMs: number): number | null => {
    const list = [...answers.keys()].filter((slot) => sentAt(slot) >= afterMs - everyMs).sort((a, b) => a - b);
    const start = list.findIndex((slot, i) => list[i + steady - 1] === slot + steady - 1);
    return start < 0 ? null : (answers.get(list[start] as number) ?? null);
  };
  begin();
  return {
    firstAnswer: async (timeoutMs) => {
      await until(() => answers.size > 0, timeoutMs, 'an answer').catch(() => {});
      return answers.size > 0 ? Math.min(...answers.values()) : null;
    },
    steadySince: async (afterMs, timeoutMs) => {
      await until(() => steadyFrom(afterMs) !== null, timeoutMs, 'answers').catch(() => {});
      return steadyFrom(afterMs);
    },
    lostSince: (afterMs) => {
      const newest = Math.max(-1, ...answers.keys());
      return Array.from({ length: newest + 1 }, (_, slot) => slot).filter((slot) => sentAt(slot) >= afterMs && !answers.has(slot)).length;
    },
    stop: () => {
      stopped = true;
      child?.kill('SIGKILL');
    },
  };
}
