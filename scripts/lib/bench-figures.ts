import { spawn } from 'node:child_process';
import { inNamespace } from './namespaces.ts';

/** One end of a tunnel: a namespace and its address inside of the tunnel. */
export interface TunnelEnd {
  readonly namespace: string;
  readonly address: string;
}

export interface Stream {
  /** After the first half second. */
  readonly megabits: number;
  /** Of the whole stream. */
  readonly bytes: number;
}

/** TCP from `from` to `to` with iperf3. Rejects with a sentence when it could not connect, or broke off. */
export async function stream(from: TunnelEnd, to: TunnelEnd, seconds: number): Promise<Stream> {
  const listening = spawn('ip', ['netns', 'exec', to.namespace, 'iperf3', '-s', '-1', '-B', to.address], { stdio: 'ignore' });
  // Whoever cannot reach it says so below.
  listening.on('error', () => {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    const report = reportOf(await inNamespace(from.namespace, 'iperf3', ['-c', to.address, '-t', String(seconds), '-i', '0.5', '-J']).catch(saidBy), `from ${from.namespace} to ${to.address}`);
    const steady = report.intervals.slice(1).map(({ sum }) => sum);
    const [bytes, took] = [sumOf(steady.map((each) => each.bytes)), sumOf(steady.map((each) => each.seconds))];
    return { megabits: (bytes * 8) / took / 1e6, bytes: report.end.sum_received.bytes };
  } finally {
    listening.kill('SIGKILL');
  }
}

/** iperf3 says in its report what went wrong, and fails. */
function saidBy(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stdout' in error && typeof error.stdout === 'string' ? error.stdout : '';
}

function reportOf(text: string, what: string): IperfReport {
  let report: Partial<IperfReport> & { readonly error?: string } = {};
  try {
    report = JSON.parse(text) as typeof report;
  } catch {
    // It was ended, or never started: there is no report.
  }
  const { intervals, end, error } = report;
  if (intervals === undefined || end?.sum_received === undefined || error !== undefined) throw new Error(`iperf3 measured nothing ${what}: ${error ?? 'it gave no report'}`);
  return { intervals, end };
}

interface IperfReport {
  readonly intervals: readonly { readonly sum: { readonly bytes: number; readonly seconds: number } }[];
  readonly end: { readonly sum_received: { readonly bytes: number } };
}

/** Round trips in milliseconds, one every `everyMs`; what is lost is left out. */
export async function roundTrips(namespace: string, address: string, count: number, everyMs: number): Promise<number[]> {
  const out = await inNamespace(namespace, 'ping', ['-n', '-c', String(count), '-i', String(everyMs / 1_000), '-W', '1', address]).catch((error: { stdout?: string }) => error.stdout ?? '');
  return [...out.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]));
}

export function median(list: readonly number[]): number {
  return quantile(list, 0.5);
}

/** Of any list; NaN of an empty one. */
export function quantile(list: readonly number[], q: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function sumOf(list: readonly number[]): number {
  return list.reduce((sum, each) => sum + each, 0);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Whether a figure is within what was promised; the promise is for a machine that does nothing else. */
export function verdict(figure: number, most: number | undefined): string {
  return most === undefined ? '' : figure <= most ? ` (met: at most ${most})` : ` (MISSED: at most ${most})`;
}
