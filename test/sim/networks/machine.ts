import { networkOf, overlaps, parsePrefix, type Prefix } from '../../../src/base/ip.ts';
import { failure } from '../../../src/base/failure.ts';
import { between, chance, type Random } from '../../../src/base/random.ts';
import type { NodeEnd, NodeProcess, NodeProcesses, TunnelPlace } from '../../../src/helper/ports.ts';
import type { Device } from '../../../src/helper/tunnel/device.ts';
import { type Applied, after, isRemoval, type Step } from '../../../src/helper/tunnel/reconcile.ts';
import type { TunnelSpec } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { FakeFenceFile, FakeJournalFile } from '../../fakes/helper-machine.ts';
import type { Life } from './life.ts';
import type { Weather } from './plan.ts';

/** What is on the one machine of this world, whoever put it there, and what the lives of its helper left on the disk. */
export interface Machine {
  readonly devices: Map<string, Applied>;
  /** Tunnel ids of the node processes that run. */
  readonly running: Map<object, string>;
  readonly journals: Map<string, FakeJournalFile>;
  readonly fences: FakeFenceFile;
  /** Devices of which a removal failed: something of them may be left until the next one. */
  readonly stuck: Set<string>;
  readonly violations: string[];
  weather: Weather;
}

export function createMachine(weather: Weather): Machine {
  return { devices: new Map(), running: new Map(), journals: new Map(), fences: new FakeFenceFile(), stuck: new Set(), violations: [], weather };
}

export const deviceName = (tunnelId: string): string => `wm${tunnelId}`;

/** The key of a tunnel: 32 bytes that tell which. */
export function keyOf(tunnelId: string): string {
  return Buffer.alloc(32, `key of ${tunnelId} `).toString('base64');
}

/** Time that steps take on a machine, and what goes wrong with them. `place` null: the recovery, which may touch everything. */
export function deviceOf(machine: Machine, life: Life, random: Random, place: TunnelPlace | null): Device {
  const { devices, violations } = machine;

  async function perform(step: Step): Promise<void> {
    own(step);
    await life.pause(chance(random, machine.weather.slow) ? between(random, 200, 3_000) : between(random, 1, 15));
    const failing = chance(random, machine.weather.stepFails);
    if (!failing || chance(random, 0.5)) happen(step);
    if (failing && isRemoval(step)) machine.stuck.add(step.device);
    if (failing) throw failure('tunnel.failed', { step: step.kind });
  }

  /** Whose device it is follows from its name, whose key from the step: both must be those of the lane that does it. */
  function own(step: Step): void {
    if (place === null) return;
    const named = 'place' in step ? step.place.tunnelId : place.tunnelId;
    if (step.device !== deviceName(place.tunnelId) || named !== place.tunnelId) violations.push(`${step.kind} in the lane of ${place.tunnelId} touched ${step.device} of ${named}`);
    if (step.kind === 'set-identity' && step.publicKey !== keyOf(place.tunnelId)) violations.push(`the tunnel ${place.tunnelId} got another one's key`);
  }

  function happen(step: Step): void {
    const before = devices.get(step.device) ?? null;
    if (step.kind === 'add-device' && before !== null) throw failure('tunnel.conflict', { what: step.device });
    if (before === null && step.kind !== 'add-device') {
      if (isRemoval(step)) return;
      throw failure('tunnel.failed', { step: step.kind, problem: 'no such device' });
    }
    const next = after(before, step);
    if (next === null) {
      devices.delete(step.device);
      machine.stuck.delete(step.device);
    } else devices.set(step.device, next);
    meets(step);
  }

  /** Looked at when it happens: a moment is enough to send one network's traffic to another one. */
  function meets(step: Step): void {
    const mine = devices.get(step.device);
    if (mine === undefined) return;
    for (const [name, other] of devices) {
      if (name === step.device) continue;
      if (mine.listenPort !== null && mine.listenPort !== 0 && mine.listenPort === other.listenPort) violations.push(`${step.device} and ${name} listen at one port`);
      const hit = networksOf(mine).some((one) => networksOf(other).some((two) => overlaps(one, two)));
      if (hit) violations.push(`${step.device} and ${name} carry one network`);
    }
  }

  return {
    choose: async () => ({ engine: 'kernel', version: '' }),
    perform,
    read: async (name) => {
      await life.pause(1);
      const device = devices.get(name);
      if (device === undefined) throw failure('tunnel.failed', { step: 'read', problem: 'no such device' });
      return { listenPort: device.listenPort ?? 0, peers: (device.peers ?? []).map((peer) => ({ ...peer, lastHandshakeMs: 0n, receiveBytes: 0n, transmitBytes: 0n })) };
    },
    routes: async () => [...devices].flatMap(([device, { routes, addresses }]) => [
      ...routes.map((network) => ({ network, device, own: false })), ...addresses.map((network) => ({ network, device, own: true })),
    ]),
  };
}

function networksOf({ routes, addresses }: Pick<Applied, 'routes' | 'addresses'>): readonly Prefix[] {
  return [...routes, ...addresses].flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [networkOf(prefix)];
  });
}

/** True when the device is what this order asked for, whole. */
export function isWhole(device: Applied, { addresses, routes, listenPort, peers, publicKey }: TunnelSpec): boolean {
  const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((text) => b.includes(text));
  return same(device.addresses, addresses) && same(device.routes, routes) && device.listenPort === listenPort && device.publicKey === publicKey && device.mtu !== null
    && same((device.peers ?? []).map((peer) => peer.publicKey), peers.map((peer) => peer.publicKey));
}

/** Node processes end with their input, with the helper that started them, and now and then by themselves. */
export function processesOf(machine: Machine, life: Life, random: Random, lane: TunnelPlace): NodeProcesses {
  return {
    start: async (place, ears) => {
      if (place.tunnelId !== lane.tunnelId) machine.violations.push(`the lane of ${lane.tunnelId} started the node process of ${place.tunnelId}`);
      await life.pause(between(random, 5, 100));
      if ([...machine.running.values()].includes(place.tunnelId)) machine.violations.push(`${place.tunnelId} has two node processes`);
      const end = Promise.withResolvers<NodeEnd>();
      const process: NodeProcess = {
        pid: between(random, 1_000, 60_000), dataDir: '/data', socketPath: `/run/${place.tunnelId}`, ended: end.promise,
        send: (line) => {
          const { spec } = JSON.parse(line) as { readonly spec?: { readonly tunnelId?: string } };
          if (spec?.tunnelId !== place.tunnelId) machine.violations.push(`the node process of ${place.tunnelId} was told of ${spec?.tunnelId}`);
        },
        endInput: () => void life.after(between(random, 5, chance(random, machine.weather.slow) ? 5_000 : 100), () => finish(0)),
        kill: () => finish(1),
      };
      const finish = (code: number): void => {
        machine.running.delete(process);
        end.resolve({ code, signal: null });
      };
      machine.running.set(process, place.tunnelId);
      life.onEnd(() => machine.running.delete(process));
      ears.report(JSON.stringify({ ready: true, problem: '', problemCode: '' }));
      return process;
    },
    stopStray: async () => {},
  };
}
