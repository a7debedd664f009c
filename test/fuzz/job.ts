/** What the main thread asks of a worker: one target. */
export interface Job {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
  /** Where the worker shows the input that it is at: a counter, the length, then the bytes. */
  readonly window: SharedArrayBuffer;
}

export interface Finding {
  readonly problem: string;
  /** Made as short as it could be. */
  readonly input: Uint8Array;
}

export interface Result {
  readonly target: string;
  /** Replayed regressions, seeds, and inputs made. */
  readonly inputs: number;
  readonly kept: number;
  readonly edges: number;
  readonly worstMs: number;
  readonly heapMiB: number;
  readonly cpuSeconds: number;
  readonly findings: readonly Finding[];
}
