/**
 * npm run natgrid: who reaches whom through which NAT. One public host, and two members behind each kind of network, all in one mesh, each
 * with its own helper, engine, node and core, in network namespaces. Every pair of kinds is a cell: the path that was found, the time from
 * Connect to the first answered ping, and the best that theory allows (RFC 4787, RFC 5128). Only the machines of one pair are connected at a
 * time: they share this one's cores.
 *   --kinds a,b,c   only these kinds
 *   --quick         the five kinds that differ most from each other
 * Exit code 1 when a cell is dead that need not be, is relayed where it could be direct, or took longer than 3 s to be relayed.
 */
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type PeerPath, type PeerView } from '../src/contract/state.ts';
import { clientOf, Host, hostsFolder, selfOf } from './lib/hosts.ts';
import { createInternet } from './lib/nat.ts';
import { bestPath, type GridKind, gridKinds, gridSites, hostOf } from './lib/grid-theory.ts';
import { pinging } from './lib/pinging.ts';
import { ensurePlainEngine, prepare } from './lib/prepare.ts';

const { values: flags } = parseArgs({ options: { kinds: { type: 'string' }, quick: { type: 'boolean' } } });
const quickKinds: readonly GridKind[] = ['open', 'port-restricted', 'symmetric', 'udp-blocked', 'same-lan'];
const kinds = flags.kinds ? gridKinds.filter((kind) => flags.kinds?.split(',').includes(kind)) : flags.quick ? quickKinds : gridKinds;
/** A relayed path may become direct for this long: one trial that fails is followed by another after half a minute. */
const settleMs = 40_000;
const firstPingMsMax = 20_000;
const pingEveryMs = 100;
const relayMsMax = 3_000;
/** Between Connect of the machines that wait and Connect of the one that is measured: theirs is done by then. */
const calmMs = 3_000;

interface Cell {
  readonly from: GridKind;
  readonly to: GridKind;
  readonly best: 'direct' | 'relay';
  readonly connectedMs: number;
  readonly firstPingMs: number | null;
  readonly path: PeerPath;
  readonly why: string;
}

