import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { joinHostPort } from '../../base/ip.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { DataChannelNegotiation } from '../../gen/v1/node_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { WebRTCService } from '../../gen/v1/webrtc.ts';
import { DataChannelOffer, StartDataChannelRequest } from '../../gen/v1/webrtc_messages.ts';
import { type RemoteCaller } from '../ports.ts';
import { targetText, type Target } from './destinations.ts';
import { emptyNegotiation, stepMs } from './negotiate.ts';
import { stunServers } from './stun-list.ts';

/** A negotiation from the client's side, whoever stands between. */
export interface Signals {
  readonly offer: string;
  readonly stun: readonly string[];
  answer(text: string): void;
  candidate(text: string): void;
  /** The far end's candidates, until the stream ends. */
  readonly candidates: AsyncIterable<string>;
  /** Half-closes. */
  done(): void;
}

/** Whom to ask, and how: the far node itself, or one that reaches it. */
export interface Way {
  readonly node: string;
  readonly address: string;
  readonly direct: boolean;
}

export interface WaysPorts {
  readonly peers: () => readonly PathPeer[];
  /** Whether the tunnel reaches this node now. */
  readonly reached: (id: string) => boolean;
}

const waysMax = 4;

/** The far node first: inside the mesh when the tunnel reaches it, at its public address when it has one; then hosts, which pass on. */
export function waysTo(far: string, { peers, reached }: WaysPorts): readonly Way[] {
  const addressesOf = (peer: PathPeer): readonly string[] => [
    ...(reached(peer.id) ? [peer.ipv4, peer.ipv6].filter((address) => address !== '').slice(0, 1) : []),
    ...(peer.serves && peer.primary !== '' ? [peer.primary] : []),
  ];
  const known = peers();
  const own = known.filter(({ id }) => id === far);
  const others = known.filter(({ id, serves }) => id !== far && serves);
  const ways = (peer: PathPeer, direct: boolean): readonly Way[] => addressesOf(peer).map((address) => ({ node: peer.id, address: joinHostPort(address, peer.grpcPort), direct }));
  return [...own.flatMap((peer) => ways(peer, true)), ...others.flatMap((peer) => ways(peer, false))].slice(0, waysMax);
}

/**
 * Begins a negotiation with the far node about one destination. `dst` carries the port as well, because old far nodes look at nothing else.
 * Throws RpcError.
 */
export async function openSignals(far: string, target: Target, way: Way, stun: readonly string[], remote: RemoteCaller, signal: AbortSignal): Promise<Signals> {
  const { node, address, direct } = way;
  const wanted = { proto: target.protocol, dst: targetText(target).slice(4), port: target.port };
  const options = { metadata: {}, deadlineMs: stepMs, signal, expectId: node };
  const stream = remote.duplex(address, direct ? NodeService.negotiateDataChannel.path : WebRTCService.startDataChannel.path, options);
  const messages = stream.messages[Symbol.asyncIterator]();
  const write = (message: { readonly answer?: string; readonly candidate?: string }): void => {
    const bytes = direct ? DataChannelNegotiation.encode({ ...emptyNegotiation, ...message }) : StartDataChannelRequest.encode({ ...emptyRequest, ...message });
    stream.write(bytes.finish());
  };
  const read = (bytes: Uint8Array): { readonly offer: string; readonly candidate: string; readonly stunServers: readonly string[] } => {
    try {
      return (direct ? DataChannelNegotiation : DataChannelOffer).decode(Buffer.from(bytes));
    } catch (error) {
      throw new RpcError(status.internal, 'the other node answered what cannot be read', error);
    }
  };
  const first = direct ? DataChannelNegotiation.encode({ ...emptyNegotiation, ...wanted, stunServers: [...stun] }) : StartDataChannelRequest.encode({ ...emptyRequest, ...wanted, nodeId: far });
  stream.write(first.finish());
  const answer = await messages.next();
  if (answer.done) throw new RpcError(status.failedPrecondition, 'the other node ended the negotiation');
  const { offer, stunServers: told } = read(answer.value);
  return {
    offer, stun: direct ? stun : stunServers(told),
    answer: (answer) => write({ answer }),
    candidate: (candidate) => write({ candidate }),
    done: stream.end,
    candidates: (async function* () {
      for (let step = await messages.next(); !step.done; step = await messages.next()) {
        const { candidate } = read(step.value);
        if (candidate !== '') yield candidate;
      }
    })(),
  };
}

const emptyRequest: StartDataChannelRequest = { nodeId: '', proto: '', dst: '', port: 0, answer: '', candidate: '' };
