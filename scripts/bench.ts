/**
 * npm run bench -- connect tunnel tls rest paths: figures of this machine in one run. Nothing here is asserted. `npm run bench -- ui` alone needs no network.
 *   connect   click to first ping, p50 and p95 of 20; RSS of each process
 *   tunnel    throughput through our tunnel as a ratio to the same engine configured by hand with wg, in turn, in the same run
 *   tls       unary calls over mutual TLS as a ratio to clear text, and full handshakes a second
 *   rest      memory and processor time while nobody does anything, and the window's way back; see lib/bench-rest.ts
 *   paths     throughput and added delay of every way between two peers, as ratios to plain WireGuard; see lib/bench-paths.ts
 *   ui        the list of 10,000 peers in Chromium: first paint, scrolling, searching, memory; see lib/bench-ui.ts
 */
import { execFileSync } from 'node:child_process';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '../src/platform/file-lock.ts';
import { median, print, quantile, stream } from './lib/bench-figures.ts';
import { benchPaths } from './lib/bench-paths.ts';
import { benchRest } from './lib/bench-rest.ts';
import { benchUi } from './lib/bench-ui.ts';
import { openWorld, startPair } from './lib/bench-world.ts';
import { clientOf, type Host, rssMiB, selfOf } from './lib/hosts.ts';
import { inNamespace } from './lib/namespaces.ts';
import { prepare } from './lib/prepare.ts';
import { root } from './lib/set-up.mjs';

const benches = { connect: benchConnect, tunnel: benchTunnel, tls: benchTls, rest: () => benchRest(world), paths: () => benchPaths(world) } as const;
const chosen = process.argv.slice(2).filter((name): name is keyof typeof benches => name in benches);
const connectRounds = 20;
const tunnelRounds = 10;
const streamSeconds = 4;

if (process.argv[2] === 'ui') {
  await benchUi();
  process.exit(0);
}
await prepare({ why: 'the bench', iperf: true });
print(`machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
// Namespaces and folders have the same names in each run, and what an earlier one left is removed: two at once would end each other.
const unlock = tryLock(join(tmpdir(), 'webmesh-bench.lock'));
if (unlock === undefined) {
  print('bench: another bench runs on this machine; next: wait until it is over');
  process.exit(1);
}
const world = openWorld();
const { lan, alpha, beta } = world;
// Not once: a second Ctrl-C, and what passes the first one on, must not cut the cleaning up short.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.on(signal, () => void world.close().finally(() => process.exit(code)));
// One measurement of several at once may fail after another did: one sentence, and everything is cleaned up all the same.
process.on('unhandledRejection', (error) => void broken(error).finally(() => process.exit(1)));
let failed = true;
try {
  await startPair(world);
  for (const name of chosen.length > 0 ? chosen : (Object.keys(benches) as (keyof typeof benches)[])) await benches[name]();
  failed = false;
} catch (error) {
  await broken(error);
} finally {
  await world.close();
  unlock();
}
process.exit(failed ? 1 : 0);

function broken(error: unknown): Promise<void> {
  print(`bench: ${error instanceof Error ? error.message : String(error)}`);
  return world.close();
}

/** What TLS costs a call, against the same call in clear text: a program of its own, so that nothing of the hosts runs in it. */
async function benchTls(): Promise<void> {
  execFileSync(process.execPath, [join(root, 'test/bench/tls.ts')], { stdio: 'inherit' });
}

/** From the call that a click makes to the first answered ping of the host's mesh address. */
async function benchConnect(): Promise<void> {
  const target = (await selfOf(alpha)).ipv4 as string;
  const times: number[] = [];
  for (let round = 0; round < connectRounds; round++) {
    const started = performance.now();
    await clientOf(beta).call('session.connect', {});
    await firstAnswer(beta, target);
    times.push(performance.now() - started);
    await beta.session('connected');
    if (round === connectRounds - 1) break;
    await clientOf(beta).call('session.disconnect', {});
    await beta.session('disconnected');
  }
  const at = (q: number): string => quantile(times, q).toFixed(0);
  print(`connect: click to first ping p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${times.length} rounds, min ${at(0)}, max ${at(1)})`);
  for (const host of [alpha, beta]) for (const { kind, pid } of host.processes()) print(`  RSS ${host.name} ${kind} ${rssMiB(pid)} MiB`);
}

async function firstAnswer(from: Host, address: string): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      await inNamespace(from.paths.namespace as string, 'ping', ['-n', '-c', '1', '-W', '0.1', address], 2000);
      return;
    } catch {
      if (Date.now() > end) throw new Error(`no ping from ${from.name} to ${address} within 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Ours and by hand in turn, so that a slow moment of the machine hits both. */
async function benchTunnel(): Promise<void> {
  const ours = await world.ours();
  const [hand1, hand2] = await world.byHand(ours.mtu);
  const ways = { ours: () => stream(ours.beta, ours.alpha, streamSeconds), hand: () => stream(hand2, hand1, streamSeconds) };
  const speeds: { readonly ours: number; readonly hand: number }[] = [];
  for (let round = 0; round < tunnelRounds; round++) {
    // Who goes first changes, so that a machine that slows down or speeds up favours neither.
    const [first, second] = round % 2 === 0 ? (['ours', 'hand'] as const) : (['hand', 'ours'] as const);
    const speed = { [first]: (await ways[first]()).megabits, [second]: (await ways[second]()).megabits };
    speeds.push(speed as { ours: number; hand: number });
  }
  const wire = { namespace: lan.namespace('alpha'), address: lan.address('alpha') };
  const past = await stream({ namespace: lan.namespace('beta'), address: lan.address('beta') }, wire, streamSeconds);
  const ratios = speeds.map((speed) => speed.ours / speed.hand);
  const whole = (list: readonly number[]): string => median(list).toFixed(0);
  print(`tunnel: ours ${whole(speeds.map((speed) => speed.ours))} Mbit/s, the same engine by hand ${whole(speeds.map((speed) => speed.hand))} Mbit/s, ratio ${median(ratios).toFixed(3)} (min ${Math.min(...ratios).toFixed(3)}, max ${Math.max(...ratios).toFixed(3)}, ${tunnelRounds} pairs, MTU ${ours.mtu}); past the tunnel ${past.megabits.toFixed(0)} Mbit/s`);
}
