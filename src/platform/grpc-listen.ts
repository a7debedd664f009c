import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { type Server, connect } from 'node:net';
import { abortError } from '../base/abort.ts';
import { type Failure, failure } from '../base/failure.ts';

/** Where a TCP server listens: an IP literal and a port, 0 for any free one. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

const retryMs = 200;
const probeMs = 1_000;

/**
 * Binds a TCP listener and answers the port. `::` takes IPv6 alone, so that it stands beside `0.0.0.0`.
 * With a signal, an address that the machine lacks is tried again until it appears.
 */
export async function bind(server: Server, { host, port }: TcpAddress, signal?: AbortSignal): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await listenOnce(server, { host, port, ipv6Only: host.includes(':') });
    } catch (error) {
      if (codeOf(error) !== 'EADDRNOTAVAIL' || signal === undefined) throw bindFailure(error, host, port);
      await pause(retryMs, signal);
    }
  }
}

/** Binds a unix socket with a file mode. The mode is narrowed before anyone can connect, through the umask. */
export async function bindUnix(server: Server, path: string, mode: number): Promise<void> {
  await removeStale(path);
  const before = process.umask(0o777 & ~mode);
  try {
    await listenOnce(server, { path });
  } catch (error) {
    throw failure('node.start-failed', { path, problem: codeOf(error) }, error);
  } finally {
    process.umask(before);
  }
  chmodSync(path, mode);
}

/** Removes a socket file that nobody answers on. A living one is app.already-running; any other file is left alone and refused. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw failure('node.start-failed', { path, problem: 'another file is in the place of the socket' });
  if (await answers(path)) throw failure('app.already-running', { path });
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (alive: boolean) => (): void => {
      socket.destroy();
      resolve(alive);
    };
    // Silence means that somebody holds the socket but is busy: it is not ours to remove.
    socket.setTimeout(probeMs, end(true));
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}

function listenOnce(server: Server, options: { host: string; port: number; ipv6Only: boolean } | { path: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(error);
    server.once('error', fail);
    server.listen(options, () => {
      server.removeListener('error', fail);
      // Accepting can fail for lack of file descriptors; that concerns one connection, not the server.
      server.on('error', () => {});
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function bindFailure(error: unknown, host: string, port: number): Failure {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return failure('node.port-in-use', { port, host }, error);
  if (code === 'EACCES') return failure('auth.not-permitted', { port, host }, error);
  return failure('node.start-failed', { port, host, problem: code }, error);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason ?? abortError());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
