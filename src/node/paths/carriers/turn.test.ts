import { expect, test } from 'vitest';
import { cell } from '../../../base/cell.ts';
import { Mapping, type NatReport, type Proposal } from '../../../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError, type CarrierPeer, type LoopbackPorts, type TurnAllocation } from '../../path-ports.ts';
import { type MeasuredServer } from '../ports.ts';
import { turnCarrier } from './turn.ts';

const never = new AbortController().signal;
const open: NatReport = { mapping: Mapping.MAPPING_EASY, publicIpv4: '198.51.100.1', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };
const blocked = { ...open, mapping: Mapping.MAPPING_BLOCKED, publicIpv4: '198.51.100.2' };
const nobody: NatReport = { ...open, publicIpv4: '' };
const six: NatReport = { ...open, publicIpv4: '', publicIpv6: '2001:db8::9' };
const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
const loopback: LoopbackPorts = { open: async () => ({ endpoint: '127.0.0.1:9', deliver: () => {}, close: () => {} }) };
const server = (nodeId: string): MeasuredServer => ({ server: { nodeId, stun: [], turn: [], username: '', credential: '', expiresMs: 0n }, roundTripMs: 1 });
const message = (more: Partial<Proposal>): Proposal => ({ session: Buffer.alloc(16), tier: 5, tiers: [], nat: undefined, endpoints: [], ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '', ...more });
const peer = (nat: NatReport | null): CarrierPeer => ({ id: 'peer', publicKey: '', session: Buffer.alloc(16), wireguardPort: 51_820, nat, meshIpv4: '', meshIpv6: '' });

/** One side, whose relays answer as told, with a diary of what it asked of them. */
function side(own: NatReport, { relays = ['near', 'far'], refuse = {} as Readonly<Record<string, CarrierError>> } = {}) {
  const diary: string[] = [];
  const allocate = async ({ nodeId }: { nodeId: string }, { transport, family }: { transport: string; family: 4 | 6 }): Promise<TurnAllocation> => {
    diary.push(`${nodeId} ${transport}${family}`);
    const refusal = refuse[`${nodeId} ${transport}`] ?? refuse[nodeId];
    if (refusal) throw refusal;
    return {
      relayed: family === 4 ? `203.0.113.1:${5_000 + diary.length}` : `[2001:db8::1]:${5_000 + diary.length}`,
      permit: async (address) => void diary.push(`permit ${address}`), target: (endpoint) => void diary.push(`target ${endpoint ?? 'who sends'}`), send: () => true, onDatagram: () => {},
      ended: new Promise(() => {}), close: () => void diary.push('close'),
    };
  };
  const kind = turnCarrier({ turn: { allocate }, loopback, servers: cell(relays.map(server)), nat: () => own, clock });
  return { diary, kind };
}

const codeOf = (error: unknown): string => (error instanceof CarrierError ? error.code : String(error));

test('the offering side allocates, lets the peer in and follows it; the answering side only sends', async () => {
  const [a, b] = [side(open), side(open)];
  const offering = await a.kind.begin(peer(open), 'offering', null, never);
  const offer = message({ nat: open, ...offering.mine });
  const answering = await b.kind.begin(peer(open), 'answering', offer, never);
  const results = await Promise.all([offering.proceed(message({ nat: open, endpoints: ['192.168.1.5:51820'], ...answering.mine }), never), answering.proceed(offer, never)]);
  expect([offer.turnEndpoint, results[0], results[1], a.diary, b.diary]).toMatchObject([
    '203.0.113.1:5001', { tier: 'turn', localEndpoint: '127.0.0.1:9', via: 'near' }, { endpoint: '203.0.113.1:5001', via: 'near' },
    ['near udp4', 'permit 198.51.100.1', 'permit 192.168.1.5', 'target who sends'], [],
  ]);
});

test('who allocates, by what both networks let through', async () => {
  const cases = [[open, blocked], [blocked, open], [blocked, blocked], [open, nobody], [open, six], [open, null]] as const;
  const told = await Promise.all(cases.map(async ([own, theirs]) => {
    const [a, b] = [side(own), side(theirs ?? open)];
    const offering = await a.kind.begin(peer(theirs), 'offering', null, never);
    const offer = message({ nat: own, ...offering.mine });
    const answering = await b.kind.begin(peer(own), 'answering', offer, never);
    await offering.proceed(message({ nat: theirs ?? open, ...answering.mine }), never);
    return `${a.diary[0] ?? '-'} | ${b.diary[0] ?? '-'} | ${a.diary.at(-1) ?? '-'}`;
  }));
  expect(told).toEqual([
    '- | near tcp4 | -', 'near tcp4 | - | target who sends', 'near tcp4 | near tcp4 | target 203.0.113.1:5001', '- | near udp4 | -', 'near udp6 | - | target who sends', '- | near udp4 | -',
  ]);
});

test('the next way is taken where one fails, and its failure is told where all do', async () => {
  const gone = new CarrierError('no-relay', 'gone');
  const full = new CarrierError('relay-full', 'full');
  const second = side(open, { refuse: { 'near udp': gone, 'near tcp': gone } });
  await second.kind.begin(peer(open), 'offering', null, never);
  const codes = await Promise.all([
    side(open, { refuse: { near: gone, far: full } }).kind.begin(peer(open), 'offering', null, never).catch(codeOf),
    side(open, { refuse: { near: gone, far: gone } }).kind.begin(peer(open), 'offering', null, never).catch(codeOf),
    side(blocked, { relays: [] }).kind.begin(peer(open), 'offering', null, never).catch(codeOf),
    side(open).kind.begin(peer(nobody), 'answering', message({ nat: nobody }), never).catch(codeOf),
    side(open).kind.begin(peer(null), 'offering', null, never).then((attempt) => attempt.proceed(message({}), never)).catch(codeOf),
  ]);
  expect([second.diary.slice(0, 3), codes]).toEqual([['near udp4', 'near tcp4', 'far udp4'], ['relay-full', 'no-relay', 'no-relay', 'not-observed', 'no-relay']]);
});

test('what the peer says of itself opens no door to nowhere', async () => {
  const a = side(open);
  const odd = { ...open, publicIpv4: '127.0.0.1', tunnelEndpoints: ['0.0.0.0:1', '224.0.0.1:1', 'name:1', '198.51.100.7:1', ...Array.from({ length: 40 }, (_, i) => `198.51.100.${100 + i}:1`)] };
  await a.kind.begin(peer(odd), 'offering', null, never);
  expect(a.diary).toEqual(['near udp4', 'permit 198.51.100.7', ...Array.from({ length: 7 }, (_, i) => `permit 198.51.100.${100 + i}`)]);
});
