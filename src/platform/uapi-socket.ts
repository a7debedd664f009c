import { lstatSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { failure } from '../base/failure.ts';
import { type UapiSocket } from '../helper/ports.ts';

const deadlineMs = 5_000;
const answerCharactersMax = 16 << 20;

/** Where wireguard-go listens for the configuration of a device. */
export function uapiPath(device: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\ProtectedPrefix\\Administrators\\WireGuard\\${device}` : `/var/run/wireguard/${device}.sock`;
}

/** One connection a request: the simplest that every engine version answers. */
export const uapiSocket: UapiSocket = {
  exchange: (device, request) =>
    new Promise((resolve, reject) => {
      refuseForeign(uapiPath(device));
      const socket = connect(uapiPath(device));
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
    }),
};

/** What we say there holds a private key: whoever answers must be root's, in a folder where nobody else could have put it. */
function refuseForeign(path: string): void {
  if (process.platform === 'win32') return;
  const found = lstatSync(path, { throwIfNoEntry: false });
  // A missing one is said by the connection.
  if (found === undefined) return;
  const folder = statSync(dirname(path));
  const ours = [0, process.geteuid?.()];
  const good = found.isSocket() && ours.includes(found.uid) && ours.includes(folder.uid) && (folder.mode & 0o022) === 0;
  if (!good) throw failure('tunnel.failed', { step: 'configure', problem: 'the engine\'s socket could be of somebody else' });
}

/** True when an engine answers for that device. */
export function engineAnswers(device: string): Promise<boolean> {
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
