import { describe, expect, test } from 'vitest';
import { localName } from './local-name.ts';
import { accountNumber, administratorsSid, interactiveSid, sidText } from './windows-accounts.ts';
import { serviceStatus } from './windows-service.ts';

/** As [MS-DTYP] 2.4.2.2 lays a user's identifier out. */
const someone = Buffer.from('0105000000000005150000009d8c9c3e2f4b7d1a5e6f7081e9030000', 'hex');

describe('a security identifier', () => {
  test('is read as Windows writes it', () => {
    expect([interactiveSid, administratorsSid, someone].map(sidText)).toEqual(['S-1-5-4', 'S-1-5-32-544', 'S-1-5-21-1050447005-444418863-2171629406-1001']);
  });

  test('what is none is none', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(68), Buffer.from([2, ...interactiveSid.subarray(1)]), someone.subarray(0, 27), Buffer.from([1, 16, ...new Array<number>(70).fill(0)])]) expect(sidText(bytes)).toBe(undefined);
  });
});

test('the system and an administrator with all rights are 0, everybody else a number of their own', () => {
  const [one = '', other = ''] = ['S-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1002'];
  expect([accountNumber('S-1-5-18', false), accountNumber(one, true)]).toEqual([0, 0]);
  expect(accountNumber(one, false)).toBe(accountNumber(one, false));
  expect(new Set([accountNumber(one, false), accountNumber(other, false), accountNumber('S-1-5-19', false), 0]).size).toBe(4);
  expect(Number.isSafeInteger(accountNumber(one, false))).toBe(true);
});

test('the service manager is told a state, what may be asked in it, and our own code at a bad end', () => {
  const words = (bytes: Buffer): readonly number[] => Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(4 * at));
  expect([serviceStatus(4, 0), serviceStatus(3, 0), serviceStatus(1, 0), serviceStatus(1, 3)].map(words)).toEqual([
    [0x10, 4, 5, 0, 0, 0, 0], [0x10, 3, 0, 0, 0, 0, 20_000], [0x10, 1, 0, 0, 0, 0, 0], [0x10, 1, 0, 1066, 3, 0, 0],
  ]);
});

test('a path is itself, and on Windows a pipe: the same for two spellings of one path, another for another', () => {
  const pipe = (path: string): string => localName(path, 'win32');
  expect(localName('/run/webmesh/helper.sock', 'linux')).toBe('/run/webmesh/helper.sock');
  expect(pipe('/a/helper.sock')).toMatch(/^\\\\\.\\pipe\\webmesh-[0-9a-f]{24}-helper\.sock$/);
  expect([pipe('/A/helper.sock') === pipe('/a/helper.sock'), pipe('/b/helper.sock') === pipe('/a/helper.sock')]).toEqual([true, false]);
});
