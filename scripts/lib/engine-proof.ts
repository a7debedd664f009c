import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { buildEngine, enginePath } from './engine-build.ts';
import { createLan, type Lan } from './namespaces.ts';
import { ownTarget } from './package-single.ts';

type Check = (what: string, right: boolean, seen?: string) => void;

const prefix = 'wmeng';
/** One host with two peers that have IPv6 alone and one that has IPv4 alone: docs/decisions/0013. */
const peers = ['six', 'seven', 'four'] as const;
const hosts = ['hub', ...peers] as const;
type Host = (typeof hosts)[number];
const pings = 100;
const port = 51_820;
const startMs = 5_000;

/** Pings three peers at once from one host, with each engine in turn: what is shipped loses none. Says what it lacks where it cannot. */
export async function proveEngine(root: string, check: Check, say: (line: string) => void): Promise<void> {
  const missing = lacks();
  if (missing !== undefined) return say(`· engine: not tried, for ${missing}`);
  const folder = mkdtempSync(join(tmpdir(), 'webmesh-engine-proof-'));
  try {
    const upstream = join(folder, 'wireguard-go');
    buildEngine(root, ownTarget(), upstream, { correct: false });
    const debian = join(root, '.cache/wireguard-go/wireguard-go');
    say(`  upstream's own text: ${told(await pingsBack(upstream))}`);
    if (existsSync(debian)) say(`  Debian's build in .cache: ${told(await pingsBack(debian))}`);
    const ours = await pingsBack(enginePath(root, ownTarget()));
    check(`engine: one host, two peers over IPv6 and one over IPv4 at once: ${told(ours)}`, peers.every((peer) => ours[peer] === pings));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lacks(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return 'it takes root on Linux';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  const [tool] = [['ip', 'iproute2'], ['wg', 'wireguard-tools'], ['ping', 'iputils-ping']].filter(([name]) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  return tool === undefined ? undefined : `${tool[0]} is missing (apt-get install ${tool[1]})`;
}

function told(back: Readonly<Record<string, number>>): string {
  return peers.map((peer) => `${peer === 'four' ? 'IPv4' : 'IPv6'} ${back[peer]} of ${pings}`).join(', ');
}

/** How many of a hundred pings from the hub to each peer, all at once, came back. */
async function pingsBack(engine: string): Promise<Readonly<Record<string, number>>> {
  const lan = createLan(prefix, hosts);
  const keys = mkdtempSync(join(tmpdir(), 'webmesh-engine-keys-'));
  const running = new Map<Host, ChildProcess>();
  const end = (): void => {
    for (const [host, child] of running) {
      child.kill('SIGKILL');
      rmSync(`/run/wireguard/${device(host)}.sock`, { force: true });
    }
    lan.remove();
    rmSync(keys, { recursive: true, force: true });
  };
  const stop = (): void => (end(), process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (const host of hosts) running.set(host, await start(lan, host, engine));
    configure(lan, keys);
    // The first of each shakes hands.
    for (const peer of peers) await ping(lan, peer, 3);
    const counts = await Promise.all(peers.map((peer) => ping(lan, peer, pings)));
    return Object.fromEntries(peers.map((peer, at) => [peer, counts[at] ?? 0]));
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    end();
  }
}

async function start(lan: Lan, host: Host, engine: string): Promise<ChildProcess> {
  inside(lan, host, 'ip', 'address', 'add', `${outer(host)}/64`, 'dev', 'eth0', 'nodad');
  const words = ['netns', 'exec', lan.namespace(host), engine, '-f', device(host)];
  const child = spawn('ip', words, { stdio: 'ignore', env: { LOG_LEVEL: 'error', PATH: process.env['PATH'] } });
  for (const untilMs = performance.now() + startMs; !existsSync(`/run/wireguard/${device(host)}.sock`); await pause(20)) {
    if (performance.now() > untilMs || child.exitCode !== null) throw new Error(`${engine} does not start`);
  }
  return child;
}

function configure(lan: Lan, folder: string): void {
  const keys = new Map(hosts.map((host) => {
    const secret = execFileSync('wg', ['genkey'], { encoding: 'utf8' });
    writeFileSync(join(folder, host), secret, { mode: 0o600 });
    return [host, execFileSync('wg', ['pubkey'], { input: secret, encoding: 'utf8' }).trim()] as const;
  }));
  for (const host of hosts) {
    const others = host === 'hub' ? peers : (['hub'] as const);
    const rows = others.flatMap((other) => {
      const ipv4 = host === 'four' || other === 'four';
      return ['peer', keys.get(other) ?? '', 'endpoint', ipv4 ? `${lan.address(other)}:${port}` : `[${outer(other)}]:${port}`, 'allowed-ips', `${inner(other)}/32`];
    });
    inside(lan, host, 'wg', 'set', device(host), 'private-key', join(folder, host), 'listen-port', String(port), ...rows);
    inside(lan, host, 'ip', 'address', 'add', `${inner(host)}/24`, 'dev', device(host));
    inside(lan, host, 'ip', 'link', 'set', device(host), 'up');
  }
}

async function ping(lan: Lan, peer: Host, count: number): Promise<number> {
  const words = ['netns', 'exec', lan.namespace('hub'), 'ping', '-n', '-q', '-c', String(count), '-i', '0.02', '-W', '2', inner(peer)];
  // Lost ones are an exit code other than 0, and what is asked for here.
  const said = await promisify(execFile)('ip', words, { timeout: 30_000 }).catch((error: unknown) => error as { stdout?: string });
  return Number(/, (\d+) received/.exec(said.stdout ?? '')?.[1] ?? 0);
}

function inside(lan: Lan, host: Host, ...words: readonly string[]): void {
  execFileSync('ip', ['netns', 'exec', lan.namespace(host), ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The socket of an engine is a file that all namespaces share. */
function device(host: Host): string {
  return `${prefix}-${host}`;
}

/** RFC 3849, set aside for documents. */
function outer(host: Host): string {
  return `2001:db8:77::${hosts.indexOf(host) + 1}`;
}

/** In the tunnel; RFC 2544. */
function inner(host: Host): string {
  return `198.18.78.${hosts.indexOf(host) + 1}`;
}
