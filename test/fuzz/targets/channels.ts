import { parseIp } from '../../../src/base/ip.ts';
import { cell } from '../../../src/base/cell.ts';
import { RpcError } from '../../../src/base/rpc.ts';
import { type NodeConfig } from '../../../src/node/config.ts';
import { type ByteStream, type DataChannel, type PeerConnection } from '../../../src/node/path-ports.ts';
import { batchMax, createBatchWriter, readBatch } from '../../../src/node/webrtc/batch.ts';
import { readCandidate } from '../../../src/node/webrtc/candidate.ts';
import { readFrame, writeFrame } from '../../../src/node/webrtc/control.ts';
import { readDescription, writeDescription } from '../../../src/node/webrtc/description.ts';
import { mayDial, type OwnFacts, targetFromText, targetText } from '../../../src/node/webrtc/destinations.ts';
import { createFarSessions } from '../../../src/node/webrtc/far-sessions.ts';
import { serveStreams } from '../../../src/node/webrtc/far-streams.ts';
import { createPlaces } from '../../../src/node/webrtc/places.ts';
import { start } from '../../../src/node/webrtc/start.ts';
import { virtualClock } from '../../sim/session/clock.ts';
import { bytes } from '../shapes/bytes.ts';
import { json } from '../shapes/json.ts';
import { text } from '../shapes/text.ts';
import { bytesOf, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const sdp = [
  'v=0', 'o=rtc 1320453792 0 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=msid-semantic:WMS *', 'a=ice-options:ice2,trickle', `a=fingerprint:sha-256 ${Array(32).fill('A6').join(':')}`,
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv', 'a=sctp-port:5000', 'a=max-message-size:262144', 'a=setup:actpass', 'a=ice-ufrag:aRdo', 'a=ice-pwd:kI1I5SIqN4pTlfHXh2G4BK',
  'a=candidate:1 1 UDP 2114977791 192.168.1.5 40000 typ host', 'a=x-webmesh:1', '',
].join('\r\n');

const description: Target = {
  name: 'session-description', from: 'the other end of a peer connection', shape: text, words: ['a=candidate:', 'a=setup:active', 'a=mid:data', '\\r\\n', 'a=x-webmesh:1', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'],
  open: () => ({
    // One line of the description a line of the input: mutations then know them apart.
    seeds: [bytesOf(sdp.replaceAll('\r', '')), bytesOf(sdp.replaceAll('\r', '').replace('actpass', 'active')), bytesOf(JSON.stringify({ type: 'offer', sdp }))],
    run: (input) => {
      const given = utf8(input);
      for (const type of ['offer', 'answer'] as const) {
        for (const heard of [readDescription(given, type), readDescription(JSON.stringify({ type, sdp: given }), type)]) {
          if (!heard) continue;
          holds(/^(?:[a-z]=[\x20-\x7e]{1,512}\r\n)+$/.test(heard.description.sdp), 'the library gets plain lines');
          holds(heard.description.sdp.split('\r\n').length === 17, 'and no more than ours');
          const again = readDescription(writeDescription(heard.description), type);
          holds(again?.description.sdp === heard.description.sdp && again.ours, 'what was written anew reads the same');
          holds(heard.candidates.length <= 32, 'few candidates');
        }
      }
      return undefined;
    },
  }),
};

const candidate: Target = {
  name: 'channel-candidate', from: 'the other end of a peer connection', shape: text, words: ['typ relay', 'raddr', '::1', '0.0.0.0', 'tcp', '224.0.0.1', '::ffff:127.0.0.1', 'x.local'],
  open: () => ({
    seeds: ['candidate:1 1 udp 2114977791 192.168.1.5 40000 typ host', 'a=candidate:2 1 UDP 1694498815 203.0.113.7 40001 typ srflx raddr 192.168.1.5 rport 40000', '1 1 udp 1 2001:db8::7 9 typ prflx generation 0', ''].map(bytesOf),
    run: (input) => {
      const own = { hosts: ['192.168.1.2'], mayTry: () => true };
      const heard = readCandidate(utf8(input), own);
      if (heard.kind !== 'use') return undefined;
      holds(/^candidate:[A-Za-z0-9+/]{1,32} 1 udp \d{1,10} [0-9a-f.:]{2,45} \d{1,5} typ [a-z]{4,5}$/.test(heard.text), `plain: ${heard.text}`);
      holds(!/ (127\.|0\.|22[4-9]\.|::1 |::ffff:|ff)/.test(heard.text), 'nobody is sent to this machine or to many');
      const again = readCandidate(heard.text, own);
      holds(again.kind === 'use' && again.text === heard.text, 'reads the same again');
      return heard.text.length;
    },
  }),
};

/** The messages of these datagrams, one after the other. */
function batched(datagrams: readonly Uint8Array[]): readonly Buffer[] {
  const writer = createBatchWriter({ datagramsMax: datagrams.length, bytesMax: datagrams.reduce((sum, { length }) => sum + length + 2, 0) });
  const messages: Buffer[] = [];
  for (const each of datagrams) writer.add(each);
  writer.flush((message) => messages.push(Buffer.from(message)));
  return messages;
}

const batch: Target = {
  name: 'datagram-batch', from: 'a member whose tunnel rides on a data channel', shape: bytes,
  open: () => ({
    seeds: [[1, 2, 3], [1_400], Array(batchMax).fill(40) as number[]].flatMap((lengths) => [...batched(lengths.map((length) => Buffer.alloc(length, length & 255)))]),
    run: (input) => {
      const datagrams = readBatch(input);
      if (!datagrams) return undefined;
      holds(datagrams.length <= batchMax && datagrams.every(({ length }) => length > 0), 'few, and none empty');
      holds(Buffer.concat([...batched(datagrams)]).equals(Buffer.from(input)), 'the same bytes again');
      return datagrams.reduce((sum, { length }) => sum + length, 0);
    },
  }),
};

const own: OwnFacts = { meshIpv4: parseIp('10.7.0.1') ?? null, meshIpv6: null, wireguardPort: 51_820, tunnel: null, paths: { shares: [{ protocol: 'tcp', ip: parseIp('127.0.0.1') as never, port: 8_080 }] } as unknown as NodeConfig['paths'] };

const destination: Target = {
  name: 'forward-destination', from: 'a member that asks this node to dial', shape: text, words: ['udp', 'tcp4', 'localhost', '127.0.0.1', '[::1]:80', 'unix', '51820', '::ffff:10.7.0.1'],
  open: () => ({
    seeds: ['tcp 127.0.0.1:8080', 'udp 127.0.0.1:51820', 'tcp [fd00::1]:80', 'tcp6 10.7.0.1:22', 'unix /run/x.sock'].map(bytesOf),
    run: (input) => {
      const target = refusals(() => targetFromText(utf8(input)));
      if (!target) return undefined;
      holds(targetText(targetFromText(targetText(target))) === targetText(target), 'reads the same again');
      const allowed = ['tcp 127.0.0.1:8080', 'udp 127.0.0.1:51820', 'udp [::1]:51820'].includes(targetText(target)) || target.host === '10.7.0.1';
      holds(mayDial(target, own) === allowed, `${targetText(target)} is ${allowed ? '' : 'not '}dialled`);
      return targetText(target).length;
    },
  }),
};

/** A channel whose other end is the fuzzer. */
function fakeChannel() {
  const closed = Promise.withResolvers<void>();
  let hear: (bytes: Uint8Array) => void = () => {};
  let sentBytes = 0;
  let open = true;
  const channel: DataChannel = {
    opened: Promise.resolve(), closed: closed.promise, buffered: () => 0, onDrained: () => {},
    send: (message) => {
      sentBytes += message.length;
      return open;
    },
    onMessage: (see) => {
      hear = see;
    },
    close: () => {
      open = false;
      closed.resolve();
    },
  };
  return { channel, say: (message: Uint8Array) => open && hear(message), get sentBytes() {
    return sentBytes;
  } };
}

function fakeConnection() {
  const channels = new Map<number, ReturnType<typeof fakeChannel>>();
  const state = cell<'new' | 'closed'>('new');
  const connection: PeerConnection = {
    offer: async () => ({ type: 'offer', sdp }), answer: async () => ({ type: 'answer', sdp }), accept: () => {}, addCandidate: () => true, onCandidate: () => {}, pair: () => null,
    state: state as PeerConnection['state'],
    createChannel: (_, { id }) => {
      holds(id >= 0 && id <= 1_023, 'only numbers that the library takes');
      const made = fakeChannel();
      channels.set(id, made);
      return made.channel;
    },
    close: () => {
      state.set('closed');
      for (const { channel } of channels.values()) channel.close();
    },
  };
  return { connection, channels, state };
}

const control: Target = {
  name: 'channel-control', from: 'a member on the first channel of a connection', shape: bytes,
  open: () => ({
    seeds: [
      [{ kind: 'announce', number: 1 }, { kind: 'announce', number: 2 }], [{ kind: 'open', number: 3, destination: 'tcp 127.0.0.1:8080' }, { kind: 'credit', number: 3, bytes: 1 << 20 }, { kind: 'end', number: 3, bytes: 0 }],
      [{ kind: 'open', number: 4, destination: 'udp 127.0.0.1:51820' }, { kind: 'refused', number: 4, problem: 'no' }], [{ kind: 'announce', number: 65_536 }],
    ].map((frames) => Buffer.concat((frames as Parameters<typeof writeFrame>[0][]).flatMap((frame) => {
      const message = writeFrame(frame);
      return [Buffer.from([message.length]), message];
    }))),
    run: async (input) => {
      let dialled = 0;
      const stream: ByteStream = { listen: () => {}, write: () => true, pause: () => {}, resume: () => {}, end: () => {}, destroy: () => {} };
      const { connection, channels } = fakeConnection();
      const first = connection.createChannel('CHANNELS', { id: 0, protocol: 'tcp' });
      serveStreams(connection, first, { protocol: 'tcp', host: '127.0.0.1', port: 8_080 }, () => (input[0] ?? 0) < 128, {
        own: () => own, clock: virtualClock(),
        sockets: {
          listenTcp: () => Promise.reject(new Error('nobody listens')), openUdp: async () => ({ port: 1, send: () => {}, close: () => {} }),
          connectTcp: async (host, port) => {
            holds(mayDial({ protocol: 'tcp', host, port }, own), 'only what is shared is dialled');
            dialled++;
            return stream;
          },
        },
      });
      let messages = 0;
      for (let at = 0; at < input.length && messages < 300; messages++) {
        const length = input[at] ?? 0;
        channels.get(0)?.say(input.subarray(at + 1, at + 1 + length));
        at += 1 + length;
      }
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      connection.close();
      holds(dialled <= messages, 'one dial an announcement');
      const frame = readFrame(input, true);
      if (frame) holds(readFrame(writeFrame(frame), true)?.kind === frame.kind, 'a frame stays one');
      return [...channels.values()].reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    },
  }),
};

const negotiation: Target = {
  name: 'start-data-channel', from: 'a member that asks for a connection through this node', shape: json, words: ['candidate:1 1 udp 1 192.0.2.1 9 typ host', '127.0.0.1', 'udp', 'here'],
  open: () => {
    const request = { nodeId: 'here', proto: 'tcp', dst: '127.0.0.1', port: 8_080, answer: '', candidate: '' };
    const answer = JSON.stringify({ type: 'answer', sdp: sdp.replace('actpass', 'active') });
    return {
      seeds: [[request, { ...request, answer }, { ...request, candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host' }], [{ ...request, nodeId: 'there' }], [{ ...request, dst: '[::1]:53', proto: 'udp' }, { ...request, answer: '{}' }], []].map(jsonOf),
      run: async (input) => {
        const given = refusals(() => JSON.parse(utf8(input)) as unknown, 'SyntaxError');
        if (!Array.isArray(given)) return undefined;
        const text = (value: unknown): string => (typeof value === 'string' ? value : '');
        const requests = given.slice(0, 300).map((each) => {
          const { nodeId, proto, dst, port, answer: said, candidate: line } = (typeof each === 'object' && each !== null ? each : {}) as Record<string, unknown>;
          return { nodeId: text(nodeId), proto: text(proto), dst: text(dst), port: typeof port === 'number' ? port >>> 0 : 0, answer: text(said), candidate: text(line) };
        });
        const clock = virtualClock();
        const places = createPlaces(4, 4, 'connections');
        const open: ReturnType<typeof fakeConnection>[] = [];
        const far = { clock, own: () => own, hosts: () => ['192.0.2.2'], mayTry: () => true, sockets: {} as never, connections: { create: () => {
          const made = fakeConnection();
          open.push(made);
          return made.connection;
        } } };
        const answers = start((async function* () {
          yield* requests;
        })(), { caller: { kind: 'clear-text' }, metadata: {}, peer: '192.0.2.9:1', signal: new AbortController().signal, deadlineMs: undefined }, { kind: 'clear-text', via: null }, {
          clock, own: () => own, sessions: createFarSessions(far, places), nodeId: 'here', remote: {} as never, addressOf: () => undefined, stun: () => [], relays: createPlaces(1, 1, 'relays'),
        });
        let bytesOut = 0;
        try {
          for await (const { offer, candidate: line } of answers) bytesOut += offer.length + line.length;
        } catch (error) {
          if (!(error instanceof RpcError)) throw error;
          holds(error.message.length < 200, 'refusals are short');
        }
        for (const { connection } of open) connection.close();
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
        holds(places.taken === 0, 'every place is given back');
        return bytesOut;
      },
    };
  },
};

export const channels: readonly Target[] = [description, candidate, batch, destination, control, negotiation];
