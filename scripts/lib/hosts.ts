import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, type Client } from '../../src/contract/carrier.ts';
import { type AppState, type PeerView, type SessionTopic, type TopicName } from '../../src/contract/state.ts';
import { connect } from '../../src/platform/app-socket.ts';
import { root } from './set-up.mjs';

/** One machine of a test: a helper and an app, in a namespace or on this machine itself. Real processes, real bundles. */
export interface HostPaths {
  readonly run: string;
  readonly state: string;
  readonly home: string;
  readonly namespace: string | null;
  /** Where the helper finds the tunnel engine. */
  readonly engines: string;
}

export class Host {
  readonly name: string;
  readonly paths: HostPaths;
  helper: ChildProcess | null = null;
  app: ChildProcess | null = null;
  client: Client | null = null;
  /** The web UI's address inside the host's namespace; a ticket that works once. */
  url: string | null = null;
  private readonly deadDevices: string[] = [];

  constructor(name: string, folder: string, namespace: string | null, engines = join(root, '.cache/wireguard-go')) {
    this.name = name;
    this.paths = { run: join(folder, name, 'run'), state: join(folder, name, 'state'), home: join(folder, name, 'home'), namespace, engines };
    for (const path of [this.paths.run, this.paths.state, this.paths.home]) mkdirSync(path, { recursive: true, mode: 0o755 });
  }

  get helperSocket(): string {
    return join(this.paths.run, 'helper.sock');
  }

  get appSocket(): string {
    return join(this.paths.home, 'run/app.sock');
  }

  async start(): Promise<void> {
    await this.startHelper();
    await this.startApp();
  }

  async startHelper(): Promise<void> {
    const { run, state, engines } = this.paths;
    this.helper = this.spawn('helper', join(root, 'dist/helper/helper.mjs'), ['--run', run, '--state', state, '--cache', engines]);
    // The file of a helper that was killed stays; only an answer tells that the new one serves.
    await until(() => answers(this.helperSocket), 10_000, `the helper of ${this.name} answers`);
  }

  async startApp(): Promise<void> {
    const { home } = this.paths;
    const args = ['--home', home, '--helper-socket', this.helperSocket, '--no-open', '--json-status'];
    this.app = this.spawn('app', join(root, 'dist/web/server.mjs'), args);
    this.url = await firstUrl(this.app, `the app of ${this.name} prints its address`);
    this.client = await this.attach();
  }

  /** A fresh connection to the app, as a shell would make it. */
  async attach(): Promise<Client> {
    return attach(await connect(this.appSocket));
  }

  /** The newest value of a topic, once it satisfies `wanted`. */
  topic<K extends TopicName>(name: K, wanted: (value: AppState[K]) => boolean, timeoutMs: number, what: string): Promise<AppState[K]> {
    const { client } = this;
    if (!client) throw new Error(`the app of ${this.name} runs`);
    return new Promise((resolve, reject) => {
      let last: AppState[K] | undefined;
      let stop = (): void => {};
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`${this.name}: ${what} did not happen within ${timeoutMs} ms; ${name} is ${JSON.stringify(last)?.slice(0, 800)}`));
      }, timeoutMs);
      let done = false;
      stop = client.watch(name, (value) => {
        last = value;
        if (done || !wanted(value)) return;
        done = true;
        clearTimeout(timer);
        queueMicrotask(() => stop());
        resolve(value);
      });
    });
  }

  session(phase: SessionTopic['phase'], timeoutMs = 30_000): Promise<SessionTopic> {
    return this.topic('session', (s) => s.phase === phase, timeoutMs, `phase ${phase}`);
  }

  /** Stops politely: the app disconnects, then the helper undoes everything. */
  async stop(): Promise<void> {
    this.client?.close();
    this.client = null;
    for (const child of [this.app, this.helper]) if (child) await end(child, 'SIGTERM', 15_000);
    this.app = null;
    this.helper = null;
    // A machine that was killed and not started again leaves the engine's socket; its next start would remove it.
    for (const device of this.deadDevices) rmSync(`/run/wireguard/${device}.sock`, { force: true });
  }

  /** kill -9 of everything that belongs to this host, engine and node process included. */
  async killAll(): Promise<void> {
    this.client?.close();
    this.client = null;
    const processes = this.processes();
    const pids = processes.map((p) => p.pid);
    for (const { command } of processes) this.deadDevices.push(.../wireguard-go -f (\S+)/.exec(command)?.slice(1) ?? []);
    for (const pid of pids) kill(pid, 'SIGKILL');
    await gone(this, pids);
    this.app = null;
    this.helper = null;
  }

  /** Processes of this host, found by the folders in their command line, their open sockets' owner or their namespace. */
  processes(): readonly { readonly pid: number; readonly kind: 'helper' | 'app' | 'node' | 'engine' | 'other'; readonly command: string }[] {
    const own = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number);
    return own.flatMap((pid) => {
      const command = commandOf(pid);
      const kind = kindOf(command);
      return command !== '' && kind !== 'other' && this.owns(pid, command) ? [{ pid, kind, command }] : [];
    });
  }

  private owns(pid: number, command: string): boolean {
    const { namespace } = this.paths;
    if (namespace !== null) return namespaceOf(pid) === namespaceInode(namespace);
    return command.includes(this.paths.run) || command.includes(this.paths.home) || parentOf(pid) === this.helper?.pid;
  }

  private spawn(kind: string, script: string, args: readonly string[]): ChildProcess {
    const node = join(root, 'node_modules/.bin/node');
    const log = createWriteStream(join(this.paths.home, `${kind}.stderr`), { flags: 'a' });
    const [command, ...rest] = this.paths.namespace === null ? [node, script, ...args] : ['ip', 'netns', 'exec', this.paths.namespace, node, script, ...args];
    const child = spawn(command as string, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stderr?.pipe(log);
    if (kind === 'helper') child.stdout?.resume();
    child.on('error', (error) => log.write(`${error}\n`));
    return child;
  }
}

