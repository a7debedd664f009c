/**
 * npm run bench -- connect tunnel tls: figures of this machine in one run. Nothing here is asserted.
 *   connect   click to first ping, p50 and p95 of 20; RSS of each process
 *   tls       unary calls over mutual TLS as a ratio to clear text, and full handshakes a second
 *   tunnel    throughput through our tunnel as a ratio to the same engine configured by hand with wg, in turn, in the same run
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { clientOf, Host, hostsFolder, rssMiB, selfOf, until } from './lib/hosts.ts';
import { createLan, inNamespace, ping } from './lib/namespaces.ts';
import { prepare } from './lib/prepare.ts';
import { root } from './lib/set-up.mjs';

const benches = { connect: benchConnect, tunnel: benchTunnel, tls: benchTls } as const;
const chosen = process.argv.slice(2).filter((name): name is keyof typeof benches => name in benches);
const connectRounds = 20;
const tunnelRounds = 10;
const streamSeconds = 3;

await prepare({ why: 'the bench', iperf: true });
print(`machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
const folder = hostsFolder('bench');
const lan = createLan('wmbench', ['alpha', 'beta', 'hand1', 'hand2']);
const alpha = new Host('alpha', folder, lan.namespace('alpha'));
const beta = new Host('beta', folder, lan.namespace('beta'));
const byHand: ChildProcess[] = [];
try {
  await startPair();
  for (const name of chosen.length > 0 ? chosen : (Object.keys(benches) as (keyof typeof benches)[])) await benches[name]();
} finally {
  for (const child of byHand) child.kill();
  await Promise.all([alpha, beta].map((host) => host.stop().catch(() => {})));
  lan.remove();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function startPair(): Promise<void> {
  await Promise.all([alpha.start(), beta.start()]);
  const { profile } = await clientOf(alpha).call('mesh.create', { name: 'bench' });
  await clientOf(alpha).call('session.connect', { profile });
  await alpha.session('connected');
  await clientOf(beta).call('invite.redeem', { link: (await clientOf(alpha).call('invite.create', {})).link });
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
  times.sort((a, b) => a - b);
  print(`connect: click to first ping p50 ${quantile(times, 0.5)} ms, p95 ${quantile(times, 0.95)} ms (${times.length} rounds, min ${Math.round(times[0] as number)}, max ${Math.round(times.at(-1) as number)})`);
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
  await clientOf(beta).call('session.connect', {});
  await beta.session('connected');
  const ours = (await selfOf(alpha)).ipv4 as string;
  await until(async () => (await ping(lan.namespace('beta'), ours, { count: 1 })).length > 0, 20_000, 'the tunnel answers');
  const mtu = await tunnelMtu();
  await configureByHand(mtu);
  const ratios: number[] = [];
  const speeds: { ours: number; hand: number }[] = [];
  for (let round = 0; round < tunnelRounds; round++) {
    const [ourStream, handStream] = [() => stream('alpha', 'beta', ours), () => stream('hand1', 'hand2', '10.99.0.1')];
    // Who goes first changes, so that a machine that slows down or speeds up favours neither.
    const first = round % 2 === 0 ? await ourStream() : await handStream();
    const second = round % 2 === 0 ? await handStream() : await ourStream();
    const pair = round % 2 === 0 ? { ours: first, hand: second } : { ours: second, hand: first };
    speeds.push(pair);
    ratios.push(pair.ours / pair.hand);
  }
  const wire = await stream('alpha', 'beta', lan.address('alpha'));
  ratios.sort((a, b) => a - b);
  const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] as number;
  print(`tunnel: ours ${Math.round(median(speeds.map((s) => s.ours)))} Mbit/s, the same engine by hand ${Math.round(median(speeds.map((s) => s.hand)))} Mbit/s, ratio ${quantile(ratios, 0.5, 3)} (min ${(ratios[0] as number).toFixed(3)}, max ${(ratios.at(-1) as number).toFixed(3)}, ${tunnelRounds} pairs, MTU ${mtu}); past the tunnel ${Math.round(wire)} Mbit/s`);
}

async function tunnelMtu(): Promise<number> {
  const session = await beta.session('connected');
  return session.phase === 'connected' ? session.tunnel.mtu : 1420;
}

async function configureByHand(mtu: number): Promise<void> {
  const engine = join(root, '.cache/wireguard-go/wireguard-go');
  const keys = ['hand1', 'hand2'].map((name) => {
    const secret = execFileSync('wg', ['genkey'], { encoding: 'utf8' }).trim();
    const file = join(folder, `${name}.key`);
    writeFileSync(file, secret, { mode: 0o600 });
    return { name, file, publicKey: execFileSync('wg', ['pubkey'], { input: secret, encoding: 'utf8' }).trim() };
  });
  for (const [i, { name, file }] of keys.entries()) {
    const device = `wmhand${i + 1}`;
    const other = keys[1 - i] as (typeof keys)[number];
    const namespace = lan.namespace(name);
    // A session of its own, as the helper gives its engine: the scheduler shares time between sessions, and iperf3 runs in ours.
    byHand.push(spawn('ip', ['netns', 'exec', namespace, engine, '-f', device], { stdio: 'ignore', detached: true, env: { ...process.env, LOG_LEVEL: 'error' } }));
    await until(() => spawnedDevice(namespace, device), 5000, `${device} appears`);
    await inNamespace(namespace, 'wg', ['set', device, 'private-key', file, 'listen-port', '51820', 'peer', other.publicKey, 'endpoint', `${lan.address(other.name)}:51820`, 'allowed-ips', `10.99.0.${2 - i}/32`]);
    await inNamespace(namespace, 'ip', ['addr', 'add', `10.99.0.${i + 1}/24`, 'dev', device]);
    await inNamespace(namespace, 'ip', ['link', 'set', device, 'mtu', String(mtu), 'up']);
  }
  await until(async () => (await ping(lan.namespace('hand2'), '10.99.0.1', { count: 1 })).length > 0, 20_000, 'the tunnel by hand answers');
}

async function spawnedDevice(namespace: string, device: string): Promise<boolean> {
  return inNamespace(namespace, 'wg', ['show', device]).then(() => true, () => false);
}

async function stream(server: string, client: string, address: string): Promise<number> {
  const listening = spawn('ip', ['netns', 'exec', lan.namespace(server), 'iperf3', '-s', '-1', '-B', address], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    const report = await inNamespace(lan.namespace(client), 'iperf3', ['-c', address, '-t', String(streamSeconds), '-O', '1', '-J']);
    return JSON.parse(report).end.sum_received.bits_per_second / 1e6;
  } finally {
    listening.kill('SIGKILL');
  }
}

function quantile(sorted: readonly number[], q: number, digits = 0): string {
  return (sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] as number).toFixed(digits);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
