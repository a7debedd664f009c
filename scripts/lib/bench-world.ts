import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TunnelEnd } from './bench-figures.ts';
import { clientOf, end, Host, hostsFolder, selfOf, until } from './hosts.ts';
import { createLan, inNamespace, type Lan, ping } from './namespaces.ts';
import { root } from './set-up.mjs';

/** Two hosts of one mesh, and room for two engines configured by hand and for a relay, all on one network. */
export interface BenchWorld {
  readonly lan: Lan;
  readonly alpha: Host;
  readonly beta: Host;
  /** Temporary, for hosts that a bench adds. */
  readonly folder: string;
  /** Connects both and waits until the tunnel answers. */
  ours(): Promise<{ readonly alpha: TunnelEnd; readonly beta: TunnelEnd; readonly mtu: number }>;
  /** The same engine with the same MTU, configured with `wg`: made by the first call. */
  byHand(mtu: number): Promise<readonly [HandEngine, HandEngine]>;
  /** Ends and removes everything; the second call waits for the first. */
  close(): Promise<void>;
}

export interface HandEngine extends TunnelEnd {
  /** UDP port of the tunnel. */
  readonly port: number;
  /** Its `host:port` on the network. */
  readonly endpoint: string;
  /** Sends to there from now on, until the other end is heard from elsewhere. */
  aim(endpoint: string): Promise<void>;
}

const handPort = 51_820;

/** Removes first what a run that was killed left: namespaces with their processes, and folders. */
export function openWorld(): BenchWorld {
  const lan = createLan('wmbench', ['alpha', 'beta', 'hand1', 'hand2', 'relay']);
  for (const name of readdirSync(tmpdir())) if (name.startsWith('webmesh-bench-')) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  const folder = hostsFolder('bench');
  const alpha = new Host('alpha', folder, lan.namespace('alpha'));
  const beta = new Host('beta', folder, lan.namespace('beta'));
  const engines: ChildProcess[] = [];
  let hand: Promise<readonly [HandEngine, HandEngine]> | undefined;
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await Promise.all([...engines.map((engine) => end(engine, 'SIGTERM', 2_000)), ...[alpha, beta].map((host) => host.stop().catch(() => {}))]);
    lan.remove();
    rmSync(folder, { recursive: true, force: true });
  }

  return {
    lan, alpha, beta, folder,
    ours: async () => {
      for (const host of [alpha, beta]) await clientOf(host).call('session.connect', {});
      await Promise.all([alpha, beta].map((host) => host.session('connected')));
      const ends = await Promise.all([alpha, beta].map(async (host) => ({ namespace: host.paths.namespace as string, address: (await selfOf(host)).ipv4 as string })));
      const [first, second] = ends as [TunnelEnd, TunnelEnd];
      await until(() => answersPing(second.namespace, first.address), 20_000, 'the tunnel answers');
      const session = await beta.session('connected');
      return { alpha: first, beta: second, mtu: session.phase === 'connected' ? session.tunnel.mtu : 1420 };
    },
    byHand: (mtu) => (hand ??= startByHand(lan, folder, mtu, engines)),
    close: () => (closing ??= close()),
  };
}

/** Founds a mesh on alpha and brings beta in. */
export async function startPair({ alpha, beta }: BenchWorld): Promise<void> {
  await Promise.all([alpha.start(), beta.start()]);
  const { profile } = await clientOf(alpha).call('mesh.create', { name: 'bench' });
  await clientOf(alpha).call('session.connect', { profile });
  await alpha.session('connected');
  await clientOf(beta).call('invite.redeem', { link: (await clientOf(alpha).call('invite.create', {})).link });
}

export function answersPing(namespace: string, address: string): Promise<boolean> {
  return ping(namespace, address, { count: 1 }).then((times) => times.length > 0);
}

async function startByHand(lan: Lan, folder: string, mtu: number, engines: ChildProcess[]): Promise<readonly [HandEngine, HandEngine]> {
  const keys = ['hand1', 'hand2'].map((name) => {
    const secret = execFileSync('wg', ['genkey'], { encoding: 'utf8' }).trim();
    const file = join(folder, `${name}.key`);
    writeFileSync(file, secret, { mode: 0o600 });
    return { name, file, publicKey: execFileSync('wg', ['pubkey'], { input: secret, encoding: 'utf8' }).trim() };
  });
  const hands: HandEngine[] = [];
  for (const [i, { name, file }] of keys.entries()) {
    const [device, namespace, address] = [`wmhand${i + 1}`, lan.namespace(name), `10.99.0.${i + 1}`];
    const other = keys[1 - i] as (typeof keys)[number];
    // A session of its own, as the helper gives its engine: the scheduler shares time between sessions, and iperf3 runs in ours.
    const engine = ['ip', 'netns', 'exec', namespace, join(root, '.cache/wireguard-go/wireguard-go'), '-f', device] as const;
    engines.push(spawn(engine[0], engine.slice(1), { stdio: 'ignore', detached: true, env: { ...process.env, LOG_LEVEL: 'error' } }));
    await until(() => inNamespace(namespace, 'wg', ['show', device]).then(() => true, () => false), 5000, `${device} appears`);
    const aim = async (endpoint: string): Promise<void> => void (await inNamespace(namespace, 'wg', ['set', device, 'peer', other.publicKey, 'endpoint', endpoint]));
    await inNamespace(namespace, 'wg', ['set', device, 'private-key', file, 'listen-port', String(handPort), 'peer', other.publicKey, 'allowed-ips', `10.99.0.${2 - i}/32`]);
    await aim(`${lan.address(other.name)}:${handPort}`);
    await inNamespace(namespace, 'ip', ['addr', 'add', `${address}/24`, 'dev', device]);
    await inNamespace(namespace, 'ip', ['link', 'set', device, 'mtu', String(mtu), 'up']);
    hands.push({ namespace, address, port: handPort, endpoint: `${lan.address(name)}:${handPort}`, aim });
  }
  const [first, second] = hands as [HandEngine, HandEngine];
  await until(() => answersPing(second.namespace, first.address), 20_000, 'the tunnel by hand answers');
  return [first, second];
}
