import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { type Clock } from '../base/clock.ts';
import { type Call, type ServerStream } from '../base/rpc.ts';
import { Status } from '../gen/v1/node_messages.ts';
import { ListAuditResponse, TrustView } from '../gen/webmesh/trust/v1/trust_messages.ts';
import { type WatchReplicaResponse } from '../gen/webmesh/local/v1/local.ts';
import { type RaftView } from '../raft/types.ts';
import { NatReport } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { localService } from './local.ts';
import { type LocalPathsPorts } from './local-paths.ts';

const view: RaftView = {
  id: 'a', role: 'leader', term: 3, leader: 'a', lastIndex: 9, commitIndex: 8, configuration: { servers: [{ id: 'a', address: 'x:1', voter: true }, { id: 'b', address: 'y:1', voter: false }] },
  configurationCommitted: true, leaderContactTicks: 0, quorumActive: true, violations: 0, progress: new Map([['b', { match: 7, snapshotting: false, active: true }]]),
};

const clear = TrustView.fromPartial({});
const page = ListAuditResponse.fromPartial({});

/** A watch on a clock that moves when told; `seen` counts what arrived at which time. */
const noPaths: LocalPathsPorts = {
  clock: { nowMs: asked, monotonicMs: asked, after: asked }, closing: new AbortController().signal, netcheck: asked,
  paths: { view: cell({ nat: NatReport.fromPartial({}), paths: [] }), setInputs: asked, ping: asked }, forwards: { views: cell([]), open: asked, close: asked },
};

function watching() {
  let now = 0;
  const timers: { at: number; run: () => void }[] = [];
  const clock: Clock = { nowMs: () => now, monotonicMs: () => now, after: (ms, run) => {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
  } };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const pass = async (ms: number): Promise<void> => {
    await settle();
    for (const until = now + ms; ; await settle()) {
      const next = timers.filter((t) => t.at <= until).sort((x, y) => x.at - y.at)[0];
      if (!next) {
        now = until;
        return settle();
      }
      now = next.at;
      timers.splice(timers.indexOf(next), 1);
      next.run();
    }
  };
  const cells = { view: cell(view), appliedIndex: cell(8) };
  const mesh = { networkName: 'home', ipv4Network: '10.0.0.0/8', ulaPrefix: 'fd00::/48' };
  const { handlers } = localService({ ...cells, clock, tickMs: 100, closing: new AbortController().signal, status: () => Status.fromPartial({ id: 'a' }), nodes: () => [], mesh: () => mesh, metrics: () => Promise.reject(new Error('none')),
    secure: false, consensus: cells, reads: { trust: { device: () => undefined, certificate: () => undefined }, revision: cell(0) }, trust: () => clear, audit: () => page, renewOwn: async () => [], paths: noPaths });
  const ending = new AbortController();
  const call: Call = { caller: { kind: 'local' }, metadata: {}, peer: 'local', signal: ending.signal, deadlineMs: undefined };
  const seen: number[] = [];
  const values: WatchReplicaResponse[] = [];
  const done = (async () => {
    for await (const value of (handlers['watchReplica'] as ServerStream<unknown, WatchReplicaResponse>)({}, call)) {
      seen.push(now);
      values.push(value);
    }
  })();
  return { ...cells, pass, settle, seen, values, ending, done, timers };
}

function asked(): never {
  throw new Error('this test asks nothing of paths');
}

test('tells the whole view at once', async () => {
  const w = watching();
  await w.settle();
  expect(w.values).toEqual([{
    status: Status.fromPartial({ id: 'a' }), nodes: [], networkName: 'home', ipv4Network: '10.0.0.0/8', ulaPrefix: 'fd00::/48', trust: clear,
    raft: {
      role: 'leader', term: 3n, leaderId: 'a', lastIndex: 9n, commitIndex: 8n, appliedIndex: 8n, leaderContactAgeMs: 0n, quorum: true,
      servers: [{ id: 'a', address: 'x:1', voter: true, matchIndex: 9n }, { id: 'b', address: 'y:1', voter: false, matchIndex: 7n }],
    },
  }]);
});

test('tells changes at most every 100 ms, and itself every two seconds; how long ago the leader was heard is no change', async () => {
  const w = watching();
  await w.pass(500);
  for (let i = 0; i < 50; i++) {
    w.appliedIndex.set(9 + i);
    w.view.set({ ...view, leaderContactTicks: i });
    await w.pass(10);
  }
  await w.pass(4500);
  expect(w.seen).toEqual([0, 500, 600, 700, 800, 900, 1000, 3000, 5000]);
});

test('ends with its caller and leaves no timer', async () => {
  const w = watching();
  await w.pass(50);
  w.ending.abort(new Error('gone'));
  await w.done;
  await w.settle();
  expect([w.seen, w.timers.length]).toEqual([[0], 0]);
});
