import { type Clock } from '../../base/clock.ts';
import { formatIp, joinHostPort, parseIp, parsePrefix } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { type Random } from '../../base/random.ts';
import { refusals } from '../../base/refusals.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { Empty } from '../../gen/google/protobuf/empty.ts';
import { type JoinRequest, type JoinResponse, type LeaveRequest, type WireguardPeer } from '../../gen/v1/node_messages.ts';
import { defaultPorts } from '../config.ts';
import { type Consensus } from '../ports.ts';
import { instantFromMs } from '../state/go-time.ts';
import { type MeshReads, type NodeRow } from '../state/reads.ts';
import { mayTakePart } from '../statements/acl.ts';
import { firstFreeIpv4, randomSubnet } from '../statements/addresses.ts';
import { auditActions } from '../statements/audit.ts';
import { placeEndpoints } from '../statements/endpoints.ts';
import { ipv4PrefixKey, ulaPrefixKey } from '../statements/keys.ts';
import { type JoiningNode, joinEntry, leaveEntry } from '../statements/statements.ts';
import { auditIfKnown } from './audit.ts';
import { type Admitted } from './auth.ts';
import { inWords, reasonOf } from './refused.ts';
import { Refused, requireLeader, type Serialiser, submit } from './submit.ts';
import * as valid from './validate.ts';

export interface MembershipPorts {
  readonly nodeId: string;
  readonly consensus: Consensus;
  readonly reads: MeshReads;
  readonly serialiser: Serialiser;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The request with every field checked. */
type Candidate = Pick<JoiningNode, 'id' | 'raftPort' | 'grpcPort' | 'wireguardPort' | 'asVoter' | 'preferRaftIpv6'> & {
  readonly publicKey: string;
  readonly primaryEndpoint: string;
  readonly endpoints: readonly string[];
  readonly assignIpv4: boolean;
};

const attemptsMax = 5;

/**
 * Join on the leader: one entry, also when the node is known. Its addresses stay its own for as long as it is a member.
 * Refusals: failedPrecondition `not leader`; invalidArgument with the field; permissionDenied `not allowed` (ACL) or because guests do not
 * vote; alreadyExists when another node has this public key; resourceExhausted when no address is free; unavailable while the mesh is not founded.
 */
export async function join(request: JoinRequest, call: Call, who: Admitted, ports: MembershipPorts): Promise<JoinResponse> {
  requireLeader(ports.consensus);
  const candidate = candidateFrom(request);
  if (candidate.asVoter && who.kind === 'device' && who.role === 'guest') throw new RpcError(status.permissionDenied, refusals.guestsDoNotVote);
  return ports.serialiser.run(call, 'Join', async (signal) => {
    await ports.consensus.linearizable(signal);
    if (!mayTakePart(ports.reads.raftAcls(), candidate.id, candidate.asVoter ? 'voter' : 'observer')) throw new RpcError(status.permissionDenied, 'not allowed');
    await inWords('join', () => write(candidate, who, ports, signal));
    return responseFor(candidate, ports.reads.nodes());
  });
}

/** Leave on the leader: the node's row, lease and wishes go in one entry; consensus follows. An unknown id has left already. */
export async function leave({ id }: LeaveRequest, call: Call, who: Admitted, ports: MembershipPorts): Promise<Empty> {
  const { consensus, reads, serialiser } = ports;
  valid.nodeId(id);
  requireLeader(consensus);
  return serialiser.run(call, 'Leave', async (signal) => {
    await consensus.linearizable(signal);
    if (reads.node(id)) await inWords('leave', () => submit(consensus, leaveEntry(id, auditIfKnown(who, auditActions.leave, id, {}, ports)), signal));
    return Empty.create();
  });
}

function candidateFrom(request: JoinRequest): Candidate {
  return {
    id: valid.nodeId(request.id),
    publicKey: valid.publicKey(request.publicKey),
    raftPort: valid.port(request.raftPort, 'raft port', defaultPorts.raft),
    grpcPort: valid.port(request.grpcPort, 'grpc port', defaultPorts.grpc),
    wireguardPort: valid.port(request.wireguardPort, 'wireguard port', defaultPorts.wireguard),
    primaryEndpoint: valid.optionalAddress(request.primaryEndpoint, 'primary endpoint'),
    endpoints: valid.addresses(request.endpoints, 'endpoints'),
    assignIpv4: request.assignIpv4,
    preferRaftIpv6: request.preferRaftIpv6,
    asVoter: request.asVoter,
  };
}

/** Chooses and proposes; chooses again when a choice was taken meanwhile, which only another leader can have done. */
async function write(candidate: Candidate, who: Admitted, ports: MembershipPorts, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const audit = ports.reads.node(candidate.id) ? null : auditIfKnown(who, auditActions.join, candidate.id, { voter: String(candidate.asVoter) }, ports);
      return await submit(ports.consensus, joinEntry(choose(candidate, ports), audit), signal);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ports.log.warn('join-refused', { attempt, problem: error.message });
      if (attempt === attemptsMax || reasonOf(error) !== undefined || !error.message.startsWith('UNIQUE constraint failed')) throw error;
    }
  }
}

