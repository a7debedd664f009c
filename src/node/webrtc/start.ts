import { isAbort } from '../../base/abort.ts';
import { sleep } from '../../base/clock.ts';
import { type Call, RpcError, type StatusCode, status } from '../../base/rpc.ts';
import { DataChannelNegotiation } from '../../gen/v1/node_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type DataChannelOffer, type StartDataChannelRequest } from '../../gen/v1/webrtc_messages.ts';
import { type RemoteCaller } from '../ports.ts';
import { type Admitted } from '../rpc/auth.ts';
import { candidateCharactersMax } from './candidate.ts';
import { type Conversation, converse } from './conversation.ts';
import { descriptionCharactersMax } from './description.ts';
import { demandDial, targetOf } from './destinations.ts';
import { emptyNegotiation, negotiationMs, type NegotiateOptions, stepMs } from './negotiate.ts';
import { callerOf, type Places } from './places.ts';

export interface StartOptions extends NegotiateOptions {
  readonly nodeId: string;
  readonly remote: RemoteCaller;
  /** host:port of a node's API as this node reaches it; undefined: no such node, null: none known. */
  readonly addressOf: (id: string) => string | null | undefined;
  /** What both ends are told to ask. */
  readonly stun: () => readonly string[];
  /** Of calls that this node carries for others. */
  readonly relays: Places;
}

type Talk = Conversation<StartDataChannelRequest, DataChannelOffer>;
const messagesMax = 256;
const lastWordsMs = 1_000;
const emptyOffer: DataChannelOffer = { offer: '', stunServers: [], candidate: '' };

/** WebRTC.StartDataChannel: this node stands between the caller and the far node, or is the far node itself. */
export function start(requests: AsyncIterable<StartDataChannelRequest>, call: Call, who: Admitted, options: StartOptions): AsyncIterable<DataChannelOffer> {
  return converse<StartDataChannelRequest, DataChannelOffer>(requests, options.clock, async (talk) => {
    const first = await talk.next(stepMs);
    if (first === null) return;
    if (first.nodeId === '') throw new RpcError(status.invalidArgument, 'node id is required');
    if (first.port < 1 || first.port > 65_535) throw new RpcError(status.invalidArgument, 'port is invalid: 1 to 65535');
    if (first.dst.length > candidateCharactersMax || first.proto.length > 16) throw new RpcError(status.invalidArgument, 'dst or proto is too long');
    const wanted = { proto: first.proto || 'tcp', dst: first.dst || '127.0.0.1', port: first.port };
    await (first.nodeId === options.nodeId ? here(wanted, talk, call, who, options) : there(first.nodeId, wanted, talk, call, who, options));
  });
}

type Wanted = Pick<DataChannelNegotiation, 'proto' | 'dst' | 'port'>;

async function here({ proto, dst, port }: Wanted, { next, say }: Talk, call: Call, who: Admitted, options: StartOptions): Promise<void> {
  const { clock, sessions, own } = options;
  const target = demandDial(targetOf(proto, dst, port), own());
  const servers = options.stun();
  const far = await sessions.open(callerOf(who, call), target, servers);
  try {
    call.signal.throwIfAborted();
    say({ ...emptyOffer, offer: far.offer, stunServers: [...servers] });
    far.accept(await answerIn({ next, say }));
  } catch (error) {
    far.close();
    throw error;
  }
  far.onCandidate((candidate) => say({ ...emptyOffer, candidate }));
  await candidatesIn({ next, say }, clock.monotonicMs.bind(clock), (candidate) => {
    if (candidate !== '' && far.candidate(candidate) === 'bad') throw new RpcError(status.unknown, 'the candidate cannot be used');
  });
}

