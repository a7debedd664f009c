import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bundlesAreFresh } from '../../../scripts/lib/prepare.ts';
import { attach, type Client } from '../../../src/contract/client.ts';
import { type AppState, topicNames, type TopicName } from '../../../src/contract/state.ts';
import { connect } from '../../../src/platform/app-socket.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** The bundle where it is fresh: sources are compiled at each start. */
const helperScript = bundlesAreFresh() ? 'dist/helper/helper.mjs' : 'src/helper/helper.ts';

/** A switch and machines on it, each a network namespace with its own helper and core. Names carry the prefix. */
export interface Lab {
  host(name: string, address: string): Promise<Host>;
  close(): Promise<void>;
}

export interface Host {
  readonly name: string;
  readonly folder: string;
  readonly client: Client;
  /** The newest value of a topic. */
  topic<K extends TopicName>(name: K): AppState[K];
  /** Waits until a topic's value holds. Fails with the last value seen. */
  until<K extends TopicName>(name: K, holds: (value: AppState[K]) => boolean, waitMs?: number): Promise<AppState[K]>;
  /** Runs a command in the namespace and returns what it printed. */
  run(command: string, ...args: string[]): string;
  startCore(): Promise<void>;
  /** Ends the core as a crash would. */
  killCore(): void;
  startHelper(): Promise<void>;
  stopHelper(): Promise<void>;
  /** Cuts or plugs the cable. */
  cable(state: 'up' | 'down'): void;
}

export function lab(prefix: string): Lab {
  const folder = mkdtempSync(join(tmpdir(), `${prefix}-`));
  // The node process runs as nobody and must get through.
  chmodSync(folder, 0o755);
  const bridge = `${prefix}sw`;
  const closers: (() => Promise<void>)[] = [];
  ip('netns', 'add', bridge);
  ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', bridge, 'link', 'set', 'br0', 'up');

  return {
    host: async (name, address) => {
      const namespace = `${prefix}${name}`;
      ip('netns', 'add', namespace);
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      ip('link', 'add', `${namespace}0`, 'netns', bridge, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      ip('-n', bridge, 'link', 'set', `${namespace}0`, 'master', 'br0', 'up');
      ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0');
      ip('-n', namespace, 'link', 'set', 'eth0', 'up');
      const host = await createHost(name, namespace, join(folder, name));
      closers.push(host.close);
      return host;
    },
    close: async () => {
      for (const close of closers) await close();
      for (const line of execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n')) {
        const name = line.split(' ')[0] ?? '';
        if (name.startsWith(prefix)) ip('netns', 'delete', name);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createHost(name: string, namespace: string, folder: string): Promise<Host & { close(): Promise<void> }> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  let helper: ChildProcess | undefined;
  let core: ChildProcess | undefined;
  let client: Client | undefined;
  const state: Partial<AppState> = {};
  const start = (...args: string[]): ChildProcess => spawn('ip', ['netns', 'exec', namespace, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'], cwd: root });
  const helperSocket = join(folder, 'run', 'helper.sock');

  const host: Host & { close(): Promise<void> } = {
    name,
    folder,
    get client() {
      if (!client) throw new Error('the core was not started');
      return client;
    },
    topic: (topic) => {
      const value = state[topic];
      if (value === undefined) throw new Error(`nothing of ${topic} yet`);
      return value;
    },
    until: async (topic, holds, waitMs = 20_000) => {
      for (let waitedMs = 0; waitedMs < waitMs; waitedMs += 20) {
        const value = state[topic];
        if (value !== undefined && holds(value)) return value;
        await pause(20);
      }
      throw new Error(`${name}: ${topic} did not come true: ${JSON.stringify(state[topic], undefined, 1)}`);
    },
    run: (command, ...args) => execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' }),
    startHelper: async () => {
      helper = start(helperScript, '--run', join(folder, 'run'), '--state', join(folder, 'state'), '--cache', join(root, '.cache', 'wireguard-go'), '--log-to-file');
    },
    stopHelper: () => end(helper),
    startCore: async () => {
      core = start('test/system/support/core-process.ts', join(folder, 'home'), helperSocket);
      await new Promise<void>((resolve, reject) => {
        core?.stdout?.once('data', () => resolve());
        core?.once('exit', () => reject(new Error(`the core of ${name} ended`)));
      });
      client = attach(await connect(join(folder, 'home', 'run', 'app.sock')));
      for (const topic of topicNames) client.watch(topic, (value) => Object.assign(state, { [topic]: value }));
    },
    killCore: () => {
      core?.kill('SIGKILL');
      for (const topic of Object.keys(state)) delete state[topic as TopicName];
    },
    cable: (to) => ip('-n', namespace, 'link', 'set', 'eth0', to),
    close: async () => {
      await end(core);
      await end(helper);
    },
  };
  await host.startHelper();
  await host.startCore();
  return host;
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

function ip(...args: string[]): void {
  execFileSync('ip', args);
}
