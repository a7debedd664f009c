/**
 * A Windows library that holds no code: it says of one function that another library has it, under another name. Wine 8 lacks libraries that
 * newer programs ask for by name. Layout: Microsoft's PE format, https://learn.microsoft.com/windows/win32/debug/pe-format.
 */
export function forwarderDll(library: string, name: string, target: string): Buffer {
  const exports = exportSection(library, name, target);
  const file = Buffer.alloc(headerBytes + align(exports.length, fileAlignment));
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(peAt, 0x3c);
  file.write('PE\0\0', peAt, 'latin1');
  putFields(file, peAt + 4, [[2, machineAmd64], [2, 1], [4, 0], [4, 0], [4, 0], [2, optionalBytes], [2, executableDll]]);
  putFields(file, optionalAt, [
    [2, 0x20b], [2, 0], [4, 0], [4, align(exports.length, fileAlignment)], [4, 0], [4, 0], [4, 0],
    [8, 0x1_8000_0000], [4, sectionAlignment], [4, fileAlignment], [2, 6], [2, 0], [2, 0], [2, 0], [2, 6], [2, 0], [4, 0],
    [4, 2 * sectionAlignment], [4, headerBytes], [4, 0], [2, 3], [2, relocatable],
    [8, 0x10_0000], [8, 0x1000], [8, 0x10_0000], [8, 0x1000], [4, 0], [4, directories],
    [4, sectionAt], [4, exports.length],
  ]);
  file.write('.edata', optionalAt + optionalBytes, 'latin1');
  putFields(file, optionalAt + optionalBytes + 8, [[4, exports.length], [4, sectionAt], [4, align(exports.length, fileAlignment)], [4, headerBytes], [8, 0], [4, 0], [4, readableData]]);
  exports.copy(file, headerBytes);
  return file;
}

const machineAmd64 = 0x8664;
const executableDll = 0x2022;
const relocatable = 0x140;
const readableData = 0x4000_0040;
const peAt = 0x80;
const optionalAt = peAt + 24;
const directories = 16;
const optionalBytes = 112 + 8 * directories;
const headerBytes = 0x400;
const fileAlignment = 0x200;
const sectionAlignment = 0x1000;
const sectionAt = sectionAlignment;

/** The export directory with its three tables of one entry each. An address inside of this section is the name of where it goes. */
function exportSection(library: string, name: string, target: string): Buffer {
  const texts = [library, name, target].map((text) => Buffer.from(`${text}\0`, 'latin1'));
  const [functions, names, ordinals, text] = [40, 44, 48, 52];
  const [libraryAt, nameAt, targetAt] = texts.map((_, i) => sectionAt + text + texts.slice(0, i).reduce((sum, { length }) => sum + length, 0)) as [number, number, number];
  const head = Buffer.alloc(text);
  putFields(head, 0, [[4, 0], [4, 0], [4, 0], [4, libraryAt], [4, 1], [4, 1], [4, 1], [4, sectionAt + functions], [4, sectionAt + names], [4, sectionAt + ordinals], [4, targetAt], [4, nameAt], [2, 0]]);
  return Buffer.concat([head, ...texts]);
}

/** Fields one behind the other: how many bytes, and the number. */
function putFields(into: Buffer, at: number, fields: readonly (readonly [2 | 4 | 8, number])[]): void {
  let place = at;
  for (const [bytes, value] of fields) {
    if (bytes === 8) into.writeBigUInt64LE(BigInt(value), place);
    else into.writeUIntLE(value, place, bytes);
    place += bytes;
  }
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
