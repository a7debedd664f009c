import { type Clock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { between, chance, pick, type Random, seeded } from '../../../src/base/random.ts';
import { type Connection } from '../../../src/node/ports.ts';
import { decodeAnswer, decodeConfiguration, decodeLog, decodeRequest, encodeAnswer, encodeConfiguration, encodeLog, encodeRequest, type RequestMessage } from '../../../src/node/consensus/codec.ts';
import { goZeroTime } from '../../../src/node/consensus/go-time.ts';
import { inboundLimits, serveInbound } from '../../../src/node/consensus/inbound.ts';
import { Reader, Scanner } from '../../../src/node/consensus/msgpack.ts';
import { type Entry, entryType, type Message } from '../../../src/raft/types.ts';
import { bytes, joined } from '../shapes/bytes.ts';
import { holds, refusals, type Target } from '../target.ts';

const from = 'whoever reaches the Raft port: members, and before the handshake ends anybody';
const address = '10.0.0.1:9443';
const configuration = { servers: [{ id: 'a', address, voter: true }, { id: 'b', address: '10.0.0.2:9443', voter: false }, { id: 'c', address: '[fd00::3]:9443', voter: true }] };
const common = { from: 'a', to: 'b', term: 7 } as const;
const entry = (index: number, type: Entry['type'], data: Uint8Array): Entry => ({ index, term: 7, type, data, extensions: null, appendedAt: goZeroTime });

const requests: readonly RequestMessage[] = [
  { kind: 'heartbeat', ...common },
  { kind: 'append', ...common, prevIndex: 1, prevTerm: 1, commit: 1, entries: [entry(2, entryType.command, Buffer.alloc(40, 'x')), entry(3, entryType.configuration, encodeConfiguration(configuration)), entry(4, entryType.noop, new Uint8Array())] },
  { kind: 'vote', ...common, lastIndex: 9, lastTerm: 6, transfer: true, pre: false },
  { kind: 'vote', ...common, lastIndex: 9, lastTerm: 6, transfer: false, pre: true },
  { kind: 'snapshot', ...common, snapshot: { index: 9, term: 6, configuration, configurationIndex: 3 } },
  { kind: 'timeout-now', ...common },
];
const snapshotBytes = 5;
const frames = requests.map((request) => joined(encodeRequest(request, address, snapshotBytes), new Uint8Array(request.kind === 'snapshot' ? snapshotBytes : 0)));
const back = { from: 'b', to: 'a', term: 7, requestTerm: 7 } as const;
const answers: readonly Parameters<typeof encodeAnswer>[0][] = [
  { kind: 'appended', ...back, success: true, matched: 4, lastIndex: 4 }, { kind: 'heard', ...back, success: true },
  { kind: 'voted', ...back, granted: true, pre: false }, { kind: 'voted', ...back, granted: false, pre: true }, { kind: 'installed', ...back, success: true, index: 9 },
];

const msgpack: Target = {
  name: 'msgpack', from, shape: bytes,
  open: () => ({
    seeds: frames.map((frame) => frame.subarray(1)),
    run: (input) => {
      // In one piece or byte by byte, a value ends at the same place or is refused.
      const whole = refusals(() => new Scanner().feed(input), 'DecodeError');
      const scanner = new Scanner();
      let pieces: number | undefined;
      refusals(() => {
        for (let length = 0; length <= input.length && pieces === undefined; length += 7) pieces = scanner.feed(input.subarray(0, Math.min(length, input.length)));
        pieces ??= scanner.feed(input);
      }, 'DecodeError');
      holds(whole === undefined || pieces === whole, `the value ends at ${whole}, in pieces at ${pieces}`);
      if (whole !== undefined) refusals(() => new Reader(input).skip(), 'DecodeError');
      return undefined;
    },
  }),
};

const request: Target = {
  name: 'raft-request', from, shape: bytes,
  open: () => ({
    seeds: frames,
    run: (input) => {
      const decoded = refusals(() => decodeRequest(input[0] ?? 0, input.subarray(1), 'b'), 'DecodeError');
      if (decoded === undefined) return undefined;
      const again = decodeRequest(input[0] ?? 0, encodeRequest(decoded.message, decoded.header.address, decoded.snapshotBytes).subarray(1), 'b');
      holds(sameValue(again.message, decoded.message), 'a request reads the same after it was written');
      return undefined;
    },
  }),
};

const answer: Target = {
  name: 'raft-answer', from: 'the member that was asked', shape: bytes,
  open: () => ({
    seeds: answers.map((one, i) => joined(Uint8Array.of(i), encodeAnswer(one, address))),
    run: (input) => {
      const asked = requests[(input[0] ?? 0) % requests.length] as RequestMessage;
      refusals(() => decodeAnswer(input.subarray(1), asked), 'DecodeError');
      return undefined;
    },
  }),
};

const configurations: Target = {
  name: 'raft-configuration', from: 'the leader, and the log on the disk', shape: bytes,
  open: () => ({
    seeds: [encodeConfiguration(configuration), encodeConfiguration({ servers: [{ id: 'a', address, voter: true }] })],
    run: (input) => {
      const read = refusals(() => decodeConfiguration(input), 'DecodeError');
      if (read) holds(sameValue(decodeConfiguration(encodeConfiguration(read)), read), 'a configuration reads the same after it was written');
      return undefined;
    },
  }),
};

const log: Target = {
  name: 'raft-log', from: 'the leader, and the log on the disk', shape: bytes,
  open: () => ({
    seeds: [encodeLog(entry(3, entryType.command, Buffer.from('data'))), encodeLog(entry(4, entryType.configuration, encodeConfiguration(configuration)))],
    run: (input) => {
      const read = refusals(() => decodeLog(input), 'DecodeError');
      if (read) holds(sameValue(decodeLog(encodeLog(read)), read), 'an entry reads the same after it was written');
      return undefined;
    },
  }),
};

/** A clock on which nothing falls due: only the bytes decide. */
const stillClock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

/** Frames after frames as one stream in chunks of any size, against a node that answers now and then. */
const stream: Target = {
  name: 'raft-stream', from, shape: bytes,
  open: () => ({
    seeds: [...frames, joined(...frames), joined(...frames, ...frames)],
    // The longest input can hold 32,768 requests of two bytes each, at some microseconds a request.
    slowMs: 400,
    generate: (random) => joined(...Array.from({ length: between(random, 1, 12) }, () => pick(random, frames))),
    run: (input) => {
      const random = seeded(input.length * 31 + (input.at(-1) ?? 0));
      return serveStream(input, random);
    },
  }),
};

/** Answers how many bytes were sent back. */
function serveStream(input: Uint8Array, random: Random): number {
  let written = 0;
  let ended = false;
  let hear: (bytes: Uint8Array) => void = () => {};
  let gone: () => void = () => {};
  const connection: Connection = {
    remote: 'test', provenId: 'a', fingerprint: undefined, pause: () => {}, resume: () => {}, end: () => {},
    listen: (events) => {
      hear = events.data;
      gone = () => events.closed(undefined);
    },
    write: (out) => {
      holds(!ended, 'nothing is written after the end');
      written += out.length;
      return true;
    },
    destroy: () => {
      ended = true;
    },
  };
  const received: RequestMessage[] = [];
  const inbound = serveInbound({ clock: stillClock, log: silentLog }, { id: 'b', address: () => address, hears: (id) => id === 'a' }, () => 'a', {
    receive: (message, content) => {
      holds(content === null || content.length <= inboundLimits.snapshotBytesMax, 'a snapshot within its limit');
      holds(message.from === 'a', 'only whom the certificate names is heard');
      received.push(message as RequestMessage);
    },
  });
  inbound.accept(connection);
  for (let at = 0; at < input.length && !ended; ) {
    const size = chance(random, 0.3) ? 1 : between(random, 1, 4096);
    hear(input.subarray(at, at + size));
    at += size;
    while (received.length > 0 && chance(random, 0.7)) inbound.answer(answerTo(received.shift() as RequestMessage));
  }
  gone();
  inbound.close();
  return written;
}

function answerTo(request: RequestMessage): Exclude<Message, RequestMessage> {
  const head = { from: 'b', to: request.from, term: request.term, requestTerm: request.term };
  switch (request.kind) {
    case 'append': return { kind: 'appended', ...head, success: true, matched: request.prevIndex + request.entries.length, lastIndex: 1 };
    case 'vote': return { kind: 'voted', ...head, granted: false, pre: request.pre };
    case 'snapshot': return { kind: 'installed', ...head, success: true, index: request.snapshot.index };
    default: return { kind: 'heard', ...head, success: true };
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export const raft: readonly Target[] = [msgpack, request, answer, configurations, log, stream];
