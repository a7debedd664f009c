import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type Call, type Caller, type Duplex } from '../../base/rpc.ts';
import { DataChannelNegotiation } from '../../gen/v1/node_messages.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { type RaftView } from '../../raft/types.ts';
import { systemClock } from '../../platform/clock.ts';
import { guarded, type GuardPorts } from './guard.ts';

const view = cell({ configuration: { servers: [] } } as unknown as RaftView);

function world(secure: boolean): GuardPorts {
  return { secure, consensus: { view }, reads: { trust: { device: () => undefined, certificate: () => undefined }, revision: cell(0) }, clock: systemClock, callerPatienceMs: 10 };
}

async function ask(secure: boolean, caller: Caller): Promise<string> {
  const seen: string[] = [];
  const { handlers } = guarded(NodeService, { negotiateDataChannel: async function* (requests, _call, who) {
    seen.push('let in');
    for await (const { candidate } of requests) yield DataChannelNegotiation.fromPartial({ candidate: `${candidate} of ${who.kind}` });
  } }, world(secure));
  const requests = (async function* () {
    seen.push('read');
    yield DataChannelNegotiation.fromPartial({ candidate: 'x' });
  })();
  const call: Call = { caller, metadata: {}, peer: '192.0.2.1:1', signal: new AbortController().signal, deadlineMs: undefined };
  const handler = handlers['negotiateDataChannel'] as Duplex<unknown, DataChannelNegotiation>;
  try {
    for await (const { candidate } of handler(requests, call)) seen.push(candidate);
  } catch (error) {
    seen.push((error as Error).message);
  }
  return seen.join(', ');
}

test('who is not let in is refused before anything it sends is read', async () => {
  const certified: Caller = { kind: 'certified', id: 'eve', fingerprint: '00', expired: false };
  expect([await ask(true, { kind: 'anonymous' }), await ask(true, certified), await ask(false, { kind: 'clear-text' })])
    .toEqual(['certificate required', 'device unknown', expect.stringMatching(/^let in, read, x of /)]);
});
