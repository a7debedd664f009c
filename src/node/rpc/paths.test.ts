import { expect, test } from 'vitest';
import { noDuplex } from '../../../test/fakes/no-duplex.ts';
import { settle, virtualClock } from '../../../test/sim/session/clock.ts';
import { cell } from '../../base/cell.ts';
import { type Call, type Caller, RpcError, status, type Unary } from '../../base/rpc.ts';
import { PeerState, TunnelState } from '../../gen/webmesh/helper/v1/helper.ts';
import { NegotiateRequest, NegotiateResponse, type ObserveResponse, Proposal, Tier } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type RaftView } from '../../raft/types.ts';
import { type RemoteCallOptions } from '../ports.ts';
import { type NodeRow } from '../state/reads.ts';
import { callLimits } from './call-limits.ts';
import { createPathService, type PathServicePorts } from './paths.ts';

const session = Buffer.alloc(16, 3);
const proposal = (change: object = {}): Proposal => ({ ...Proposal.decode(Buffer.alloc(0)), session, tier: Tier.TIER_PUNCH, ...change });
const row = (id: string, n: number): NodeRow => ({
  id, publicKey: `key of ${id}`, raftPort: 9443, grpcPort: 8443, wireguardPort: 51_820, primaryEndpoint: null, endpoints: [], networkIpv6: `fd00:1:2:${n}::/64`, leaseIpv4: `172.16.0.${n}/12`,
  createdAt: { seconds: 0n, nanos: 0 }, updatedAt: { seconds: 0n, nanos: 0 },
});
const states: Readonly<Record<string, { role: 'guest' | 'member' | 'admin'; state: 'active' | 'revoked' }>> = {
  host: { role: 'admin', state: 'active' }, vera: { role: 'member', state: 'active' }, ann: { role: 'guest', state: 'active' }, bob: { role: 'member', state: 'active' },
  eve: { role: 'member', state: 'revoked' }, low: { role: 'guest', state: 'active' },
};

/** The service of `self` in a mesh where host, vera and low vote. */
function world({ self = 'host', secure = true, ...given }: { self?: string } & Partial<PathServicePorts> = {}) {
  const clock = virtualClock();
  clock.next(1_000_000);
  const rows = new Map(['host', 'vera', 'ann', 'bob', 'eve', 'low'].map((id, n) => [id, row(id, n + 1)]));
  const asked: string[] = [];
  const answered: string[] = [];
  let reply = async (_request: NegotiateRequest): Promise<Uint8Array> => NegotiateResponse.encode({ answer: proposal({ endpoints: ['203.0.113.9:51820'] }) }).finish();
  const ports: PathServicePorts = {
    nodeId: self, secure, clock, callerPatienceMs: 0,
    consensus: { view: cell({ configuration: { servers: ['host', 'vera', 'low', 'bob'].map((id) => ({ id, address: id, voter: id !== 'bob' })) } } as unknown as RaftView) },
    reads: {
      node: (id) => rows.get(id), nodes: () => [...rows.values()], revision: cell(0),
      trust: { device: (id) => states[id] as never, certificate: (fingerprint) => ({ deviceId: fingerprint, notAfterMs: 2_000_000_000_000 }) as never },
    },
    remote: {
      ...noDuplex,
      unary: async (address: string, _path: string, bytes: Uint8Array, { expectId, deadlineMs }: RemoteCallOptions) => {
        const request = NegotiateRequest.decode(Buffer.from(bytes));
        asked.push(`${expectId} at ${address} within ${deadlineMs}: ${request.to} from ${request.from} via ${request.via}`);
        return reply(request);
      },
    },
    answer: async (offer, from) => {
      answered.push(`${from}: ${offer.endpoints.join()}`);
      return { ...proposal({ refusal: 'peer-cannot' }), session: Buffer.alloc(0) };
    },
    tunnel: () => null, serverFor: () => null, relay: { serve: async function* () {} }, reached: () => true, defer: (run) => void setImmediate(run), ...given,
  };
  const handlers = createPathService(ports).handlers;
  const call = async <T>(method: string, request: unknown, caller: Caller, more: Partial<Call>): Promise<T | string> => {
    try {
      return await (handlers[method] as Unary<unknown, T>)(request, { caller, metadata: {}, peer: '198.51.100.4:5000', signal: new AbortController().signal, deadlineMs: undefined, ...more });
    } catch (error) {
      return error instanceof RpcError ? `${error.code} ${error.message}` : String(error);
    }
  };
  const as = (id: string): Caller => (secure ? { kind: 'certified', id, fingerprint: id, expired: false } : { kind: 'clear-text' });
  return {
    clock, asked, answered, respond: (next: typeof reply) => (reply = next),
    negotiate: (id: string, to: string, { from = '', via = '', offer = proposal() as Proposal | undefined, ...more }: { from?: string; via?: string; offer?: Proposal | undefined } & Partial<Call> = {}) =>
      call<NegotiateResponse>('negotiate', { to, from, via, offer }, as(id), more),
    observe: (id: string, more: Partial<Call> = {}) => call<ObserveResponse>('observe', {}, as(id), more) as Promise<ObserveResponse>,
  };
}

