/** One question for each feature of a node: does something answer there? Runs in whatever network it is started in. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { type Identity } from '../../src/base/identity.ts';
import { joinHostPort } from '../../src/base/ip.ts';
import { RpcError, status } from '../../src/base/rpc.ts';
import { Feature } from '../../src/gen/v1/mesh_messages.ts';
import { MeshService } from '../../src/gen/v1/mesh.ts';
import { NodeService } from '../../src/gen/v1/node.ts';
import { JoinRequest, Status } from '../../src/gen/v1/node_messages.ts';
import { PeerDiscoveryService } from '../../src/gen/v1/peer_discovery.ts';
import { WebRTCService } from '../../src/gen/v1/webrtc.ts';
import { StartDataChannelRequest } from '../../src/gen/v1/webrtc_messages.ts';
import { createGrpcCaller, type GrpcCaller } from '../../src/platform/grpc-call.ts';

/** Whom to ask, from where, as whom. All of it survives JSON. */
export interface FeatureTarget {
  readonly nodeId: string;
  /** In the mesh. */
  readonly address: string;
  /** Others where a TURN server may listen. */
  readonly publicAddresses: readonly string[];
  readonly ports: { readonly grpc: number; readonly turn: number; readonly dns: number; readonly prometheus: number };
  readonly domain: string;
  /** A member that is not the node itself; null in a mesh in clear text. Base64 of DER. */
  readonly identity: { readonly privateKey: string; readonly chain: readonly string[] } | null;
  /** The id of that member. */
  readonly askerId: string;
  /** How long silence is listened to. 1.5 s when left out. */
  readonly waitMs?: number;
}

export interface FeatureCheck {
  readonly feature: string;
  readonly advertised: boolean;
  /** Null: it cannot be told from outside, as on a leader, which has nobody to pass calls on to. */
  readonly answers: boolean | null;
  readonly seen: string;
}

interface Seen {
  readonly answers: boolean | null;
  readonly seen: string;
}

const waitDefaultMs = 1_500;
const callMs = 8_000;

/** One row a feature, in the order of the API. Throws when the node does not even tell its status. */
export async function probeFeatures(target: FeatureTarget): Promise<readonly FeatureCheck[]> {
  const identity = identityOf(target);
  const caller = createGrpcCaller(() => identity);
  try {
    const own = Status.decode(Buffer.from(await ask(caller, target, NodeService.getStatus.path, new Uint8Array())));
    const seen = await Promise.all(probesOf(caller, target, own).map(async ([feature, probe]) => [feature, await probe()] as const));
    return seen.map(([feature, one]) => ({ feature: nameOf(feature), advertised: own.features.includes(feature), ...one }));
  } finally {
    caller.close();
  }
}

/** What is advertised and does not answer, or answers and is not advertised. */
export function lies(checks: readonly FeatureCheck[]): readonly FeatureCheck[] {
  return checks.filter(({ advertised, answers }) => answers !== null && answers !== advertised);
}

function probesOf(caller: GrpcCaller, target: FeatureTarget, { id, currentLeader }: Status): readonly (readonly [Feature, () => Promise<Seen>])[] {
  const { address, ports, domain, waitMs = waitDefaultMs } = target;
  const served = (path: string) => (): Promise<Seen> => outcome(ask(caller, target, path, new Uint8Array()));
  return [
    [Feature.NODES, async () => ({ answers: id === target.nodeId, seen: `GetStatus of ${id}` })],
    [Feature.LEADER_PROXY, () => (currentLeader === id ? Promise.resolve({ answers: null, seen: 'leads itself' }) : passedOn(caller, target))],
    [Feature.MESH_API, served(MeshService.listNodes.path)],
    [Feature.PEER_DISCOVERY, served(PeerDiscoveryService.listPeers.path)],
    [Feature.METRICS, () => scrape(`http://${joinHostPort(address, ports.prometheus)}/metrics`)],
    [Feature.ICE_NEGOTIATION, () => outcome(startChannel(caller, target))],
    [Feature.TURN_SERVER, () => turn([address, ...target.publicAddresses], ports.turn, waitMs)],
    [Feature.MESH_DNS, () => names(address, ports.dns, domain, waitMs)],
  ];
}

/**
 * A Join that no leader would take (it has no key) and nothing comes of: whoever passes it on answers with the leader's word, whoever does not
 * says that it does not lead.
 */
async function passedOn(caller: GrpcCaller, target: FeatureTarget): Promise<Seen> {
  const request = JoinRequest.encode(JoinRequest.fromPartial({ id: target.askerId })).finish();
  const { seen } = await outcome(ask(caller, target, NodeService.join.path, request));
  return { answers: seen.startsWith('invalidArgument'), seen };
}

function ask(caller: GrpcCaller, { address, ports, nodeId }: FeatureTarget, path: string, request: Uint8Array): Promise<Uint8Array> {
  const options = { metadata: {}, deadlineMs: callMs, signal: new AbortController().signal, expectId: nodeId };
  return caller.unary(joinHostPort(address, ports.grpc), path, request, options);
}

