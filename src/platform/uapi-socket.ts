import { lstatSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { failure } from '../base/failure.ts';
import { type Secret } from '../base/log.ts';
import { type UapiSocket } from '../helper/ports.ts';
import { isTrustedAccount } from './windows-folders.ts';
import { type OpenPipe, openPipe } from './windows-pipe-client.ts';
import { endProgram } from './windows-processes.ts';

const deadlineMs = 5_000;
const answerCharactersMax = 16 << 20;

/** Where wireguard-go listens for the configuration of a device. */
export function uapiPath(device: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\ProtectedPrefix\\Administrators\\WireGuard\\${device}` : `/var/run/wireguard/${device}.sock`;
}

/** One connection a request: the simplest that every engine version answers. */
export const uapiSocket: UapiSocket = {
  exchange: async (device, request) => converse(await dial(device), request),
};

async function dial(device: string): Promise<Socket> {
  const path = uapiPath(device);
  if (process.platform === 'win32') return dialPipe(path);
  refuseForeign(path);
  return connect(path);
}

function converse(socket: Socket, request: Secret): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const fail = (problem: string, cause?: unknown): void => {
      socket.destroy();
      reject(failure('tunnel.failed', { step: 'configure', problem }, cause));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(deadlineMs, () => fail('the engine is silent'));
    socket.once('error', (error) => fail(error.message, error));
    socket.on('data', (text) => {
      answer += String(text);
      if (answer.length > answerCharactersMax) fail('the engine says too much');
      else if (answer.endsWith('\n\n')) {
        socket.end();
        resolve(answer);
      }
    });
    socket.once('close', () => fail('the engine hung up'));
    socket.write(request.reveal());
  });
}

/** What we say there holds a private key: whoever answers must be root's, in a folder where nobody else could have put it. */
function refuseForeign(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // A missing one is said by the connection.
  if (found === undefined) return;
  const folder = statSync(dirname(path));
  const ours = [0, process.geteuid?.()];
  const good = found.isSocket() && ours.includes(found.uid) && ours.includes(folder.uid) && (folder.mode & 0o022) === 0;
  if (!good) throw foreign();
}

/**
 * The same on Windows. Names below ProtectedPrefix\Administrators are for administrators alone to make, and wireguard-go gives its pipe to
 * the system; the owner is asked of the handle that is then used.
 */
async function dialPipe(name: string): Promise<Socket> {
  const pipe = await openPipe(name).catch((error: unknown) => {
    throw failure('tunnel.failed', { step: 'configure', problem: 'the engine\'s pipe cannot be opened' }, error);
  });
  if (pipe === undefined) throw failure('tunnel.failed', { step: 'configure', problem: 'no engine is there' });
  if (isTrustedAccount(pipe.owner)) return pipe.stream();
  pipe.close();
  throw foreign();
}

function foreign(): Error {
  return failure('tunnel.failed', { step: 'configure', problem: 'the engine\'s socket could be of somebody else' });
}

/** True when an engine answers for that device. */
export function engineAnswers(device: string): Promise<boolean> {
  return process.platform === 'win32' ? withPipe(device, () => true, false) : socketAnswers(device);
}

/** Windows: ends whoever serves the pipe of that device, if it is our engine. */
export async function endPipeServer(device: string, program: string, waitMs: number): Promise<void> {
  const pid = await withPipe(device, ({ serverPid }) => serverPid, 0);
  if (pid !== 0) await endProgram(pid, program, waitMs);
}

/** What an open pipe of that device says; `none` when nobody listens. A pipe that is kept from us is there all the same. */
async function withPipe<T>(device: string, look: (pipe: Pick<OpenPipe, 'serverPid'>) => T, none: T): Promise<T> {
  const pipe = await openPipe(uapiPath(device)).catch(() => closedPipe);
  if (pipe === undefined) return none;
  pipe.close();
  return look(pipe);
}

const closedPipe = { serverPid: 0, close: (): void => {} };

function socketAnswers(device: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(uapiPath(device));
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(deadlineMs, end(true));
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
