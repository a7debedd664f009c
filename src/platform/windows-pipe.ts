import { Socket } from 'node:net';
import { failure } from '../base/failure.ts';
import { createDoorShares, doorLimits } from './door-shares.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import { descriptorOf, eventSet, overlappedWith, securityAttributes, securityOf, windows } from './windows-calls.ts';
import { ownAccount, pipePeer } from './windows-tokens.ts';

/** Both ways, overlapped; from this machine only, as bytes. */
const duplex = 0x3 | 0x4000_0000;
const firstInstance = 0x8_0000;
const refuseRemote = 0x8;
const instancesMax = 255;
/** Fewer than there can be instances: the next one to wait at must always be possible. */
const openMax = 200;
const againMs = 200;
const bufferBytes = 65_536;
const invalidHandle = -1;
/** It is there already, or is gone again: either way the instance is used. */
const cameBefore: readonly number[] = [535, 232];
const pending = 997;
const firstBytesMs = 5_000;
/**
 * SDDL, behind the owner, who is named because callers ask for it and who makes the further instances: the system and administrators everything,
 * whoever sits at the machine reading and writing; nobody else, and nobody by inheritance.
 * Node's own client asks for GENERIC_WRITE, so the right to add an instance of the pipe is in it: see docs/decisions/0017.
 */
const access = (own: string): string => `O:${own}D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;${own})(A;;GRGW;;;IU)`;

/**
 * Listens on a named pipe that is made by us, not by Node: so its access list is ours and the handle of each connection is known, and
 * Windows can be asked whose it is. That answer comes once the caller has spoken, so who is silent for five seconds is closed.
 */
export async function openPipeDoor(name: string, enter: (socket: Socket, peer: PeerCredentials | undefined) => void): Promise<{ close(): void }> {
  const security = securityAttributes(securityOf(access(ownAccount() ?? 'BA')));
  const event = windows('CreateEventW', null, 1, 0, null);
  const share = createDoorShares(doorLimits);
  let open = 0;
  let closed = false;
  let waiting = instance(name, security, true);
  if (waiting === invalidHandle) throw failure('app.already-running', { path: name });

  async function serve(): Promise<void> {
    const overlapped = overlappedWith(event);
    for (;;) {
      await connection(waiting, event, overlapped);
      if (closed) return void windows('CloseHandle', waiting);
      const taken = waiting;
      waiting = instance(name, security, false);
      take(taken);
      // Those that were closed last are not gone yet. To give up would end the service for whoever fills the door.
      while (waiting === invalidHandle && !closed) {
        await new Promise((resolve) => setTimeout(resolve, againMs));
        waiting = instance(name, security, false);
      }
      if (waiting === invalidHandle) return;
    }
  }

  function take(handle: number): void {
    if (open >= openMax) return void windows('CloseHandle', handle);
    open++;
    const socket = new Socket({ fd: descriptorOf(handle), readable: true, writable: true });
    socket.on('error', () => {});
    socket.once('close', () => open--);
    socket.setTimeout(firstBytesMs, () => socket.destroy());
    // Not read yet: what it said stays in the stream for whoever serves it.
    socket.once('readable', () => {
      // Who only looked whose pipe it is has gone without a word.
      if (socket.readableLength === 0) return void socket.destroy();
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      const peer = peerOf(handle);
      if (share(socket, peer?.uid)) enter(socket, peer);
      else socket.destroy();
    });
  }

  const ended = serve();
  const wake = (): void => void windows('SetEvent', event);
  // A thread that still waits would keep the process from ending.
  process.once('exit', wake);
  return {
    close: () => {
      closed = true;
      process.removeListener('exit', wake);
      wake();
      // Who listens no more is told nothing.
      ended.catch(() => {});
    },
  };
}

function instance(name: string, security: Uint8Array, first: boolean): number {
  return windows('CreateNamedPipeW', name, duplex | (first ? firstInstance : 0), refuseRemote, instancesMax, bufferBytes, bufferBytes, 0, security);
}

async function connection(pipe: number, event: number, overlapped: Uint8Array): Promise<void> {
  if (windows('ConnectNamedPipe', pipe, overlapped) !== 0) return;
  const code = windows('GetLastError');
  if (cameBefore.includes(code)) return;
  if (code !== pending) throw new Error(`ConnectNamedPipe: error ${code}`);
  await eventSet(event);
}

/** Without the library that asks, nothing is known, and the caller refuses. */
function peerOf(handle: number): PeerCredentials | undefined {
  try {
    return pipePeer(handle);
  } catch {
    return undefined;
  }
}
