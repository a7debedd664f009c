import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Metadata, type ServiceError, credentials } from '@grpc/grpc-js';
import { bundlesAreFresh } from '../../scripts/lib/prepare.ts';
import { type FailureData, fromData, toData } from '../../src/base/failure.ts';
import { HelperClient, type HelloResponse, type NetworkState, type NodeSpec, type NodeState, TunnelSpec, type TunnelState, WatchResponse } from '../../src/gen/webmesh/helper/v1/helper.ts';

const root = resolve(import.meta.dirname, '../..');
export const engineFolder = join(root, '.cache/wireguard-go');

/** Where the helper's parts are; a machine under test may have them elsewhere, and be slower. */
export interface HelperPlace {
  readonly node: string;
  readonly script: string;
  readonly cache: string;
  readonly startMs: number;
}

/** On this machine. The bundle where it is fresh: sources are compiled at each start, which takes four times as long. */
function ownPlace(): HelperPlace {
  return { node: join(root, 'node_modules/.bin/node'), script: join(root, bundlesAreFresh() ? 'dist/helper/helper.mjs' : 'src/helper/helper.ts'), cache: engineFolder, startMs: 20_000 };
}

/** What is missing to run real tunnels here, or null. */
export function missingForTunnels(): string | null {
  if (process.getuid?.() !== 0) return 'root';
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun';
  if (!existsSync(join(engineFolder, 'wireguard-go'))) return 'wireguard-go (node scripts/fetch-wireguard-go.ts)';
  return null;
}