/** To a node that does not exist: a service that is there says so. */
async function startChannel(caller: GrpcCaller, { address, ports, nodeId }: FeatureTarget): Promise<void> {
  const ending = new AbortController();
  const options = { metadata: {}, deadlineMs: callMs, signal: ending.signal, expectId: nodeId };
  const stream = caller.duplex(joinHostPort(address, ports.grpc), WebRTCService.startDataChannel.path, options);
  stream.write(StartDataChannelRequest.encode(StartDataChannelRequest.fromPartial({ nodeId: 'nobody-at-all', port: 9 })).finish());
  for await (const first of stream.messages) if (first.length >= 0) break;
  ending.abort();
}

/** A method that is not there is unimplemented; any other word is an answer, but for that nobody was reached. */
async function outcome(call: Promise<unknown>): Promise<Seen> {
  try {
    await call;
    return { answers: true, seen: 'ok' };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const word = Object.entries(status).find(([, value]) => value === error.code)?.[0] ?? String(error.code);
    const silent: readonly number[] = [status.unimplemented, status.unavailable, status.deadlineExceeded];
    return { answers: !silent.includes(error.code), seen: `${word} ${error.message}`.slice(0, 80) };
  }
}

async function scrape(url: string): Promise<Seen> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(callMs) });
    const text = await response.text();
    const metrics = text.split('\n').filter((line) => line.startsWith('# TYPE ')).length;
    return { answers: response.status === 200 && metrics > 0, seen: `${response.status}, ${metrics} metrics` };
  } catch (error) {
    return { answers: false, seen: causeOf(error) };
  }
}

const stunCookie = 0x2112a442;

/** STUN answers a binding request (RFC 8489), and TURN asks for a credential when somebody wants to relay without one (RFC 8656 §7). */
async function turn(hosts: readonly string[], port: number, waitMs: number): Promise<Seen> {
  const tries = await Promise.all([...new Set(hosts)].map(async (host) => {
    // The second asks for a UDP relay: REQUESTED-TRANSPORT 17.
    const requests = [stunRequest(0x0001), stunRequest(0x0003, Buffer.from([0, 0x19, 0, 4, 17, 0, 0, 0]))];
    const [bound, allocated] = await Promise.all(requests.map((message) => datagram(host, port, message, waitMs)));
    return { host, stun: typeOf(bound ?? null) === 0x0101, turn: typeOf(allocated ?? null) === 0x0113 };
  }));
  const good = tries.find((each) => each.stun && each.turn);
  const some = tries.filter((each) => each.stun || each.turn).map((each) => `${each.stun ? 'STUN' : 'TURN'} alone at ${each.host}`);
  return { answers: good !== undefined, seen: good ? `STUN and TURN at ${good.host}` : some.join(', ') || 'silence' };
}

function stunRequest(type: number, attributes: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(type);
  head.writeUInt16BE(attributes.length, 2);
  head.writeUInt32BE(stunCookie, 4);
  return Buffer.concat([head, randomBytes(12), attributes]);
}

function typeOf(message: Buffer | null): number | null {
  return message !== null && message.length >= 20 && message.readUInt32BE(4) === stunCookie ? message.readUInt16BE(0) : null;
}

/** The SOA of the zone, over UDP and TCP: an authoritative answer, or none. */
async function names(host: string, port: number, domain: string, waitMs: number): Promise<Seen> {
  const labels = domain.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const question = Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from([...labels, 0, 0, 6, 0, 1])]);
  const isGood = (reply: Buffer): boolean => reply.length > 12 && (reply.readUInt16BE(2) & 0x840f) === 0x8400 && reply.readUInt16BE(6) === 1;
  const good = (reply: Buffer | null): boolean => reply !== null && isGood(reply);
  const [udp, tcp] = await Promise.all([datagram(host, port, question, waitMs), overTcp(host, port, question, waitMs)]);
  const answered = [good(udp) ? 'UDP' : '', good(tcp) ? 'TCP' : ''].filter((way) => way !== '');
  return { answers: answered.length === 2, seen: answered.length === 0 ? 'silence' : `SOA over ${answered.join(' and ')}` };
}

/** What comes back for a datagram, asked twice; null for nothing. */
function datagram(host: string, port: number, message: Buffer, waitMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (reply: Buffer | null): void => {
      clearTimeout(again);
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const send = (): void => socket.send(message, port, host, () => {});
    const again = setTimeout(send, waitMs / 3);
    const timer = setTimeout(() => end(null), waitMs);
    socket.once('message', end).once('error', () => end(null));
    send();
  });
}

function overTcp(host: string, port: number, message: Buffer, waitMs: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const socket = connect({ host, port, timeout: waitMs });
    const whole = (): boolean => got.length >= 2 && got.length >= 2 + got.readUInt16BE(0);
    socket.on('timeout', () => socket.destroy()).on('error', () => {}).on('close', () => resolve(whole() ? got.subarray(2) : null));
    socket.on('data', (data) => {
      got = Buffer.concat([got, data]);
      if (whole()) socket.destroy();
    });
    socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]));
  });
}

function identityOf({ identity }: FeatureTarget): Identity | null {
  const der = (text: string): Uint8Array => Buffer.from(text, 'base64');
  return identity && { privateKey: der(identity.privateKey), chain: identity.chain.map(der), authority: null };
}

function nameOf(feature: Feature): string {
  return Object.entries(Feature).find(([, value]) => value === feature)?.[0] ?? String(feature);
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : cause instanceof Error ? cause.name : String(cause);
}
