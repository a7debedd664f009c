import { isAbort } from '../base/abort.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { joinHostPort } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { RpcError, status } from '../base/rpc.ts';
import { type PathPeer } from '../gen/webmesh/local/v1/local.ts';
import { PathServiceService } from '../gen/webmesh/paths/v1/paths.ts';
import { NegotiateRequest, NegotiateResponse, ObserveRequest, ObserveResponse, type Proposal } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError } from './path-ports.ts';
import { type RemoteCaller } from './ports.ts';

export interface SignallingPorts {
  /** Who offers: proven by the certificate, and all that is known in clear text. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly remote: RemoteCaller;
  /** Everybody whom the app told of. */
  readonly peers: () => readonly PathPeer[];
  /** Whether the tunnel reaches this node now. */
  readonly reached: (id: string) => boolean;
  /** Whether this node votes: only voters are believed when they speak for another. */
  readonly votes: (id: string) => boolean;
}

/** Where to ask, and whom: the peer itself, or a node that passes an offer on. */
interface Way {
  readonly node: string;
  readonly address: string;
}

const answerMsMax = 4_000;
/** The next way is tried beside the one that is still silent. */
const patienceMs = 700;
const waysMax = 4;

/** How this node speaks to others about paths: at their mesh address where the tunnel reaches them, at their public API, or through who can. */
export function createSignalling(ports: SignallingPorts): {
  /** Rejects with a CarrierError: peer-cannot, cannot-negotiate. */
  signal(to: string, offer: Proposal, signal: AbortSignal): Promise<Proposal>;
  observe(node: string, signal: AbortSignal): Promise<ObserveResponse>;
} {
  return {
    signal: async (to, offer, signal) => {
      const request = NegotiateRequest.encode({ to, from: ports.nodeId, via: '', offer }).finish();
      const bytes = await firstAnswer(waysTo(to, ports), (way, inner) => call(PathServiceService.negotiate.path, request, to, way, inner, ports), ports.clock, signal);
      const { answer } = NegotiateResponse.decode(bytes);
      if (!answer) throw new CarrierError('cannot-negotiate', 'the answer is empty');
      return answer;
    },
    observe: async (node, signal) => {
      const request = ObserveRequest.encode({}).finish();
      const bytes = await firstAnswer(waysOf(node, ports), (way, inner) => call(PathServiceService.observe.path, request, node, way, inner, ports), ports.clock, signal);
      return ObserveResponse.decode(bytes);
    },
  };
}

/** The node itself: inside the mesh where the tunnel reaches it, else where it answers the public. */
function waysOf(id: string, { peers, reached }: SignallingPorts): readonly Way[] {
  const peer = peers().find((known) => known.id === id);
  if (!peer) return [];
  const inside = [peer.ipv4, peer.ipv6].find((address) => address !== '');
  const ways: Way[] = [];
  if (inside !== undefined && reached(id)) ways.push({ node: id, address: joinHostPort(inside, peer.grpcPort) });
  if (peer.serves && peer.primary !== '') ways.push({ node: id, address: joinHostPort(peer.primary, peer.grpcPort) });
  return ways;
}

/** The peer itself first, then voters that the tunnel reaches, then voters that answer the public. */
function waysTo(to: string, ports: SignallingPorts): readonly Way[] {
  const { peers, reached, votes } = ports;
  const middles = peers().filter(({ id, serves }) => id !== to && (serves || votes(id)));
  const near = middles.filter(({ id }) => reached(id)).map(({ id }) => waysOf(id, ports)[0]);
  const far = middles.filter(({ id }) => !reached(id)).map(({ id }) => waysOf(id, ports)[0]);
  return [...waysOf(to, ports), ...near, ...far].filter((way) => way !== undefined).slice(0, waysMax);
}

/** The first answer of several ways, each begun when the one before failed or was silent for a while. Rejects with the most telling error. */
async function firstAnswer(ways: readonly Way[], ask: (way: Way, signal: AbortSignal) => Promise<Uint8Array>, clock: Clock, signal: AbortSignal): Promise<Uint8Array> {
  if (ways.length === 0) throw new CarrierError('cannot-negotiate', 'no node that could be asked is known');
  const done = new AbortController();
  const inner = AbortSignal.any([signal, done.signal]);
  try {
    let late: Promise<unknown> = Promise.resolve();
    const tries = ways.map((way) => {
      const before = late;
      const attempt = before.then(() => ask(way, inner));
      // A try that fails lets the next one begin at once; a silent one lets it begin after a while.
      late = before.then(() => Promise.race([attempt.then(() => sleep(clock, answerMsMax, inner), () => {}), sleep(clock, patienceMs, inner)])).catch(() => {});
      return attempt;
    });
    return await Promise.any(tries);
  } catch (error) {
    signal.throwIfAborted();
    const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    throw all.find((each) => each instanceof CarrierError && each.code === 'peer-cannot') ?? all[0];
  } finally {
    done.abort();
  }
}

/** Only the word of the node that is meant tells that it does not know the call; one in the middle may be older than it. */
async function call(path: string, request: Uint8Array, meant: string, { node, address }: Way, signal: AbortSignal, { remote, log }: SignallingPorts): Promise<Uint8Array> {
  try {
    return await remote.unary(address, path, request, { metadata: {}, deadlineMs: answerMsMax, signal, expectId: node });
  } catch (error) {
    if (isAbort(error)) throw error;
    log.debug('signalling', { node, address, problem: error instanceof Error ? error.message : String(error) });
    const unknown = node === meant && error instanceof RpcError && error.code === status.unimplemented;
    throw new CarrierError(unknown ? 'peer-cannot' : 'cannot-negotiate', error instanceof Error ? error.message : 'no answer', error);
  }
}
