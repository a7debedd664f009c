import { type Architecture, baseFilter, encodeFilter, type Instruction, noProgramsFilter } from './confine-filter.ts';
import { landlock } from './confine-landlock.ts';
import { applyLayers, type ConfinePolicy, type ConfineReport, reportDescriptor } from './confine-policy.ts';
import { addressOf, demand, lastErrno, nativeFunction, type NativeFunction, systemCall } from './native.ts';

/**
 * Linux: gives rights up, for good and for everything this thread starts. Each layer stands alone: where the kernel lacks one, or is too old
 * for it, the others hold and the report names what is missing. No layer needs root.
 */
const descriptorsMax = 16_384n;
const filesOpen = { RLIMIT_NOFILE: 7, RLIMIT_CORE: 4 } as const;
const option = { setDumpable: 4, setNoNewPrivs: 38, ambient: 47, ambientClear: 4 } as const;
/** Equal on x86_64 and aarch64. */
const closeRange = 436;
const byArchitecture = { x64: { seccomp: 317, capset: 126 }, arm64: { seccomp: 277, capset: 91 } } as const;

/** Applies everything that must hold before a program starts, then becomes that program. Returns only when that failed. */
export function becomeConfined(policy: ConfinePolicy, environment: Readonly<Record<string, string>>, report: (report: ConfineReport) => void): never {
  report(applyLayers([
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
  report(applyLayers([
    ['not-dumpable', () => demand(prctl()(option.setDumpable, 0, 0, 0, 0), 'prctl')],
    // One filter for all threads: those that Node started before are told as well.
    ['no-programs', () => seccomp(noProgramsFilter(architecture()), synchronizeThreads)],
  ]));
}

/** For a process that keeps its rights but holds secrets: no core dump, and nobody without root looks into its memory. */
export function guardMemory(): ConfineReport {
  return applyLayers([
    ['no-core-dumps', () => limitResource(filesOpen.RLIMIT_CORE, 0n)],
    ['not-dumpable', () => demand(prctl()(option.setDumpable, 0, 0, 0, 0), 'prctl')],
  ]);
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
  demand(systemCall()(byArchitecture[architecture()].capset, addressOf(header), addressOf(none), 0, 0, 0), 'capset');
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

const setModeFilter = 1;
const synchronizeThreads = 1;

function seccomp(program: readonly Instruction[], flags: number): void {
  const filter = encodeFilter(program);
  const description = Buffer.alloc(16);
  description.writeUInt16LE(program.length);
  description.writeBigUInt64LE(addressOf(filter), 8);
  demand(systemCall()(byArchitecture[architecture()].seccomp, setModeFilter, flags, addressOf(description), 0, 0), 'seccomp');
}

/** Node keeps its standard streams to itself; the program that we become is to have them, and the one it reports on, and no other. */
function become(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): never {
  const fcntl = nativeFunction('int fcntl(int fd, int command, long value)');
  const setDescriptorFlags = 2;
  for (let fd = 0; fd <= reportDescriptor; fd++) demand(fcntl(fd, setDescriptorFlags, 0), 'fcntl');
  const closeOnExec = 4;
  systemCall()(closeRange, reportDescriptor + 1, 0xffff_ffff, closeOnExec, 0, 0);
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
