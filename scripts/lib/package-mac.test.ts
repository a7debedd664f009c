import { expect, test } from 'vitest';
import { isMacSingle } from './package-mac.ts';

const fuse = 'MARK_1234';

function program(processor: number, segment: string, mark: string): Buffer {
  const bytes = Buffer.alloc(64_000);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(processor, 4);
  bytes.write(segment, 1_000, 'latin1');
  bytes.write(mark, 50_000, 'latin1');
  return bytes;
}

test.each([
  ['with the bundles inside', program(0x01000007, 'NODE_SEA\0', `${fuse}:1`), true],
  ['of another processor', program(0x0100000c, 'NODE_SEA\0', `${fuse}:1`), false],
  ['without them', program(0x01000007, '', `${fuse}:1`), false],
  ['with them, and Node does not look for them', program(0x01000007, 'NODE_SEA\0', `${fuse}:0`), false],
])('a program of macOS %s', (_, bytes, right) => {
  expect(isMacSingle(bytes, 'mac-x64', fuse)).toBe(right);
});
