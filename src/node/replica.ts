import { type Clock } from '../base/clock.ts';
import { failure, isFailure } from '../base/failure.ts';
import { type Identity, lives } from '../base/identity.ts';
import { contains, formatIp, joinHostPort, parsePrefix } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Random } from '../base/random.ts';
import { bootstrapEntry, createRaft } from '../raft/raft.ts';
import { type NodeId } from '../raft/types.ts';
import { founderAddress, type NodeConfig } from './config.ts';
import { decodeConfiguration, encodeConfiguration } from './consensus/codec.ts';
import { createDriver, type Driver, driverDefaults, type DriverOptions } from './consensus/driver.ts';
import { openStore, type Store } from './consensus/store.ts';
import { hears, hearsProven, type MemberFacts, trustsDialled } from './consensus/hearing.ts';
import { createTransport } from './consensus/tcp-transport.ts';
import { type Database, type Sockets } from './ports.ts';
import { createMeshState, type MeshState } from './state/mesh-state.ts';
import { decodeSnapshot } from './state/snapshot.ts';
import { isFounded } from './founding.ts';
import { mayTakePart } from './statements/acl.ts';
import { ulaPrefixKey } from './statements/keys.ts';

/** The two files of a node, in its data folder. */
export type DataFile = 'raft.db' | 'mesh.db';

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sockets: Sockets;
  /** raft.db is synced at every commit; mesh.db may lag after a power cut. */
  readonly openDatabase: (file: DataFile) => Database;
  /** Moves a file out of the way, keeping it as `name.<word>-<n>`. Answers its new name. */
  readonly setAside: (file: DataFile, word: 'damaged' | 'former') => Promise<string>;
  readonly defer: (run: () => void) => void;
  readonly onBroken: (error: unknown) => void;
}

/** One member's replica of the mesh: its log, its state, and the loop that keeps both in step with the other members. */
export interface Replica {
  readonly driver: Driver;
  readonly state: MeshState;
  start(): void;
  close(): void;
}

/** Who this node is may change while it runs: a lease comes after the first start. */
export interface ReplicaIdentity {
  readonly id: NodeId;
  /** The raft address that other members should dial, or null while unknown. */
  readonly address: () => string | null;
}

/**
 * Opens both files and brings them together. raft.db is the truth: mesh.db may lag behind it (a power cut, or it was deleted) and is
 * then brought back from snapshot and log. It can only be ahead when somebody replaced a file, and then the node must not speak at all:
 * it may have forgotten a vote. Throws node.data-damaged, app.already-running, node.disk-full or internal.storage; auth.clear-text or
 * auth.wrong-mesh when the files hold a mesh that the configuration does not fit.
 */
export async function openReplica(identity: ReplicaIdentity, config: NodeConfig, ports: ReplicaPorts, options: Partial<DriverOptions> = {}): Promise<Replica> {
  let store = openStore(() => ports.openDatabase('raft.db'));
  let mesh: { readonly state: MeshState; readonly database: Database } | undefined;
  try {
    mesh = await openState(ports, store);
    if (isOfAnotherMesh(mesh.state, config)) {
      closeAll(undefined, store, mesh.database);
      for (const file of ['raft.db', 'mesh.db'] as const) ports.log.warn('former-mesh-kept', { keptAs: await ports.setAside(file, 'former') });
      store = openStore(() => ports.openDatabase('raft.db'));
      mesh = await openState(ports, store);
    }
    checkTrust(mesh.state, config);
    if (config.bootstrap && isEmpty(store)) found(store, config);
    bringTogether(store, mesh.state, ports.log);
    const driver = drive(identity, config.identity !== null, store, mesh.state, ports, { ...driverDefaults, ...options });
    return { driver, state: mesh.state, start: driver.start, close: () => closeAll(driver, store, mesh?.database) };
  } catch (error) {
    closeAll(undefined, store, mesh?.database);
    throw error;
  }
}

/** Where the founder's raft will be once its tunnel is up: known before anything was leased, and the same on every start. */
export function raftAddressOf({ meshIpv4, meshIpv6, bootstrap, raftPort }: NodeConfig): string | null {
  const ip = meshIpv4 ?? (bootstrap ? founderAddress(bootstrap) : meshIpv6);
  return ip && joinHostPort(formatIp(ip), raftPort);
}

/** A damaged mesh.db is kept aside and made anew, because raft.db can give it back; without anything in raft.db it cannot, and stays. */
async function openState(ports: ReplicaPorts, store: Store): Promise<{ state: MeshState; database: Database }> {
  try {
    return stateIn(ports.openDatabase('mesh.db'));
  } catch (error) {
    if (!isDamage(error) || isEmpty(store)) throw error;
    const keptAs = await ports.setAside('mesh.db', 'damaged');
    ports.log.error('state-damaged', { keptAs, error });
    return stateIn(ports.openDatabase('mesh.db'));
  }
}

