import { connect } from 'node:net';
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
