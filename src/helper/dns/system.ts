import { type CommandResult, type NameMachine } from '../ports.ts';
import { type WantedNames } from './spec.ts';

/** What keeps a network's names on this machine. */
export type NameKeeper = 'systemd-resolved' | '/etc/resolver' | 'NRPT';

/** How to take back what was done for one tunnel, in a later life if need be. Harmless when nothing was done. */
export interface NameUndo {
  readonly keeper: NameKeeper;
  readonly device: string;
  readonly domains: readonly string[];
}

/** How one operating system sends questions for some domains elsewhere. */
export interface NameSystem {
  readonly keeper: NameKeeper;
  /** Why names cannot be set on this machine: one sentence with a next step; empty when they can. */
  problem(machine: NameMachine): string;
  /** Which of the domains somebody else on this machine answers for: by domain, a word for who. `own` names devices that are ours. */
  taken(machine: NameMachine, own: readonly string[], domains: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Throws an Error with one sentence. Doing it again is harmless. */
  set(machine: NameMachine, device: string, names: WantedNames): Promise<void>;
  /** Throws an Error with one sentence when something of it may be left. */
  unset(machine: NameMachine, undo: NameUndo): Promise<void>;
  /** True while all of it is there. Costs a program; not for every second. */
  isSet(machine: NameMachine, device: string, names: WantedNames): Promise<boolean>;
  /** Cheap: changes when the resolver started anew and may have forgotten. */
  life(machine: NameMachine): string;
}

/** What a program complained about, short. */
export function complaint({ code, stdout, stderr }: CommandResult): string {
  return (stderr.trim() === '' ? stdout : stderr).trim().split('\n')[0]?.slice(0, 200) || `code ${code}`;
}
