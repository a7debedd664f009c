import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Architecture, baseFilter, encodeFilter, type Instruction, noProgramsFilter } from './confine-filter.ts';
import { type ConfinePolicy, type ConfineReport, reportDescriptor } from './confine-policy.ts';
import { addressOf, lastErrno, nativeFunction, type NativeFunction } from './native.ts';

/**
 * Linux: gives rights up, for good and for everything this thread starts. Each layer stands alone: where the kernel lacks one, or is too old
 * for it, the others hold and the report names what is missing. No layer needs root.
 */
type Layer = readonly [name: string, apply: () => void];

const descriptorsMax = 16_384n;
const filesOpen = { RLIMIT_NOFILE: 7, RLIMIT_CORE: 4 } as const;
const option = { setDumpable: 4, setNoNewPrivs: 38, ambient: 47, ambientClear: 4 } as const;
/** Equal on x86_64 and aarch64. */
const call = { landlockCreate: 444, landlockAdd: 445, landlockRestrict: 446, closeRange: 436 } as const;
const byArchitecture = { x64: { seccomp: 317, capset: 126 }, arm64: { seccomp: 277, capset: 91 } } as const;

/** Applies everything that must hold before a program starts, then becomes that program. Returns only when that failed. */
export function becomeConfined(policy: ConfinePolicy, environment: Readonly<Record<string, string>>, report: (report: ConfineReport) => void): never {
  report(applyAll([
    ['no-new-privileges', noNewPrivileges],
    ['no-capabilities', dropCapabilities],
    ['no-core-dumps', () => limitResource(filesOpen.RLIMIT_CORE, 0n)],
    ['descriptor-limit', limitDescriptors],
    ['landlock', () => landlock(policy)],
    ['seccomp', () => seccomp(baseFilter(architecture()), 0)],
  ]));
  become(policy.program, policy.args, environment);
}

/** Applies what must wait until the program runs: nothing more is started, nobody looks into its memory. */
export function settleConfined(report: (report: ConfineReport) => void): void {
  report(applyAll([
    ['not-dumpable', () => demand(prctl()(option.setDumpable, 0, 0, 0, 0), 'prctl')],
    // One filter for all threads: those that Node started before are told as well.
    ['no-programs', () => seccomp(noProgramsFilter(architecture()), synchronizeThreads)],
  ]));
}

/** For a process that keeps its rights but holds secrets: no core dump, and nobody without root looks into its memory. */
export function guardMemory(): ConfineReport {
  return applyAll([
    ['no-core-dumps', () => limitResource(filesOpen.RLIMIT_CORE, 0n)],
    ['not-dumpable', () => demand(prctl()(option.setDumpable, 0, 0, 0, 0), 'prctl')],
  ]);
}

