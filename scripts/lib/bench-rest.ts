import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { print, verdict } from './bench-figures.ts';
import { clientOf, Host, memoryOf } from './hosts.ts';
import { root } from './set-up.mjs';
import { benchWindow } from './bench-window.ts';
import { type BenchWorld } from './bench-world.ts';

/**
 * What a machine pays for the product while nobody does anything: memory and processor time of each process, over a quiet minute, with one
 * other member that is there, and with 99 more that are off. Then the window: what is left of it out of sight, and how fast it is back.
 *   settle   first everything that a connection begins has to end: keys, paths, the latencies of new peers
 */
const seconds = { settle: 30, quiet: 60 } as const;
const crowd = 99;
const ticksPerSecond = 100;

/** What was promised: MiB of resident memory, and percent of a core while nothing happens, and while many machines are off. */
const budgets = { helper: { rss: 60, percent: 0.5 }, app: { percent: 0.5 }, node: { rss: 120, percent: 0.5 }, engine: {} } as const satisfies Budgets;
const crowdBudgets = { helper: { rss: 60, percent: 1 }, app: { percent: 1 }, node: { rss: 120, percent: 1.5 }, engine: {} } as const satisfies Budgets;

type Budgets = Readonly<Record<'helper' | 'app' | 'node' | 'engine', Budget>>;

interface Budget {
  readonly rss?: number;
  readonly percent?: number;
}

export async function benchRest({ lan, alpha, beta, ours, folder }: BenchWorld): Promise<void> {
  await ours();
  await quiet('two members, both there; alpha leads', [alpha, beta], budgets);
  const gamma = new Host('gamma', folder, lan.namespace('hand1'));
  try {
    await found(gamma, lan.address('hand1'), lan.namespace('hand1'));
    await quiet(`${crowd} more members (made up by Join, their machines off)`, [gamma], crowdBudgets);
  } finally {
    await gamma.stop().catch(() => {});
  }
  await benchWindow();
}

async function found(gamma: Host, address: string, namespace: string): Promise<void> {
  await gamma.start();
  const { profile } = await clientOf(gamma).call('mesh.create', { name: 'crowd', insecure: true });
  await clientOf(gamma).call('session.connect', { profile });
  await gamma.session('connected');
  await promisify(execFile)('ip', ['netns', 'exec', namespace, process.execPath, join(root, 'scripts/lib/bench-crowd.ts'), `${address}:8443`, String(crowd)], { timeout: 120_000 });
  await gamma.topic('peers', ({ list }) => list.length > crowd, 60_000, `seeing ${crowd} peers`);
}

async function quiet(what: string, hosts: readonly Host[], promised: Budgets): Promise<void> {
  await pause(seconds.settle);
  const before = hosts.map((host) => host.processes().map((process) => ({ ...process, ticks: ticksOf(process.pid) })));
  const [load = 0] = loadavg();
  await pause(seconds.quiet);
  print(`rest: ${what}; ${seconds.quiet} s, load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`);
  for (const [i, host] of hosts.entries()) {
    const alive = new Set(host.processes().map(({ pid }) => pid));
    for (const { pid, kind, ticks } of before[i] ?? []) {
      // A program that the helper started for a moment may have been seen too.
      if (!alive.has(pid)) {
        print(`  ${host.name.padEnd(5)} ${kind.padEnd(6)} ended meanwhile`);
        continue;
      }
      const percent = (100 * (ticksOf(pid) - ticks)) / (ticksPerSecond * seconds.quiet);
      const { rss, own, shared } = memoryOf(pid);
      const budget: Budget = kind === 'other' ? {} : promised[kind];
      print(`  ${host.name.padEnd(5)} ${kind.padEnd(6)} ${percent.toFixed(2).padStart(5)} % of a core${verdict(percent, budget.percent)}, RSS ${rss} MiB${verdict(rss, budget.rss)}: ${own} of its own, ${shared} of files that processes share`);
    }
  }
}

/** User and system time of a process with all its threads, in clock ticks: fields 14 and 15 of proc(5) stat. */
function ticksOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function pause(s: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, s * 1_000));
}
