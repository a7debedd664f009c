import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatOf } from './program-format.ts';

function program(magic: number, at: number, code: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32BE(magic, 0);
  if (at === 18) bytes.writeUInt16LE(code, at);
  else bytes.writeUInt32LE(code, at);
  return bytes;
}

function windowsProgram(machine: number): Buffer {
  const bytes = program(0x4d5a9000, 0x3c, 0x80);
  bytes.write('PE\0\0', 0x80, 'latin1');
  bytes.writeUInt16LE(machine, 0x84);
  return bytes;
}

test.each([
  ['linux-x64', program(0x7f454c46, 18, 62)],
  ['linux-arm64', program(0x7f454c46, 18, 183)],
  ['mac-x64', program(0xcffaedfe, 4, 0x01000007)],
  ['mac-arm64', program(0xcffaedfe, 4, 0x0100000c)],
  ['win-x64', windowsProgram(0x8664)],
  ['win-arm64', windowsProgram(0xaa64)],
  [undefined, windowsProgram(0x14c)],
  [undefined, program(0x4d5a9000, 0x3c, 0x7fff_ffff)],
  [undefined, Buffer.from('#!/bin/sh\n'.padEnd(200))],
  [undefined, Buffer.from('MZ')],
])('%s', (format, bytes) => {
  expect(formatOf(bytes)).toBe(format);
});

test('the program that runs this is one of this machine', () => {
  const system = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string];
  expect(formatOf(readFileSync(process.execPath).subarray(0, 4096))).toBe(`${system}-${process.arch}`);
});