/** The connection to a host's app. Throws while it does not run. */
export function clientOf({ client, name }: Host): Client {
  if (!client) throw new Error(`the app of ${name} runs`);
  return client;
}

/** A host's own row, once it has one. */
export async function selfOf(host: Host): Promise<PeerView> {
  const { list } = await host.topic('peers', (peers) => peers.list.some((p) => p.self), 10_000, 'seeing itself');
  return list.find((p) => p.self) as PeerView;
}

/** Resident memory of a process. */
export function rssMiB(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

/** proc(5): what is resident, and of that what is the process's own and what are pages of files, such as the program. In MiB. */
export function memoryOf(pid: number): { readonly rss: number; readonly own: number; readonly shared: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024);
  return { rss: of('VmRSS'), own: of('RssAnon'), shared: of('RssFile') + of('RssShmem') };
}

/** A temporary folder for the hosts of one run. The node process has a user of its own and must be able to pass through. */
export function hostsFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `webmesh-${purpose}-`));
  chmodSync(folder, 0o711);
  return folder;
}

/** Waits for a condition, looking every 50 ms. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number, what: string): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Sends a signal and waits for the end; SIGKILL when it takes too long. Answers whether it ended by itself. */
export function end(child: ChildProcess, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  return endAfter(child, () => child.kill(signal), timeoutMs);
}

/** The same for a child that is asked in another way, by the end of its input say. */
export async function endAfter(child: ChildProcess, ask: () => void, timeoutMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
  ask();
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), timeoutMs).unref());
  const polite = await Promise.race([gone, late]);
  if (!polite) child.kill('SIGKILL');
  return polite;
}

/**
 * Waits until processes are gone with all their threads, so that their sockets are closed. For our own children only their exit event tells:
 * while another thread still ends, /proc already shows a zombie.
 */
export async function gone(host: Host, pids: readonly number[]): Promise<void> {
  const own = [host.app, host.helper].filter((child) => child !== null && pids.includes(child.pid ?? 0));
  await until(() => own.every((child) => child?.exitCode !== null || child.signalCode !== null), 5000, `the killed processes of ${host.name} are gone`);
  await until(() => !host.processes().some(({ pid }) => pids.includes(pid)), 5000, `the killed processes of ${host.name} are gone`);
}

/** True when somebody accepts on a unix socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connectTo(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function firstUrl(child: ChildProcess, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const timer = setTimeout(() => reject(new Error(`${what}: not within 20 s; printed ${seen.slice(0, 500)}`)), 20_000);
    child.once('exit', (code) => reject(new Error(`${what}: it ended with code ${code}; printed ${seen.slice(0, 500)}`)));
    child.stdout?.on('data', (data) => {
      seen = (seen + String(data)).slice(0, 10_000);
      const url = /"url":\s*"([^"]+)"/.exec(seen)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function kindOf(command: string): 'helper' | 'app' | 'node' | 'engine' | 'other' {
  if (/helper\.(mjs|ts)/.test(command)) return 'helper';
  if (/web\/server\.(mjs|ts)/.test(command)) return 'app';
  if (/node\/child\.(mjs|ts)/.test(command)) return 'node';
  // The helper also asks the engine for its version; only a running one has a device.
  return /wireguard-go -f /.test(command) ? 'engine' : 'other';
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}

const inodes = new Map<string, string>();
/** `net:[inode]` of a named namespace, as /proc/PID/ns/net shows it. */
function namespaceInode(name: string): string {
  const known = inodes.get(name);
  if (known) return known;
  const inode = `net:[${statSync(`/run/netns/${name}`).ino}]`;
  inodes.set(name, inode);
  return inode;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself between the listing and here.
  }
}