await prepare({ why: 'the NAT grid', nat: true });
const engines = ensurePlainEngine();
const folder = hostsFolder('natgrid');
const internet = createInternet({ prefix: 'wmgrid', sites: gridSites(kinds) });
const hosts = new Map(['hub', ...kinds.flatMap((kind) => [hostOf(kind, 'a'), hostOf(kind, 'b')])].map((name) => [name, new Host(name, folder, internet.namespace(name), engines)]));
const connected = new Set<string>();
let code = 1;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish());
try {
  await foundMesh();
  code = report(await measureAll());
} catch (error) {
  say(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
} finally {
  await finish();
}

async function foundMesh(): Promise<void> {
  const hub = host('hub');
  await hub.start();
  const { profile } = await clientOf(hub).call('mesh.create', { name: 'grid', nodeId: 'hub' });
  await clientOf(hub).call('session.connect', { profile });
  await hub.session('connected');
  const started = Date.now();
  for (const member of [...hosts.values()].filter((each) => each !== hub)) {
    await member.start();
    const { link } = await clientOf(hub).call('invite.create', { note: member.name });
    await clientOf(member).call('invite.redeem', { link, nodeId: member.name });
  }
  say(`${hosts.size} machines in one mesh after ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

async function measureAll(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const [i, one] of kinds.entries()) {
    for (const other of kinds.slice(i)) {
      await connectOnly([hostOf(one, 'a'), hostOf(other, 'a')]);
      await new Promise((resolve) => setTimeout(resolve, calmMs));
      for (const [from, to] of one === other ? [[one, one] as const] : [[one, other] as const, [other, one] as const]) {
        const cell = await measure(from, to);
        cells.push(cell);
        say(line(cell));
      }
    }
  }
  return cells;
}

/** These machines and the host are connected, nobody else. */
async function connectOnly(names: readonly string[]): Promise<void> {
  for (const name of [...connected]) if (!names.includes(name)) await disconnect(name);
  for (const name of names) if (!connected.has(name)) await connect(name);
}

async function connect(name: string): Promise<void> {
  connected.add(name);
  await clientOf(host(name)).call('session.connect', {});
  await host(name).session('connected', 60_000);
}

async function disconnect(name: string): Promise<void> {
  await clientOf(host(name)).call('session.disconnect', {});
  await host(name).session('disconnected');
  connected.delete(name);
}

/** The second member of a kind connects and pings the first member of the other. */
async function measure(from: GridKind, to: GridKind): Promise<Cell> {
  const member = host(hostOf(from, 'b'));
  const address = (await selfOf(host(hostOf(to, 'a')))).ipv4 ?? '';
  const started = Date.now();
  await connect(member.name);
  const connectedMs = Date.now() - started;
  const stream = pinging(member.paths.namespace as string, address, pingEveryMs);
  try {
    const first = await stream.firstAnswer(firstPingMsMax);
    const best = bestPath(from, to);
    const { path, why } = await settledPeer(member, hostOf(to, 'a'), best);
    return { from, to, best, connectedMs, firstPingMs: first === null ? null : first - started, path, why: why.map(({ code: reason, tier }) => (tier ? `${tier}: ${reason}` : reason)).join(', ') };
  } finally {
    stream.stop();
    await disconnect(member.name);
  }
}

/** The peer once its path is as good as theory allows, or as it is when the time is over. */
async function settledPeer(member: Host, name: string, best: Cell['best']): Promise<PeerView> {
  const find = (list: readonly PeerView[]): PeerView | undefined => list.find(({ id }) => id === name);
  let newest: PeerView | undefined;
  await member.topic('peers', ({ list }) => {
    newest = find(list);
    return newest !== undefined && (best === 'direct' ? isDirect(newest.path) : newest.path.kind === 'relay');
  }, settleMs, `a ${best} path to ${name}`).catch(() => undefined);
  if (!newest) throw new Error(`${member.name} does not list ${name}`);
  return newest;
}

function report(cells: readonly Cell[]): number {
  const bad = cells.filter((cell) => verdict(cell) !== 'ok');
  const times = cells.flatMap(({ firstPingMs }) => firstPingMs ?? []).sort((a, b) => a - b);
  say('');
  say(table(cells));
  say(`${cells.length} cells: ${cells.filter((c) => c.firstPingMs !== null).length} alive, ${cells.filter((c) => isDirect(c.path)).length} direct of ${cells.filter((c) => c.best === 'direct').length} that theory allows, first ping p50 ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms, worst ${times.at(-1) ?? 0} ms`);
  for (const cell of bad) say(`NOT AS IT COULD BE: ${line(cell)}: ${verdict(cell)}`);
  return bad.length === 0 && cells.length > 0 ? 0 : 1;
}

function verdict({ best, firstPingMs, path }: Cell): string {
  if (firstPingMs === null) return 'dead';
  if (best === 'direct') return isDirect(path) ? 'ok' : 'relayed where it could be direct';
  return firstPingMs <= relayMsMax ? 'ok' : `relayed after ${firstPingMs} ms`;
}

function isDirect({ kind }: PeerPath): boolean {
  return kind === 'direct' || kind === 'ice';
}

function table(cells: readonly Cell[]): string {
  const width = 17;
  const head = ['', ...kinds].map((kind) => kind.padEnd(width)).join('');
  const rows = kinds.map((from) => [from, ...kinds.map((to) => short(cells.find((c) => c.from === from && c.to === to)))].map((text) => text.padEnd(width)).join('').trimEnd());
  return [head.trimEnd(), ...rows].join('\n');
}

function short(cell: Cell | undefined): string {
  if (!cell) return '';
  return `${words(cell.path)} ${cell.firstPingMs === null ? 'dead' : (cell.firstPingMs / 1000).toFixed(1)}`;
}

function line(cell: Cell): string {
  return `  ${cell.from} → ${cell.to}: ${words(cell.path)}, connected after ${cell.connectedMs} ms, first ping after ${cell.firstPingMs ?? 'never'} ms, theory: ${cell.best}${cell.why === '' ? '' : ` (${cell.why})`}`;
}

function words(path: PeerPath): string {
  return 'how' in path && path.how !== undefined ? path.how : path.kind;
}

function at(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

function host(name: string): Host {
  const found = hosts.get(name);
  if (!found) throw new Error(`there is no machine ${name}`);
  return found;
}

async function finish(): Promise<void> {
  await Promise.all([...hosts.values()].map((each) => each.stop().catch(() => {})));
  internet.remove();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
