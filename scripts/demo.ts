/**
 * npm run demo: three hosts on one machine, each in a network namespace with its own helper, node and core. One hosts the mesh,
 * two join it. Prints peer tables, pings of every pair and iperf3 through and past the tunnel; stays up until Ctrl-C.
 *   --once       exit when everything was shown; exit code 1 when a pair does not ping
 *   --kill-host  kill -9 the hosting machine and show that the other two keep pinging each other, also after one restarts
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type PeersTopic, type PeerView } from '../src/contract/state.ts';
import { checkHost, featureTable, lies } from './lib/feature-check.ts';
import { forwardFromNamespace } from './lib/forward.ts';
import { Host, hostsFolder, until } from './lib/hosts.ts';
import { createLan, inNamespace, ping, type Lan } from './lib/namespaces.ts';
import { prepare } from './lib/prepare.ts';

const { values: flags } = parseArgs({ options: { once: { type: 'boolean' }, 'kill-host': { type: 'boolean' } } });
const names = ['alpha', 'beta', 'gamma'] as const;
const pingRounds = 3;
/** A new peer is in everybody's list this soon after its Connect was clicked. */
const seenMsMax = 2000;
let failures = 0;
let finishing = false;

await prepare({ why: 'the demo', iperf: true });
const folder = hostsFolder('demo');
const lan = createLan('wmdemo', names);
const hosts = names.map((name) => new Host(name, folder, lan.namespace(name)));
const forwards: (() => void)[] = [];
process.once('SIGINT', () => void finish());
process.once('SIGTERM', () => void finish());

try {
  await main();
} catch (error) {
  failures++;
  say(`failed: ${error instanceof Error ? error.message : error}`);
}
if (flags.once || failures > 0) await finish();

async function main(): Promise<void> {
  const [alpha, beta, gamma] = hosts as [Host, Host, Host];
  say('starting a helper and an app on each of three hosts');
  await Promise.all(hosts.map((host) => host.start()));
  await createMesh(alpha);
  await joinMesh(beta, [alpha]);
  await joinMesh(gamma, [alpha, beta]);
  for (const host of hosts) showPeers(host.name, (await settled(host)).list);
  await pingAll(hosts);
  await checkAllFeatures();
  await measure(lan, alpha, beta);
  if (flags['kill-host']) await killHost(alpha, beta, gamma);
  if (!flags.once) await showUrls();
}

async function createMesh(host: Host): Promise<void> {
  const started = Date.now();
  const { profile } = await call(host).call('mesh.create', { name: 'demo' });
  await call(host).call('session.connect', { profile });
  await host.session('connected');
  say(`${host.name} hosts the network "demo": connected in ${Date.now() - started} ms`);
}

/** The host makes an invite, the newcomer redeems its link: nothing else goes from one to the other. */
async function joinMesh(host: Host, others: readonly [Host, ...Host[]]): Promise<void> {
  const { link } = await call(others[0]).call('invite.create', { note: host.name });
  const { profile } = await call(host).call('invite.redeem', { link });
  const started = Date.now();
  const known = await Promise.all(others.map(async (other) => (await meshOf(other)).peers.length));
  await call(host).call('session.connect', { profile });
  const seen = others.map(async (other, i) => {
    await other.topic('peers', (peers) => peers.list.length > (known[i] as number), 10_000, `seeing ${host.name}`);
    const afterMs = Date.now() - started;
    if (afterMs > seenMsMax) failures++;
    return `${other.name} saw it after ${afterMs} ms${afterMs > seenMsMax ? ' TOO LATE' : ''}`;
  });
  await host.session('connected');
  const connectedMs = Date.now() - started;
  say(`${host.name} joined: connected in ${connectedMs} ms; ${(await Promise.all(seen)).join(', ')}`);
}

async function pingAll(list: readonly Host[]): Promise<void> {
  say('round trips through the tunnel, median of three, in milliseconds');
  for (const from of list) {
    for (const to of list.filter((host) => host !== from)) {
      const target = (await meshOf(to)).self;
      const v4 = await firstPing(from, target.ipv4);
      const v6 = await firstPing(from, target.ipv6);
      if (v4 === null || v6 === null) failures++;
      say(`  ${from.name} → ${to.name}   IPv4 ${target.ipv4} ${v4 ?? 'NO ANSWER'}   IPv6 ${target.ipv6} ${v6 ?? 'NO ANSWER'}`);
    }
  }
}

async function firstPing(from: Host, address: string | null): Promise<number | null> {
  if (address === null) return null;
  for (let attempt = 0; attempt < 3; attempt++) {
    const times = await ping(from.paths.namespace as string, address, { count: pingRounds });
    if (times.length > 0) return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
  }
  return null;
}

