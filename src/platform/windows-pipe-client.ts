import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { descriptorOf, windows } from './windows-calls.ts';
import { ownerOfHandle } from './windows-tokens.ts';

/** Our end of a named pipe. Whose it is, is asked of the very handle that is then spoken through, so nobody can stand in its place in between. */
export interface OpenPipe {
  /** The account that the pipe belongs to. */
  readonly owner: string | undefined;
  /** The process that made this instance of it; 0 when Windows does not say. */
  readonly serverPid: number;
  /** From then on it is the stream's to close. */
  stream(): Socket;
  close(): void;
}

const readAndWrite = 0xc000_0000;
const openExisting = 3;
/** Overlapped, as Node's streams need it; and the server learns who we are, but may not act as us (SECURITY_SQOS_PRESENT, SECURITY_IDENTIFICATION). */
const flags = 0x4000_0000 | 0x0011_0000;
const invalidHandle = -1;
const absent: readonly number[] = [2, 3];
const busy = 231;
const busyMs = 2_000;
const busyPauseMs = 5;

/** Opens a pipe of this machine for both ways; undefined when nobody listens there. Rejects when it is closed to us, or all its instances stay taken. */
export async function openPipe(name: string): Promise<OpenPipe | undefined> {
  const end = performance.now() + busyMs;
  for (;;) {
    const handle = windows('CreateFileW', name, readAndWrite, 0, null, openExisting, flags, 0);
    if (handle !== invalidHandle) return opened(handle);
    const code = windows('GetLastError');
    if (absent.includes(code)) return undefined;
    if (code !== busy || performance.now() > end) throw new Error(`CreateFileW: error ${code}`);
    await pause(busyPauseMs);
  }
}

function opened(handle: number): OpenPipe {
  const pid = Buffer.alloc(4);
  windows('GetNamedPipeServerProcessId', handle, pid);
  return {
    owner: ownerOfHandle(handle),
    serverPid: pid.readUInt32LE(),
    stream: () => new Socket({ fd: descriptorOf(handle), readable: true, writable: true }),
    close: () => void windows('CloseHandle', handle),
  };
}
