import { abortError } from '../../../src/base/abort.ts';
import { failure } from '../../../src/base/failure.ts';
import { between, chance, type Random } from '../../../src/base/random.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Actions, Seen } from '../../../src/core/session/driver.ts';
import type { Lease } from '../../../src/core/session/state.ts';

/** How bad this world is. Each seed draws its own, so that rare combinations get weight. */
export interface Weather {
  readonly lost: number;
  readonly duplicated: number;
  readonly slow: number;
  /** A clear that never answers. */
  readonly hung: number;
  /** Answers that arrive although nobody waits for them any more. */
  readonly ghost: number;
  readonly refused: number;
  /** How long an admin may take to accept a device, in milliseconds. */
  readonly admissionMs: number;
  /** The mesh gives another address at every Join, as old nodes do. */
  readonly movesOnJoin: boolean;
}

export const calm: Weather = { lost: 0, duplicated: 0, slow: 0, hung: 0, ghost: 0, refused: 0, admissionMs: 0, movesOnJoin: false };

/** Which protections of the helper are left out, to see the checkers notice. */
export interface Missing {
  readonly fenceOnApply?: boolean;
  readonly fenceOnClear?: boolean;
  readonly journal?: boolean;
}

export interface Tunnel {
  readonly profile: string;
  readonly lease: Lease;
  readonly peersVersion: number;
  readonly epoch: number;
  readonly revision: number;
}

/** The privileged helper as the session knows it: a tunnel, a fence, and a life. */
export interface HelperModel {
  alive: boolean;
  life: number;
  fence: { epoch: number; revision: number };
  tunnel: Tunnel | null;
  /** Wall time of the last death of helper or engine. */
  lostAtMs: number;
}

export interface MeshModel {
  up: boolean;
  /** What the mesh knows of this device. `revoked` is for ever. */
  device: 'unknown' | 'pending' | 'active' | 'revoked';
  /** Of this device's certificate: ended is good for a renewal, lost for nothing. */
  certificate: 'good' | 'ended' | 'lost';
  /** The node here hears nothing more of the log, as after a revocation. */
  cut: boolean;
  revokedAtMs: number | null;
  /** When this device asked to be enrolled, lately. */
  readonly asked: number[];
  member: Lease | null;
  peersVersion: number;
  nextAddress: number;
}

export interface World {
  weather: Weather;
  readonly helper: HelperModel;
  readonly meshes: ReadonlyMap<string, MeshModel>;
  online: boolean;
  readonly documents: { want: 'connected' | 'disconnected'; profile: string | null; leases: Map<string, Lease>; enrolled: Set<string> };
  /** Epochs of the calls that somebody still waits for, and of the watches that still look. */
  readonly waiting: Set<{ readonly epoch: number }>;
  readonly watching: Set<{ readonly epoch: number }>;
  readonly violations: string[];
}

export function createWorld(): World {
  return {
    weather: calm,
    helper: { alive: true, life: 0, fence: { epoch: 0, revision: 0 }, tunnel: null, lostAtMs: Number.NEGATIVE_INFINITY },
    meshes: new Map<string, MeshModel>(['a', 'b'].map((name) => [name, { up: true, device: 'unknown' as const, certificate: 'good' as const, cut: false, revokedAtMs: null, asked: [], member: null, peersVersion: 1, nextAddress: 2 }])),
    online: true,
    documents: { want: 'disconnected', profile: null, leases: new Map(), enrolled: new Set() },
    waiting: new Set(),
    watching: new Set(),
    violations: [],
  };
}

export function meshOf(world: World, profile: string): MeshModel {
  const mesh = world.meshes.get(profile);
  if (!mesh) throw new Error(`no mesh ${profile}`);
  return mesh;
}

/** The deadline of one call, as the real actions have it. */
const deadlineMs = 4_000;

