import { createHash, randomBytes } from 'node:crypto';
import { cell } from '../../src/base/cell.ts';
import { type Clock } from '../../src/base/clock.ts';
import { type Identity } from '../../src/base/identity.ts';
import { silentLog } from '../../src/base/log.ts';
import { seeded } from '../../src/base/random.ts';
import { type Call, type Caller, RpcError, type Service, status, type Unary } from '../../src/base/rpc.ts';
import { type CreateInviteRequest, EnrollRequest, type EnrollResponse, Role } from '../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { encodeEntry } from '../../src/node/consensus/entry.ts';
import { securedFounding } from '../../src/node/founding.ts';
import { type Applied, type Consensus, type RemoteCaller } from '../../src/node/ports.ts';
import { createNodeServices, type NodeServices, type NodeServicesPorts } from '../../src/node/rpc/services.ts';
import { createMeshState, type MeshState } from '../../src/node/state/mesh-state.ts';
import { bootstrapEntry } from '../../src/node/statements/statements.ts';
import { pki } from '../../src/platform/pki.ts';
import { openDatabase } from '../../src/platform/sqlite.ts';
import { entryType, type RaftView, type Server } from '../../src/raft/types.ts';
import { createMeshKeys, type MeshKeys } from './mesh-keys.ts';
import { noDuplex } from '../fakes/no-duplex.ts';
import { noParts } from '../fakes/no-parts.ts';

/**
 * The services of one node of a secured mesh over a real state, without a network: the consensus is made up, and time moves when told.
 * `host` founded the mesh and is its admin.
 */
export interface TrustWorld {
  readonly keys: MeshKeys;
  readonly state: MeshState;
  readonly node: NodeServices;
  readonly view: ReturnType<typeof cell<RaftView>>;
  readonly identities: Map<string, Identity>;
  /** Entries that were proposed, and how often leadership was given away. */
  readonly entries: () => number;
  readonly handOvers: () => number;
  /** Milliseconds that passed. */
  pass(ms: number): void;
  nowMs(): number;
  /** A call of a device, or anonymously from an address. Metadata and more in `part`. */
  call<T>(method: string, request: unknown, as: string | Caller, part?: Partial<Call>): Promise<T>;
  invite(more?: Partial<CreateInviteRequest>, as?: string): Promise<{ id: string; token: Buffer }>;
  /** Redeems; with the same key for the same id unless another is given. */
  enroll(invite: { id: string; token: Buffer }, id: string, more?: { key?: Uint8Array; part?: Partial<Call>; request?: Partial<EnrollRequest> }): Promise<EnrollResponse>;
  /** Invites and enrols in one. */
  device(id: string, role?: Role): Promise<void>;
  callerOf(id: string): Caller;
  /** The configuration of Raft now: a star marks voters, e.g. `host* a* b`. */
  members(text: string): void;
  actions(): string[];
}

export const anonymous: Caller = { kind: 'anonymous' };
export const roles = { guest: Role.ROLE_GUEST, member: Role.ROLE_MEMBER, admin: Role.ROLE_ADMIN };

export interface TrustWorldOptions extends Partial<Pick<NodeServicesPorts, 'nodeId' | 'identity' | 'callerPatienceMs'>> {
  readonly remote?: RemoteCaller;
  /** Shares state, keys and identities with another world: another node of the same mesh. */
  readonly beside?: TrustWorld;
}

