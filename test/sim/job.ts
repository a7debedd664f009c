import { type ClusterRun } from './cluster/run.ts';
import { type EnrolRun } from './enrol/run.ts';
import { type NetworksRun } from './networks/run.ts';
import { type PathRun } from './paths/run.ts';

/** A piece of work for one core: some seeds of one simulation, with nothing or one thing wrong on purpose. */
export interface Job {
  readonly simulation: 'cluster' | 'session' | 'enrol' | 'paths' | 'networks';
  readonly first: number;
  readonly count: number;
  /** A mutant of the cluster, the enrolment or the networks, or a guard that the session or the paths go without. Such a job ends at its first violation. */
  readonly wrong: string | null;
}

export interface Done {
  readonly job: Job;
  readonly seeds: number;
  /** Processor time, so that other work on the machine does not count. */
  readonly cpuSeconds: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
  readonly cluster: ClusterRun | null;
  readonly enrol: EnrolRun | null;
  readonly paths: PathRun | null;
  readonly networks: NetworksRun | null;
}