/** Effects against the modelled helper and meshes, through calls that are lost, late, doubled or answered after an abort. */
export function createActions({ world, clock, random, missing, fence, epoch }: {
  world: World; clock: Clock; random: Random; missing: Missing; fence: (epoch: number) => void; epoch: () => number;
}): Actions & { die(): void } {
  const core = { alive: true };

  /** One call: travels, happens at the other end (perhaps twice, perhaps after the caller gave up), and travels back. */
  function call<T>(signal: AbortSignal, happen: () => T, hangs = false): Promise<T> {
    const { weather } = world;
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(abortError());
      const ghost = chance(random, weather.ghost);
      const waits = { epoch: epoch() };
      world.waiting.add(waits);
      const cancel = clock.after(deadlineMs, () => {
        world.waiting.delete(waits);
        reject(failure('mesh.timeout'));
      });
      const stop = (): void => {
        world.waiting.delete(waits);
        cancel();
      };
      signal.addEventListener('abort', () => {
        world.waiting.delete(waits);
        if (ghost) return;
        stop();
        reject(abortError());
      });
      const { life } = world.helper;
      const arrive = (answer: boolean): void => {
        // Orders travel on a connection: they die with the process at either end.
        if (!core.alive || world.helper.life !== life) return;
        let result: T;
        try {
          result = happen();
        } catch (error) {
          if (answer && !chance(random, weather.lost)) clock.after(delay(), () => {
            stop();
            reject(error);
          });
          return;
        }
        if (answer && !hangs && !chance(random, weather.lost)) clock.after(delay(), () => {
          stop();
          resolve(result);
        });
      };
      if (chance(random, weather.lost)) return;
      clock.after(delay(), () => arrive(true));
      if (chance(random, weather.duplicated)) clock.after(delay() + between(random, 0, 3_000), () => arrive(false));
    });
  }

  function delay(): number {
    return chance(random, world.weather.slow) ? between(random, 500, 7_000) : between(random, 1, 60);
  }

  function helper<T>(signal: AbortSignal, happen: () => T, hangs = false): Promise<T> {
    return call(signal, () => {
      if (!world.helper.alive) throw failure('helper.unreachable');
      return happen();
    }, hangs);
  }

  function mesh<T>(signal: AbortSignal, profile: string, happen: () => T): Promise<T> {
    return call(signal, () => {
      if (!world.online || !meshOf(world, profile).up) throw failure('mesh.unreachable');
      if (chance(random, world.weather.refused)) throw failure('mesh.refused');
      return happen();
    });
  }

  function older(epoch: number, revision: number): boolean {
    const { fence } = world.helper;
    return epoch < fence.epoch || (epoch === fence.epoch && revision < fence.revision);
  }

  function accept(what: 'apply' | 'clear', epoch: number, revision: number): void {
    const late = older(epoch, revision);
    if (late && !(what === 'apply' ? missing.fenceOnApply : missing.fenceOnClear)) throw failure('helper.stale');
    if (late) world.violations.push(`an old ${what} ${epoch}.${revision} was accepted after ${world.helper.fence.epoch}.${world.helper.fence.revision}`);
    else world.helper.fence = { epoch, revision };
  }

  function attempt(what: string): void {
    if (!world.online) world.violations.push(`${what} was tried while offline`);
  }

  async function order(effect: { profile: string; lease: Lease; epoch: number }, revision: number, signal: AbortSignal): Promise<void> {
    const { peersVersion } = meshOf(world, effect.profile);
    await helper(signal, () => {
      accept('apply', effect.epoch, revision);
      world.helper.tunnel = { profile: effect.profile, lease: effect.lease, peersVersion, epoch: effect.epoch, revision };
    });
  }

  /** Every call of a member is proven by its certificate. */
  function admit(profile: string): void {
    const model = meshOf(world, profile);
    if (model.device === 'revoked') throw failure('auth.revoked');
    if (model.device !== 'active' || model.certificate !== 'good') throw failure('auth.unauthenticated');
  }

  /** The invite is redeemed, with or without an admin's consent; then the certificate is kept, and a lost answer is asked for again. */
  async function enroll(profile: string, signal: AbortSignal): Promise<void> {
    const model = meshOf(world, profile);
    countAsked(model);
    await mesh(signal, profile, () => {
      if (model.device === 'unknown') {
        model.device = world.weather.admissionMs > 0 ? 'pending' : 'active';
        clock.after(world.weather.admissionMs, () => {
          if (model.device === 'pending') model.device = 'active';
        });
      }
      if (model.device === 'revoked') throw failure('auth.revoked');
      if (model.device === 'pending') throw failure('auth.pending');
    });
    world.documents.enrolled.add(profile);
  }

  function countAsked(model: MeshModel): void {
    model.asked.push(clock.nowMs());
    while ((model.asked[0] ?? 0) < clock.nowMs() - 10_000) model.asked.shift();
  }

  async function renew(profile: string, signal: AbortSignal): Promise<void> {
    const model = meshOf(world, profile);
    if (model.certificate === 'lost') throw failure('auth.expired');
    await mesh(signal, profile, () => {
      if (model.device === 'revoked') throw failure('auth.revoked');
      if (model.certificate === 'ended') model.certificate = 'good';
    });
  }

  function joinMesh(profile: string, signal: AbortSignal): Promise<Lease> {
    return mesh(signal, profile, () => {
      admit(profile);
      const model = meshOf(world, profile);
      if (!model.member || world.weather.movesOnJoin) model.member = leaseOf(profile, model.nextAddress++);
      return model.member;
    });
  }

  return {
    authorise: async ({ profile }, signal) => {
      attempt('authorise');
      await call(signal, () => {});
      if (!world.documents.enrolled.has(profile)) await enroll(profile, signal);
      else if (meshOf(world, profile).certificate !== 'good') await renew(profile, signal);
    },
    join: async (effect, signal) => {
      attempt('join');
      const seen = await helper(signal, () => world.helper.fence.epoch);
      fence(seen);
      return joinMesh(effect.profile, signal);
    },
    configure: async (effect, signal) => {
      try {
        await order(effect, 0, signal);
      } catch (error) {
        if (world.helper.alive) fence(world.helper.fence.epoch);
        throw error;
      }
    },
    apply: (effect, signal) => order(effect, effect.revision, signal),
    refresh: (effect, signal) => joinMesh(effect.profile, signal),
    clear: async (effect, signal) => {
      const cleared = helper(signal, () => {
        accept('clear', effect.epoch, 0);
        world.helper.tunnel = null;
      }, chance(random, world.weather.hung));
      if (effect.leave === null) return cleared;
      const { leave } = effect;
      const wanted = cleared.catch((error: unknown) => error);
      const error = await wanted;
      await mesh(signal, leave, () => {
        admit(leave);
        meshOf(world, leave).member = null;
      }).catch(() => {});
      if (error) throw error;
    },
    watch: (effect, see) => watchWorld(world, clock, effect, see),
    store: (effect) => {
      world.documents.leases.set(effect.profile, effect.lease);
    },
    die: () => {
      core.alive = false;
      world.waiting.clear();
      world.watching.clear();
    },
  };
}

