import { createHmac } from 'node:crypto';
import { RpcError } from '../../../src/base/rpc.ts';
import { Mapping, Proposal, RelayRequest, Tier } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { createRelayLimits } from '../../../src/node/relay/limits.ts';
import { createStreamSwitch } from '../../../src/node/relay/stream-switch.ts';
import { parseProposal } from '../../../src/node/rpc/proposals.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { frameBytesMax, frameCutter } from '../../../src/platform/turn-frames.ts';
import { Session } from '../../../src/platform/turn-library.ts';
import { createTurnFront } from '../../../src/platform/turn-server-front.ts';
import { virtualClock } from '../../sim/session/clock.ts';
import { bytes } from '../shapes/bytes.ts';
import { proto } from '../shapes/proto.ts';
import { holds, refusals, type Target } from '../target.ts';

const session = Buffer.alloc(16, 1);
const ice = { ufrag: 'abcd', pwd: 'p'.repeat(22), candidates: ['candidate:1 1 udp 2130706431 192.168.1.5 40000 typ host', 'candidate:2 1 UDP 1694498815 203.0.113.7 40001 typ srflx raddr 192.168.1.5 rport 40000'] };
const empty = Proposal.decode(Buffer.alloc(0));
const offers: readonly Proposal[] = [
  { ...empty, session, tier: Tier.TIER_PUNCH, tiers: [1, 2, 6], endpoints: ['203.0.113.7:51820', '[2001:db8::7]:51820', '127.0.0.1:53'], nat: { mapping: Mapping.MAPPING_EASY, publicIpv4: '203.0.113.7', publicIpv6: '2001:db8::7', tunnelEndpoints: ['203.0.113.7:1'], portMapping: 'pcp' } },
  { ...empty, session, tier: Tier.TIER_ICE, ice }, { ...empty, session, tier: Tier.TIER_TURN, turnEndpoint: '203.0.113.9:49200' }, { ...empty, session, tier: Tier.TIER_STREAM, relayNode: 'host', refusal: 'no-relay' },
  { ...empty, session, tier: Tier.TIER_CHANNEL, description: '{"type":"offer","sdp":"v=0\\r\\n"}', candidates: ['{"candidate":"candidate:1"}'] },
];

