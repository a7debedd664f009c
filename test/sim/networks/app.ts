import { abortError } from '../../../src/base/abort.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { failure } from '../../../src/base/failure.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Random } from '../../../src/base/random.ts';
import { loadFavourites } from '../../../src/core/favourites.ts';
import { createNetworks, type Networks } from '../../../src/core/networks/networks.ts';
import type { CorePorts, NodeClient } from '../../../src/core/ports.ts';
import { loadProfiles } from '../../../src/core/profiles.ts';
import { createStored } from '../../../src/core/session/stored.ts';
import { createKeyring } from '../../../src/core/trust/keyring.ts';
import { createMembership } from '../../../src/core/trust/membership.ts';
import { type CoreWorld, coreWorld } from '../../fakes/core-world.ts';
import { createClient, type Door } from './client.ts';
import { createLife, type Life, ofLife } from './life.ts';
import type { Machine } from './machine.ts';
import { type Mutant, mutantOf } from './mutants.ts';
import type { PlannedNetwork } from './plan.ts';
import type { VirtualClock } from '../session/clock.ts';

/** The meshes of this world, one behind each network, and the documents of the app. */
export interface Outside {
  readonly meshes: ReadonlyMap<string, CoreWorld>;
  readonly documents: Map<string, unknown>;
}

/** One life of the app: the real networks of the core, with the real session behind each. */
export interface AppLife extends Life {
  readonly networks: Networks;
}

export function createOutside(networks: readonly PlannedNetwork[], clock: VirtualClock, mutant: Mutant | undefined): Outside {
  const meshes = new Map(networks.map(({ id, net, host }) => [id, coreWorld({ clock, net, host })]));
  const chosen = !mutantOf(mutant).portsGiveWay;
  const list = networks.map(({ id, host, wireguardPort, ...planned }, n) => ({
    id, name: `network ${n}`, kind: 'member', nodeId: 'me', address: `192.0.2.${host}:8443`, trust: 'clear-text', grpcPort: 8443, raftPort: 9443, wireguardPort, asVoter: false, ipv4Network: null,
    chosenPorts: planned.chosen || chosen ? ['wireguardPort'] : [],
  }));
  const documents = new Map<string, unknown>([['profiles', { list, selected: list[0]?.id ?? null }]]);
  return { meshes, documents };
}

/** Resolves when the app of this life has begun. */
export async function startApp({ meshes, documents }: Outside, machine: Machine, door: Door, clock: Clock, random: Random, mutant: Mutant | undefined): Promise<AppLife> {
  const life = createLife(clock);
  const wrong = mutantOf(mutant);
  const [first] = meshes.values();
  if (!first) throw new Error('a world without networks');
  const meshAt = (address: string): CoreWorld => [...meshes.values()].find(({ mesh }) => address.startsWith(`${mesh.nodes[0]?.primaryEndpoint}:`)) ?? first;
  const ports: CorePorts = {
    ...first.ports, log: silentLog, clock: life, random,
    helper: createClient(machine, door, life, random, wrong.report),
    mesh: { dial: (address, security) => meshAt(address).ports.mesh.dial(address, security), probe: (address, signal) => meshAt(address).ports.mesh.probe(address, signal) },
    node: nodesOf(meshes, machine, life),
    documents: { ...ofLife(life, documentsIn(documents)), setAside: first.setAside },
  };
  const profiles = await loadProfiles(ports.documents);
  const real = createStored(ports);
  const stored = wrong.keepsWish ? real : { ...real, saveWish: async () => {} };
  const membership = createMembership({ ...ports, keyring: createKeyring(ports.secrets), profiles });
  const networks = createNetworks({ ports, profiles, membership, favourites: await loadFavourites(ports.documents), stored });
  await networks.begin();
  return { ...life, networks };
}

function documentsIn(documents: Map<string, unknown>): Omit<CorePorts['documents'], 'setAside'> {
  return {
    load: async (name) => documents.get(name),
    save: async (name, value) => void documents.set(name, JSON.parse(JSON.stringify(value))),
    remove: async (name) => void documents.delete(name),
    reject: async (name) => void documents.delete(name),
    report: async (name) => name,
  };
}

/** What the node processes of this machine say of their meshes, as long as they run. */
function nodesOf(meshes: Outside['meshes'], machine: Machine, life: Life): NodeClient {
  const [first] = meshes.values();
  const at = (socketPath: string): { id: string; world: CoreWorld } => {
    const id = socketPath.replace('/run/', '');
    const world = meshes.get(id);
    if (!world) throw failure('node.lost', { socketPath });
    return { id, world };
  };
  /** Ends with the process, with the app, or when nobody listens any more. */
  async function* whileRunning<T>(socketPath: string, signal: AbortSignal, watch: (node: NodeClient, inner: AbortSignal) => AsyncIterable<T>): AsyncIterable<T> {
    const { id, world } = at(socketPath);
    const ending = new AbortController();
    const stop = (): void => ending.abort(abortError());
    signal.addEventListener('abort', stop);
    life.onEnd(stop);
    const process = [...machine.running].find(([, of]) => of === id)?.[0];
    const look = (): void => {
      if (process === undefined || !machine.running.has(process)) stop();
      else life.after(200, look);
    };
    look();
    for await (const value of watch(world.ports.node, ending.signal)) {
      if (ending.signal.aborted) break;
      yield value;
    }
    if (!signal.aborted) throw failure('node.lost', { socketPath });
  }
  return new Proxy((first as CoreWorld).ports.node, {
    get: (_, name: keyof NodeClient) => {
      if (name === 'watchReplica') return (path: string, signal: AbortSignal) => whileRunning(path, signal, (node, inner) => node.watchReplica(path, inner));
      if (name === 'watchPaths') return (path: string, signal: AbortSignal) => whileRunning(path, signal, (node, inner) => node.watchPaths(path, inner));
      return (path: string, ...rest: readonly unknown[]) => (at(path).world.ports.node[name] as (...all: readonly unknown[]) => unknown)(path, ...rest);
    },
  });
}
