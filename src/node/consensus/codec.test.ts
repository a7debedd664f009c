import { describe, expect, test } from 'vitest';
import { type Entry, entryType, type Message, type SnapshotRef } from '../../raft/types.ts';
import {
  type AnswerMessage, decodeAnswer, decodeConfiguration, decodeLog, decodeRequest, encodeAnswer, encodeConfiguration, encodeError, encodeLog, encodeRequest,
  encodeTimeoutNowAnswer, type RequestMessage, versionRefusal,
} from './codec.ts';
import { goBinaryTime, goZeroTime } from './go-time.ts';
import { DecodeError, Reader, Scanner, wireLimits, Writer } from './msgpack.ts';

// Byte strings below were made by Go's own codec (go-msgpack 0.5.5, hashicorp/raft 1.5.0) from the same values.
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const address = '[::]:9443';
const to = { from: 'node-1', to: 'node-2' } as const;
const back = { from: 'node-2', to: 'node-1' } as const;
const configuration = { servers: [{ id: 'node-1', address: '172.16.0.1:9443', voter: true }, { id: 'node-2', address: '172.16.0.2:9443', voter: false }] };
const configurationHex =
  '81a7536572766572739283a741646472657373af3137322e31362e302e313a39343433a24944a66e6f64652d31a853756666726167650083a741646472657373af3137322e31362e302e323a39343433a24944a66e6f64652d32a8537566667261676501';
const snapshot: SnapshotRef = { index: 6, term: 2, configuration, configurationIndex: 4 };
const birthday = { seconds: 1685124908n, nanoseconds: 123456789 };
const commandEntry: Entry = { index: 6, term: 2, type: entryType.command, data: bytes('010203'), extensions: null, appendedAt: goBinaryTime(birthday) };

const requests: readonly { name: string; message: RequestMessage; size?: number; wire: string }[] = [
  {
    name: 'G1 heartbeat',
    message: { kind: 'heartbeat', ...to, term: 2 },
    wire: '0089a441646472a95b3a3a5d3a39343433a7456e7472696573c0a24944a66e6f64652d31a64c6561646572a95b3a3a5d3a39343433b14c6561646572436f6d6d6974496e64657800ac507265764c6f67456e74727900ab507265764c6f675465726d00af50726f746f636f6c56657273696f6e03a45465726d02',
  },
  {
    name: 'G2 vote',
    message: { kind: 'vote', ...to, term: 3, lastIndex: 300, lastTerm: 2, transfer: false, pre: false },
    wire: '0188a441646472a95b3a3a5d3a39343433a943616e646964617465a95b3a3a5d3a39343433a24944a66e6f64652d31ac4c6173744c6f67496e646578cd012cab4c6173744c6f675465726d02b24c6561646572736869705472616e73666572c2af50726f746f636f6c56657273696f6e03a45465726d03',
  },
  {
    name: 'G2 vote after a transfer of leadership',
    message: { kind: 'vote', ...to, term: 3, lastIndex: 300, lastTerm: 2, transfer: true, pre: false },
    wire: '0188a441646472a95b3a3a5d3a39343433a943616e646964617465a95b3a3a5d3a39343433a24944a66e6f64652d31ac4c6173744c6f67496e646578cd012cab4c6173744c6f675465726d02b24c6561646572736869705472616e73666572c3af50726f746f636f6c56657273696f6e03a45465726d03',
  },
  {
    name: 'G6 append with one command',
    message: { kind: 'append', ...to, term: 2, prevIndex: 5, prevTerm: 2, entries: [commandEntry], commit: 5 },
    wire: '0089a441646472a95b3a3a5d3a39343433a7456e74726965739186aa417070656e6465644174af010000000edc02ee2c075bcd15ffffa444617461a3010203aa457874656e73696f6e73c0a5496e64657806a45465726d02a45479706500a24944a66e6f64652d31a64c6561646572a95b3a3a5d3a39343433b14c6561646572436f6d6d6974496e64657805ac507265764c6f67456e74727905ab507265764c6f675465726d02af50726f746f636f6c56657273696f6e03a45465726d02',
  },
  {
    name: 'G9 snapshot',
    message: { kind: 'snapshot', ...to, term: 2, snapshot },
    size: 4096,
    wire: `028ca441646472a95b3a3a5d3a39343433ad436f6e66696775726174696f6eda0064${configurationHex}b2436f6e66696775726174696f6e496e64657804a24944a66e6f64652d31ac4c6173744c6f67496e64657806ab4c6173744c6f675465726d02a64c6561646572a95b3a3a5d3a39343433a55065657273b191af3137322e31362e302e313a39343433af50726f746f636f6c56657273696f6e03a453697a65cd1000af536e617073686f7456657273696f6e01a45465726d02`,
  },
  {
    name: 'G10 timeout now',
    message: { kind: 'timeout-now', ...to, term: 0 },
    wire: '0383a441646472a95b3a3a5d3a39343433a24944a66e6f64652d31af50726f746f636f6c56657273696f6e03',
  },
  {
    // Ours, from the declaration in 1.7.0: neither candidate nor transfer.
    name: 'pre-vote',
    message: { kind: 'vote', ...to, term: 3, lastIndex: 300, lastTerm: 2, transfer: false, pre: true },
    wire: '0486a441646472a95b3a3a5d3a39343433a24944a66e6f64652d31ac4c6173744c6f67496e646578cd012cab4c6173744c6f675465726d02af50726f746f636f6c56657273696f6e03a45465726d03',
  },
];

