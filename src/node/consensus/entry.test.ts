import { compress, uncompress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { between, chance, seeded } from '../../base/random.ts';
import { RaftCommandType, RaftLogEntry, SQLParameter, SQLParameterType } from '../../gen/v1/node_raft.ts';
import { decodeEntry, encodeEntry, entryBytesMax } from './entry.ts';
import { DecodeError } from './msgpack.ts';
import { unsnappy } from './snappy.ts';

// Byte strings below were made by Go's protobuf and snappy from the same values.
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const time = { seconds: 1685124908n, nanos: 123456789 };
const text = SQLParameter.fromPartial({ type: SQLParameterType.SQL_PARAM_STRING, str: 'node-1' });

describe('parameters', () => {
  const parameters: readonly [string, Parameters<typeof SQLParameter.fromPartial>[0], string][] = [
    ['INT64, zig-zag', { type: SQLParameterType.SQL_PARAM_INT64, int64: -8443n }, '100118f58301'],
    ['DOUBLE', { type: SQLParameterType.SQL_PARAM_DOUBLE, double: 1.5 }, '100221000000000000f83f'],
    ['BOOL', { type: SQLParameterType.SQL_PARAM_BOOL, bool: true }, '10032801'],
    ['BYTES', { type: SQLParameterType.SQL_PARAM_BYTES, bytes: Buffer.from('00ff', 'hex') }, '1004320200ff'],
    ['STRING', { type: SQLParameterType.SQL_PARAM_STRING, str: 'node-1' }, '10053a066e6f64652d31'],
    ['TIME', { type: SQLParameterType.SQL_PARAM_TIME, time }, '1006420b08aceec3a30610959aef3a'],
    ['the zero TIME', { type: SQLParameterType.SQL_PARAM_TIME, time: { seconds: -62135596800n, nanos: 0 } }, '1006420b088092b8c398feffffff01'],
    ['NULL', { type: SQLParameterType.SQL_PARAM_NULL }, '1007'],
  ];
  for (const [name, value, wire] of parameters) {
    test(name, () => {
      const parameter = SQLParameter.fromPartial(value);
      expect(hex(SQLParameter.encode(parameter).finish())).toBe(wire);
      expect(SQLParameter.decode(bytes(wire))).toEqual(parameter);
    });
  }
});

describe('entries', () => {
  const query = RaftLogEntry.fromPartial({ type: RaftCommandType.QUERY, sqlQuery: { transaction: true, statement: { sql: 'SELECT ?', parameters: [text] } } });
  const exec = RaftLogEntry.fromPartial({
    type: RaftCommandType.EXECUTE,
    sqlExec: { transaction: true, statement: { sql: 'SELECT ?, ?', parameters: [text, SQLParameter.fromPartial({ type: SQLParameterType.SQL_PARAM_TIME, time })] } },
  });
  const message = '0801121a080112160a0853454c454354203f120a10053a066e6f64652d31';
  const execMessage = '08021a2e0801122a0a0b53454c454354203f2c203f120a10053a066e6f64652d31120f1006420b08aceec3a30610959aef3a';

  test('QUERY, as Go packs it', () => {
    expect(hex(RaftLogEntry.encode(query).finish())).toBe(message);
    expect(hex(encodeEntry(query))).toBe(`1e74${message}`);
    expect(decodeEntry(bytes(`1e74${message}`))).toEqual(query);
  });
  test('EXECUTE, as Go packs it', () => {
    expect(hex(encodeEntry(exec))).toBe(`32c4${execMessage}`);
    expect(decodeEntry(bytes(`32c4${execMessage}`))).toEqual(exec);
  });
  test('an entry beyond the limit is not written', () => {
    const huge = RaftLogEntry.fromPartial({ sqlExec: { statement: { sql: 'x'.repeat(entryBytesMax) } } });
    expect(() => encodeEntry(huge)).toThrow(expect.objectContaining({ code: 'input.limit' }));
  });
  test('what is no entry is refused in words of our own', () => {
    expect(() => decodeEntry(new Uint8Array())).toThrow(new DecodeError('block without a length'));
    expect(() => decodeEntry(compress(bytes('0aff')))).toThrow(new DecodeError('not a RaftLogEntry'));
    expect(decodeEntry(bytes('00'))).toEqual(RaftLogEntry.fromPartial({}));
  });
});

describe('snappy blocks', () => {
  const limit = 1_000_000;
  test('"hello" and a block of literals only', () => {
    expect(Buffer.from(unsnappy(bytes('051068656c6c6f'), limit)).toString()).toBe('hello');
    expect(hex(compress(Buffer.from('hello')))).toBe('051068656c6c6f');
    expect(Buffer.from(unsnappy(bytes('05 00 68 00 65 08 6c6c6f'), limit)).toString()).toBe('hello');
  });
  test('copies of all three forms, also overlapping ones', () => {
    expect(Buffer.from(unsnappy(bytes('06 00 61 05 01'), limit)).toString()).toBe('aaaaaa');
    expect(Buffer.from(unsnappy(bytes('06 04 6162 0e 0200'), limit)).toString()).toBe('ababab');
    expect(Buffer.from(unsnappy(bytes('06 04 6162 0f 02000000'), limit)).toString()).toBe('ababab');
  });
  test('the announced length is refused before it is kept', () => {
    expect(() => unsnappy(bytes('ffffffff0f 00'), limit)).toThrow(/longer than/);
    expect(() => unsnappy(bytes('ffffffffff 01'), limit)).toThrow(DecodeError);
  });
  const broken = ['', '80', '05', '05 1068', '02 00 61 05 01', '05 01 01', '05 0061 1d', '01 00 61 00', '05 fc ffffffff', '05 fc f0ffffff 61', '04 00 61 0d 00', '08 f0', '03 04 6162 0e 0200'];
  for (const block of broken) test(`refuses ${block || 'nothing'}`, () => expect(() => unsnappy(bytes(block), limit)).toThrow(DecodeError));

  test('2,000 random texts come back, as the library reads them too', () => {
    const random = seeded(1);
    for (let round = 0; round < 2_000; round++) {
      const letters = between(random, 1, 8);
      const plain = random.bytes(between(random, 0, 600)).map((byte) => byte % letters);
      const packed = compress(plain);
      expect(hex(unsnappy(packed, limit))).toBe(hex(plain));
      expect(hex(uncompress(packed))).toBe(hex(plain));
    }
  });
  test('20,000 broken blocks end in bytes or a DecodeError', () => {
    const random = seeded(2);
    const whole = compress(Buffer.from('select node_id, ipv4 from leases where node_id = ? and ipv4 = ? returning node_id, ipv4'));
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const block = whole.slice(0, chance(random, 0.2) ? between(random, 0, whole.length) : whole.length);
      for (let i = between(random, 0, 3); i > 0 && block.length > 0; i--) block[between(random, 0, block.length - 1)] = between(random, 0, 255);
      try {
        unsnappy(block, limit);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5_000);
  });
});
