import type { Clock } from '../../../src/base/clock.ts';
import { asFailure, failure } from '../../../src/base/failure.ts';
import { Secret, silentLog } from '../../../src/base/log.ts';
import type { Random } from '../../../src/base/random.ts';
import type { Call, Handlers } from '../../../src/base/rpc.ts';
import type { Generation, HelperService, TunnelSpec } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { createHostNode } from '../../../src/helper/host-node.ts';
import { createLanes, type Lanes } from '../../../src/helper/lanes.ts';
import type { Keys, TunnelKey } from '../../../src/helper/ports.ts';
import { createHolder } from '../../../src/helper/rpc/holder.ts';
import { helperService } from '../../../src/helper/rpc/service.ts';
import { createClaims } from '../../../src/helper/tunnel/claims.ts';
import { openFences, older } from '../../../src/helper/tunnel/fence.ts';
import { createJournal } from '../../../src/helper/tunnel/journal.ts';
import { recoverAll } from '../../../src/helper/tunnel/recover.ts';
import { createTunnel } from '../../../src/helper/tunnel/tunnel.ts';
import { FakeJournalFile, noNames } from '../../fakes/helper-machine.ts';
import { createLife, type Life, ofLife } from './life.ts';
import { deviceName, deviceOf, isWhole, keyOf, type Machine, processesOf } from './machine.ts';
import { type Mutant, mutantOf } from './mutants.ts';

/** The real service of a helper over the one machine, from its start (with what an earlier life left) to its end. */
export interface HelperLife extends Life {
  readonly lanes: Lanes;
  /** False when something of an earlier life could not be taken back. */
  readonly clean: boolean;
  readonly service: Required<Handlers<typeof HelperService>>;
}

const user = 1000;
/** A call as a transport would hand it over. */
export const callWith = (signal: AbortSignal): Call => ({ caller: { kind: 'local' }, metadata: {}, peer: 'local', signal, deadlineMs: undefined });

const keys: Keys = {
  of: async ({ tunnelId }) => keyFor(tunnelId),
  next: async () => undefined,
  named: async ({ tunnelId }, publicKey) => {
    if (publicKey !== keyOf(tunnelId)) throw failure('input.invalid', { field: 'public_key' });
    return keyFor(tunnelId);
  },
  promote: async () => {},
  known: async () => [],
};

function keyFor(tunnelId: string): TunnelKey {
  return { publicKey: keyOf(tunnelId), privateKey: new Secret('none'), path: `/keys/${tunnelId}`, madeMs: 1 };
}

/** Resolves when it serves. */
export async function startHelper(machine: Machine, clock: Clock, random: Random, book: OrderBook, mutant: Mutant | undefined): Promise<HelperLife> {
  const life = createLife(clock);
  const wrong = mutantOf(mutant);
  const journalOf = (tunnelId: string): FakeJournalFile => {
    const id = wrong.journalOf(tunnelId);
    const file = machine.journals.get(id) ?? new FakeJournalFile();
    machine.journals.set(id, file);
    return file;
  };
  const facts = {
    ipv6: async () => true, deviceExists: async (name: string) => machine.devices.has(name),
    udpPortFree: async (port: number) => ![...machine.devices.values()].some(({ listenPort }) => listenPort === port),
  };
  const left = [...machine.journals.values()].filter(({ text }) => text !== undefined).map((file) => ofLife(life, file));
  const recovering = { device: deviceOf(machine, life, random, null), keys, facts, deviceName, log: silentLog };
  const clean = wrong.recovers ? await recoverAll(left, recovering) : true;
  const claims = wrong.claims(createClaims());
  const real = createLanes((place) => {
    const fence = fences.of(place);
    const tunnel = createTunnel({
      place, device: deviceOf(machine, life, random, place), facts, keys, journal: createJournal(ofLife(life, journalOf(place.tunnelId))), names: noNames, fence, claims, clock: life, log: silentLog,
    });
    return { place, tunnel, node: createHostNode({ place, processes: processesOf(machine, life, random, place), tunnel: tunnel.state, fence, clock: life, log: silentLog }) };
  });
  const lanes = wrong.lanes(real);
  const fences = wrong.fences(await openFences(ofLife(life, machine.fences), (place) => real.has(place)));
  const holder = createHolder({ inUse: lanes.inUse, endOthers: (uid) => lanes.end(({ place }) => place.uid !== uid), nameOf: (uid) => `user ${uid}` });
  const parts = {
    version: '1', clock: life, lanes, fences, keys, holder, deviceName, device: { choose: async () => ({ engine: 'kernel' as const, version: '' }) },
    diagnostics: async () => '', shutdown: async () => {},
  };
  const handlers = helperService(parts, { uid: user, privileged: false }).handlers as unknown as Required<Handlers<typeof HelperService>>;
  return { ...life, lanes: real, clean, service: watched(handlers, machine, book, life) };
}

