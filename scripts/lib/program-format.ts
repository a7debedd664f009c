/** For which system and processor a program's first kilobytes say that it is, in the words of dist/single; undefined for anything else. */
export function formatOf(bytes: Buffer): string | undefined {
  if (bytes.length < 64) return undefined;
  // ELF: e_machine. Mach-O, 64 bits, little-endian: cputype. PE: where its header lies stands at 0x3c.
  if (bytes.readUInt32BE(0) === 0x7f454c46) return named('linux', [[62, 'x64'], [183, 'arm64']], bytes.readUInt16LE(18));
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return named('mac', [[0x01000007, 'x64'], [0x0100000c, 'arm64']], bytes.readUInt32LE(4));
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = bytes.readUInt32LE(0x3c);
  if (header + 6 > bytes.length || bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return undefined;
  return named('win', [[0x8664, 'x64'], [0xaa64, 'arm64']], bytes.readUInt16LE(header + 4));
}

function named(system: string, processors: readonly (readonly [number, string])[], code: number): string | undefined {
  const [, processor] = processors.find(([number]) => number === code) ?? [];
  return processor === undefined ? undefined : `${system}-${processor}`;
}
