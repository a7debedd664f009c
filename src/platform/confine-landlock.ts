import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type ConfinePolicy } from './confine-policy.ts';
import { addressOf, demand, systemCall } from './native.ts';

/** Equal on x86_64 and aarch64. */
const call = { landlockCreate: 444, landlockAdd: 445, landlockRestrict: 446 } as const;
/** LANDLOCK_ACCESS_FS_*, in the order of their bits. */
const access = [
  'execute', 'writeFile', 'readFile', 'readDir', 'removeDir', 'removeFile', 'makeChar', 'makeDir', 'makeReg', 'makeSock', 'makeFifo', 'makeBlock',
  'makeSym', 'refer', 'truncate', 'ioctlDev',
] as const;
type Access = (typeof access)[number];
/** How many of them each version of Landlock knows; later ones know no more yet. */
const knownSince = [13, 14, 15, 15, 16] as const;
const ofFiles: readonly Access[] = ['execute', 'writeFile', 'readFile', 'truncate', 'ioctlDev'];
const reading: readonly Access[] = ['readFile', 'readDir'];
const using: readonly Access[] = ['readFile', 'writeFile', 'ioctlDev'];
const owning: readonly Access[] = ['readFile', 'readDir', 'writeFile', 'truncate', 'makeReg', 'makeDir', 'makeSock', 'removeFile', 'removeDir', 'refer'];
/** Since version 6: no signals to, and no abstract sockets of, processes outside. */
const scopesSince = 6;
const scopes = 0b11n;

/**
 * Leaves this thread, and what it starts, the files of the policy and nothing else (Landlock, since Linux 5.13); what this kernel's version
 * does not know yet stays as it is. Throws where there is none.
 */
export function landlock({ read, device, write, program }: ConfinePolicy): void {
  const version = systemCall()(call.landlockCreate, 0, 0, 1, 0, 0);
  demand(version, 'landlock');
  const known = knownSince[Math.min(version, knownSince.length) - 1] ?? 13;
  const bits = (wanted: readonly Access[]): bigint => sumOf(wanted.map((name) => access.indexOf(name)).filter((bit) => bit < known));
  const attributes = Buffer.alloc(version >= scopesSince ? 24 : version >= 4 ? 16 : 8);
  attributes.writeBigUInt64LE(bits(access));
  if (version >= scopesSince) attributes.writeBigUInt64LE(scopes, 16);
  const ruleset = demand(systemCall()(call.landlockCreate, addressOf(attributes), attributes.length, 0, 0, 0), 'landlock_create_ruleset');
  const permit = (paths: readonly string[], wanted: readonly Access[]): void => {
    for (const path of paths) permitPath(ruleset, path, bits(wanted), bits(wanted.filter((name) => ofFiles.includes(name))));
  };
  permit(read, reading);
  permit(device, using);
  permit(write, owning);
  permit([program, ...loaders()], ['execute', 'readFile']);
  demand(systemCall()(call.landlockRestrict, ruleset, 0, 0, 0, 0), 'landlock_restrict_self');
  closeSync(ruleset);
}

function sumOf(bits: readonly number[]): bigint {
  return bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
}

/** A rule holds for what the path is now, not for its name. What is missing, or not for us to see, needs no rule. */
function permitPath(ruleset: number, path: string, forFolder: bigint, forFile: bigint): void {
  const oPath = 0x20_0000;
  let descriptor: number;
  try {
    descriptor = openSync(path, oPath | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    const rule = Buffer.alloc(12);
    rule.writeBigUInt64LE(fstatSync(descriptor).isDirectory() ? forFolder : forFile);
    rule.writeInt32LE(descriptor, 8);
    const pathBeneath = 1n;
    demand(systemCall()(call.landlockAdd, ruleset, pathBeneath, addressOf(rule), 0, 0), `landlock_add_rule ${path}`);
  } finally {
    closeSync(descriptor);
  }
}

/** The program that loads shared libraries, as it is mapped into this very process. */
function loaders(): readonly string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return [...new Set([...maps.matchAll(/(\/\S*\/ld[-.][^/\s]*)$/gm)].map(([, path = '']) => path))];
}
