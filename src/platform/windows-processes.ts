import { win32 } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { windows } from './windows-calls.ts';

/** TERMINATE, QUERY_LIMITED_INFORMATION, SYNCHRONIZE. */
const access = 0x1 | 0x1000 | 0x10_0000;
const pathCharactersMax = 32_768;
const stillRuns = 258;
const pauseMs = 10;

/**
 * Ends the process with that number if it runs a program of that file name, and waits until it is gone. False when it is another program's,
 * or does not end. The number is looked up once: what is then asked and ended is that process, also when its number is given away again.
 */
export async function endProgram(pid: number, program: string, waitMs: number): Promise<boolean> {
  const handle = windows('OpenProcess', access, 0, pid);
  if (handle === 0) return false;
  try {
    if (win32.basename(imageOf(handle)).toLowerCase() !== program.toLowerCase()) return false;
    windows('TerminateProcess', handle, 1);
    const end = performance.now() + waitMs;
    while (windows('WaitForSingleObject', handle, 0) === stillRuns && performance.now() < end) await pause(pauseMs);
    return windows('WaitForSingleObject', handle, 0) !== stillRuns;
  } finally {
    windows('CloseHandle', handle);
  }
}

function imageOf(handle: number): string {
  const name = Buffer.alloc(2 * pathCharactersMax);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(pathCharactersMax);
  return windows('QueryFullProcessImageNameW', handle, 0, name, size) === 0 ? '' : name.toString('utf16le', 0, 2 * size.readUInt32LE());
}
