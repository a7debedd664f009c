import { isAbort } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import { inTurns } from '../../base/in-turn.ts';
import { type Log } from '../../base/log.ts';
import { type NameJournal } from './journal.ts';
import { type NameMachine } from '../ports.ts';
import { type NameSystem, type NameUndo } from './system.ts';
import { type WantedNames } from './spec.ts';

export interface NamesPorts {
  readonly system: NameSystem;
  readonly machine: NameMachine;
  readonly journal: NameJournal;
  readonly clock: Clock;
  readonly log: Log;
}

/** What can be said of one tunnel's names. */
export interface NamesState {
  /** Who keeps them; empty where nothing was asked or nothing could be set. */
  readonly keeper: string;
  /** One sentence, or empty. */
  readonly problem: string;
}

/**
 * The names of all tunnels in this machine's resolver. Nothing here fails a tunnel or keeps one waiting: a wish is carried out in its own
 * time, and what went wrong is told. A domain belongs to the tunnel that asked for it first; the next one gets it when that one is gone.
 */
export interface Names {
  want(device: string, names: WantedNames | null): void;
  /** Resolves when the resolver knows nothing of this tunnel any more, or after a few seconds: the journal has the rest. */
  forget(device: string): Promise<void>;
  of(device: string): NamesState;
  /** Called every second or so while there is a tunnel: sets again what the resolver forgot, and tries again what failed. Cheap. */
  look(): void;
  /** Takes back what an earlier life left. Answers whether nothing failed. Before the first wish. */
  recover(): Promise<boolean>;
}

interface Kept {
  readonly wanted: WantedNames;
  /** Those of the wanted domains that are set here. */
  readonly domains: readonly string[];
  readonly problem: string;
  /** What failed could not be taken back, either. */
  readonly left: boolean;
  readonly triedMs: number;
}

const lookEveryMs = 5_000;
const tryAgainMs = 60_000;
/** Another program may have changed what is ours without the resolver starting anew. */
const askEveryMs = 300_000;
/** A clock that ran this much ahead of the other: the machine slept, or was set right. */
const sleptMs = 5_000;
const forgetMs = 3_000;
const nothing: NamesState = { keeper: '', problem: '' };