async function there(id: string, wanted: Wanted, talk: Talk, call: Call, who: Admitted, options: StartOptions): Promise<void> {
  const { clock, remote, relays } = options;
  const address = options.addressOf(id);
  if (address === undefined) throw new RpcError(status.notFound, 'no such node');
  if (address === null) throw new RpcError(status.failedPrecondition, 'the node has no address that this one can reach');
  const leave = relays.take(callerOf(who, call));
  const living = new AbortController();
  const servers = options.stun();
  try {
    const signal = AbortSignal.any([living.signal, call.signal]);
    const stream = remote.duplex(address, NodeService.negotiateDataChannel.path, { metadata: {}, deadlineMs: stepMs, signal, expectId: id });
    const send = (message: Partial<DataChannelNegotiation>): void => void stream.write(DataChannelNegotiation.encode({ ...emptyNegotiation, ...message }).finish());
    const answers = stream.messages[Symbol.asyncIterator]();
    send({ ...wanted, src: call.peer, stunServers: [...servers] });
    const offer = (await heard(answers))?.offer ?? '';
    if (offer === '' || offer.length > descriptionCharactersMax) throw new RpcError(status.failedPrecondition, 'the far node made no offer');
    talk.say({ ...emptyOffer, offer, stunServers: [...servers] });
    send({ answer: await answerIn(talk) });
    const relaying = relayBack(answers, talk);
    const asking = candidatesIn(talk, clock.monotonicMs.bind(clock), (candidate) => {
      if (candidate === '') throw new RpcError(status.invalidArgument, 'candidate is required');
      send({ candidate });
    });
    await Promise.race([asking, relaying]);
    stream.end();
    // The far node ends its stream when it heard ours end; what it says until then is passed on.
    await Promise.race([relaying.catch(() => {}), sleep(clock, lastWordsMs)]);
  } finally {
    living.abort();
    leave();
  }
}

/** Null at its end. Throws what ended the far node's stream, as the documented status. */
async function heard(answers: AsyncIterator<Uint8Array>): Promise<DataChannelNegotiation | null> {
  try {
    const step = await answers.next();
    return step.done ? null : DataChannelNegotiation.decode(Buffer.from(step.value));
  } catch (error) {
    if (isAbort(error)) throw error;
    throw farError(error);
  }
}

/** Its own refusals keep their meaning; what an old node says becomes failedPrecondition. */
function farError(error: unknown): RpcError {
  const kept: readonly StatusCode[] = [status.permissionDenied, status.invalidArgument, status.resourceExhausted, status.failedPrecondition];
  if (error instanceof RpcError && kept.includes(error.code)) return error;
  return new RpcError(status.failedPrecondition, error instanceof RpcError ? `far node: ${error.message}` : 'the far node answered what cannot be read', error);
}

/** All of its candidates, for as long as it has some. Resolves when it ended well. */
async function relayBack(answers: AsyncIterator<Uint8Array>, talk: Talk): Promise<void> {
  for (let count = 0; count < messagesMax; count++) {
    const message = await heard(answers);
    if (message === null) return;
    const { candidate } = message;
    if (candidate !== '' && candidate.length <= candidateCharactersMax) talk.say({ ...emptyOffer, candidate });
  }
}

async function answerIn({ next }: Talk): Promise<string> {
  const message = await next(stepMs);
  if (message === null || message.answer === '') throw new RpcError(status.invalidArgument, 'answer is required');
  if (message.answer.length > descriptionCharactersMax) throw new RpcError(status.invalidArgument, 'answer is too long');
  return message.answer;
}

/** Until the caller half-closes. */
async function candidatesIn({ next }: Talk, nowMs: () => number, take: (candidate: string) => void): Promise<void> {
  const endsMs = nowMs() + negotiationMs;
  for (let count = 0; count < messagesMax; count++) {
    const message = await next(Math.max(0, endsMs - nowMs()));
    if (message === null) return;
    if (message.candidate.length > candidateCharactersMax) throw new RpcError(status.invalidArgument, 'candidate is too long');
    take(message.candidate);
  }
  throw new RpcError(status.resourceExhausted, 'too many candidates');
}
