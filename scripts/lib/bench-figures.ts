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

/** TCP from `from` to `to` with iperf3. Rejects when it could not connect. */
export async function stream(from: TunnelEnd, to: TunnelEnd, seconds: number): Promise<Stream> {
  const listening = spawn('ip', ['netns', 'exec', to.namespace, 'iperf3', '-s', '-1', '-B', to.address], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    const report = JSON.parse(await inNamespace(from.namespace, 'iperf3', ['-c', to.address, '-t', String(seconds), '-i', '0.5', '-J'])) as IperfReport;
    const steady = report.intervals.slice(1).map(({ sum }) => sum);
    const [bytes, took] = [sumOf(steady.map((each) => each.bytes)), sumOf(steady.map((each) => each.seconds))];
    return { megabits: (bytes * 8) / took / 1e6, bytes: report.end.sum_received.bytes };
  } finally {
    listening.kill('SIGKILL');
  }
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
