import { type Cell, type ReadCell, cell } from '../base/cell.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { asFailure, failureCodes } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { NodeControl, NodeReport, type NodeSpec, NodeState, type TunnelState } from '../gen/webmesh/helper/v1/helper.ts';
import { type NodeEnd, type NodeProcess, type NodeProcesses } from './ports.ts';
import { parseNodeSpec, sameNodeSpec } from './node-spec.ts';
import { type Fence, type Generation } from './tunnel/fence.ts';

export interface HostNodePorts {
  readonly processes: NodeProcesses;
  readonly tunnel: ReadCell<TunnelState>;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly log: Log;
}

/** The one node process of this machine: kept running as specified, told of every change, never trusted with anything. */
export interface HostNode {
  readonly state: ReadCell<NodeState>;
  /** Undefined stops it. Resolves once the process runs (or is gone); what it makes of the order is read from `state`. */
  set(generation: Generation | undefined, spec: NodeSpec | undefined): Promise<NodeState>;
  /** The newest lines of its log. */
  logLines(): readonly string[];
  close(): Promise<void>;
}

interface Running {
  readonly process: NodeProcess;
  readonly startedMs: number;
  ended: NodeEnd | undefined;
}

const stopped = NodeState.fromPartial({});
const backOffMinMs = 250;
const backOffMaxMs = 30_000;
/** A process that ran this long is a new start for the back-off. */
const steadyMs = 60_000;
const endOfInputMs = 4_000;
const terminateMs = 2_000;
const logLinesMax = 200;
const reportCharactersMax = 65_536;

export function createHostNode({ processes, tunnel, fence, clock, log }: HostNodePorts): HostNode {
  const state: Cell<NodeState> = cell(stopped);
  const lines: string[] = [];
  let wanted: NodeSpec | undefined;
  let running: Running | undefined;
  let delayMs = backOffMinMs;
  let cancelRestart = (): void => {};
  let queue: Promise<unknown> = Promise.resolve();
  const forgetTunnel = tunnel.subscribe(tell);

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  async function setNow(spec: NodeSpec | undefined): Promise<NodeState> {
    if (wanted !== undefined && wanted.tunnelId !== spec?.tunnelId) await stop();
    const changed = wanted === undefined || spec === undefined || !sameNodeSpec(wanted, spec);
    wanted = spec;
    if (wanted === undefined) return state.get();
    if (running === undefined) {
      cancelRestart();
      delayMs = backOffMinMs;
      await start();
    } else if (changed) tell();
    return state.get();
  }

  async function start(): Promise<void> {
    if (wanted === undefined || running !== undefined) return;
    const ears = { report: hear, log: keep };
    const process = await processes.start(wanted.tunnelId, ears);
    const mine: Running = { process, startedMs: clock.monotonicMs(), ended: undefined };
    running = mine;
    state.set({ ...state.get(), running: true, pid: process.pid, socketPath: process.socketPath });
    log.info('node-started', { pid: process.pid });
    void process.ended.then((end) => {
      mine.ended = end;
      if (running === mine) onEnd(mine, end);
    });
    tell();
  }

  /** It ended though nobody asked: say so, and try again later and later. */
  function onEnd(ended: Running, { code, signal }: NodeEnd): void {
    running = undefined;
    const before = state.get();
    const problem = before.problemCode === '' ? `the node process ended (${signal ?? `code ${code}`})` : before.problem;
    const problemCode = before.problemCode === '' ? 'node.lost' : before.problemCode;
    state.set({ ...before, running: false, pid: 0, restarts: before.restarts + 1, problem, problemCode });
    log.warn('node-ended', { code, signal });
    if (clock.monotonicMs() - ended.startedMs > steadyMs) delayMs = backOffMinMs;
    restartLater();
  }

  function restartLater(): void {
    cancelRestart = clock.after(delayMs, () => void inTurn(start).catch(onStartFailed));
    delayMs = Math.min(delayMs * 2, backOffMaxMs);
  }

  function onStartFailed(error: unknown): void {
    const { code, message } = asFailure(error);
    log.error('node-start-failed', { failure: asFailure(error) });
    state.set({ ...state.get(), problem: message, problemCode: code });
    restartLater();
  }

  /** Ends the process politely, then firmly. Its own guard is the end of its input, so nothing outlives this helper. */
  async function stop(): Promise<void> {
    cancelRestart();
    const leaving = running;
    running = undefined;
    wanted = undefined;
    if (leaving !== undefined) {
      leaving.process.endInput();
      if (!(await endsWithin(leaving, endOfInputMs))) leaving.process.kill('SIGTERM');
      if (!(await endsWithin(leaving, terminateMs))) leaving.process.kill('SIGKILL');
      await leaving.process.ended;
      log.info('node-stopped');
    }
    state.set(stopped);
  }

  async function endsWithin(which: Running, limitMs: number): Promise<boolean> {
    const given = new AbortController();
    const late = sleep(clock, limitMs, given.signal).catch(() => {});
    await Promise.race([which.process.ended, late]);
    given.abort();
    return which.ended !== undefined;
  }

  /** The whole order again, as one line. */
  function tell(): void {
    if (running === undefined || wanted === undefined) return;
    const { dataDir, socketPath } = running.process;
    running.process.send(JSON.stringify(NodeControl.toJSON({ spec: wanted, dataDir, socketPath, tunnel: tunnel.get() })));
  }

  function hear(line: string): void {
    const report = parseReport(line);
    if (report === undefined) return log.warn('node-report-unreadable', { length: line.length });
    if (report.problem !== '' || report.ready) state.set({ ...state.get(), problem: report.problem, problemCode: report.problemCode });
  }

  function keep(line: string): void {
    lines.push(line);
    if (lines.length > logLinesMax) lines.shift();
  }

  return {
    state,
    set: async (order, spec) => {
      const checked = spec === undefined ? undefined : parseNodeSpec(spec);
      await fence.pass('node', order);
      return inTurn(async () => {
        if (checked === undefined) await stop();
        return setNow(checked);
      });
    },
    logLines: () => lines,
    close: () => {
      forgetTunnel();
      return inTurn(stop);
    },
  };
}

/** What the unprivileged process says is only shown, and only in known words. */
function parseReport(line: string): NodeReport | undefined {
  if (line.length > reportCharactersMax) return undefined;
  try {
    const { ready, problem, problemCode } = NodeReport.fromJSON(JSON.parse(line));
    const known = failureCodes.some((code) => code === problemCode);
    return { ready, problem: problem.slice(0, 500), problemCode: known ? problemCode : problem === '' ? '' : 'internal.unexpected' };
  } catch {
    // The caller says that a line could not be read.
    return undefined;
  }
}
