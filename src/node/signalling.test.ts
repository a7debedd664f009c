import { expect, test } from 'vitest';
import { type Log } from '../base/log.ts';
import { RpcError, status } from '../base/rpc.ts';
import { PathPeer } from '../gen/webmesh/local/v1/local.ts';
import { NegotiateRequest, NegotiateResponse, Proposal } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { createSignalling } from './signalling.ts';

const log: Log = { scope: () => log, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const offer = Proposal.fromPartial({ session: Buffer.alloc(16, 1) });
const peer = (id: string, more: Partial<PathPeer> = {}): PathPeer => PathPeer.fromPartial({ id, ipv4: `10.0.0.${id.charCodeAt(0) - 96}`, grpcPort: 8443, ...more });

/** Time that passes only when nothing else can happen: every wait ends at once, in order. */
function quickClock() {
  const waiting: { atMs: number; run: () => void }[] = [];
  let nowMs = 0;
  const turn = (): void => {
    waiting.sort((a, b) => a.atMs - b.atMs);
    const next = waiting.shift();
    if (!next) return;
    nowMs = Math.max(nowMs, next.atMs);
    next.run();
  };
  return {
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, after: (delayMs: number, run: () => void) => {
      const entry = { atMs: nowMs + delayMs, run };
      waiting.push(entry);
      setImmediate(turn);
      return () => void waiting.splice(waiting.indexOf(entry) >>> 0, waiting.includes(entry) ? 1 : 0);
    } },
  };
}

function world(answers: Readonly<Record<string, 'ok' | 'silent' | number>>, options: { readonly reached?: readonly string[]; readonly votes?: readonly string[] } = {}) {
  const asked: string[] = [];
  const peers = [peer('a', { serves: true, primary: '203.0.113.1' }), peer('b'), peer('c', { serves: true, primary: '203.0.113.3' })];
  const signalling = createSignalling({
    nodeId: 'self',
    clock: quickClock().clock, log, peers: () => peers, reached: (id) => options.reached?.includes(id) ?? false, votes: (id) => options.votes?.includes(id) ?? false,
    remote: {
      unary: (address, _path, bytes, { expectId, signal }) => {
        asked.push(`${expectId}@${address}`);
        expect(NegotiateRequest.decode(bytes)).toMatchObject({ from: 'self', via: '' });
        const answer = answers[expectId] ?? 'silent';
        if (answer === 'silent') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        if (answer !== 'ok') return Promise.reject(new RpcError(answer as 14, expectId));
        return Promise.resolve(NegotiateResponse.encode({ answer: Proposal.fromPartial({ refusal: expectId }) }).finish());
      },
      duplex: () => {
        throw new Error('not asked for');
      },
    },
  });
  return { asked, signal: (to: string) => signalling.signal(to, offer, new AbortController().signal).then(({ refusal }) => refusal, (error: { code?: string }) => error.code) };
}

test('asks the peer itself inside the mesh when the tunnel reaches it', async () => {
  const { asked, signal } = world({ b: 'ok' }, { reached: ['b'] });
  expect(await signal('b')).toBe('b');
  expect(asked).toEqual(['b@10.0.0.2:8443']);
});

test('asks who answers the public at its public address', async () => {
  const { asked, signal } = world({ a: 'ok' });
  expect(await signal('a')).toBe('a');
  expect(asked).toEqual(['a@203.0.113.1:8443']);
});

test('goes through a node that can be reached, those of the mesh first', async () => {
  const { asked, signal } = world({ c: 'ok' }, { reached: ['c'], votes: ['c'] });
  expect(await signal('b')).toBe('c');
  expect(asked).toEqual(['c@10.0.0.3:8443']);
});

test('a silent way is overtaken by the next one, a failed one is replaced', async () => {
  expect(await world({ a: 'silent', c: 'ok' }).signal('b')).toBe('c');
  expect(await world({ a: status.unavailable, c: 'ok' }).signal('b')).toBe('c');
});

test('only the peer itself can say that it does not know the call', async () => {
  expect(await world({ b: status.unimplemented, a: status.unavailable, c: status.unavailable }, { reached: ['b'] }).signal('b')).toBe('peer-cannot');
  expect(await world({ a: status.unimplemented, c: status.unavailable }).signal('b')).toBe('cannot-negotiate');
});

test('when nobody answers, the offer could not be brought', async () => {
  const { asked, signal } = world({ a: status.unavailable, c: status.deadlineExceeded });
  expect(await signal('nobody')).toBe('cannot-negotiate');
  expect(asked).toEqual(['a@203.0.113.1:8443', 'c@203.0.113.3:8443']);
});
