import { failure, isFailure } from '../../base/failure.ts';
import { Secret } from '../../base/log.ts';
import { type CommandRunner, type EngineProblem, type EngineProcesses, type IpSettings, type Keys, type MachineFacts, type RunningEngine, type UapiSocket } from '../ports.ts';
import { type Step } from './reconcile.ts';
import { type Action, type EngineName, type MachineRoute, type System } from './system.ts';
import { type DeviceStats, errnoOf, getRequest, parseDump, parseGet } from './uapi.ts';

export interface DevicePorts {
  readonly system: System;
  readonly commands: CommandRunner;
  readonly uapi: UapiSocket;
  readonly ip: IpSettings;
  readonly engines: EngineProcesses;
  readonly facts: MachineFacts;
  readonly keys: Pick<Keys, 'named'>;
  /** Told when an engine process ends that nobody asked to end. */
  readonly onEngineEnd: (device: string, sentence: string) => void;
}

export type EngineChoice = { readonly engine: EngineName; readonly version: string } | EngineProblem;

/** Carries steps out on the machine: the thin hand of the pure files beside it. */
export interface Device {
  /** The best engine of this machine now: the kernel's where it works, else wireguard-go. */
  choose(): Promise<EngineChoice>;
  /** Throws a Failure. A removal of something that is gone succeeds. */
  perform(step: Step, engine: EngineName): Promise<void>;
  read(device: string, engine: EngineName): Promise<DeviceStats>;
  routes(): Promise<readonly MachineRoute[]>;
}

export function createDevice(ports: DevicePorts, only: EngineName | 'auto' = 'auto'): Device {
  const { system, commands, uapi, ip, engines, facts, keys } = ports;
  const running = new Map<string, RunningEngine>();

  async function choose(): Promise<EngineChoice> {
    if (only !== 'wireguard-go' && (await facts.kernelWireguard())) return { engine: 'kernel', version: '' };
    if (only === 'kernel') return { code: 'tunnel.engine-missing', problem: 'this kernel has no WireGuard, or the programs ip and wg are missing' };
    const found = await engines.find();
    return 'path' in found ? { engine: 'wireguard-go', version: found.version } : found;
  }

  async function perform(step: Step, engine: EngineName): Promise<void> {
    if (step.kind === 'add-device' && (await facts.deviceExists(step.device))) throw failure('tunnel.conflict', { what: step.device });
    const { privateKey, path } = step.kind === 'set-identity' ? await keys.named(step.place, step.publicKey) : noKey;
    for (const action of system.actions(step, engine, { privateKey, privateKeyPath: path })) await act(step, action);
  }

  async function act(step: Step, action: Action): Promise<void> {
    switch (action.kind) {
      case 'start-engine': return start(step.device);
      case 'stop-engine': return stop(step.device);
      case 'uapi': {
        const errno = errnoOf(await uapi.exchange(step.device, action.request));
        if (errno !== 0) throw system.failureOf(step, { errno });
        return;
      }
      case 'ip': {
        const code = await ip.change(action.change);
        if (code !== 0 && !action.tolerate?.includes(code)) throw system.failureOf(step, { code });
        return;
      }
      case 'run': {
        const { argv, input, tolerate } = action;
        const { code, stdout, stderr } = await commands.run({ argv, ...(input === undefined ? {} : { input }) });
        // Some programs complain on the wrong stream.
        const said = stderr.trim() === '' ? stdout : stderr;
        if (code !== 0 && !tolerate?.test(said)) throw system.failureOf(step, { stderr: said });
      }
    }
  }

  async function start(device: string): Promise<void> {
    const engine = await engines.start(device);
    running.set(device, engine);
    void engine.ended.then((sentence) => {
      if (running.get(device) !== engine) return;
      running.delete(device);
      ports.onEngineEnd(device, sentence);
    });
  }

  async function stop(device: string): Promise<void> {
    const engine = running.get(device);
    running.delete(device);
    await engine?.stop();
    await engines.stopStray(device);
  }

  async function read(device: string, engine: EngineName): Promise<DeviceStats> {
    if (engine === 'wireguard-go') return parseGet(await uapi.exchange(device, new Secret(getRequest)));
    const { code, stdout, stderr } = await commands.run({ argv: ['wg', 'show', device, 'dump'] });
    if (code !== 0) throw failure('tunnel.failed', { step: 'read', problem: stderr.trim().slice(0, 200) });
    return parseDump(stdout);
  }

  async function routes(): Promise<readonly MachineRoute[]> {
    if (system.routeQueries === null) return ip.routes();
    const answers = await Promise.all(system.routeQueries.map((argv) => commands.run({ argv })));
    const bad = answers.find(({ code }) => code !== 0);
    if (bad) throw failure('tunnel.failed', { step: 'read-routes', problem: bad.stderr.trim().slice(0, 200) });
    return system.parseRoutes(answers.map(({ stdout }) => stdout));
  }

  return { choose, perform, read, routes };
}

/** True for trouble of the kernel engine that another engine would not have. */
export function kernelCannot(error: unknown): boolean {
  return isFailure(error) && error.code === 'tunnel.engine-missing';
}

/** The wanted tunnel's addresses or routes are about to change, so the machine's own routes matter. */
export function touchesRoutes(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'add-address' || step.kind === 'add-route');
}

/** Only the step that gives the engine its key needs it. */
const noKey = { privateKey: new Secret(''), path: '' };