/** What was ordered of each tunnel, and what came of it, over all lives of the helper. */
export interface OrderBook {
  readonly seen: Map<string, Generation>;
  readonly done: Map<string, Generation>;
}

export const createOrderBook = (): OrderBook => ({ seen: new Map(), done: new Map() });

/** The service with a witness: what it accepts and refuses must follow from what was ordered of the same tunnel. */
function watched(service: HelperLife['service'], machine: Machine, book: OrderBook, life: Life): HelperLife['service'] {
  const running = new Map<string, number>();
  const applied = new Map<string, TunnelSpec>();

  async function witness<T>(kind: 'tunnel' | 'node', tunnelId: string, generation: Generation | undefined, work: () => Promise<T>): Promise<T> {
    if (generation === undefined) return work();
    const { seen, done } = book;
    const id = `${kind} ${tunnelId}`;
    const before = done.get(id);
    const other = done.get(`${kind === 'node' ? 'tunnel' : 'node'} ${tunnelId}`);
    if (newer(seen.get(id), generation)) seen.set(id, generation);
    running.set(tunnelId, (running.get(tunnelId) ?? 0) + 1);
    try {
      const answer = await work();
      const late = (before !== undefined && older(generation, before)) || (other !== undefined && generation.epoch < other.epoch);
      if (late && life.alive()) machine.violations.push(`an old order about the ${kind} of ${tunnelId} was accepted`);
      if (newer(done.get(id), generation)) done.set(id, generation);
      return answer;
    } catch (error) {
      const newest = [seen.get(`tunnel ${tunnelId}`), seen.get(`node ${tunnelId}`)];
      const explained = newest.some((one) => one !== undefined && (older(generation, one) || generation.epoch < one.epoch));
      if (asFailure(error).code === 'helper.stale' && !explained) machine.violations.push(`an order of ${tunnelId} was late, though nothing newer was ordered of it`);
      throw error;
    } finally {
      running.set(tunnelId, (running.get(tunnelId) ?? 1) - 1);
      if (life.alive() && running.get(tunnelId) === 0) lookForHalves(tunnelId);
    }
  }

  /** Between two orders a tunnel is what the last good one asked for, or nothing. */
  function lookForHalves(tunnelId: string): void {
    const name = deviceName(tunnelId);
    const device = machine.devices.get(name);
    const spec = applied.get(tunnelId);
    if (device === undefined || machine.stuck.has(name)) return;
    if (spec === undefined || !isWhole(device, spec)) machine.violations.push(`half a tunnel of ${tunnelId} was left`);
  }

  return {
    ...service,
    applyTunnel: (request, of) => witness('tunnel', request.spec?.tunnelId ?? '', request.generation, async () => {
      const { spec } = request;
      const answer = await service.applyTunnel(request, of);
      if (spec) applied.set(spec.tunnelId, spec);
      return answer;
    }),
    clearTunnel: (request, of) => witness('tunnel', request.tunnelId, request.generation, async () => {
      const answer = await service.clearTunnel(request, of);
      applied.delete(request.tunnelId);
      return answer;
    }),
    setNode: (request, of) => witness('node', request.tunnelId, request.generation, () => service.setNode(request, of)),
  };
}

function newer(one: Generation | undefined, other: Generation): boolean {
  return one === undefined || older(one, other);
}