test('answers an offer for itself, from whom the certificate proved', async () => {
  const w = world();
  expect(await w.negotiate('ann', 'host', { offer: proposal({ endpoints: ['203.0.113.4:1', '127.0.0.1:2'] }) })).toEqual({ answer: proposal({ refusal: 'peer-cannot' }) });
  expect([w.answered, w.asked]).toEqual([['ann: 203.0.113.4:1'], []]);
  expect(await w.negotiate('ann', 'host', { from: 'bob' })).toBe(`${status.permissionDenied} only for the node itself`);
  expect(await w.negotiate('host', 'host')).toBe(`${status.invalidArgument} a node has no path to itself`);
});

test('carries an offer to another node inside the mesh, once', async () => {
  const w = world();
  expect(await w.negotiate('ann', 'bob', { deadlineMs: 60_000 })).toEqual({ answer: proposal({ endpoints: ['203.0.113.9:51820'] }) });
  expect(w.asked).toEqual(['bob at 172.16.0.4:8443 within 4000: bob from ann via host']);
  expect(await w.negotiate('vera', 'bob', { from: 'ann', via: 'vera' })).toBe(`${status.failedPrecondition} another hop would be needed`);
  expect(await w.negotiate('ann', 'nobody')).toBe(`${status.notFound} no such node`);
  expect(await w.negotiate('ann', 'eve')).toBe(`${status.notFound} no such node`);
});

test('believes a voter when it speaks for another, and nobody else', async () => {
  const w = world({ self: 'bob' });
  expect(await w.negotiate('vera', 'bob', { from: 'ann', via: 'vera' })).toMatchObject({ answer: { refusal: 'peer-cannot' } });
  expect(w.answered).toEqual(['ann: ']);
  expect(await Promise.all([
    w.negotiate('ann', 'bob', { from: 'vera', via: 'ann' }), w.negotiate('low', 'bob', { from: 'ann', via: 'low' }), w.negotiate('vera', 'bob', { from: 'ann', via: 'host' }),
    w.negotiate('vera', 'bob', { from: 'eve', via: 'vera' }), w.negotiate('vera', 'bob', { from: '', via: 'vera' }), w.negotiate('eve', 'bob'),
  ])).toEqual([
    `${status.permissionDenied} only for voters`, `${status.permissionDenied} only for voters`, `${status.permissionDenied} only for voters`,
    `${status.permissionDenied} the node that offers does not belong to the mesh`, `${status.invalidArgument} node id is required`, `${status.permissionDenied} revoked`,
  ]);
  expect(await w.negotiate('ann', 'vera')).toBe(`${status.failedPrecondition} this node has no vote, and nobody would believe it`);
});

