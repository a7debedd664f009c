/**
 * The system calls that the node process never needs, as a program for the kernel's filter (seccomp, classic BPF). Everything that is not
 * named passes: a list of what is allowed would break with every new Node and C library. Two parts: `base` is in force before the node
 * process is, `noPrograms` from its first line on, when it has no more program to start.
 */
export type Architecture = 'x64' | 'arm64';

/** Numbers of x86_64 and aarch64 (asm/unistd_64.h, asm-generic/unistd.h); null where an architecture has no such call. */
const denied: Readonly<Record<string, readonly [number | null, number | null]>> = {
  // other processes
  ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], process_madvise: [440, 440], kcmp: [312, 272], pidfd_getfd: [438, 438],
  // mounts, roots and namespaces
  mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51], move_mount: [429, 429], open_tree: [428, 428], fsopen: [430, 430],
  fsconfig: [431, 431], fsmount: [432, 432], fspick: [433, 433], mount_setattr: [442, 442], unshare: [272, 97], setns: [308, 268],
  // the kernel itself and the machine
  kexec_load: [246, 104], kexec_file_load: [320, 294], init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106], create_module: [174, null],
  reboot: [169, 142], swapon: [167, 224], swapoff: [168, 225], acct: [163, 89], quotactl: [179, 60], quotactl_fd: [443, 443], syslog: [103, 116],
  iopl: [172, null], ioperm: [173, null], modify_ldt: [154, null], personality: [135, 92], vhangup: [153, 58], nfsservctl: [180, 42], uselib: [134, null],
  settimeofday: [164, 170], clock_settime: [227, 112], clock_adjtime: [305, 266], adjtimex: [159, 171], sethostname: [170, 161], setdomainname: [171, 162],
  // large and young parts of the kernel
  bpf: [321, 280], perf_event_open: [298, 241], userfaultfd: [323, 282], io_uring_setup: [425, 425], io_uring_enter: [426, 426], io_uring_register: [427, 427],
  fanotify_init: [300, 262], lookup_dcookie: [212, 18], add_key: [248, 217], request_key: [249, 218], keyctl: [250, 219],
  // files by other ways than their names, and devices
  open_by_handle_at: [304, 265], name_to_handle_at: [303, 264], mknod: [133, null], mknodat: [259, 33],
};
const programs: typeof denied = { execve: [59, 221], execveat: [322, 281], fork: [57, null], vfork: [58, null] };
const special = { clone: [56, 220], clone3: [435, 435], socket: [41, 198], ioctl: [16, 29] } as const;

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64. */
const auditArch: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
const x32Bit = 0x4000_0000;

const eperm = 1;
const enosys = 38;
const retAllow = 0x7fff_0000;
const retKill = 0x8000_0000;
const retErrno = 0x0005_0000;

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const cloneNamespaces = 0x7e02_0080;
const cloneThread = 0x0001_0000;
const family = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const typeMask = 0xf;
const typeRaw = 3;
const typePacket = 10;
/** TIOCSTI, TIOCLINUX: typing into a terminal for its user. */
const terminalRequests = [0x5412, 0x541c];

/** One instruction of classic BPF: code, jumps when true and false, a number. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const load = (offset: number): Instruction => ({ code: 0x20, jt: 0, jf: 0, k: offset });
const mask = (k: number): Instruction => ({ code: 0x54, jt: 0, jf: 0, k });
const jumpIf = (kind: 'equal' | 'atLeast' | 'anyBit', k: number, jt: number, jf: number): Instruction => ({ code: { equal: 0x15, atLeast: 0x35, anyBit: 0x45 }[kind], jt, jf, k });
const answer = (k: number): Instruction => ({ code: 0x06, jt: 0, jf: 0, k });
const refuse = answer(retErrno | eperm);
const allow = answer(retAllow);

/** Fields of struct seccomp_data: number, architecture, low halves of the arguments (both architectures are little-endian). */
const at = { number: 0, arch: 4, argument: (n: number): number => 16 + 8 * n };

/** What never runs. Clone with new namespaces is refused, clone3 hidden (its flags lie in memory): the C library then takes clone. */
export function baseFilter(architecture: Architecture): readonly Instruction[] {
  const number = ([x64, arm64]: readonly [number | null, number | null]): number | null => (architecture === 'x64' ? x64 : arm64);
  return [
    ...head(architecture),
    ...Object.values(denied).map(number).filter((each) => each !== null).flatMap((each) => [jumpIf('equal', each, 0, 1), refuse]),
    jumpIf('equal', number(special.clone3) ?? 0, 0, 1), answer(retErrno | enosys),
    ...whenCall(number(special.clone) ?? 0, [load(at.argument(0)), jumpIf('anyBit', cloneNamespaces, 0, 1), refuse, allow]),
    ...whenCall(number(special.ioctl) ?? 0, [load(at.argument(1)), ...terminalRequests.flatMap((request) => [jumpIf('equal', request, 0, 1), refuse]), allow]),
    ...whenCall(number(special.socket) ?? 0, socketRules()),
    allow,
  ];
}

/** No program and no second process: only threads of this one. */
export function noProgramsFilter(architecture: Architecture): readonly Instruction[] {
  const number = ([x64, arm64]: readonly [number | null, number | null]): number | null => (architecture === 'x64' ? x64 : arm64);
  return [
    ...head(architecture),
    ...Object.values(programs).map(number).filter((each) => each !== null).flatMap((each) => [jumpIf('equal', each, 0, 1), refuse]),
    ...whenCall(number(special.clone) ?? 0, [load(at.argument(0)), jumpIf('anyBit', cloneThread, 1, 0), refuse, allow]),
    allow,
  ];
}

/** The program as the kernel reads it: eight bytes an instruction, in the order of this machine (little-endian on both). */
export function encodeFilter(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jt, jf, k }, i) => {
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(jt, i * 8 + 2);
    bytes.writeUInt8(jf, i * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, i * 8 + 4);
  });
  return bytes;
}

/** Another architecture's calls have other numbers, so nothing of it runs; x32 calls of x86_64 have a bit of their own. */
function head(architecture: Architecture): readonly Instruction[] {
  const sameArch = [load(at.arch), jumpIf('equal', auditArch[architecture], 1, 0), answer(retKill), load(at.number)];
  return architecture === 'x64' ? [...sameArch, jumpIf('atLeast', x32Bit, 0, 1), refuse] : sameArch;
}

/** The rules for one call; they end with an answer, so what follows is for other calls. */
function whenCall(number: number, rules: readonly Instruction[]): readonly Instruction[] {
  return [jumpIf('equal', number, 0, rules.length), ...rules];
}

/** Streams and datagrams of the Internet and of this machine, and the kernel's list of interfaces: no raw packets, nothing exotic. */
function socketRules(): readonly Instruction[] {
  const routesOnly = [load(at.argument(2)), jumpIf('equal', 0, 0, 1), allow, refuse];
  const notRaw = [load(at.argument(1)), mask(typeMask), jumpIf('equal', typeRaw, 1, 0), jumpIf('equal', typePacket, 0, 1), refuse, allow];
  return [
    load(at.argument(0)),
    jumpIf('equal', family.unix, 0, 1), allow,
    jumpIf('equal', family.netlink, 0, routesOnly.length), ...routesOnly,
    jumpIf('equal', family.inet, 1, 0), jumpIf('equal', family.inet6, 0, notRaw.length), ...notRaw,
    refuse,
  ];
}
