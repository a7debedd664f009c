import { type Call, RpcError, status } from '../../base/rpc.ts';
import { type DataChannelNegotiation } from '../../gen/v1/node_messages.ts';
import { type Admitted } from '../rpc/auth.ts';
import { converse } from './conversation.ts';
import { demandDial, targetOf } from './destinations.ts';
import { type FarOptions } from './far.ts';
import { type FarSessions } from './far-sessions.ts';
import { callerOf } from './places.ts';
import { stunServers } from './stun-list.ts';

export interface NegotiateOptions extends Pick<FarOptions, 'clock' | 'own'> {
  readonly sessions: FarSessions;
}

/** For the next step of a negotiation, and for the whole of it. */
export const stepMs = 10_000;
export const negotiationMs = 120_000;
const messagesMax = 256;

export const emptyNegotiation: DataChannelNegotiation = { proto: '', src: '', dst: '', port: 0, offer: '', answer: '', candidate: '', stunServers: [] };

/**
 * Node.NegotiateDataChannel: this node is the far end and offers. The stream may end any time after the answer; the connection lives on. It
 * keeps its caller's place until it ends.
 */
export function negotiate(requests: AsyncIterable<DataChannelNegotiation>, call: Call, who: Admitted, options: NegotiateOptions): AsyncIterable<DataChannelNegotiation> {
  const { clock, sessions, own } = options;
  return converse<DataChannelNegotiation, DataChannelNegotiation>(requests, clock, async ({ next, say }) => {
    const first = await next(stepMs);
    if (first === null) return;
    const target = demandDial(targetOf(first.proto || 'tcp', first.dst || '127.0.0.1', first.port), own());
    const far = await sessions.open(callerOf(who, call), target, stunServers(first.stunServers));
    try {
      call.signal.throwIfAborted();
      say({ ...emptyNegotiation, offer: far.offer });
      const answer = await next(stepMs);
      if (answer === null || answer.answer === '') throw new RpcError(status.invalidArgument, 'answer is required');
      far.accept(answer.answer);
    } catch (error) {
      far.close();
      throw error;
    }
    far.onCandidate((candidate) => say({ ...emptyNegotiation, candidate }));
    const endsMs = clock.monotonicMs() + negotiationMs;
    for (let count = 0; count < messagesMax; count++) {
      const message = await next(Math.max(0, endsMs - clock.monotonicMs()));
      if (message === null) return;
      if (message.candidate !== '' && far.candidate(message.candidate) === 'bad') throw new RpcError(status.unknown, 'the candidate cannot be used');
    }
    throw new RpcError(status.resourceExhausted, 'too many candidates');
  });
}