function applyAll(layers: readonly Layer[]): ConfineReport {
  const done: string[] = [];
  const missing: string[] = [];
  for (const [name, apply] of layers) {
    try {
      apply();
      done.push(name);
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { layers: done, missing };
}

function noNewPrivileges(): void {
  demand(prctl()(option.setNoNewPrivs, 1, 0, 0, 0), 'prctl');
}

/** All sets but the bounding one, which only root may narrow and which means nothing once no program can give privileges. */
function dropCapabilities(): void {
  demand(prctl()(option.ambient, option.ambientClear, 0, 0, 0), 'prctl');
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x2008_0522);
  const none = Buffer.alloc(24);
  demand(numbersCall()(byArchitecture[architecture()].capset, addressOf(header), addressOf(none), 0, 0, 0), 'capset');
}

function limitDescriptors(): void {
  limitResource(filesOpen.RLIMIT_NOFILE, descriptorsMax);
}

/** Never more than now: raising is root's. */
function limitResource(resource: number, most: bigint): void {
  const limits = Buffer.alloc(16);
  demand(nativeFunction('int getrlimit(int resource, _Out_ uint8_t *limits)')(resource, limits), 'getrlimit');
  const hard = limits.readBigUInt64LE(8);
  const limit = hard < most ? hard : most;
  limits.writeBigUInt64LE(limit, 0);
  limits.writeBigUInt64LE(limit, 8);
  demand(nativeFunction('int setrlimit(int resource, uint8_t *limits)')(resource, limits), 'setrlimit');
}

/** LANDLOCK_ACCESS_FS_*, in the order of their bits. */
const access = ['execute', 'writeFile', 'readFile', 'readDir', 'removeDir', 'removeFile', 'makeChar', 'makeDir', 'makeReg', 'makeSock', 'makeFifo', 'makeBlock', 'makeSym', 'refer', 'truncate', 'ioctlDev'] as const;
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

function landlock({ read, device, write, program }: ConfinePolicy): void {
  const version = numbersCall()(call.landlockCreate, 0, 0, 1, 0, 0);
  demand(version, 'landlock');
  const known = knownSince[Math.min(version, knownSince.length) - 1] ?? 13;
  const bits = (wanted: readonly Access[]): bigint => wanted.map((name) => access.indexOf(name)).filter((bit) => bit < known).reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);
  const attributes = Buffer.alloc(version >= scopesSince ? 24 : version >= 4 ? 16 : 8);
  attributes.writeBigUInt64LE(bits(access));
  if (version >= scopesSince) attributes.writeBigUInt64LE(scopes, 16);
  const ruleset = demand(numbersCall()(call.landlockCreate, addressOf(attributes), attributes.length, 0, 0, 0), 'landlock_create_ruleset');
  const permit = (paths: readonly string[], wanted: readonly Access[]): void => {
    for (const path of paths) permitPath(ruleset, path, bits(wanted), bits(wanted.filter((name) => ofFiles.includes(name))));
  };
  permit(read, reading);
  permit(device, using);
  permit(write, owning);
  permit([program, ...loaders()], ['execute', 'readFile']);
  demand(numbersCall()(call.landlockRestrict, ruleset, 0, 0, 0, 0), 'landlock_restrict_self');
  closeSync(ruleset);
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
    demand(numbersCall()(call.landlockAdd, ruleset, pathBeneath, addressOf(rule), 0, 0), `landlock_add_rule ${path}`);
  } finally {
    closeSync(descriptor);
  }
}

/** The program that loads shared libraries, as it is mapped into this very process. */
function loaders(): readonly string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return [...new Set([...maps.matchAll(/(\/\S*\/ld[-.][^/\s]*)$/gm)].map(([, path = '']) => path))];
}

const setModeFilter = 1;
const synchronizeThreads = 1;

function seccomp(program: readonly Instruction[], flags: number): void {
  const filter = encodeFilter(program);
  const description = Buffer.alloc(16);
  description.writeUInt16LE(program.length);
  description.writeBigUInt64LE(addressOf(filter), 8);
  demand(numbersCall()(byArchitecture[architecture()].seccomp, setModeFilter, flags, addressOf(description), 0, 0), 'seccomp');
}

/** Node keeps its standard streams to itself; the program that we become is to have them, and the one it reports on, and no other. */
function become(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): never {
  const fcntl = nativeFunction('int fcntl(int fd, int command, long value)');
  const setDescriptorFlags = 2;
  for (let fd = 0; fd <= reportDescriptor; fd++) demand(fcntl(fd, setDescriptorFlags, 0), 'fcntl');
  const closeOnExec = 4;
  numbersCall()(call.closeRange, reportDescriptor + 1, 0xffff_ffff, closeOnExec, 0, 0);
  const execve = nativeFunction('int execve(const char *path, const char **argv, const char **envp)');
  execve(program, [program, ...args, null], [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), null]);
  throw new Error(`${program} could not be started (errno ${lastErrno()})`);
}

function architecture(): Architecture {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new Error(`no table of calls for ${process.arch}`);
}

/** The C library takes these by registers, whatever their declaration says, on both architectures. */
function prctl(): NativeFunction {
  return nativeFunction('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)');
}

function numbersCall(): NativeFunction {
  return nativeFunction('long syscall(long number, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)');
}

function demand(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: errno ${lastErrno()}`);
  return result;
}