function stateIn(database: Database): { state: MeshState; database: Database } {
  try {
    return { state: createMeshState(database), database };
  } catch (error) {
    database.close();
    throw isFailure(error) ? error : failure('node.data-damaged', { file: 'mesh.db', reason: error instanceof Error ? error.message : String(error) }, error);
  }
}

/**
 * A member that was leased an address of another mesh than its files tell of: the mesh was founded anew at the same place. The old log
 * can never be made to agree with the new one. A founder's files are never given up: they are the mesh.
 */
function isOfAnotherMesh(state: MeshState, { bootstrap, meshIpv6 }: NodeConfig): boolean {
  const prefix = parsePrefix(state.get(ulaPrefixKey) ?? '');
  return bootstrap === null && meshIpv6 !== null && prefix !== undefined && !contains(prefix, meshIpv6);
}

/** A mesh that lets in only who belongs is never spoken for in clear text, nor under another root; and the other way round. */
function checkTrust(state: MeshState, { identity }: NodeConfig): void {
  if (!isFounded(state)) return;
  if (identity === null) {
    if (state.trust.secure()) throw failure('auth.clear-text', { reason: 'the files hold a secured mesh' });
  } else if (!state.trust.secure() || !isRoot(identity.reveal(), state)) throw failure('auth.wrong-mesh', { reason: 'the files hold a mesh with another root, or none' });
}

function isRoot({ chain }: Identity, state: MeshState): boolean {
  return Buffer.from(state.trust.rootCertificate() ?? []).equals(chain.at(-1) ?? new Uint8Array());
}

function isDamage(error: unknown): boolean {
  return isFailure(error) && error.code === 'node.data-damaged';
}

function isEmpty(store: Store): boolean {
  return store.lastIndex === 0 && store.hardState.term === 0;
}

/** The first entry of a new mesh: this node is its only voter. */
function found(store: Store, config: NodeConfig): void {
  const address = raftAddressOf(config) ?? config.nodeId;
  const first = bootstrapEntry({ servers: [{ id: config.nodeId, address, voter: true }] }, encodeConfiguration);
  store.save({ hardState: { term: 1, votedFor: null }, truncateFrom: null, append: [first], install: null }, null);
}

function bringTogether(store: Store, state: MeshState, log: Log): void {
  const applied = state.appliedIndex();
  const { snapshot, lastIndex } = store;
  const term = store.termAt(applied);
  if (applied > lastIndex || (applied > 0 && term !== undefined && term !== state.appliedTerm())) {
    throw failure('node.data-damaged', { file: 'raft.db', reason: 'mesh.db holds what raft.db does not', applied, lastIndex });
  }
  if (snapshot === null || applied >= snapshot.index) return;
  state.restore(store.snapshotBytes(), snapshot.index, snapshot.term, snapshot.configuration);
  log.warn('state-restored', { from: applied, to: snapshot.index });
}

function drive(identity: ReplicaIdentity, secure: boolean, store: Store, state: MeshState, { clock, random, log, sockets, defer, onBroken }: ReplicaPorts, options: DriverOptions): Driver {
  const { id } = identity;
  const raft = createRaft({ id, hardState: store.hardState, log: store, snapshot: store.snapshot, appliedIndex: state.appliedIndex(), random, encodeConfiguration, decodeConfiguration });
  const address = (): string => identity.address() ?? raft.view().configuration.servers.find((server) => server.id === id)?.address ?? id;
  return createDriver({
    raft, store, stateMachine: state, clock, defer, onBroken,
    log: log.scope('raft'),
    checkSnapshot: decodeSnapshot,
    connect: (events) => createTransport({
      id, address,
      hears: (from, proof) => (secure ? hearsProven(raft.view(), from, proof, factsIn(state, clock)) : hears(raft.view(), from)),
      trusts: (other, proof) => trustsDialled(other, proof, factsIn(state, clock)),
      cutOff: (other) => secure && state.trust.device(other)?.state === 'revoked',
    }, { sockets, clock, log: log.scope('transport') }, events),
  }, options);
}

function factsIn(state: MeshState, clock: Clock): MemberFacts {
  return {
    founded: isFounded(state),
    device: state.trust.device,
    recorded: (id, fingerprint) => {
      const certificate = state.trust.certificate(fingerprint);
      return certificate?.deviceId === id && clock.nowMs() <= certificate.notAfterMs + lives.graceMs;
    },
    mayVote: (id) => mayTakePart(state.raftAcls(), id, 'voter'),
  };
}

function closeAll(driver: Driver | undefined, store: Store, mesh: Database | undefined): void {
  driver?.close();
  store.close();
  mesh?.close();
}
