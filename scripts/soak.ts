/**
 * npm run soak: paths change under traffic. Two members behind ordinary NATs, two behind hard ones, a public host and a second relay, in
 * network namespaces; each cycle breaks one thing while pings run, and counts what was lost and how long it took to come back.
 *   --cycles N   cycles in all, the cases in turn (default 10)
 *   --case NAME  only this case
 * Exit code 1 when traffic did not come back by itself within 60 s, when p95 is above 5 s, or when a process grew without end.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { clientOf, Host, hostsFolder, rssMiB, selfOf, until } from './lib/hosts.ts';
import { createInternet } from './lib/nat.ts';
import { ping } from './lib/namespaces.ts';
import { pinging } from './lib/pinging.ts';
import { prepare } from './lib/prepare.ts';

const { values: flags } = parseArgs({ options: { cycles: { type: 'string', default: '10' }, case: { type: 'string' } } });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pingEveryMs = 100;
const recoveryMsMax = 60_000;
const goalMs = 5_000;
/** Growth that counts as none: a heap breathes. */
const growthMiBMax = 40;

/** What breaks, and until when: recovery is counted from the moment `run` resolves. */
interface Case {
  readonly name: string;
  readonly about: string;
  readonly from: string;
  readonly to: string;
  run(): Promise<void>;
  /** Puts back what the case took away. */
  after?(): Promise<void>;
}

interface Outcome {
  readonly lost: number;
  readonly recoveryMs: number | null;
}

await prepare({ why: 'the soak', nat: true });
/** The relay that is dead just now. */
let killed = '';
const folder = hostsFolder('soak');
const internet = createInternet({ prefix: 'wmsoak', sites: [
  { name: 'hub', nat: 'none', hosts: ['hub'], ipv6: true },
  { name: 'relay', nat: 'none', hosts: ['relay'], ipv6: true },
  { name: 'home', nat: 'port-restricted', hosts: ['home'] },
  { name: 'office', nat: 'port-restricted', hosts: ['office'] },
  { name: 'hotel', nat: 'symmetric', hosts: ['hotel'] },
  { name: 'phone', nat: 'symmetric', hosts: ['phone'] },
] });
const hosts = new Map(internet.hosts.map((name) => [name, new Host(name, folder, internet.namespace(name))]));
let code = 1;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish());
try {
  await foundMesh();
  code = await soak();
} catch (error) {
  say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
} finally {
  await finish();
}

function cases(): readonly Case[] {
  return [
    { name: 'link', about: 'cable out for 2 s', from: 'home', to: 'office', run: async () => {
      internet.setLink('home', false);
      await pause(2_000);
      internet.setLink('home', true);
    } },
    { name: 'address', about: 'another address by DHCP', from: 'home', to: 'office', run: async () => void internet.readdress('home') },
    { name: 'nat-reboot', about: 'the router forgets all and gets another public address', from: 'office', to: 'home', run: async () => internet.rebootNat('office') },
    { name: 'relay-killed', about: 'kill -9 of the machine that relays', from: 'hotel', to: 'phone', run: async () => {
      killed = await relayInUse();
      await host(killed).killAll();
    }, after: async () => {
      if (killed === '') return;
      await host(killed).start();
      await clientOf(host(killed)).call('session.connect', {});
      await host(killed).session('connected', 60_000);
      killed = '';
    } },
    { name: 'sleep', about: 'asleep for 10 s', from: 'office', to: 'home', run: async () => {
      const pids = host('home').processes().map(({ pid }) => pid);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      await pause(10_000);
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    } },
  ];
}
async function soak(): Promise<number> {
  const chosen = cases().filter(({ name }) => flags.case === undefined || flags.case === name);
  if (chosen.length === 0) throw new Error(`there is no case ${flags.case}`);
  const outcomes = new Map(chosen.map(({ name }) => [name, [] as Outcome[]]));
  let first: ReadonlyMap<string, number> | null = null;
  for (let cycle = 0; cycle < Number(flags.cycles); cycle++) {
    const each = chosen[cycle % chosen.length] as Case;
    const outcome = await once(each);
    outcomes.get(each.name)?.push(outcome);
    say(`${String(cycle + 1).padStart(4)}  ${each.name.padEnd(13)} lost ${String(outcome.lost).padStart(4)} of ${1000 / pingEveryMs}/s   ${outcome.recoveryMs === null ? 'DID NOT COME BACK' : `back after ${(outcome.recoveryMs / 1000).toFixed(2)} s`}`);
    if (outcome.recoveryMs === null) break;
    // The first round fills caches and compiles; growth is counted from its end.
    if (cycle === chosen.length - 1) first = memory();
  }
  return report(outcomes, first);
}

