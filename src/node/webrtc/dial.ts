import { abortError, isAbort } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { type Ip } from '../../base/ip.ts';
import { type Log } from '../../base/log.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type PeerConnection, type PeerConnections } from '../path-ports.ts';
import { type RemoteCaller } from '../ports.ts';
import { candidatesMax, readCandidate } from './candidate.ts';
import { readDescription, writeDescription } from './description.ts';
import { type Target } from './destinations.ts';
import { createLink, type Link } from './link.ts';
import { openSignals, type Signals, type Way, waysTo, type WaysPorts } from './signals.ts';

export interface DialPorts extends WaysPorts {
  readonly connections: PeerConnections;
  readonly remote: RemoteCaller;
  readonly hosts: () => readonly string[];
  readonly mayTry: (ip: Ip) => boolean;
  /** What both ends are to ask, where this node speaks to the far one itself. */
  readonly stun: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The answerer takes candidates a little later: checks that come before the offerer has the answer spoil its first handshake. */
const candidateDelayMs = 20;
/** On top of the connection's own time. */
const openMs = 12_000;
const triesPerWay = 2;

/**
 * A connection to a far node, for streams to this destination (and to others, where the far node is ours). Tries each way, twice where the
 * negotiation went well and the connection did not come up. Rejects with the most telling RpcError, or the abort.
 */
export async function dial(far: string, target: Target, ports: DialPorts, signal: AbortSignal): Promise<Link> {
  let problem = new RpcError(status.unavailable, 'no node that could be asked is known');
  for (const way of waysTo(far, ports)) {
    for (let tries = 0; tries < triesPerWay; tries++) {
      try {
        return await once(far, target, way, ports, signal);
      } catch (error) {
        signal.throwIfAborted();
        problem = asRpcError(error);
        ports.log.debug('dial-failed', { far, through: way.node, problem: problem.message });
        // What the far node itself refused, no other way changes.
        if (way.direct && isFinal(problem)) throw problem;
        if (problem !== notUp) break;
      }
    }
  }
  throw problem;
}

const notUp = new RpcError(status.unavailable, 'the peer connection did not come up');

function isFinal({ code }: RpcError): boolean {
  return code === status.permissionDenied || code === status.invalidArgument || code === status.resourceExhausted;
}

function asRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError(status.unavailable, error instanceof Error ? error.message : String(error), error);
}

async function once(far: string, target: Target, way: Way, ports: DialPorts, outer: AbortSignal): Promise<Link> {
  const giveUp = new AbortController();
  const signals = await openSignals(far, target, way, ports.stun(), ports.remote, AbortSignal.any([outer, giveUp.signal]));
  let connection: PeerConnection | undefined;
  try {
    const offer = readDescription(signals.offer, 'offer');
    if (!offer) throw new RpcError(status.failedPrecondition, 'the offer cannot be used');
    connection = ports.connections.create({ iceServers: signals.stun, hosts: ports.hosts() });
    const control = connection.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
    signals.answer(writeDescription(await connection.answer(offer.description)));
    connection.onCandidate((candidate) => signals.candidate(candidate));
    void takeCandidates(connection, signals, offer.candidates, ports);
    await up(connection, control.opened, ports.clock, outer);
    signals.done();
    return createLink(connection, control, offer.ours, ports.clock);
  } catch (error) {
    connection?.close();
    giveUp.abort(abortError('the negotiation failed'));
    throw error;
  }
}

/** Never rejects: the stream may end before, or with, the connection. */
async function takeCandidates(connection: PeerConnection, { candidates }: Signals, first: readonly string[], { clock, hosts, mayTry }: DialPorts): Promise<void> {
  let count = 0;
  const take = (text: string): void => {
    const heard = readCandidate(text, { hosts: hosts(), mayTry });
    if (heard.kind === 'use' && ++count <= candidatesMax) connection.addCandidate(heard.text);
  };
  try {
    await sleep(clock, candidateDelayMs);
    first.forEach(take);
    for await (const text of candidates) take(text);
  } catch {
    // How the stream ended says nothing about the connection.
  }
}

/** Resolves when the first channel is open. Throws `notUp`, or the signal's reason. */
export async function up(connection: PeerConnection, opened: Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const end = connection.state.subscribe((state) => {
    if (state === 'closed' || state === 'failed') failed.reject(notUp);
  });
  const abort = (): void => failed.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const cancel = clock.after(openMs, () => failed.reject(notUp));
  try {
    if (signal.aborted) throw signal.reason;
    await Promise.race([opened, failed.promise]);
  } catch (error) {
    throw isAbort(error) && !signal.aborted ? notUp : error;
  } finally {
    end();
    cancel();
    signal.removeEventListener('abort', abort);
  }
}