export async function trustWorld(options: TrustWorldOptions = {}): Promise<TrustWorld> {
  const startMs = Date.now();
  let passedMs = 0;
  const keys = options.beside?.keys ?? (await createMeshKeys('home'));
  const identities = options.beside?.identities ?? new Map<string, Identity>([['host', await keys.founder('host')]]);
  const host = identities.get('host') as Identity;
  const timers: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => startMs + passedMs, monotonicMs: () => passedMs,
    after: (ms, run) => {
      const timer = { at: passedMs + ms, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
  };
  const state = options.beside?.state ?? createMeshState(openDatabase({ path: ':memory:', durability: 'normal' }));
  const deviceKeys = new Map<string, Uint8Array>();
  const view = cell(viewOf([{ id: 'host', address: '10.0.0.1:9443', voter: true }], 'host'));
  let [entries, handOvers] = [0, 0];
  const apply = (data: Uint8Array): Applied => {
    const index = state.appliedIndex() + 1;
    const [response] = state.apply([{ index, term: 1, type: entryType.command, data, extensions: null, appendedAt: null }]);
    return { index, response: response as Uint8Array };
  };
  if (!options.beside) {
    const trust = securedFounding(host, 'home', pki, startMs);
    const now = { seconds: BigInt(Math.floor(startMs / 1000)), nanos: 0 };
    const founder = { id: 'host', publicKey: null, raftPort: 9443, grpcPort: 8443, wireguardPort: 51820, primaryEndpoint: null, endpoints: null, networkIpv6: 'fd12:3456:789a:1::/64', leaseIpv4: '10.0.0.1/8', asVoter: true, preferRaftIpv6: false, now };
    apply(encodeEntry(bootstrapEntry({ ulaPrefix: 'fd12:3456:789a::/48', ipv4Prefix: '10.0.0.0/8', networkName: 'home', acls: [], founder, now, trust })));
  }
  const leads = (): void => {
    if (view.get().role !== 'leader') throw new RpcError(status.failedPrecondition, 'not leader');
  };
  const consensus: Consensus = {
    view,
    propose: async (entry) => {
      await Promise.resolve();
      leads();
      entries++;
      return apply(entry);
    },
    change: async () => {}, linearizable: async () => leads(), transferLeadership: async () => void handOvers++,
  };
  const node = createNodeServices({
    nodeId: 'host', identity: () => host, offers: { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: false, admin: true, iceNegotiation: false, turnServer: false, meshDns: false, prometheus: false }, build: { version: '1', commit: 'c', builtAt: 'b' }, startedAtMs: startMs,
    consensus, reads: state, remote: options.remote ?? { ...noDuplex, unary: () => Promise.reject(new RpcError(status.unavailable, 'nobody is there')) }, tunnel: () => null, hostSample: () => Promise.reject(new Error('not asked')),
    clock, random: seeded(1), log: silentLog, leaderPatienceMs: 0, callerPatienceMs: 0, secure: true, pki, ...options, ...noParts,
  });

  const world: TrustWorld = {
    keys, state, node, view, identities, entries: () => entries, handOvers: () => handOvers,
    pass: (ms) => {
      passedMs += ms;
      for (const timer of timers.filter(({ at }) => at <= passedMs)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
    },
    nowMs: clock.nowMs,
    callerOf: (id) => certifiedAs(identities.get(id), world.nowMs()),
    call: (method, request, as, part) => invoke(node.services, method, request, { caller: typeof as === 'string' ? world.callerOf(as) : as, ...part }),
    invite: async (more = {}, as = 'host') => {
      const invite = { id: randomBytes(8).toString('hex'), token: randomBytes(32) };
      await world.call('createInvite', { id: invite.id, tokenHash: createHash('sha256').update(invite.token).digest(), role: roles.member, expiresAtMs: BigInt(world.nowMs() + 3_600_000), usesMax: 1, needsApproval: false, note: '', ...more }, as);
      return invite;
    },
    enroll: async ({ id: inviteId, token }, id, { key: given, part = {}, request = {} } = {}) => {
      const key = given ?? deviceKeys.get(id) ?? (await pki.createKey());
      if (!given) deviceKeys.set(id, key);
      const csr = Buffer.from(await pki.createRequest(key, id));
      const response = await world.call<EnrollResponse>('enroll', EnrollRequest.fromPartial({ inviteId, token, certificateRequest: csr, nodeId: id, deviceName: `the ${id}`, ...request }), anonymous, part);
      if (!response.pending) identities.set(id, { privateKey: key, chain: response.chain.map((each) => new Uint8Array(each)), authority: null });
      return response;
    },
    device: async (id, role = roles.member) => void (await world.enroll(await world.invite({ role }), id)),
    members: (text) => {
      const servers = text.split(' ').map((word, i): Server => ({ id: word.replace('*', ''), address: `10.0.0.${i + 1}:9443`, voter: word.endsWith('*') }));
      view.set({ ...view.get(), configuration: { servers } });
    },
    actions: () => state.trust.audit({ search: '', before: 0, limit: 1000 }).events.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`).reverse(),
  };
  return world;
}

export function certifiedAs(identity: Identity | undefined, nowMs: number): Caller {
  const facts = pki.readCertificate(identity?.chain[0] ?? new Uint8Array());
  return { kind: 'certified', id: facts.id, fingerprint: facts.fingerprint, expired: nowMs > facts.notAfterMs };
}

export function invoke<T>(services: readonly Service[], name: string, request: unknown, part: Partial<Call>): Promise<T> {
  const handler = services.map(({ handlers }) => handlers[name]).find((each) => each !== undefined) as Unary<unknown, T>;
  return handler(request, { caller: anonymous, metadata: {}, peer: '192.0.2.1:4711', signal: new AbortController().signal, deadlineMs: undefined, ...part });
}

export function viewOf(servers: readonly Server[], leader: string | null, id = 'host'): RaftView {
  return {
    id, role: leader === id ? 'leader' : 'follower', term: 1, leader, lastIndex: 1, commitIndex: 1, configuration: { servers }, configurationCommitted: true, leaderContactTicks: 0, quorumActive: true, progress: new Map(),
  };
}

/** A refusal as `code words`, or what was answered instead. */
export function refusal(work: Promise<unknown>): Promise<string> {
  return work.then((value) => `answered ${JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))}`, (error: unknown) => (error instanceof RpcError ? `${error.code} ${error.message}` : Promise.reject(error)));
}
