import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { Feature } from '../gen/v1/mesh_messages.ts';
import { type RaftView } from '../raft/types.ts';
import { proxyFeature, trueFeatures } from './features.ts';

const names = (features: readonly Feature[]): string => features.flatMap((each) => Object.entries(Feature).find(([, value]) => value === each)?.[0] ?? []).join(' ');
const none = { meshApi: false, peerDiscovery: false, iceNegotiation: false };

test('a node that serves nothing for others still answers for itself', () => {
  expect(names(trueFeatures(none, []).get())).toBe('NODES');
});

test('lists what answers now, in the order of the API, whatever order the parts come in, each once', () => {
  const parts = [cell<readonly Feature[]>([Feature.MESH_DNS]), cell<readonly Feature[]>([Feature.TURN_SERVER, Feature.TURN_SERVER]), cell<readonly Feature[]>([Feature.METRICS])];
  const all = { meshApi: true, peerDiscovery: true, iceNegotiation: true };
  expect(names(trueFeatures(all, [...parts, cell<readonly Feature[]>([Feature.LEADER_PROXY])]).get())).toBe('NODES LEADER_PROXY MESH_API PEER_DISCOVERY METRICS ICE_NEGOTIATION TURN_SERVER MESH_DNS');
});

test('METRICS is the endpoint’s alone: no service makes it so', () => {
  expect(names(trueFeatures(Object.assign({ metrics: true }, none), [cell<readonly Feature[]>([])]).get())).toBe('NODES');
});

test('tells each change once and no more after its end; the same list is the same value', () => {
  const [dns, turn] = [cell<readonly Feature[]>([]), cell<readonly Feature[]>([])];
  const features = trueFeatures(none, [dns, turn]);
  const seen: string[] = [];
  const first = features.get();
  const end = features.subscribe((now) => seen.push(names(now)));
  dns.set([Feature.MESH_DNS]);
  dns.set([Feature.MESH_DNS]);
  turn.set([Feature.TURN_SERVER]);
  dns.set([]);
  turn.set([]);
  end();
  dns.set([Feature.MESH_DNS]);
  const last = features.get();
  expect([seen, names(first), names(features.get()), features.get() === last]).toEqual([['NODES MESH_DNS', 'NODES TURN_SERVER MESH_DNS', 'NODES TURN_SERVER', 'NODES'], 'NODES', 'NODES MESH_DNS', true]);
});

test('a secured node passes calls on as long as it votes, one in clear text always, and neither when it was not asked to', () => {
  const voting = (voter: boolean): RaftView => ({ configuration: { servers: [{ id: 'me', voter }, { id: 'other', voter: true }] } }) as unknown as RaftView;
  const view = cell(voting(false));
  const features = trueFeatures(none, [proxyFeature({ offered: true, secure: true, nodeId: 'me', view })]);
  const seen = [names(features.get())];
  features.subscribe((now) => seen.push(names(now)));
  view.set(voting(true));
  view.set(voting(true));
  view.set(voting(false));
  const others = [{ offered: true, secure: false }, { offered: false, secure: false }].map((each) => names(proxyFeature({ ...each, nodeId: 'me', view }).get()));
  expect([seen, others]).toEqual([['NODES', 'NODES LEADER_PROXY', 'NODES'], ['LEADER_PROXY', '']]);
});
