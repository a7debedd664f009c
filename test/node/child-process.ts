import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { bundlesAreFresh } from '../../scripts/lib/prepare.ts';
import { NodeControl, NodeReport } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { until } from './local-cluster.ts';

/** The node process as the helper runs it: told on its standard input, heard on its standard output. */
export interface Child {
  readonly process: ChildProcess;
  readonly reports: readonly NodeReport[];
  readonly log: readonly string[];
  tell(control: unknown): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  ready(): Promise<void>;
}

/** The bundle where it is fresh: sources are compiled at each start, which takes longer than most of what is asked of a child. */
const script = join(import.meta.dirname, '../..', bundlesAreFresh() ? 'dist/node/child.mjs' : 'src/node/child.ts');

export function startChild(control?: Parameters<typeof NodeControl.fromPartial>[0]): Child {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const reports: NodeReport[] = [];
  const log: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => reports.push(NodeReport.fromJSON(JSON.parse(line))));
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  child.stdin.on('error', () => {});
  const ended = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  const tell = (value: unknown): void => void child.stdin.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  if (control) tell(NodeControl.toJSON(NodeControl.fromPartial(control)));
  const ready = (): Promise<void> => until(() => reports.some((report) => report.ready), 30_000, () => [reports, log.slice(-20)]);
  return { process: child, reports, log, tell, ended, ready };
}