const proposal: Target = {
  name: 'path-proposal', from: 'a member that offers a path, and the node that answers it', shape: proto, words: ['candidate:', 'typ host', '::ffff:127.0.0.1', '[::1]:53', 'no-relay', 'host'],
  open: () => ({
    seeds: offers.map((offer) => Proposal.encode(offer).finish()),
    run: (input) => {
      const given = refusals(() => Proposal.decode(Buffer.from(input)), 'Error', 'RangeError');
      const parsed = given && refusals(() => parseProposal(given));
      if (parsed === undefined) return undefined;
      const again = Proposal.encode(parsed).finish();
      holds(Buffer.from(Proposal.encode(parseProposal(Proposal.decode(Buffer.from(again)))).finish()).equals(Buffer.from(again)), 'what was taken is taken again, the same');
      holds(![...parsed.endpoints, ...(parsed.nat?.tunnelEndpoints ?? [])].some((each) => /^(127\.|0\.|\[::1\]|\[::ffff:)/.test(each)), 'no endpoint of this machine itself');
      return again.length;
    },
  }),
};

/** Frames of what a client says: two bytes length, then the frame, as one datagram each. */
function framesOf(input: Uint8Array): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 2 <= input.length && frames.length < 64; ) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0);
    frames.push(Buffer.from(input.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return frames;
}

/** What the library's own client says in order to allocate, as datagrams: the first request, and one that carries a name. */
function turnSeeds(): readonly Uint8Array[] {
  const said: Buffer[] = [];
  const username = '4102444800:ann';
  const client = new Session({ authMech: 'long-term', username, password: createHmac('sha1', 'secret').update(username).digest('base64') }) as Session & Record<'allocate' | 'binding' | 'refresh' | 'close', (given?: unknown) => void> & { createPermission(ip: string): void; channelBind(number: number, peer: object): void; send(peer: object, data: Buffer): void; set_context(given: object): void };
  client.on('message', (message: Uint8Array) => said.push(Buffer.from(message)));
  client.on('error', () => {});
  client.binding([]);
  client.allocate({});
  client.set_context({ realm: 'webmesh', nonce: '6b000000:0123456789abcdef' });
  client.allocate({ lifetime: 600, evenPort: true });
  client.refresh(0);
  client.createPermission('203.0.113.9');
  client.channelBind(0x4000, { ip: '203.0.113.9', port: 9 });
  client.send({ ip: '203.0.113.9', port: 9 }, Buffer.from('data'));
  client.close();
  const framed = (frame: Buffer): Buffer => Buffer.concat([Buffer.from([frame.length >> 8, frame.length & 255]), frame]);
  const channel = Buffer.from([0x40, 0, 0, 4, 1, 2, 3, 4]);
  return [...[...said, channel].map(framed), Buffer.concat([...said, channel].map(framed))];
}

const turn: Target = {
  name: 'turn-datagrams', from: 'anybody who reaches the TURN port', shape: bytes,
  open: () => {
    let remotes = 0;
    let clock = virtualClock();
    const options = {
      port: 1, hosts: [], realm: 'webmesh', secret: 'secret', external: { ipv4: '203.0.113.7', ipv6: null }, relayPorts: [1, 1] as const, take: () => true,
      allocationsMax: 0, allocationsPerUserMax: 0, mayUse: () => true, mayRelayTo: () => false,
    };
    let front = createTurnFront(options, clock);
    return {
      seeds: turnSeeds(),
      run: (input) => {
        if (++remotes % 500 === 0) {
          front.close();
          clock = virtualClock();
          front = createTurnFront(options, clock);
        }
        // Somebody else each time, a while later: limits are not what is tried here.
        clock.next(clock.monotonicMs() + 200);
        const from = { key: `k${remotes}`, ip: `198.51.${remotes >> 8 & 255}.${remotes & 255}`, port: 1, datagrams: true };
        let asked = 0;
        let answered = 0;
        for (const frame of framesOf(input)) {
          let sent = 0;
          front.receive(frame, { ...from, send: (answer) => (sent += answer.length) > 0 });
          holds(sent <= frame.length * 3, `${sent} bytes are more than three times ${frame.length}`);
          asked += frame.length;
          answered += sent;
        }
        holds(answered <= asked * 3, 'nobody unproven gets more than three times what was sent');
        front.forget(from.key);
        return answered;
      },
    };
  },
};

const stream: Target = {
  name: 'turn-stream', from: 'anybody who connects to the TURN port', shape: bytes,
  open: () => ({
    seeds: turnSeeds().map((seed) => Buffer.concat(framesOf(seed))),
    run: (input) => {
      // The same bytes give the same frames, in whatever pieces they come.
      const cutAt = (size: number): string[] => {
        const frames: string[] = [];
        const cut = frameCutter((frame) => frames.push(frame.toString('hex')));
        for (let at = 0; at < input.length; at += size) if (!cut(Buffer.from(input.subarray(at, at + size)))) break;
        return frames;
      };
      const whole = cutAt(input.length || 1);
      holds(whole.every((frame) => frame.length / 2 <= frameBytesMax), 'no frame is longer than the limit');
      holds(whole.join() === cutAt(7).join(), 'pieces make no difference');
      return whole.join('').length / 2;
    },
  }),
};

const relayed: Target = {
  name: 'relay-stream', from: 'a member that relays through this node', shape: proto,
  open: () => {
    const limits = createRelayLimits(systemClock);
    limits.set(1e9);
    return {
      seeds: [
        RelayRequest.encode({ open: { to: 'bob', session }, datagrams: [] }).finish(), RelayRequest.encode({ open: { to: 'host', session }, datagrams: [] }).finish(),
        RelayRequest.encode({ open: undefined, datagrams: [Buffer.alloc(64, 1), Buffer.alloc(1_400, 2)] }).finish(),
      ],
      run: async (input) => {
        const delivered: number[] = [];
        const clock = virtualClock();
        const sw = createStreamSwitch({
          nodeId: 'host', limits, clock, wireguardPort: () => 9, keeps: (id) => id !== 'gone', defer: (run) => run(),
          loopback: { open: async () => ({ endpoint: '127.0.0.1:9', deliver: (datagram) => void delivered.push(datagram.length), close: () => {} }) },
        });
        const message = refusals(() => RelayRequest.decode(Buffer.from(input)), 'Error', 'RangeError');
        if (message === undefined) return undefined;
        const open: RelayRequest = { open: { to: 'host', session }, datagrams: [] };
        // The message as the first one, and as one of a stream that is open.
        for (const frames of [[message, message], [open, message, message]]) {
          try {
            for await (const { datagrams } of sw.serve('ann', of(frames), { signal: new AbortController().signal })) holds(datagrams.length === 0, 'nothing comes back to who is alone');
          } catch (error) {
            if (!(error instanceof RpcError)) throw error;
          }
        }
        sw.close();
        holds(sw.stats().streams === 0, 'every stream ended');
        return delivered.reduce((sum, length) => sum + length, 0);
      },
    };
  },
};

async function* of<T>(values: readonly T[]): AsyncIterable<T> {
  yield* values;
}

export const relay: readonly Target[] = [proposal, turn, stream, relayed];