describe('requests', () => {
  for (const { name, message, size = 0, wire } of requests) {
    test(`${name} is written byte for byte`, () => expect(hex(encodeRequest(message, address, size))).toBe(wire));
    test(`${name} is read back`, () => {
      const frame = bytes(wire);
      expect(decodeRequest(frame[0] as number, frame.subarray(1), 'node-2')).toEqual({ header: { version: 3, id: 'node-1', address }, message, snapshotBytes: size });
    });
    test(`${name} ends where the scanner says, whatever the chunks`, () => expect(endOf(bytes(wire).subarray(1), 7)).toBe(bytes(wire).length - 1));
  }
  test('a heartbeat is 122 bytes', () => expect(bytes(requests[0]?.wire ?? '').length).toBe(122));
});

const heartbeat: RequestMessage = { kind: 'heartbeat', ...to, term: 2 };
const append: RequestMessage = { kind: 'append', ...to, term: 2, prevIndex: 5, prevTerm: 2, entries: [commandEntry], commit: 5 };
const answers: readonly { name: string; request: RequestMessage; message: AnswerMessage; address?: string; wire: string }[] = [
  {
    name: 'G3 vote granted',
    request: { kind: 'vote', ...to, term: 3, lastIndex: 300, lastTerm: 2, transfer: false, pre: false },
    message: { kind: 'voted', ...back, term: 3, requestTerm: 3, granted: true, pre: false },
    wire: 'a086a441646472a95b3a3a5d3a39343433a74772616e746564c3a24944a66e6f64652d32a55065657273c0af50726f746f636f6c56657273696f6e03a45465726d03',
  },
  {
    name: 'G4 append done',
    request: append,
    message: { kind: 'appended', ...back, term: 2, requestTerm: 2, success: true, matched: 6, lastIndex: 6 },
    wire: 'a087a441646472a95b3a3a5d3a39343433a24944a66e6f64652d32a74c6173744c6f6706ae4e6f52657472794261636b6f6666c2af50726f746f636f6c56657273696f6e03a753756363657373c3a45465726d02',
  },
  {
    name: 'G5 append mismatched',
    request: append,
    message: { kind: 'appended', ...back, term: 2, requestTerm: 2, success: false, matched: 6, lastIndex: 3 },
    wire: 'a087a441646472a95b3a3a5d3a39343433a24944a66e6f64652d32a74c6173744c6f6703ae4e6f52657472794261636b6f6666c3af50726f746f636f6c56657273696f6e03a753756363657373c2a45465726d02',
  },
  {
    name: 'G10 snapshot installed',
    request: { kind: 'snapshot', ...to, term: 2, snapshot },
    message: { kind: 'installed', ...back, term: 2, requestTerm: 2, success: true, index: 6 },
    wire: 'a085a441646472c0a24944c0af50726f746f636f6c56657273696f6e00a753756363657373c3a45465726d02',
  },
  {
    name: 'pre-vote granted',
    request: { kind: 'vote', ...to, term: 3, lastIndex: 300, lastTerm: 2, transfer: false, pre: true },
    message: { kind: 'voted', ...back, term: 2, requestTerm: 3, granted: true, pre: true },
    wire: 'a085a441646472a95b3a3a5d3a39343433a74772616e746564c3a24944a66e6f64652d32af50726f746f636f6c56657273696f6e03a45465726d02',
  },
  {
    name: 'heard',
    request: heartbeat,
    message: { kind: 'heard', ...back, term: 4, requestTerm: 2, success: false },
    wire: 'a087a441646472a95b3a3a5d3a39343433a24944a66e6f64652d32a74c6173744c6f6700ae4e6f52657472794261636b6f6666c2af50726f746f636f6c56657273696f6e03a753756363657373c2a45465726d04',
  },
];

