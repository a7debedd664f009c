import { isAbort } from '../../base/abort.ts';
import { type Clock } from '../../base/clock.ts';
import { formatIp, type Ip, isUnroutable, joinHostPort, parseIp, parsePrefix, splitHostPort } from '../../base/ip.ts';
import { type Call, RpcError, type Service, status } from '../../base/rpc.ts';
import { type TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { PathServiceService } from '../../gen/webmesh/paths/v1/paths.ts';
import { NegotiateRequest, NegotiateResponse, type ObserveResponse, type Proposal, type RelayServer } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type RemoteCaller } from '../ports.ts';
import { type StreamSwitch } from '../relay/stream-switch.ts';
import { type MeshReads, type NodeRow, privateAddress } from '../state/reads.ts';
import { type Admitted } from './auth.ts';
import { createCallLimits, type CallLimits } from './call-limits.ts';
import { readAnswer } from './forward.ts';
import { guarded, type GuardPorts } from './guard.ts';
import { parseProposal } from './proposals.ts';
import { nodeId } from './validate.ts';

export interface PathServicePorts extends GuardPorts {
  readonly nodeId: string;
  readonly reads: GuardPorts['reads'] & Pick<MeshReads, 'node' | 'nodes'>;
  readonly remote: Pick<RemoteCaller, 'unary'>;
  readonly clock: Clock;
  /** The path finder's: never rejects but for the signal. */
  readonly answer: (offer: Proposal, from: string, signal: AbortSignal) => Promise<Proposal>;
  readonly tunnel: () => TunnelState | null;
  /** This node's STUN and TURN with a credential for this device; null while it hosts none. */
  readonly serverFor: (deviceId: string) => RelayServer | null;
  readonly relay: Pick<StreamSwitch, 'serve'>;
  /** Whether the tunnel reaches this node now. */
  readonly reached: (id: string) => boolean;
  /** Runs after what the system already holds was handed to us. */
  readonly defer: (run: () => void) => void;
}

const hopDeadlineMs = 4_000;
const emptyAnswer: Proposal = { session: Buffer.alloc(0), tier: 0, tiers: [], nat: undefined, endpoints: [], ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '' };

/** How nodes agree on a path, what a node sees of another, and the streams that it carries for others. */
export function createPathService(ports: PathServicePorts): Service {
  const limits = createCallLimits(ports.clock);
  return guarded(PathServiceService, {
    negotiate: (request, call, who) => limited(limits, who, call, () => negotiate(request, call, who, ports)),
    observe: (_request, call, who) => limited(limits, who, call, async () => observe(call, who, ports)),
    relay: (requests, call, who) => ports.relay.serve(callerId(call, who, ports), requests, call),
  }, ports);
}

/** Who asks too often waits: offers are few, and each may cost another node work. */
async function limited<T>(limits: CallLimits, who: Admitted, call: Call, work: () => Promise<T>): Promise<T> {
  const release = limits.begin(who.kind === 'device' ? who.id : hostOf(call.peer));
  if (release === null) throw new RpcError(status.resourceExhausted, 'too many calls at once');
  try {
    return await work();
  } finally {
    release();
  }
}

/** Answers an offer that is for this node, or carries it to the node that it is for: one hop. */
async function negotiate(request: NegotiateRequest, call: Call, who: Admitted, ports: PathServicePorts): Promise<NegotiateResponse> {
  const to = nodeId(request.to);
  const from = provenFrom(request, call, who, ports);
  if (from === to) throw new RpcError(status.invalidArgument, 'a node has no path to itself');
  const offer = parseProposal(request.offer);
  // What comes after a stall comes together with the word that nobody waits for it any more.
  await new Promise<void>((resolve) => ports.defer(resolve));
  call.signal.throwIfAborted();
  if (to === ports.nodeId) return { answer: { ...emptyAnswer, ...(await ports.answer(offer, from, call.signal)), session: offer.session } };
  if (request.via !== '') throw new RpcError(status.failedPrecondition, 'another hop would be needed');
  return { answer: await passOn(to, from, offer, call, ports) };
}

/**
 * Who offers. On the first hop that is who calls. A voter of the present configuration is believed to speak for another: it could write anything
 * itself. In clear text nobody can be told apart, and whoever says so is believed.
 */