async function once(each: Case): Promise<Outcome> {
  const target = (await selfOf(host(each.to))).ipv4 ?? '';
  await until(async () => (await ping(internet.namespace(each.from), target, { count: 3 })).length === 3, recoveryMsMax, `${each.from} reaches ${each.to} before the case`);
  const stream = pinging(internet.namespace(each.from), target, pingEveryMs);
  try {
    await pause(1_000);
    const beganMs = Date.now();
    await each.run();
    const brokenUntilMs = Date.now();
    const backMs = await stream.steadySince(brokenUntilMs, recoveryMsMax);
    return { lost: stream.lostSince(beganMs), recoveryMs: backMs === null ? null : Math.max(0, backMs - brokenUntilMs) };
  } finally {
    stream.stop();
    await each.after?.();
  }
}

function report(outcomes: ReadonlyMap<string, readonly Outcome[]>, first: ReadonlyMap<string, number> | null): number {
  say('');
  const all = [...outcomes.values()].flat();
  for (const [name, list] of outcomes) {
    const times = list.map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    const lost = list.map((o) => o.lost).sort((a, b) => a - b);
    if (list.length > 0) say(`${name.padEnd(13)} ${String(list.length).padStart(4)} times   lost packets p50 ${at(lost, 0.5)}, p95 ${at(lost, 0.95)}   recovery p50 ${seconds(at(times, 0.5))}, p95 ${seconds(at(times, 0.95))}, worst ${seconds(times.at(-1) ?? 0)}`);
  }
  const recovered = all.map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const stuck = all.filter(({ recoveryMs }) => recoveryMs === null).length;
  const grown = first ? growth(first) : [];
  say(`${all.length} cycles, ${stuck} did not come back by themselves, p95 ${seconds(at(recovered, 0.95))}; ${grown.length === 0 ? 'memory flat' : `grew: ${grown.join(', ')}`}`);
  return stuck === 0 && at(recovered, 0.95) <= goalMs && grown.length === 0 ? 0 : 1;
}

/** MiB of each process of the machines that are never killed. */
function memory(): ReadonlyMap<string, number> {
  return new Map(['home', 'office', 'hotel', 'phone'].flatMap((name) => host(name).processes().map(({ kind, pid }) => [`${name} ${kind}`, rssMiB(pid)] as const)));
}

function growth(first: ReadonlyMap<string, number>): readonly string[] {
  const now = memory();
  say([...now].map(([name, mib]) => `${name} ${first.get(name) ?? '?'} → ${mib} MiB`).join(', '));
  return [...now].flatMap(([name, mib]) => (mib - (first.get(name) ?? mib) > growthMiBMax ? [`${name} by ${mib - (first.get(name) ?? 0)} MiB`] : []));
}

async function relayInUse(): Promise<string> {
  let found = '';
  await host('hotel').topic('peers', ({ list }) => {
    const path = list.find(({ id }) => id === 'phone')?.path;
    found = path?.kind === 'relay' ? path.node : '';
    return found !== '';
  }, 20_000, 'a relayed path to phone');
  return found;
}

async function foundMesh(): Promise<void> {
  const hub = host('hub');
  await Promise.all([...hosts.values()].map((each) => each.start()));
  const { profile } = await clientOf(hub).call('mesh.create', { name: 'soak', nodeId: 'hub' });
  await clientOf(hub).call('session.connect', { profile });
  await hub.session('connected');
  for (const member of [...hosts.values()].filter((each) => each !== hub)) {
    const { link } = await clientOf(hub).call('invite.create', { note: member.name });
    const joined = await clientOf(member).call('invite.redeem', { link, nodeId: member.name, asVoter: member.name === 'relay' });
    if (member.name === 'relay') await clientOf(member).call('offers.set', { profile: joined.profile, turnServer: true, relayMbit: 50 });
    await clientOf(member).call('session.connect', { profile: joined.profile });
    await member.session('connected', 60_000);
  }
}

function host(name: string): Host {
  const found = hosts.get(name);
  if (!found) throw new Error(`there is no machine ${name}`);
  return found;
}

function at(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : 'never';
}

async function finish(): Promise<void> {
  // A stopped process hears nothing but SIGKILL.
  for (const each of hosts.values()) for (const { pid } of each.processes()) try { process.kill(pid, 'SIGCONT'); } catch { /* it ended meanwhile */ }
  await Promise.all([...hosts.values()].map((each) => each.stop().catch(() => {})));
  internet.remove();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