function choose(candidate: Candidate, { reads, random, clock, log }: MembershipPorts): JoiningNode {
  const rows = reads.nodes();
  const own = rows.find(({ id }) => id === candidate.id);
  const others = rows.filter(({ id }) => id !== candidate.id);
  if (others.some(({ publicKey }) => publicKey === candidate.publicKey)) throw new RpcError(status.alreadyExists, 'public key belongs to another node');
  const endpoints = placeEndpoints(candidate.primaryEndpoint, candidate.endpoints, {
    primary: new Set(others.map(({ primaryEndpoint }) => primaryEndpoint ?? '')),
    lists: reads.endpointLists(candidate.id),
  });
  if (endpoints.shared) log.warn('primary-endpoint-shared', { id: candidate.id });
  return {
    ...candidate,
    primaryEndpoint: endpoints.primary,
    endpoints: endpoints.list,
    networkIpv6: own?.networkIpv6 ?? newNetwork(reads, rows, random),
    leaseIpv4: candidate.assignIpv4 ? (own?.leaseIpv4 ?? newLease(reads)) : null,
    now: instantFromMs(clock.nowMs()),
  };
}

function newNetwork(reads: MeshReads, rows: readonly NodeRow[], random: Random): string {
  const ula = parsePrefix(reads.get(ulaPrefixKey) ?? '');
  if (!ula) throw new RpcError(status.unavailable, 'the mesh is not founded yet');
  const network = randomSubnet(ula, new Set(rows.map(({ networkIpv6 }) => networkIpv6 ?? '')), random);
  if (network === undefined) throw new RpcError(status.resourceExhausted, 'no IPv6 network is free');
  return network;
}

function newLease(reads: MeshReads): string {
  const network = parsePrefix(reads.get(ipv4PrefixKey) ?? '');
  if (!network) throw new RpcError(status.failedPrecondition, 'the mesh has no IPv4 network');
  const lease = firstFreeIpv4(network, reads.leases());
  if (lease === undefined) throw new RpcError(status.resourceExhausted, 'no IPv4 address is free');
  return lease;
}

function responseFor({ id, assignIpv4 }: Candidate, rows: readonly NodeRow[]): JoinResponse {
  const own = rows.find((row) => row.id === id);
  if (!own) throw new RpcError(status.aborted, 'the node left while it joined');
  return {
    addressIpv4: assignIpv4 ? (own.leaseIpv4 ?? '') : '',
    networkIpv6: own.networkIpv6 ?? '',
    // Without a key a row is no peer: a founder whose tunnel is not up yet.
    peers: rows.filter((row) => row.id !== id && row.publicKey !== null).map(peerFrom),
  };
}

function peerFrom(row: NodeRow): WireguardPeer {
  const withPort = (text: string): string[] => {
    const ip = parseIp(text);
    return ip ? [joinHostPort(formatIp(ip), row.wireguardPort)] : [];
  };
  return {
    id: row.id,
    publicKey: row.publicKey ?? '',
    primaryEndpoint: withPort(row.primaryEndpoint ?? '')[0] ?? '',
    endpoints: row.endpoints.flatMap(withPort),
    addressIpv4: row.leaseIpv4 ?? '',
    addressIpv6: row.networkIpv6 ?? '',
  };
}