function provenFrom(request: NegotiateRequest, call: Call, who: Admitted, ports: PathServicePorts): string {
  if (who.kind !== 'device') return request.from === '' ? (callerId(call, who, ports) ?? refuse('from is missing')) : nodeId(request.from);
  if (request.via === '') {
    if (request.from !== '' && request.from !== who.id) throw new RpcError(status.permissionDenied, 'only for the node itself');
    return who.id;
  }
  if (request.via !== who.id || !who.votes || who.role === 'guest') throw new RpcError(status.permissionDenied, 'only for voters');
  const from = nodeId(request.from);
  if (!belongs(from, ports)) throw new RpcError(status.permissionDenied, 'the node that offers does not belong to the mesh');
  return from;
}

async function passOn(to: string, from: string, offer: Proposal, call: Call, ports: PathServicePorts): Promise<Proposal> {
  const { reads, remote, consensus } = ports;
  const row = reads.node(to);
  if (row === undefined || !belongs(to, ports)) throw new RpcError(status.notFound, 'no such node');
  if (ports.secure && !consensus.view.get().configuration.servers.some(({ id, voter }) => voter && id === ports.nodeId)) throw new RpcError(status.failedPrecondition, 'this node has no vote, and nobody would believe it');
  const address = privateAddress(row, row.grpcPort);
  if (address === undefined) throw new RpcError(status.unavailable, 'that node has no address in the mesh');
  // A connection that is begun without a tunnel is found broken long after the tunnel is there.
  if (!ports.reached(to)) throw new RpcError(status.unavailable, 'that node is not reached from here now');
  const request = NegotiateRequest.encode({ to, from, via: ports.nodeId, offer }).finish();
  const deadlineMs = Math.min(call.deadlineMs ?? hopDeadlineMs, hopDeadlineMs);
  try {
    const bytes = await remote.unary(address, PathServiceService.negotiate.path, request, { metadata: {}, deadlineMs, signal: call.signal, expectId: to });
    return parseProposal(readAnswer(bytes, NegotiateResponse.decode).answer);
  } catch (error) {
    if (isAbort(error) || !(error instanceof RpcError)) throw error;
    throw new RpcError(error.code === status.deadlineExceeded ? status.unavailable : error.code, error.message, error);
  }
}

/** What this node sees of the caller. */
function observe(call: Call, who: Admitted, ports: PathServicePorts): ObserveResponse {
  const id = callerId(call, who, ports);
  const key = id === null ? null : ports.reads.node(id)?.publicKey;
  const peer = key ? ports.tunnel()?.peers.find(({ publicKey }) => publicKey === key) : undefined;
  const handshakeMs = Number(peer?.lastHandshakeMs ?? 0n);
  return {
    tunnelEndpoint: seenEndpoint(peer?.endpoint ?? ''),
    handshakeAgeMs: handshakeMs === 0 ? -1n : BigInt(Math.max(0, Math.round(ports.clock.nowMs() - handshakeMs))),
    callAddress: plainEndpoint(call.peer),
    server: ports.serverFor(id ?? `at ${hostOf(call.peer)}`) ?? undefined,
  };
}

/** The proven id; in clear text that of the node whose mesh address the call came from, which the tunnel proved; null for anybody else. */
function callerId(call: Pick<Call, 'peer'>, who: Admitted, { reads }: Pick<PathServicePorts, 'reads'>): string | null {
  if (who.kind === 'device') return who.id;
  const ip = parseIp(hostOf(call.peer));
  return (ip && reads.nodes().find((row) => addressesOf(row).some((own) => own.family === ip.family && own.value === ip.value))?.id) ?? null;
}

function addressesOf({ leaseIpv4, networkIpv6 }: NodeRow): readonly Ip[] {
  return [leaseIpv4, networkIpv6].flatMap((text) => parsePrefix(text ?? '')?.ip ?? []);
}

function belongs(id: string, { secure, reads }: PathServicePorts): boolean {
  return secure ? reads.trust.device(id)?.state === 'active' : reads.node(id) !== undefined;
}

/** A carrier's loopback port is no place where others could see the caller. */
function seenEndpoint(text: string): string {
  const at = splitHostPort(text);
  const ip = at && parseIp(at.host);
  return at && ip && !isUnroutable(ip) ? joinHostPort(formatIp(ip), at.port) : '';
}

/** IPv4 callers of a listener for both families are written as IPv6 by the system. */
function plainEndpoint(peer: string): string {
  const at = splitHostPort(peer);
  return at ? joinHostPort(hostOf(peer), at.port) : '';
}

function hostOf(peer: string): string {
  const ip = parseIp(splitHostPort(peer)?.host ?? peer);
  if (!ip) return '';
  return formatIp(ip.family === 6 && ip.value >> 32n === 0xffffn ? { family: 4, value: ip.value & 0xffff_ffffn } : ip);
}

function refuse(message: string): never {
  throw new RpcError(status.invalidArgument, message);
}
