import { type Ip } from '../../base/ip.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type PeerConnections } from '../path-ports.ts';
import { candidatesMax, readCandidate } from './candidate.ts';
import { readDescription, writeDescription } from './description.ts';
import { type Target } from './destinations.ts';
import { type FarPorts, serveStreams } from './far-streams.ts';

export interface FarOptions extends FarPorts {
  readonly connections: PeerConnections;
  /** Bare addresses of this machine to be found at. */
  readonly hosts: () => readonly string[];
  /** Whether packets may be sent to an address for others. */
  readonly mayTry: (ip: Ip) => boolean;
}

/** The offering end of a connection that is being negotiated. */
export interface FarSession {
  /** The offer, as it travels. */
  readonly offer: string;
  /** Throws failedPrecondition. */
  accept(answer: string): void;
  /** `bad`: it is no candidate. Others are used or skipped. */
  candidate(text: string): 'taken' | 'bad';
  onCandidate(see: (text: string) => void): void;
  readonly ended: Promise<void>;
  close(): void;
}

/** Makes the offer for connections to one destination, which was judged before. Throws unknown when the connection cannot be made. */
export async function openFar(target: Target, stun: readonly string[], { connections, hosts, mayTry, ...ports }: FarOptions): Promise<FarSession> {
  const connection = created(connections, stun, hosts());
  const ended = Promise.withResolvers<void>();
  const look = (state: string): void => {
    if (state === 'closed' || state === 'failed') ended.resolve();
  };
  connection.state.subscribe(look);
  let ours = false;
  let candidates = 0;
  const control = connection.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
  const take = (text: string): 'taken' | 'bad' => {
    const heard = readCandidate(text, { hosts: hosts(), mayTry });
    if (heard.kind === 'use' && ++candidates <= candidatesMax) connection.addCandidate(heard.text);
    return heard.kind === 'bad' ? 'bad' : 'taken';
  };
  try {
    return {
      offer: writeDescription(await connection.offer()),
      accept: (text) => {
        const heard = readDescription(text, 'answer');
        if (!heard) throw new RpcError(status.failedPrecondition, 'the answer cannot be used');
        ours = heard.ours;
        serveStreams(connection, control, target, () => ours, ports);
        connection.accept(heard.description);
        heard.candidates.forEach(take);
      },
      candidate: take,
      onCandidate: connection.onCandidate,
      ended: ended.promise,
      close: connection.close,
    };
  } catch (error) {
    connection.close();
    throw new RpcError(status.unknown, 'the peer connection cannot be made', error);
  }
}

function created(connections: PeerConnections, stun: readonly string[], hosts: readonly string[]) {
  try {
    return connections.create({ iceServers: stun, hosts });
  } catch (error) {
    throw new RpcError(status.unknown, 'this machine cannot make peer connections', error);
  }
}