/** What each host says that it offers, against what answers there: each is asked by another. */
async function checkAllFeatures(): Promise<void> {
  say('features of each host, and whether each answers');
  for (const [index, of] of hosts.entries()) {
    const from = hosts[(index + 1) % hosts.length] as Host;
    const checks = await checkHost(of, from, { publicAddresses: [lan.address(of.name)] });
    failures += lies(checks).length;
    say(`  ${of.name}`);
    for (const line of featureTable(checks)) say(`    ${line}`);
  }
}

async function measure(network: Lan, server: Host, client: Host): Promise<void> {
  const tunnel = await iperf(server, client, (await meshOf(server)).self.ipv4 as string);
  const wire = await iperf(server, client, network.address(server.name));
  say(`iperf3, one TCP stream ${client.name} → ${server.name}: ${tunnel} Mbit/s through the tunnel, ${wire} Mbit/s past it`);
}

async function iperf(server: Host, client: Host, address: string): Promise<number> {
  const listening = spawn('ip', ['netns', 'exec', server.paths.namespace as string, 'iperf3', '-s', '-1', '-B', address], { stdio: 'ignore' });
  try {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const report = await inNamespace(client.paths.namespace as string, 'iperf3', ['-c', address, '-t', '3', '-J']);
    return Math.round(JSON.parse(report).end.sum_received.bits_per_second / 1e6);
  } finally {
    listening.kill('SIGKILL');
  }
}

async function killHost(alpha: Host, beta: Host, gamma: Host): Promise<void> {
  say(`kill -9 of everything on ${alpha.name}, which hosts the mesh`);
  await alpha.killAll();
  await pingAll([beta, gamma]);
  say(`kill -9 of everything on ${beta.name}, then a complete restart with ${alpha.name} still gone`);
  await beta.killAll();
  await beta.start();
  await call(beta).call('session.connect', {});
  const session = await beta.session('connected', 40_000);
  const degraded = session.phase === 'connected' && session.degraded?.kind === 'control-plane-lost';
  if (!degraded) failures++;
  say(`${beta.name} is connected again from its stored lease; it says: ${degraded ? 'changes are frozen, traffic is fine' : 'NOTHING ABOUT THE LOST CONTROL PLANE'}`);
  await pingAll([beta, gamma]);
}

async function showUrls(): Promise<void> {
  say('open these in a browser (each works once); Ctrl-C ends the demo');
  for (const host of hosts.filter((h) => h.url !== null)) {
    const url = new URL(host.url as string);
    forwards.push(await forwardFromNamespace(host.paths.namespace as string, Number(url.port), join(folder, `${host.name}.forward`)));
    say(`  ${host.name}  ${url}`);
  }
}

async function meshOf(host: Host): Promise<{ self: PeerView; peers: readonly PeerView[] }> {
  const { list } = await host.topic('peers', (peers) => peers.list.some((p) => p.self), 10_000, 'seeing itself');
  return { self: list.find((p) => p.self) as PeerView, peers: list };
}

/** The peers topic once it comes from the replica and every other machine is direct; as it is after ten seconds otherwise. */
async function settled(host: Host): Promise<PeersTopic> {
  const whole = (peers: PeersTopic): boolean => peers.source === 'replica' && peers.list.length === hosts.length && peers.list.every((p) => p.self || p.path.kind === 'direct');
  return host.topic('peers', whole, 10_000, 'seeing everybody').catch(() => host.topic('peers', () => true, 1000, 'seeing anybody'));
}

function showPeers(name: string, peers: readonly PeerView[]): void {
  say(`what ${name} sees:`);
  const rows = peers.map((p) => [p.id + (p.self ? ' (this one)' : ''), p.role, p.ipv4 ?? '–', p.ipv6 ?? '–', p.endpoint ?? '–', p.path.kind]);
  const table = [['name', 'role', 'IPv4', 'IPv6', 'endpoint', 'path'], ...rows];
  const widths = (table[0] as string[]).map((_, i) => Math.max(...table.map((row) => (row[i] as string).length)));
  for (const row of table) say(`  ${row.map((text, i) => text.padEnd(widths[i] as number)).join('  ')}`);
}

function call(host: Host): NonNullable<Host['client']> {
  if (!host.client) throw new Error(`the app of ${host.name} runs`);
  return host.client;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function finish(): Promise<void> {
  if (finishing) return;
  finishing = true;
  for (const stop of forwards) stop();
  await Promise.all(hosts.map((host) => host.stop().catch(() => {})));
  await until(() => hosts.every((host) => host.processes().length === 0), 5000, 'every process is gone').catch((error) => say(String(error.message)));
  lan.remove();
  rmSync(folder, { recursive: true, force: true });
  process.exit(failures > 0 ? 1 : 0);
}
