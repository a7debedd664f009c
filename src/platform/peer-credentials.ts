import type { Socket } from 'node:net';
import { type NativeFunction, nativeFunction } from './native.ts';

/** Who opened the other end of a unix socket, as the kernel noted it at that moment. */
export interface PeerCredentials {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /** Every group of that process but perhaps `gid`; at most what one call answers (1,024). */
  readonly groups: readonly number[];
}

const groupsMax = 1_024;
/** From <asm-generic/socket.h>; SO_PEERGROUPS since Linux 4.13. */
const linux = { level: 1, peerCredentials: 17, peerGroups: 59 } as const;
/** From <sys/un.h>. */
const darwin = { level: 0, peerCredentials: 0x001, peerPid: 0x002, groupsMax: 16 } as const;

let getsockopt: NativeFunction | undefined;

/**
 * Reads who is at the other end of an accepted unix socket, or answers undefined when the kernel does not say: then nobody is to be
 * believed. macOS is untested. Windows answers undefined always: Node keeps the handle of its pipes to itself; the pipe of `windows-pipe` is asked there.
 */
export function peerOf(socket: Socket): PeerCredentials | undefined {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  try {
    if (process.platform === 'linux') return linuxPeer(descriptor);
    return process.platform === 'darwin' ? darwinPeer(descriptor) : undefined;
  } catch {
    // Without the library that asks, nothing is known, and the caller refuses.
    return undefined;
  }
}

/** struct ucred: pid, uid, gid. An empty one (pid 0) is of a socket that was never connected, or of a process in a namespace that we cannot see. */
function linuxPeer(descriptor: number): PeerCredentials | undefined {
  const bytes = option(descriptor, linux.level, linux.peerCredentials, 12);
  if (bytes?.length !== 12) return undefined;
  const [pid, uid, gid] = [bytes.readInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  if (pid <= 0 || uid === nobodyKnown || gid === nobodyKnown) return undefined;
  return { uid, gid, pid, groups: numbers(option(descriptor, linux.level, linux.peerGroups, groupsMax * 4)) };
}

/** struct xucred: version, uid, number of groups, groups; the first is the effective one. */
function darwinPeer(descriptor: number): PeerCredentials | undefined {
  const bytes = option(descriptor, darwin.level, darwin.peerCredentials, 12 + darwin.groupsMax * 4);
  const pid = option(descriptor, darwin.level, darwin.peerPid, 4)?.readInt32LE(0);
  if (bytes === undefined || bytes.length < 16 || bytes.readUInt32LE(0) !== 0 || pid === undefined) return undefined;
  const groups = numbers(bytes.subarray(12, 12 + 4 * Math.min(bytes.readInt16LE(8), darwin.groupsMax)));
  return groups[0] === undefined ? undefined : { uid: bytes.readUInt32LE(4), gid: groups[0], pid, groups };
}

const nobodyKnown = 0xffff_ffff;

/** The bytes of a socket option, as many as the kernel filled; undefined when it refused. */
function option(descriptor: number, level: number, name: number, size: number): Buffer | undefined {
  getsockopt ??= nativeFunction('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint8_t *size)');
  const value = Buffer.alloc(size);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size);
  return getsockopt(descriptor, level, name, value, length) === 0 ? value.subarray(0, length.readUInt32LE(0)) : undefined;
}

function numbers(bytes: Buffer | undefined): readonly number[] {
  return Array.from({ length: (bytes?.length ?? 0) >> 2 }, (_, i) => bytes?.readUInt32LE(i * 4) ?? 0);
}

/** Node names the descriptor of a socket nowhere in its own types. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  const fd = typeof handle === 'object' && handle !== null && 'fd' in handle ? handle.fd : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