describe('answers', () => {
  for (const { name, request, message, wire } of answers) {
    test(`${name} is written byte for byte`, () => expect(hex(encodeAnswer(message, address))).toBe(wire));
    test(`${name} is read back with what its request knows`, () => expect(decodeAnswer(bytes(wire), request)).toEqual(message));
  }
  test('G10 timeout now: an answer without a message', () => {
    const wire = 'a083a441646472c0a24944c0af50726f746f636f6c56657273696f6e00';
    expect(hex(encodeTimeoutNowAnswer())).toBe(wire);
    expect(decodeAnswer(bytes(wire), { kind: 'timeout-now', ...to, term: 2 })).toBe(null);
  });
  test('G11 a refused version: text and nil', () => {
    const wire = 'da00356f7065726174696f6e206e6f7420737570706f7274656420776974682063757272656e742070726f746f636f6c2076657273696f6ec0';
    expect(hex(encodeError(versionRefusal))).toBe(wire);
    expect(() => decodeAnswer(bytes(wire), heartbeat)).toThrow(DecodeError);
  });
  test('an older term is refused without asking for an instant retry', () => {
    expect(hex(encodeAnswer({ kind: 'appended', ...back, term: 3, requestTerm: 2, success: false, matched: 6, lastIndex: 3 }, address))).toContain('4e6f52657472794261636b6f6666c2');
  });
});