export function sh(command: string): string {
  return execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 5_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** A watch event: the network that a test is about, and all of them. */
export interface Seen {
  readonly tunnel?: TunnelState | undefined;
  readonly node?: NodeState | undefined;
  readonly networks: readonly NetworkState[];
}

/** A helper of its own in a network namespace, with a client on its socket. */
export class HelperUnderTest {
  readonly namespace: string;
  readonly folder: string;
  readonly place: HelperPlace;
  child: ChildProcess | undefined;
  client: HelperClient | undefined;
  stderr = '';
  /** The tunnel of the newest order: what a call is about that names none. */
  tunnelId = 'none';
  /** A program and its arguments that start the helper with less than root has. */
  confined: readonly string[] = [];

  constructor(namespace: string, folder: string, place: HelperPlace = ownPlace()) {
    this.namespace = namespace;
    this.folder = folder;
    this.place = place;
  }

  get socket(): string {
    return join(this.folder, 'run/helper.sock');
  }

  async start(...more: readonly string[]): Promise<void> {
    this.child = this.launch(...more);
    this.child.stderr?.on('data', (data) => (this.stderr += String(data)));
    const { child } = this;
    const said = this.stderr.length;
    await until(() => this.answers(said) || child.exitCode !== null, `a helper in ${this.namespace}; it said ${this.stderr}`, this.place.startMs);
    if (child.exitCode !== null) throw new Error(`the helper ended with ${child.exitCode}: ${this.stderr}`);
    this.client?.close();
    this.client = new HelperClient(`unix:${this.socket}`, credentials.createInsecure());
  }

  launch(...more: readonly string[]): ChildProcess {
    const args = [this.place.script, '--run', join(this.folder, 'run'), '--state', join(this.folder, 'state'), '--cache', this.place.cache, ...more];
    return spawn('ip', ['netns', 'exec', this.namespace, ...this.confined, this.place.node, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** Asked after a restart as well: only what was said since counts. */
  private answers(said: number): boolean {
    return existsSync(this.socket) && this.stderr.slice(said).includes('"event":"serving"');
  }

  hello(tunnelId = '', nextKey = false): Promise<HelloResponse> {
    return this.call((client, done) => client.hello({ clientVersion: 'test', tunnelId, nextKey }, done));
  }

  async apply(epoch: number, revision: number, spec: TunnelSpec): Promise<TunnelState> {
    this.tunnelId = spec.tunnelId;
    const { state } = await this.call<{ state?: TunnelState | undefined }>((client, done) => client.applyTunnel({ generation: { epoch: BigInt(epoch), revision: BigInt(revision) }, spec }, done));
    if (!state) throw new Error('an answer holds a state');
    return state;
  }

  clear(epoch: number, revision: number, tunnelId = this.tunnelId): Promise<unknown> {
    return this.call((client, done) => client.clearTunnel({ tunnelId, generation: { epoch: BigInt(epoch), revision: BigInt(revision) } }, done));
  }

  async setNode(epoch: number, revision: number, spec: NodeSpec | undefined, tunnelId = spec?.tunnelId ?? this.tunnelId): Promise<NodeState> {
    this.tunnelId = tunnelId;
    const { state } = await this.call<{ state?: NodeState | undefined }>((client, done) => client.setNode({ tunnelId, generation: { epoch: BigInt(epoch), revision: BigInt(revision) }, spec }, done));
    if (!state) throw new Error('an answer holds a state');
    return state;
  }

  diagnostics(): Promise<{ report: string }> {
    return this.call((client, done) => client.exportDiagnostics({}, done));
  }

  shutdown(): Promise<unknown> {
    return this.call((client, done) => client.shutdown({}, done));
  }

  /** The first watch event that is as wanted, of the tunnel of the newest order and of all. */
  watch(wanted: (event: Seen) => boolean, timeoutMs = 5_000): Promise<Seen> {
    return new Promise((done, fail) => {
      const stream = this.connected().watch({});
      const seen: unknown[] = [];
      const timer = setTimeout(() => {
        stream.cancel();
        fail(new Error(`no such event within ${timeoutMs} ms; the last was ${JSON.stringify(seen.at(-1))}`));
      }, timeoutMs);
      stream.on('data', (event: WatchResponse) => {
        seen.push(WatchResponse.toJSON(event));
        const now: Seen = { ...event.networks.find(({ tunnelId }) => tunnelId === this.tunnelId), networks: event.networks };
        if (!wanted(now)) return;
        clearTimeout(timer);
        stream.cancel();
        done(now);
      });
      stream.on('error', (error: ServiceError) => {
        clearTimeout(timer);
        fail(error);
      });
    });
  }

  call<T>(make: (client: HelperClient, done: (error: ServiceError | null, value: T) => void) => unknown): Promise<T> {
    return new Promise((done, fail) => make(this.connected(), (error, value) => (error ? fail(error) : done(value))));
  }

  private connected(): HelperClient {
    if (!this.client) throw new Error('the helper was started');
    return this.client;
  }

  signal(signal: NodeJS.Signals): Promise<number | null> {
    return new Promise((done) => {
      const { child } = this;
      if (!child || child.exitCode !== null || child.signalCode !== null) return done(child?.exitCode ?? null);
      child.once('exit', (code) => done(code));
      child.kill(signal);
    });
  }

  async stop(): Promise<number | null> {
    const code = await this.signal('SIGTERM');
    this.client?.close();
    this.client = undefined;
    this.stderr = '';
    return code;
  }

  /** Engine processes of this namespace. */
  engines(): readonly number[] {
    return this.processes((command) => command.includes('wireguard-go -f'));
  }

  processes(looks: (command: string) => boolean): readonly number[] {
    const here = `net:[${statSync(`/run/netns/${this.namespace}`).ino}]`;
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/net`) === here && looks(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        return false;
      }
    });
  }

  ip(...args: readonly string[]): string {
    return execFileSync('ip', ['-n', this.namespace, ...args], { encoding: 'utf8' });
  }

  /** Everything that a tunnel may leave on this machine, in one value. */
  leftovers(): unknown {
    const names = (text: string): string[] => [...text.matchAll(/wm[a-z0-9]{10}/g)].map(([name]) => name);
    return {
      devices: names(this.ip('link')),
      routes: [...names(this.ip('-4', 'route', 'show', 'table', 'all')), ...names(this.ip('-6', 'route', 'show', 'table', 'all'))],
      engines: this.engines().length,
      nodes: this.processes((command) => command.includes('node/child')).length,
      sockets: readdirSync('/run/wireguard').filter((name) => this.sockets.includes(name)),
      journals: this.journals(),
    };
  }

  /** Names of the journals that say what is to be undone. */
  journals(): readonly string[] {
    const folder = join(this.folder, 'state/journals');
    return existsSync(folder) ? readdirSync(folder).filter((name) => !name.includes('.')) : [];
  }

  /** Socket names that this test's tunnels may have. */
  sockets: string[] = [];
}

export const nothing = { devices: [], routes: [], engines: 0, nodes: 0, sockets: [], journals: [] };

/** The Failure that a call ended with, as data. */
export async function failureOf(call: Promise<unknown>): Promise<FailureData> {
  try {
    await call;
  } catch (error) {
    const { metadata } = error as { metadata?: Metadata };
    const bytes = metadata?.get('webmesh-failure-bin')[0];
    if (bytes === undefined) throw error;
    return toData(fromData(JSON.parse(bytes.toString())));
  }
  throw new Error('the call was expected to fail');
}

export function specOf(part: Partial<TunnelSpec>): TunnelSpec {
  return TunnelSpec.fromPartial(part);
}