/** Sees changes of mesh and tunnel a little late, as replica and helper streams do. */
function watchWorld(world: World, clock: Clock, { profile, lease, epoch }: { profile: string; lease: Lease; epoch: number }, see: (seen: Seen) => void): () => void {
  const model = meshOf(world, profile);
  let state: 'replica' | 'lost' | null = null;
  let version = -1;
  let stopped = false;
  const watches = { epoch };
  world.watching.add(watches);
  let cancel = (): void => {};
  const look = (): void => {
    if (stopped) return;
    cancel = clock.after(700, look);
    // A certificate that ended closes the log's way here as well, until the core renewed it.
    const heard = model.up && world.online && !model.cut;
    if (heard && model.device === 'revoked') return see({ kind: 'refused', failure: failure('auth.revoked') });
    if (model.up && world.online && model.certificate === 'ended') model.certificate = 'good';
    if (model.up && world.online && model.certificate === 'lost') return see({ kind: 'refused', failure: failure('auth.expired') });
    const now = heard ? 'replica' : 'lost';
    if (now !== state) see({ kind: 'controlPlane', state: now });
    state = now;
    if (world.helper.alive && world.helper.tunnel === null) see({ kind: 'tunnelLost', failure: failure('tunnel.failed') });
    if (now === 'lost') return;
    if (model.member?.ipv4 !== lease.ipv4) see({ kind: 'evicted' });
    if (model.peersVersion !== version) see({ kind: 'peers' });
    version = model.peersVersion;
  };
  cancel = clock.after(300, look);
  return () => {
    stopped = true;
    world.watching.delete(watches);
    cancel();
  };
}

function leaseOf(profile: string, host: number): Lease {
  return { ipv4: `10.${profile === 'a' ? 1 : 2}.${host >> 8}.${host & 255}`, ipv4Network: networkOfMesh(profile), ipv6: null, ipv6Network: null };
}

/** Each mesh has its own network, so that a lease shows where it came from. */
export function networkOfMesh(profile: string): string {
  return profile === 'a' ? '10.1.0.0/16' : '10.2.0.0/16';
}
