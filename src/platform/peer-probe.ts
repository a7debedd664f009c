import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { abortError } from '../base/abort.ts';
import { failure } from '../base/failure.ts';
import type { PeerProbe } from '../core/ports.ts';

/** One round trip, measured by the handshake of TCP: a refusal takes as long as an acceptance. */
export const tcpProbe: PeerProbe = {
  connect: (host, port, signal) => new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError());
    const startedMs = performance.now();
    const socket = connect({ host, port });
    const abort = (): void => {
      socket.destroy();
      reject(abortError());
    };
    const done = (): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      done();
      resolve(performance.now() - startedMs);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      done();
      if (error.code === 'ECONNREFUSED') resolve(performance.now() - startedMs);
      else reject(failure('mesh.unreachable', { address: `${host}:${port}`, message: error.code ?? error.message }, error));
    });
  }),
};
