import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for another one: numbers are used again, a number with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: string;
}

export interface SeenProcess extends ProcessIdentity {
  readonly argv: readonly string[];
  /** The program file, as the kernel knows it; empty when we may not know. */
  readonly program: string;
}

/** Linux: what a process is, or undefined when it is gone. */
export function seeProcess(pid: number): SeenProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in brackets that may hold anything; fields count from behind it. Start time is field 22, state field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { pid, startTicks: fields[19] ?? '', argv, program: linkOf(`/proc/${pid}/exe`) };
  } catch {
    // Gone, or not ours to see.
    return undefined;
  }
}

/** Linux: the processes of our own network namespace that look as told. */
export function findProcesses(looks: (seen: SeenProcess) => boolean): readonly SeenProcess[] {
  const here = linkOf('/proc/self/ns/net');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.map(seeProcess).filter((seen) => seen !== undefined).filter((seen) => looks(seen) && linkOf(`/proc/${seen.pid}/ns/net`) === here);
}

/** Kills exactly that process and waits until it is gone. A number that was given to another process is left alone. */
export async function killProcess({ pid, startTicks }: ProcessIdentity, signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
  const alive = (): boolean => seeProcess(pid)?.startTicks === startTicks;
  if (!alive()) return true;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
  const end = performance.now() + waitMs;
  while (alive() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  return !alive();
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Gone, or of a user whose processes we may not look into.
    return '';
  }
}
