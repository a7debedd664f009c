import { type Cell, type ReadCell, cell } from '../base/cell.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { asFailure, failure, failureCodes } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import { type Log } from '../base/log.ts';
import { NodeControl, NodeReport, type NodeSpec, NodeState, type TunnelState } from '../gen/webmesh/helper/v1/helper.ts';
import { type NodeEnd, type NodeProcess, type NodeProcesses, type TunnelPlace } from './ports.ts';
import { parseNodeSpec, sameNodeSpec, secretTextsOf } from './node-spec.ts';
import { type Fence, type Generation } from './tunnel/fence.ts';

export interface HostNodePorts {
  readonly place: TunnelPlace;
  readonly processes: NodeProcesses;
  readonly tunnel: ReadCell<TunnelState>;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly log: Log;
}

/** The node process of one tunnel: kept running as specified, told of every change, never trusted with anything. */
export interface HostNode {
  readonly state: ReadCell<NodeState>;
  /** Undefined stops it. Resolves once the process runs (or is gone); what it makes of the order is read from `state`. */
  set(generation: Generation | undefined, spec: NodeSpec | undefined): Promise<NodeState>;
  /** True while a process is wanted, running or between two lives. */
  wanted(): boolean;
  /** What keeps the present process in, and what is missing of it; empty before the first. */
  confinement(): Confinement;
  /** The newest lines of its log. */
  logLines(): readonly string[];
  /** Stops it without asking the fence, and refuses what comes later. */
  close(): Promise<void>;
}

export interface Confinement {
  readonly layers: readonly string[];
  readonly missing: readonly string[];
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
/** Of each of them, so that eight networks' logs fit into one message. */
const logCharactersMax = 2_048;
const reportCharactersMax = 65_536;
/** Texts of keys that a line must not hold: those of the present and of a few former identities. */
const secretsMax = 64;
const layersMax = 20;

export function createHostNode({ place, processes, tunnel, fence, clock, log }: HostNodePorts): HostNode {
  const state: Cell<NodeState> = cell(stopped);
  const lines: string[] = [];
  let wanted: NodeSpec | undefined;
  let closed = false;
  let secrets: readonly string[] = [];
  let confinement: Confinement = { layers: [], missing: [] };
  let running: Running | undefined;
  let delayMs = backOffMinMs;
  let cancelRestart = (): void => {};
  const inTurn = inTurns();
  const forgetTunnel = tunnel.subscribe(tell);

  async function setNow(spec: NodeSpec): Promise<NodeState> {
    if (closed) throw failure('helper.lost', { reason: 'shutting down' });
    const changed = wanted === undefined || !sameNodeSpec(wanted, spec);
    wanted = spec;
    secrets = [...new Set([...secretTextsOf(spec), ...secrets])].slice(0, secretsMax);
    if (running === undefined) {
      cancelRestart();
      delayMs = backOffMinMs;
      await start();
    } else if (changed) tell();
    return state.get();
  }

  async function start(): Promise<void> {
    if (wanted === undefined || running !== undefined) return;
    const ears = { report: hear, log: keep, confined: hearConfined };
    confinement = { layers: [], missing: [] };
    const process = await processes.start(place, ears);
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

  function holdsSecret(line: string): boolean {
    return secrets.some((text) => line.includes(text));
  }

  function hear(line: string): void {
    const report = holdsSecret(line) ? undefined : parseReport(line);
    if (report === undefined) return log.warn('node-report-unreadable', { length: line.length });
    if (report.problem !== '' || report.ready) state.set({ ...state.get(), problem: report.problem, problemCode: report.problemCode });
  }

  function hearConfined(line: string): void {
    const { layers, missing } = parseConfinement(line);
    confinement = { layers: [...confinement.layers, ...layers].slice(0, layersMax), missing: [...confinement.missing, ...missing].slice(0, layersMax) };
    if (missing.length > 0) log.warn('node-less-confined', { missing });
    else log.info('node-confined', { layers });
  }

  /** The process holds a secret and is not trusted to keep it to itself. */
  function keep(line: string): void {
    lines.push(holdsSecret(line) ? '{"scope":"node","event":"line-left-out","why":"it held a secret"}' : line.slice(0, logCharactersMax));
    if (lines.length > logLinesMax) lines.shift();
  }

  return {
    state,
    set: async (order, spec) => {
      const checked = spec === undefined ? undefined : parseNodeSpec(spec);
      if (checked !== undefined && checked.tunnelId !== place.tunnelId) throw failure('input.invalid', { field: 'spec.tunnel_id', reason: 'not the tunnel_id of the order' });
      await fence.pass('node', order);
      return inTurn(async () => {
        if (checked !== undefined) return setNow(checked);
        await stop();
        return state.get();
      });
    },
    wanted: () => wanted !== undefined,
    confinement: () => confinement,
    logLines: () => lines,
    close: () => {
      closed = true;
      forgetTunnel();
      return inTurn(stop);
    },
  };
}

/** Short words only: the second line of it comes from the process itself. */
function parseConfinement(line: string): Confinement {
  try {
    const value: unknown = JSON.parse(line.slice(0, reportCharactersMax));
    const texts = (name: string): readonly string[] => {
      const list: unknown = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
      return Array.isArray(list) ? list.filter((text) => typeof text === 'string').slice(0, layersMax).map((text) => text.slice(0, 200)) : [];
    };
    return { layers: texts('layers'), missing: texts('missing') };
  } catch {
    return { layers: [], missing: ['report: unreadable'] };
  }
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