export function createNames({ system, machine, journal, clock, log }: NamesPorts): Names {
  const kept = new Map<string, Kept>();
  /** What could not be taken back of tunnels that are gone; the journal has it as well. */
  const owed = new Map<string, readonly string[]>();
  const inTurn = inTurns();
  let life = '';
  let looked = { monotonicMs: 0, nowMs: 0 };

  async function carryOut(device: string, wanted: WantedNames): Promise<void> {
    const before = kept.get(device)?.domains ?? [];
    const old = owed.get(device);
    if (old !== undefined && (await undo(device, old))) owed.delete(device);
    let domains: readonly string[] = [];
    let problem = '';
    let left = false;
    try {
      problem = system.problem(machine);
      const taken = problem === '' ? await takenBy(device, wanted.domains) : new Map<string, string>();
      domains = problem === '' ? wanted.domains.filter((domain) => !taken.has(domain)) : [];
      // The first is the one that people use; of the others, each network may have the same.
      const holder = taken.get(wanted.domains[0] ?? '');
      if (holder !== undefined) problem = `names under ${wanted.domains[0]} are answered by ${holder} already; next: give this network another suffix`;
      if (before.some((domain) => !domains.includes(domain))) await system.unset(machine, { keeper: system.keeper, device, domains: before });
      if (domains.length > 0) {
        await journal.record({ keeper: system.keeper, device, domains });
        await system.set(machine, device, { ...wanted, domains });
      }
    } catch (error) {
      problem = sentenceOf(error);
      left = !(await undo(device, [...new Set([...before, ...domains])]));
      domains = [];
    }
    life = system.life(machine);
    if (problem !== '' && kept.get(device)?.problem !== problem) log.warn('names-not-set', { device, problem });
    if (domains.join() !== before.join()) log.info('names-set', { device, keeper: system.keeper, domains: domains.length });
    kept.set(device, { wanted, domains, problem, left, triedMs: clock.monotonicMs() });
  }

  async function takenBy(device: string, wanted: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const ours = [...kept].filter(([other]) => other !== device).flatMap(([, { domains }]) => domains.map((domain) => [domain, 'another network of this machine'] as const));
    return new Map([...(await system.taken(machine, [device, ...kept.keys()], wanted)), ...ours]);
  }

  /** Answers whether nothing of it can be left. */
  async function undo(device: string, domains: readonly string[]): Promise<boolean> {
    try {
      await system.unset(machine, { keeper: system.keeper, device, domains });
      return true;
    } catch (error) {
      log.error('names-not-removed', { device, problem: sentenceOf(error) });
      return false;
    }
  }

  /** Answers whether the disk did it. A journal that says too much is harmless. */
  async function onDisk(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      log.error('names-journal', { failure: asFailure(error) });
      return false;
    }
  }

  async function drop(device: string): Promise<void> {
    const found = kept.get(device);
    if (found === undefined) return;
    if ((found.domains.length > 0 || found.left) && !(await undo(device, found.wanted.domains))) owed.set(device, found.wanted.domains);
    kept.delete(device);
    if (kept.size === 0) for (const [gone, domains] of owed) if (gone !== device && (await undo(gone, domains))) owed.delete(gone);
    if (kept.size === 0 && owed.size === 0) await onDisk(() => journal.clear());
    for (const [other, { wanted, domains }] of kept) if (domains.length < wanted.domains.length) await carryOut(other, wanted);
  }

  async function check(): Promise<void> {
    for (const [device, found] of kept) {
      const { wanted, domains, problem } = found;
      const isThere = problem === '' && (await system.isSet(machine, device, { ...wanted, domains }).catch(() => false));
      if (isThere) kept.set(device, { ...found, triedMs: clock.monotonicMs() });
      else await carryOut(device, wanted);
    }
    life = system.life(machine);
  }

  return {
    want: (device, names) => {
      void inTurn(async () => {
        const now = kept.get(device);
        if (names === null) return drop(device);
        if (now === undefined || !sameNames(now.wanted, names)) await carryOut(device, names);
      });
    },
    forget: async (device) => {
      const late = new AbortController();
      const done = inTurn(() => drop(device)).finally(() => late.abort());
      await Promise.race([done, sleep(clock, forgetMs, late.signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      })]);
    },
    of: (device) => {
      const found = kept.get(device);
      return found === undefined ? nothing : { keeper: found.domains.length === 0 ? '' : system.keeper, problem: found.problem };
    },
    look: () => {
      const now = { monotonicMs: clock.monotonicMs(), nowMs: clock.nowMs() };
      if (kept.size === 0 || now.monotonicMs - looked.monotonicMs < lookEveryMs) return;
      const slept = now.nowMs - looked.nowMs - (now.monotonicMs - looked.monotonicMs) > sleptMs;
      const wasLookedAt = looked.nowMs !== 0;
      looked = now;
      const due = [...kept.values()].some(({ problem, triedMs }) => now.monotonicMs - triedMs >= (problem === '' ? askEveryMs : tryAgainMs));
      if ((slept && wasLookedAt) || due || system.life(machine) !== life) void inTurn(check);
    },
    recover: () => inTurn(async () => {
      const { undos, damaged } = await journal.read();
      if (damaged > 0) log.error('names-journal-damaged', { lines: damaged, isKept: await onDisk(() => journal.setAside()) });
      if (undos.length > 0) log.info('names-recovering', { undos: undos.length });
      const left: NameUndo[] = [];
      for (const one of undos) if (!(await undo(one.device, one.domains))) left.push(one);
      if (left.length === 0) return onDisk(() => journal.clear());
      // A file that was set aside is not read again; what is still owed begins a new one.
      if (damaged > 0) for (const one of left) await onDisk(() => journal.record(one));
      return false;
    }),
  };
}

function sameNames(a: WantedNames, b: WantedNames): boolean {
  return a.servers.join() === b.servers.join() && a.domains.join() === b.domains.join();
}

function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