describe('structures', () => {
  const noop: Entry = { index: 300, term: 70000, type: entryType.noop, data: new Uint8Array(), extensions: null, appendedAt: goZeroTime };
  test('G7 no-op of the zero time', () => {
    const wire = '86aa417070656e6465644174af01000000000000000000000000ffffa444617461c0aa457874656e73696f6e73c0a5496e646578cd012ca45465726dce00011170a45479706501';
    expect(hex(encodeLog(noop))).toBe(wire);
    expect(decodeLog(bytes(wire))).toEqual(noop);
  });
  test('G8 configuration', () => {
    expect(hex(encodeConfiguration(configuration))).toBe(configurationHex);
    expect(decodeConfiguration(bytes(configurationHex))).toEqual(configuration);
  });
  test('times travel unchanged, also those of other zones and of version 2', () => {
    const east = goBinaryTime({ ...birthday, offsetMinutes: 180 });
    expect(hex(east).slice(-4)).toBe('00b4');
    for (const appendedAt of [east, bytes('020000000edc02ee2c075bcd1500b41e'), null]) {
      expect(decodeLog(encodeLog({ ...commandEntry, appendedAt }))).toEqual({ ...commandEntry, appendedAt });
    }
  });
  test('G12 widths of integers and raw strings', () => {
    const uint = (value: number): string => hex(new Writer().uint(value).finish());
    expect([127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32].map(uint)).toEqual(['7f', 'cc80', 'ccff', 'cd0100', 'cdffff', 'ce00010000', 'ceffffffff', 'cf0000000100000000']);
    const raw = (length: number | null): string => hex(new Writer().bytes(length === null ? null : new Uint8Array(length)).finish()).slice(0, 6);
    expect([31, 32, 65535, null, 0].map(raw)).toEqual(['bf0000', 'da0020', 'daffff', 'c0', 'a0']);
    expect(['x'.repeat(31), 'x'.repeat(32), 'é', ''].map((text) => hex(new Writer().text(text).finish()).slice(0, 6))).toEqual(['bf7878', 'da0020', 'a2c3a9', 'a0']);
    expect(hex(new Writer().bytes(new Uint8Array(65536)).finish()).slice(0, 10)).toBe('db00010000');
    expect(new Reader(new Writer().uint(Number.MAX_SAFE_INTEGER).finish()).uint()).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('leniency, as Go reads', () => {
  const heardOf = (payload: string): Message | null => decodeAnswer(bytes(payload), heartbeat);
  const heard = { kind: 'heard', ...back, term: 2, requestTerm: 2, success: true };
  const key = (name: string): string => hex(new Writer().text(name).finish());

  test('keys in any order', () => expect(heardOf(`a082${key('Term')}02${key('Success')}c3`)).toEqual(heard));
  test('missing keys stay zero', () => expect(heardOf('a080')).toEqual({ ...heard, term: 0, success: false }));
  test('unknown keys of any value are skipped', () => {
    const strange = ['c0', '9301a161cb3ff0000000000000', '82a161c2a162d9026869', 'c403010203', 'd6ff00000000', 'c70205aabb', 'ca3f800000', 'dc000101', 'd1ff00'];
    for (const value of strange) expect(heardOf(`a083${key('Nova')}${value}${key('Term')}02${key('Success')}c3`)).toEqual(heard);
  });
  test('a wrong-case key is an unknown one', () => expect(heardOf(`a081${key('term')}02`)).toEqual({ ...heard, term: 0, success: false }));
  test('arrays in declaration order', () => expect(heardOf('a09703a0a00206c3c2')).toEqual(heard));
  test('longer arrays: the rest is skipped', () => expect(heardOf('a09803a0a00206c3c2a378797a')).toEqual(heard));
  test('nil for anything is zero', () => {
    expect(heardOf('a0c0')).toEqual({ ...heard, term: 0, success: false });
    expect(heardOf(`c082${key('Term')}c0${key('Success')}c0`)).toEqual({ ...heard, term: 0, success: false });
    expect(decodeRequest(0, bytes('c0'), 'node-2').message).toEqual({ kind: 'heartbeat', from: '', to: 'node-2', term: 0 });
  });
  test('integers of any width, signed forms too', () => {
    for (const two of ['02', 'cc02', 'cd0002', 'ce00000002', 'cf0000000000000002', 'd002', 'd10002', 'd200000002', 'd30000000000000002']) {
      expect(heardOf(`a082${key('Term')}${two}${key('Success')}c3`)).toEqual(heard);
    }
  });
  test('str8 everywhere, bin only where bytes are meant', () => {
    const id = (form: string): string => decodeRequest(3, bytes(`81${key('ID')}${form}`), 'x').header.id;
    expect(['a16e', 'd9016e', 'da00016e', 'db000000016e', 'c4016e', 'c500016e', 'c6000000016e'].map(id)).toEqual(Array(7).fill('n'));
    const server = (form: string): string => `81${key('Servers')}9183${key('ID')}${form}${key('Address')}a161${key('Suffrage')}00`;
    expect(decodeConfiguration(bytes(server('d9016e')))).toEqual({ servers: [{ id: 'n', address: 'a', voter: true }] });
    expect(() => decodeConfiguration(bytes(server('c4016e')))).toThrow(DecodeError);
    expect(() => heardOf('c40080')).toThrow(DecodeError);
    expect(() => heardOf('a081c4045465726d02')).toThrow(DecodeError);
  });
  test('headers from before 1.3.7: the address comes from Leader or Candidate', () => {
    expect(decodeRequest(0, bytes(`81${key('Leader')}a161`), 'x').header).toEqual({ version: 0, id: '', address: 'a' });
    expect(decodeRequest(1, bytes(`81${key('Candidate')}a162`), 'x').header).toEqual({ version: 0, id: '', address: 'b' });
  });
  test('Staging counts as no voter', () => {
    const wire = configurationHex.replace(/01$/, '02');
    expect(decodeConfiguration(bytes(wire))).toEqual(configuration);
  });
});

describe('refusals', () => {
  const key = (name: string): string => hex(new Writer().text(name).finish());
  const refused: readonly [string, () => unknown][] = [
    ['a float for an integer', () => decodeAnswer(bytes(`a081${key('Term')}cb3ff0000000000000`), heartbeat)],
    ['a negative integer', () => decodeAnswer(bytes(`a081${key('Term')}ff`), heartbeat)],
    ['an unsafe integer', () => decodeAnswer(bytes(`a081${key('Term')}cfffffffffffffffff`), heartbeat)],
    ['a text for a boolean', () => decodeAnswer(bytes(`a081${key('Success')}a0`), heartbeat)],
    ['an empty time', () => decodeLog(bytes(`81${key('AppendedAt')}a0`))],
    ['an unknown entry type', () => decodeLog(bytes(`81${key('Type')}02`))],
    ['a malformed configuration in an entry', () => decodeLog(bytes(`82${key('Type')}05${key('Data')}a3010203`))],
    ['a configuration without a voter', () => decodeConfiguration(encodeConfiguration({ servers: [{ id: 'a', address: 'b', voter: false }] }))],
    ['a member named twice', () => decodeConfiguration(encodeConfiguration({ servers: [...configuration.servers, ...configuration.servers] }))],
    ['an address used twice', () => decodeConfiguration(encodeConfiguration({ servers: [{ id: 'a', address: 'x', voter: true }, { id: 'b', address: 'x', voter: true }] }))],
    ['entries with a gap', () => decodeRequest(0, encodeRequest({ kind: 'append', ...to, term: 2, prevIndex: 4, prevTerm: 2, entries: [commandEntry], commit: 0 }, address).subarray(1), 'x')],
    ['an entry newer than its leader', () => decodeRequest(0, encodeRequest({ ...append, term: 1 } as RequestMessage, address).subarray(1), 'x')],
    ['a snapshot without a configuration', () => decodeRequest(2, bytes('80'), 'x')],
    ['a request type nobody knows', () => decodeRequest(5, bytes('80'), 'x')],
    ['an id that is not UTF-8', () => decodeRequest(3, bytes(`81${key('ID')}a1ff`), 'x')],
    ['a value cut short', () => decodeRequest(0, bytes('81a4'), 'x')],
    ['a list that announces more than there is', () => decodeRequest(0, bytes(`81${key('Entries')}ddffffffff`), 'x')],
  ];
  for (const [name, run] of refused) test(name, () => expect(run).toThrow(DecodeError));
});

describe('the scanner', () => {
  test('asks for more until the value is whole', () => {
    const wire = bytes(requests[3]?.wire ?? '').subarray(1);
    for (const step of [1, 2, 3, 64]) expect(endOf(wire, step)).toBe(wire.length);
  });
  test('refuses what is too long, too wide or too deep as soon as it is announced', () => {
    const scan = (text: string): unknown => new Scanner().feed(bytes(text));
    expect(() => scan('dbffffffff')).toThrow(DecodeError);
    expect(() => scan('ddffffffff')).toThrow(DecodeError);
    expect(() => scan('91'.repeat(wireLimits.depthMax + 1))).toThrow(DecodeError);
    expect(() => scan('c1')).toThrow(DecodeError);
  });
  test('takes no square time for a long value in small pieces', () => {
    const wire = new Writer().bytes(new Uint8Array(60_000)).finish();
    expect(endOf(wire, 16)).toBe(wire.length);
  });
});

function endOf(whole: Uint8Array, step: number): number | undefined {
  const scanner = new Scanner();
  for (let length = 0; length < whole.length; length += step) {
    if (scanner.feed(whole.subarray(0, length)) !== undefined) throw new Error('ended early');
  }
  return scanner.feed(whole);
}