test('does not hand on what is broken: neither an offer nor an answer', async () => {
  const w = world();
  expect(await w.negotiate('ann', 'bob', { offer: proposal({ session: Buffer.alloc(3) }) })).toBe(`${status.invalidArgument} session must have 16 bytes`);
  w.respond(async () => NegotiateResponse.encode({ answer: proposal({ endpoints: ['x'] }) }).finish());
  expect(await w.negotiate('ann', 'bob')).toBe(`${status.invalidArgument} endpoints must be an IP address with a port`);
  w.respond(async () => Buffer.from([0xff, 0xff]));
  expect(await w.negotiate('ann', 'bob')).toBe(`${status.internal} the other node answered what cannot be read`);
  w.respond(async () => Promise.reject(new RpcError(status.deadlineExceeded, 'late')));
  expect(await w.negotiate('ann', 'bob')).toBe(`${status.unavailable} late`);
  w.respond(async () => Promise.reject(new RpcError(status.unimplemented, 'what?')));
  expect(await w.negotiate('ann', 'bob')).toBe(`${status.unimplemented} what?`);
});

test('lets nobody ask without end', async () => {
  const w = world();
  w.respond(() => new Promise(() => {}));
  const calls = Array.from({ length: callLimits.outstanding + 1 }, () => w.negotiate('ann', 'bob'));
  expect(await calls.at(-1)).toBe(`${status.resourceExhausted} too many calls at once`);
  expect(await w.negotiate('vera', 'host')).toMatchObject({ answer: {} });
  const quick = world();
  for (let n = 0; n < callLimits.burst; n++) await quick.negotiate('ann', 'host');
  expect(await quick.negotiate('ann', 'host')).toBe(`${status.resourceExhausted} too many calls at once`);
  quick.clock.next(quick.clock.monotonicMs() + 1_000);
  expect(await quick.negotiate('ann', 'host')).toMatchObject({ answer: {} });
  await settle();
});

const peerOf = (id: string, change: object): PeerState => PeerState.fromPartial({ publicKey: `key of ${id}`, ...change });

test('tells what it sees of the caller: never a carrier of this machine', async () => {
  const server = { nodeId: 'host', stun: [], turn: [], username: 'u', credential: 'c', expiresMs: 5n };
  const w = world({
    serverFor: (id) => ({ ...server, username: id }),
    tunnel: () => TunnelState.fromPartial({ peers: [peerOf('ann', { endpoint: '203.0.113.4:40001', lastHandshakeMs: 995_000n }), peerOf('bob', { endpoint: '127.0.0.1:50000', lastHandshakeMs: 0n }), peerOf('vera', { endpoint: '[2001:DB8::1]:7' })] }),
  });
  expect(await w.observe('ann', { peer: '[::ffff:198.51.100.4]:5000' })).toEqual({ tunnelEndpoint: '203.0.113.4:40001', handshakeAgeMs: 5_000n, callAddress: '198.51.100.4:5000', server: { ...server, username: 'ann' } });
  expect(await w.observe('bob')).toMatchObject({ tunnelEndpoint: '', handshakeAgeMs: -1n });
  expect(await w.observe('vera', { peer: '[2001:db8::9]:1' })).toMatchObject({ tunnelEndpoint: '[2001:db8::1]:7', callAddress: '[2001:db8::9]:1' });
});

test('in clear text, a caller is who its mesh address says, or who it says it is', async () => {
  const w = world({ secure: false, serverFor: (id) => ({ nodeId: 'host', stun: [], turn: [], username: id, credential: '', expiresMs: 0n }), tunnel: () => TunnelState.fromPartial({ peers: [peerOf('ann', { endpoint: '203.0.113.4:40001' })] }) });
  expect(await w.observe('?', { peer: '172.16.0.3:9' })).toMatchObject({ tunnelEndpoint: '203.0.113.4:40001', server: { username: 'ann' } });
  expect(await w.observe('?')).toMatchObject({ tunnelEndpoint: '', handshakeAgeMs: -1n, server: { username: 'at 198.51.100.4' } });
  expect(await w.negotiate('?', 'bob', { peer: '172.16.0.3:9' })).toMatchObject({ answer: {} });
  expect(await w.negotiate('?', 'bob', { from: 'vera' })).toMatchObject({ answer: {} });
  expect(await w.negotiate('?', 'host', { from: 'ann', via: 'anyone' })).toMatchObject({ answer: {} });
  expect(await w.negotiate('?', 'bob')).toBe(`${status.invalidArgument} from is missing`);
  expect(w.asked).toEqual(['bob at 172.16.0.4:8443 within 4000: bob from ann via host', 'bob at 172.16.0.4:8443 within 4000: bob from vera via host']);
});
